"""Trust: what is known of a judge at the moment that its score becomes a reward."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from trueup.agreement.drift.week import ordinal
from trueup.runner.calibration.drifting import drifts
from trueup.runner.calibration.week import bounds
from trueup.store import ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.store.store import Store

State: TypeAlias = Literal["unknown", "continue", "warn", "stop"]
"""What a monitor said last of over-optimisation; `unknown` where none watches."""

YEARLY = 0.05
"""Share of years with a false alarm of drift, as `trueup calibrate` has it by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What is known of the judge; without a store, nothing.

    Attributes:
        calibrated: End of the last week in which the judge, as it is now, stood beside people.
        drifted: Criteria of which a calibration says that something has moved; None where none
            can say.
        optimised: What the monitor of the run said last.
    """

    calibrated: dt.datetime | None = None
    drifted: tuple[str, ...] | None = None
    optimised: State = "unknown"

    def age(self, now: dt.datetime | None = None) -> float | None:
        """Return how many days ago the judge was calibrated; None where it never was."""
        if self.calibrated is None:
            return None
        moment = dt.datetime.now(dt.UTC) if now is None else now
        return max((moment - self.calibrated) / dt.timedelta(days=1), 0.0)


def trust_in(store: Store, *, judge: str, instruments: Mapping[str, str]) -> Trust:
    """Return what a store's calibration ledger says of a judge.

    Args:
        store: With the ledger.
        judge: The judge's name.
        instruments: Criterion -> what measures it now, as reports name it.
    """
    entries = [one for one in ledger.read(store) if one["judge"] == judge]
    mine = [
        one
        for one in entries
        if instruments.get(one["criterion"]) == one["instrument"] and one.get("n_labels")
    ]
    if not entries:
        return Trust()
    latest = max((one["week"] for one in entries), key=ordinal)
    found = drifts(entries, instruments=instruments, judge=judge, week=latest, yearly=YEARLY)
    states = {name: drift.state for name, drift in found.items()}
    known = any(state != "unknown" for state in states.values())
    return Trust(
        calibrated=bounds(max((one["week"] for one in mine), key=ordinal))[1] if mine else None,
        drifted=tuple(sorted(n for n, s in states.items() if s == "moved")) if known else None,
    )
