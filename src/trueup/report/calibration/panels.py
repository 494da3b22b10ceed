"""The pictures of one criterion: which there are, and why others are not there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.report.calibration import charts
from trueup.report.calibration.charts import Series
from trueup.report.calibration.figures import known, why
from trueup.runner.calibration.result import Absent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from trueup.report.calibration.charts import Unit
    from trueup.report.calibration.timeline import Timeline
    from trueup.runner.calibration.result import Agreement, CriterionResult, Point

_SHADES = 5
_MOST_LEVELS = 12
"""A larger table of levels is no picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A chart with its legend."""

    title: str
    chart: Markup
    legend: tuple[tuple[Markup, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How often judge and people said these two levels."""

    count: int
    shade: int
    """From 0 to 5: the share of what people said."""
    same: bool


def panels_of(
    result: CriterionResult, weeks: Timeline
) -> tuple[tuple[Panel, ...], tuple[str, ...]]:
    """Return the charts that there are, and for those that there are not, why."""
    panels = []
    reasons: dict[str, list[str]] = {}
    for title, unit, series in _charts(result):
        drawn = [one for one in series if any(map(known, map(one.pick, result.weeks)))]
        chart = charts.weekly(weeks, drawn, title=title, unit=unit)
        if chart is None:
            reasons.setdefault(_why_empty(result.weeks, series[0]), []).append(title.lower())
        else:
            legend = tuple((charts.swatch(one.role), one.name) for one in drawn)
            panels.append(Panel(title=title, chart=chart, legend=legend))
    if isinstance(result.agreement, Absent):
        reasons.setdefault(result.agreement.why, []).append("judge and people")
    elif len(result.agreement.levels) > _MOST_LEVELS:
        told = f"{len(result.agreement.levels)} levels are too many for one"
        reasons.setdefault(told, []).append("judge and people")
    missing = tuple(
        f"No picture of {' or '.join(names)}: {told}" for told, names in reasons.items()
    )
    return tuple(panels), missing


def _charts(result: CriterionResult) -> Iterator[tuple[str, Unit, tuple[Series, ...]]]:
    rate = f"{rate_name(result)} by week".capitalize()
    yield rate, "share", (
        Series(name="corrected by labels", role="truth", pick=lambda p: p.corrected, band=True),
        Series(name="as the judge says", role="judge", pick=lambda p: p.judged),
    )  # fmt: skip
    yield "Agreement (alpha)", "alpha", (
        Series(name="judge with people", role="truth", pick=lambda p: p.alpha, band=True),
        Series(name="people among themselves: the ceiling", role="people",
               pick=lambda p: p.people, people=True),
    )  # fmt: skip
    yield "What the judge finds", "share", (
        Series(name="TPR: what is met", role="truth", pick=lambda p: p.tpr),
        Series(name="TNR: what is unmet", role="judge", pick=lambda p: p.tnr),
    )  # fmt: skip
    yield "The judge itself", "share", (
        Series(name="anchors judged as settled", role="truth", pick=lambda p: p.anchors, band=True),
        Series(name="predicted by surface features", role="other", pick=lambda p: p.surface),
    )  # fmt: skip


def rate_name(result: CriterionResult) -> str:
    """Return what the share is called: passing is no word for what a penalty is about."""
    return "share met" if result.penalty else "pass rate"


def _why_empty(weeks: Sequence[Point], series: Series) -> str:
    """Return why the latest week has no such figure."""
    return why(series.pick(weeks[-1])) if weeks else "there is no week yet"


def confusion(found: Agreement) -> Iterator[tuple[str, tuple[Cell, ...]]]:
    """Yield a row a level of the judge's; shades go by the share of each of people's levels."""
    if len(found.levels) > _MOST_LEVELS:
        return
    of = [sum(row[at] for row in found.confusion) for at in range(len(found.levels))]
    for at, (level, row) in enumerate(zip(found.levels, found.confusion, strict=True)):
        yield (
            level,
            tuple(
                Cell(
                    count=count,
                    shade=math.ceil(_SHADES * count / of[column]) if of[column] else 0,
                    same=at == column,
                )
                for column, count in enumerate(row)
            ),
        )
