"""Kinds of runners: what a file in `runners/` may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from trueup.runner.goodhart.kind import GoodhartSpec

Share = Annotated[float, Field(ge=0, le=1)]


class BudgetSpec(BaseModel):
    """Caps on what a run may spend."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dollars: Annotated[float, Field(gt=0)] | None = None
    tokens: PositiveInt | None = None
    calls: PositiveInt | None = None


class _RunSpec(BaseModel):
    """What every run that asks a judge says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str = ""
    items: str
    rubric: str
    judge: str | None = None
    store: str | None = None
    map: dict[str, str] | None = None
    timezone: str | None = None
    concurrency: PositiveInt | None = None
    budget: BudgetSpec | None = None

    def shared(self) -> dict[str, Any]:
        """Return the arguments that every run takes, but its items."""
        caps = self.budget.model_dump(exclude_none=True) if self.budget else None
        return {
            "rubric": self.rubric,
            "judge": self.judge,
            "store": self.store,
            "concurrency": self.concurrency,
            "budget": caps or None,
            "field_map": self.map,
            "timezone": self.timezone,
        }


class ScoreSpec(_RunSpec):
    """A run that scores a file of outputs."""

    kind: Literal["score"]
    out: str | None = None
    out_items: str | None = None
    occasion: str = ""
    replicates: PositiveInt = 1
    limit: PositiveInt | None = None
    bar: Share | None = None

    def options(self) -> dict[str, Any]:
        """Return the arguments of `trueup.ascore` that this run stands for, but its items."""
        own = {"limit": self.limit, "occasion": self.occasion, "replicates": self.replicates}
        return {**self.shared(), **own}


class BarsSpec(BaseModel):
    """What agreement a judge has to reach on every criterion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tpr: Share | None = None
    tnr: Share | None = None
    alpha: Share | None = None
    accuracy: Share | None = None


class LabelSpec(BaseModel):
    """How much is to be labelled next."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: Annotated[int, Field(ge=0)] = 20
    people: PositiveInt = 2


class CalibrateSpec(_RunSpec):
    """A run that compares a judge with people, week after week."""

    kind: Literal["calibrate"]
    labels: str | list[str] | None = None
    label_design: Literal["random", "stratified", "case_control", "other_period"] | None = None
    anchors: str | None = None
    ledger: str | None = None
    report: str | list[str] | None = None
    week: str | None = None
    sample: PositiveInt | None = None
    label_next: LabelSpec = LabelSpec()
    criteria: list[str] = []
    split: Literal["dev", "test"] | None = None
    bars: BarsSpec = BarsSpec()
    yearly_rate: Annotated[float, Field(gt=0, lt=1)] = 0.05
    accepted: list[str] = []
    record: bool = True

    def options(self) -> dict[str, Any]:
        """Return the arguments of `trueup.acalibrate` that this run stands for, but its items."""
        return {
            **self.shared(),
            "labels": _listed(self.labels),
            "label_design": self.label_design,
            "anchors": self.anchors,
            "ledger": self.ledger,
            "week": self.week,
            "sample": self.sample,
            "label_next": (self.label_next.items, self.label_next.people),
            "criteria": self.criteria,
            "split": self.split,
            "bars": self.bars.model_dump(exclude_none=True),
            "yearly_rate": self.yearly_rate,
            "accepted": self.accepted,
            "record": self.record,
        }

    @property
    def reports(self) -> list[str]:
        """The files that the report is written to."""
        return _listed(self.report)


AnySpec: TypeAlias = ScoreSpec | CalibrateSpec | GoodhartSpec
KINDS: dict[str, type[AnySpec]] = {
    "score": ScoreSpec,
    "calibrate": CalibrateSpec,
    "goodhart": GoodhartSpec,
}
PATHS = ("items", "table", "out", "out_items", "store", "anchors", "ledger", "labels", "report")
"""Keys that hold paths, one or several."""
LISTS = ("labels", "report", "criteria", "accepted", "by", "features", "parts", "signals", "starts")
"""Keys that may hold several values."""


def _listed(given: str | list[str] | None) -> list[str]:
    if given is None:
        return []
    return [given] if isinstance(given, str) else given
