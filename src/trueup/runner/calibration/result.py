"""Calibration: what one calibration run found, as plain as reports and `--json` need it.

A figure that could not be had is an `Absent`, which says why; no figure is ever NaN.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Gate: TypeAlias = Literal["passed", "failed", "inconclusive"]
Cause: TypeAlias = Literal["judge", "rubric", "raters", "traffic", "system", "inconclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    high: float
    n: int
    """Items, labels or pairs that it rests on."""
    method: str

    def __post_init__(self) -> None:
        """Refuse what is no number: a figure that is not there is an `Absent`."""
        if not all(map(math.isfinite, (self.estimate, self.low, self.high))):
            raise ValueError(f"{self.estimate} [{self.low}, {self.high}] is no figure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """There is no such figure, and why."""

    why: str


Maybe: TypeAlias = "Figure | Absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRate:
    """How many outputs pass, as the judge says, as people say, and the best of both."""

    judge: Maybe
    """Uncorrected: what the judge's verdicts alone say."""
    labels_only: Maybe
    corrected: Maybe
    why: str
    """Why this estimator, in a sentence."""
    carried: tuple[str, ...] = ()
    """Sittings whose labels it rests on, where this one has none."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A judge beside people on one criterion."""

    n_pairs: int
    """Items with a verdict and a label, of all these sittings."""
    sittings: tuple[str, ...] = ()
    """Whose labelled items these are, oldest first."""
    tpr: Maybe
    tnr: Maybe
    accuracy: Maybe = Absent(why="it was not measured")
    """How often judge and people say the same."""
    alpha: Maybe
    """Krippendorff's alpha of judge and people's answer together."""
    people: Maybe
    """Krippendorff's alpha among people."""
    ceiling: Maybe
    """How often a person agrees with the others, each left out in turn."""
    at_ceiling: Maybe
    """How often the judge agrees with the same others, on the same items."""
    level: str
    """Level of measurement: nominal, ordinal."""
    levels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    """People's answers, judge's level x theirs, in the order of `levels`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """One bin of a judge's probabilities: what it said, and what people said."""

    said: float
    found: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """How far a judge's probabilities can be taken at their word."""

    bins: tuple[Reliability, ...]
    brier: Maybe
    error: Maybe
    """Expected calibration error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """An item on which judge and people differ."""

    item_id: str
    sitting: str
    """In which it was judged."""
    kind: Literal["false pass", "false fail", "other level", "people differ"]
    judge: str
    """The judge's level."""
    people: str
    """What most people said, with how many of how many where they differ."""
    explanation: str
    """The judge's."""
    notes: tuple[str, ...]
    """What people noted."""
    input: str
    output: str
    """Excerpts, as plain text."""
    context: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorMoved:
    """An anchor on which the judge says something else than it mostly did before."""

    item_id: str
    now: str
    """met or unmet."""
    before: str
    weeks: int
    """Earlier sittings that judged it."""
    trusted: str | None
    """The level that people have settled on, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """This week's share of verdicts as the instrument before would have given it."""

    week: str
    """The last week of that instrument."""
    instrument: str
    judged: Figure
    """Its interval holds the error of the link."""
    link: Figure
    """What was added: the difference of both instruments on the anchors, old less new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One criterion in one week."""

    week: str
    instrument: str
    n_labels: int
    n_anchors: int
    judged: Maybe
    """Share of the week's judged items that are met."""
    corrected: Maybe
    """By the week's own labels."""
    tpr: Maybe
    """This, and what agreement follows, by the labels of this week and those before it."""
    tnr: Maybe
    alpha: Maybe
    people: Maybe
    ceiling: Maybe
    anchors: Maybe
    """Share of anchors on which the judge says what people have settled on."""
    surface: Maybe
    """Share of the judge's scores that surface features predict."""
    question: str = ""
    """Question hash, so that charts can mark where it changed; empty where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for or against one cause."""

    cause: Cause
    verdict: Literal["moved", "stands", "unknown"]
    estimate: float | None
    low: float | None
    high: float | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Whether a criterion has moved, and whose fault that is."""

    state: Literal["steady", "moved", "unknown"]
    cause: Cause | None
    since: str | None
    """The week in which the change is thought to have begun."""
    found: str | None
    """The week in which the alarm was raised."""
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    accepted: tuple[str, ...] = ()
    """Weeks of earlier alarms that were accepted."""
    anew: str | None = None
    """The last week in which judge or raters moved, or nobody knows what did: agreement before
    it is not that of today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """Everything about one criterion."""

    id: str
    ask: str
    kind: Literal["binary", "scale", "choices", "check"]
    penalty: bool
    gate: bool
    question: str
    judge: str
    instrument: str
    observed: tuple[str, ...]
    """Models that the endpoint said had answered."""
    agreement: Agreement | Absent
    pass_rate: PassRate
    curve: Curve | Absent
    surface: Maybe
    disagreements: tuple[Disagreement, ...]
    anchors_moved: tuple[AnchorMoved, ...]
    bridged: Bridge | None
    """None where no instrument was changed in the last quarter, or too few anchors link both."""
    weeks: tuple[Point, ...]
    """Oldest first, this week last."""
    drift: Drift
    stale: int
    """Labels that answered an earlier question, and count no more."""
    flipped: tuple[str, ...]
    """Items whose label changed with the question."""
    bars: tuple[str, ...]
    """Bars that are missed, in a sentence each."""
    open_bars: tuple[str, ...] = ()
    """Bars of which it cannot be said whether they are reached, in a sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToLabel:
    """One item that should be labelled next."""

    item_id: str
    probability: float
    people: int
    """How many people are to label it, blind to each other."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What was scored."""

    source: str
    n: int
    """Items of the week."""
    n_scored: int
    n_anchors: int
    outcomes: Mapping[str, int]
    cost: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What people said."""

    n: int
    n_new: int
    n_items: int
    annotators: tuple[str, ...]
    design: str
    split: str | None
    notes: tuple[str, ...] = ()
    """What is odd about them, in a sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One reading of the test split."""

    at: str
    by: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One calibration run."""

    sitting: str
    """The week, or the name of the sitting."""
    run: int
    made_at: str
    rubric: str
    rubric_version: str
    judge: str
    store: str
    ledger: str | None
    recorded: bool
    """Whether it was added to the ledger."""
    sampled: Sampled
    labels: Labels
    criteria: tuple[CriterionResult, ...]
    yearly_rate: float
    """Share of years in which some alarm is raised although nothing has changed."""
    next: tuple[ToLabel, ...]
    plan: str
    """How many labels more would do what, in a sentence."""
    openings: tuple[Opening, ...]
    gate: Gate
    reasons: tuple[str, ...]
    """Why the gate is not passed, in a sentence each."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for `--json`."""
        return asdict(self)
