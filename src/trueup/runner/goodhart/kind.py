"""What a runner of `kind: goodhart` may say: a table, or where logs, signals and sittings are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt, model_validator

from trueup.runner.goodhart.arguments import parse_signal

Share = Annotated[float, Field(gt=0, lt=1)]


class SignalSpec(BaseModel):
    """A signal, as of `trueup.goodhart.Signal`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    better: Literal["higher", "lower"] | None = None
    arrived: str | None = None
    within: str | None = None
    absent: float | None = None
    per: PositiveInt | None = None
    label: str | None = None


def _signal(given: object) -> object:
    """Return what a text declares, as on a command line; anything else as it is."""
    if not isinstance(given, str):
        return given
    found = parse_signal(given)
    names = ("name", "better", "arrived", "within", "absent", "per", "label")
    return {name: getattr(found, name) for name in names}


AnySignal = Annotated[SignalSpec, BeforeValidator(_signal)]


class GoodhartSpec(BaseModel):
    """A run of the watch over judge and users; most keys are those of `WatchSpec`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["goodhart"]
    about: str = ""
    table: str | None = None
    items: str | None = None
    sitting: str | None = None
    rubric: str | None = None
    store: str | None = None
    map: dict[str, str] | None = None
    timezone: str | None = None
    report: str | list[str] | None = None
    backtest: bool = False
    simulated: bool = False
    by: str | list[str] = []
    parts: list[str] = []

    judge: str | None = None
    signals: Annotated[list[AnySignal], Field(min_length=1)]
    time: str | None = None
    judge_repeat: str | None = None
    segment: str | None = None
    group: str | None = None
    version: str | None = None
    arm: str | None = None
    unit: str | None = None
    judge_weight: str | None = None
    instrument: str | None = None
    anchor: str | None = None
    output: str | None = None
    features: list[str] = []
    criteria: list[str] = []
    design: Literal["auto", "concurrent", "releases", "weekly"] = "auto"
    control: str | None = None
    period: str = "7d"
    reference: PositiveInt = 12
    horizon: str = "default"
    starts: str | list[str] = "scan"
    primary: str | None = None
    worth: float | None = None
    overstate: float = 1.0
    ledger: str | None = None
    alpha: Share = 0.05
    c: Share = 0.5
    reliability: float | None = None

    @model_validator(mode="after")
    def _has_a_source(self) -> GoodhartSpec:
        """Hold that it says where scores and signals are."""
        if (self.table is None) == (self.items is None):
            message = (
                "give either table (scores and signals of every output), or items (the log that "
                "was backfilled; its signals are in the store)"
            )
            raise ValueError(message)
        if self.table is not None and self.judge is None:
            message = "judge is missing: the table's column that holds the judge's scores"
            raise ValueError(message)
        return self

    def watch(self) -> dict[str, Any]:
        """Return the arguments of `WatchSpec` that the file names."""
        said = {name: getattr(self, name) for name in _WATCHED if name in self.model_fields_set}
        signals = [one.model_dump(exclude_none=True) for one in self.signals]
        return {**said, "signals": signals}

    @property
    def columns_by(self) -> list[str]:
        """The columns whose values are watched each by itself."""
        return [self.by] if isinstance(self.by, str) else self.by

    @property
    def reports(self) -> list[str]:
        """The files that the report is written to."""
        if self.report is None:
            return []
        return [self.report] if isinstance(self.report, str) else self.report


_WATCHED = (
    "judge", "time", "judge_repeat", "segment", "group", "version", "arm", "unit", "judge_weight",
    "instrument", "anchor", "output", "features", "criteria", "design", "control", "period",
    "reference", "horizon", "starts", "primary", "worth", "overstate", "ledger", "alpha", "c",
    "reliability",
)  # fmt: skip
