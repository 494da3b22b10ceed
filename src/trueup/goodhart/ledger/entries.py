"""The release ledger: what every past A/B did to judge and signals, losers included.

A row keeps the change of each signal in its own unit and the whole covariance of judge and signals,
never a composite: weights may change, and one set of them must be applied to all rows. The errors
that judge and signals share are kept because a regression of estimated effects that ignores them
stays wrong however many tests there are (Bibaut et al. 2024, arXiv 2402.17637).
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from trueup.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Kind = Literal["experiment", "release"]

RISE = "rise"
"""What the judge's change is called among the rows and columns of a covariance."""
WINNER = 1.645
"""A winner's gain is so many standard errors above 0."""
CORRELATED = 0.5
"""Where a row has no covariance, errors correlate by something between 0 and this, in the good
direction."""
_ROUNDING = 1e-6
_SITTING = ", sitting "
"""What parts the name of an instrument from that of a backfill's sitting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one test did, in units of a composite of signals; fields may be arrays of one shape.

    Attributes:
        rise: The judge's change, in points.
        gain: The composite's change, up is good.
        rise_variance: Squared standard error of `rise`.
        gain_variance: Squared standard error of `gain`.
        covariance: Of both errors.
    """

    rise: float | Floats
    gain: float | Floats
    rise_variance: float | Floats
    gain_variance: float | Floats
    covariance: float | Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One row: two arms compared.

    Attributes:
        id: Its name in the ledger.
        rise: The judge's change, treated minus control, in points.
        signals: Each signal's change, in its own unit and raw direction.
        better: Which direction is good, 'higher' or 'lower', for each signal.
        covariance: Of the errors of `rise` and of the signals in the order of `signals`. None
            where only `errors` are known.
        errors: Standard errors by signal name and 'rise', where there is no covariance.
        kind: 'experiment' where users were randomised; 'release', a lower grade, where versions
            followed one another, whose covariance must hold the variance of shocks too.
        arms: Names of the treated arm and of its control.
        experiment: Name of the A/B, where several arms shared its control.
        started: Its first day.
        ended: Its last day.
        instrument: What measured the judge's scores: its name or hash, without the sitting.
        sitting: When or in which run the scores were taken.
        n: Outputs in both arms.
        reliability: Correlation of two answers of the judge on the same output.
        registered_at: When the row was announced; before `result_at` in an honest ledger.
        result_at: When the result was known.
    """

    id: str
    rise: float
    signals: Mapping[str, float]
    better: Mapping[str, str]
    covariance: tuple[tuple[float, ...], ...] | None = None
    errors: Mapping[str, float] | None = None
    kind: Kind = "experiment"
    arms: tuple[str, str] | None = None
    experiment: str | None = None
    started: dt.date | None = None
    ended: dt.date | None = None
    instrument: str | None = None
    sitting: str | None = None
    n: int | None = None
    reliability: float | None = None
    registered_at: dt.datetime | None = None
    result_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        """Check what can be checked in one row alone.

        Raises:
            DataError: Something is missing, no number, or contradicts itself.
        """
        for name in ("registered_at", "result_at"):
            when = getattr(self, name)
            if when is not None and when.tzinfo is None:
                object.__setattr__(self, name, when.replace(tzinfo=dt.UTC))
        if self.covariance is not None:
            rows = tuple(tuple(float(x) for x in row) for row in self.covariance)
            object.__setattr__(self, "covariance", rows)
        self._check_fields()
        self._check_signals()
        if self.covariance is not None:
            self._check_covariance(np.array(self.covariance, dtype=object))
        else:
            self._check_errors()

    @property
    def known_at(self) -> dt.datetime | None:
        """From when on its result was known: declared, or the end of its last day; None if not."""
        if self.result_at is not None or self.ended is None:
            return self.result_at
        day = dt.datetime.combine(self.ended, dt.time(), tzinfo=dt.UTC)
        return day + dt.timedelta(days=1)

    @property
    def names(self) -> tuple[str, ...]:
        """What rows and columns of the covariance are about."""
        return (RISE, *self.signals)

    def repeats(self, other: Release) -> bool:
        """Say whether both rows are of one test, whatever they are called.

        Equal arms, days and changes to six figures: no two tests have these by chance.
        """
        same = (self.arms, self.started, self.ended, self.kind)
        if same != (other.arms, other.started, other.ended, other.kind):
            return False
        if self.signals.keys() != other.signals.keys():
            return False
        pairs = [(self.rise, other.rise), *((v, other.signals[k]) for k, v in self.signals.items())]
        return all(math.isclose(one, two, rel_tol=_ROUNDING) for one, two in pairs)

    def _wrong(self, what: str, mend: str) -> DataError:
        return DataError(what, where=f"release '{self.id}'", mend=mend)

    def _check_fields(self) -> None:
        if not self.id:
            raise DataError("a release has no id", mend="Give each row of the ledger its own id.")
        if not math.isfinite(self.rise):
            raise self._wrong(f"rise is {self.rise}", "Write the judge's change in points.")
        if self.kind not in ("experiment", "release"):
            raise self._wrong(f"kind is '{self.kind}'", "Write 'experiment' or 'release'.")
        if self.n is not None and self.n < 1:
            raise self._wrong(f"n is {self.n}", "Write the number of outputs in both arms.")
        if self.reliability is not None and not 0 < self.reliability <= 1:
            raise self._wrong(f"reliability is {self.reliability}", "It must lie in (0, 1].")
        if self.started is not None and self.ended is not None and self.ended < self.started:
            what = f"it ended on {self.ended}, before it started on {self.started}"
            raise self._wrong(what, "Correct the dates.")

    def _check_signals(self) -> None:
        if not self.signals:
            raise self._wrong("it has no signals", "Give each signal's change.")
        if RISE in self.signals:
            what = f"a signal is called '{RISE}', which is what the judge's change is called"
            raise self._wrong(what, "Call the signal something else.")
        for name, effect in self.signals.items():
            if not math.isfinite(effect):
                raise self._wrong(f"the change of '{name}' is {effect}", "Leave the signal out.")
            if name not in self.better:
                mend = did_you_mean(name, self.better) if self.better else ""
                what = f"nothing says which direction of '{name}' is good"
                raise self._wrong(what, mend or "Write better: higher, or lower.")
            if self.better[name] not in ("higher", "lower"):
                what = f"better of '{name}' is '{self.better[name]}'"
                raise self._wrong(what, "Write 'higher' or 'lower'.")

    def _check_errors(self) -> None:
        if self.errors is None:
            what = "it has neither a covariance nor standard errors"
            raise self._wrong(what, "Give the covariance, or the standard error of each change.")
        for name in self.names:
            error = self.errors.get(name)
            if error is None:
                mend = did_you_mean(name, self.errors) or "Give it."
                raise self._wrong(f"the standard error of '{name}' is missing", mend)
            if not (math.isfinite(error) and error > 0):
                what = f"the standard error of '{name}' is {error}"
                raise self._wrong(what, "It must be above 0.")

    def _check_covariance(self, given: NDArray[np.object_]) -> None:
        if self.errors is not None:
            mend = "Give the covariance alone: its diagonal holds the squared errors."
            raise self._wrong("it has both a covariance and standard errors", mend)
        size, order = len(self.names), ", ".join(self.names)
        if given.shape != (size, size):
            what = f"its covariance is not {size} by {size}"
            raise self._wrong(what, f"It needs a row and a column for each of {order}.")
        matrix = given.astype(np.float64)
        if not np.isfinite(matrix).all() or (np.diag(matrix) <= 0).any():
            what = "its covariance holds a value that is no number, or a variance not above 0"
            raise self._wrong(what, f"Give variances of {order} on the diagonal.")
        scale = np.sqrt(np.diag(matrix))
        correlation = matrix / np.outer(scale, scale)
        if np.abs(correlation - correlation.T).max() > _ROUNDING:
            raise self._wrong("its covariance is not symmetric", "Check the order of its rows.")
        if np.linalg.eigvalsh(correlation).min() < -_ROUNDING:
            what = "its covariance is not positive semi-definite: no errors can vary together so"
            raise self._wrong(what, "Check for variances and standard errors mixed up.")

    def matrix(self, correlation: float = 0.0) -> Floats:
        """Return the covariance in the order of `names`.

        Args:
            correlation: Of errors in the good direction, where only standard errors are known.
        """
        if self.covariance is not None:
            return np.array(self.covariance)
        errors = self.errors or {}
        signed = np.array([errors[name] * self._sign(name) for name in self.names])
        same = np.full((len(signed), len(signed)), correlation)
        np.fill_diagonal(same, 1.0)
        found: Floats = same * np.outer(signed, signed)
        return found

    def _sign(self, name: str) -> int:
        return -1 if self.better.get(name) == "lower" else 1

    def effect(self, weights: Mapping[str, float], *, correlation: float = 0.0) -> Effect:
        """Return the row in units of a composite of its signals.

        Args:
            weights: Of each signal's change in its good direction.
            correlation: As in `matrix`.

        Raises:
            KeyError: A signal of the composite is not in the row.
        """
        place = {name: k for k, name in enumerate(self.names)}
        each = np.zeros(len(self.names))
        for name, weight in weights.items():
            each[place[name]] = weight * self._sign(name)
        matrix = self.matrix(correlation)
        changes = np.array([0.0, *self.signals.values()])
        return Effect(
            rise=self.rise,
            gain=float(each @ changes),
            rise_variance=float(matrix[0, 0]),
            gain_variance=float(each @ matrix @ each),
            covariance=float(matrix[0] @ each),
        )


def without_sitting(name: str) -> tuple[str, str]:
    """Return what measured and, apart from it, the sitting in which it did.

    Differences are taken within a sitting, and worth the same in the next one of the same judge.

    >>> without_sitting("local, rubric replies 1f3a9c2e, sitting spring")
    ('local, rubric replies 1f3a9c2e', 'spring')
    """
    instrument, _, sitting = name.partition(_SITTING)
    return instrument, sitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Past tests in units of one composite of signals; arrays of shape (tests,).

    Attributes:
        rise: The judge's changes, in points.
        gain: The composite's, up is good.
        rise_variance: Squared standard errors of `rise`.
        gain_variance: Squared standard errors of `gain`.
        covariance: Of both errors, test by test.
        ids: Of the rows.
        others: The same tests with errors correlated, where some covariance had to be assumed.
        notes: What was left out, and what is doubtful.
    """

    rise: Floats
    gain: Floats
    rise_variance: Floats
    gain_variance: Floats
    covariance: Floats
    ids: tuple[str, ...] = ()
    others: tuple[Past, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.rise)


def stacked(effects: Sequence[Effect], ids: Sequence[str] = ()) -> Past:
    """Return tests as arrays.

    >>> one = Effect(rise=0.2, gain=0.1, rise_variance=1e-4, gain_variance=1e-3, covariance=0.0)
    >>> len(stacked([one, one])), len(stacked([]))
    (2, 0)
    """
    return Past(
        rise=np.array([e.rise for e in effects], dtype=np.float64),
        gain=np.array([e.gain for e in effects], dtype=np.float64),
        rise_variance=np.array([e.rise_variance for e in effects], dtype=np.float64),
        gain_variance=np.array([e.gain_variance for e in effects], dtype=np.float64),
        covariance=np.array([e.covariance for e in effects], dtype=np.float64),
        ids=tuple(ids),
    )
