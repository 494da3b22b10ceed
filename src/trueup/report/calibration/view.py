"""What the page shows of one criterion: figures, panels, tables and texts, ready to be set."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from trueup.report.calibration import pictures
from trueup.report.calibration.figures import (
    NONE,
    bare_number,
    bare_share,
    decimal,
    known,
    number,
    number_bounds,
    share,
    share_bounds,
    why,
)
from trueup.report.calibration.marks import letter, told
from trueup.report.calibration.panels import confusion, panels_of, rate_name
from trueup.report.calibration.standing import drift_words, since_words, weeks_words
from trueup.report.calibration.timeline import timeline
from trueup.report.words import counted
from trueup.runner.calibration.gate import standing
from trueup.runner.calibration.result import Absent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

    from trueup.report.calibration.charts import Unit
    from trueup.report.calibration.panels import Cell, Panel
    from trueup.report.calibration.timeline import Timeline
    from trueup.runner.calibration.gate import Standing
    from trueup.runner.calibration.result import (
        CriterionResult,
        Disagreement,
        Evidence,
        Maybe,
    )

_KINDS: tuple[Literal["false pass", "false fail", "other level", "people differ"], ...] = (
    "false pass",
    "false fail",
    "other level",
    "people differ",
)
_MOST = 50
"""Disagreements that a page shows of one criterion."""
_FIRST = 6


class Told(NamedTuple):
    """A figure with its name."""

    name: str
    estimate: str
    """A dash where there is none."""
    interval: str
    note: str
    """What stands beside it, or why there is none."""
    n: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionView:
    """One criterion, ready to be set."""

    place: str
    """Its name within the page."""
    result: CriterionResult
    standing: Standing
    drift: str
    since: str
    basis: str
    """What agreement and correction rest on, in a sentence."""
    rate: Markup | None
    tiles: tuple[Told, ...]
    figures: tuple[Told, ...]
    panels: tuple[Panel, ...]
    missing: tuple[str, ...]
    """Charts that there are not, and why, a line a reason."""
    marks: tuple[tuple[Markup, str], ...]
    gaps: bool
    weeks: Timeline
    confusion: tuple[tuple[str, tuple[Cell, ...]], ...]
    curve: Markup | None
    evidence: tuple[tuple[Evidence, Markup | None, str], ...]
    kinds: tuple[tuple[str, int], ...]
    first: tuple[Disagreement, ...]
    rest: tuple[Disagreement, ...]
    left_out: int


def view(result: CriterionResult, *, place: str, split: str | None = None) -> CriterionView:
    """Return a criterion ready to be set.

    Args:
        result: The criterion.
        place: Its name within the page, of letters and digits.
        split: The part of the split that was measured; None for a week.
    """
    weeks = timeline(result.weeks, result.drift)
    agreement = result.agreement
    shown = result.disagreements[:_MOST]
    within = pictures.reach(result.drift.evidence)
    panels, missing = panels_of(result, weeks)
    kinds = Counter(one.kind for one in shown)
    return CriterionView(
        place=place,
        result=result,
        standing=standing(result),
        drift=drift_words(result.drift),
        since=since_words(result.drift),
        basis=_basis(result, split),
        rate=pictures.rate(result.pass_rate),
        tiles=tuple(_tiles(result)),
        figures=tuple(_figures(result)),
        panels=panels,
        missing=missing,
        marks=tuple((letter(mark), told(mark)) for mark in weeks.marks),
        gaps=any(point and not point.n_labels for point in weeks.points),
        weeks=weeks,
        confusion=() if isinstance(agreement, Absent) else tuple(confusion(agreement)),
        curve=None if isinstance(result.curve, Absent) else pictures.curve(result.curve),
        evidence=tuple(
            (one, pictures.effect(one, within=within), _bounds(one))
            for one in result.drift.evidence
        ),
        kinds=tuple((kind, n) for kind in _KINDS if (n := kinds[kind])),
        first=shown[:_FIRST],
        rest=shown[_FIRST:],
        left_out=len(result.disagreements) - len(shown),
    )  # fmt: skip


def _basis(result: CriterionResult, split: str | None) -> str:
    found, carried = result.agreement, result.pass_rate.carried
    said = ""
    if not isinstance(found, Absent):
        said = f"Judge beside people: {counted(found.n_pairs, 'labelled item')}"
        of = f"the {split} split" if split else weeks_words(found.sittings)
        said += f" of {of}." if of else "."
    if carried and known(result.pass_rate.corrected):
        name = rate_name(result)
        said += f" No item of this sitting has a label, so the {name} is corrected by these."
    return said


def _tiles(result: CriterionResult) -> Iterator[Told]:
    """Yield the figures that stand at the top of a criterion."""
    rates, found = result.pass_rate, result.agreement
    beside = f"judge alone {share(rates.judge)}; labels alone {share(rates.labels_only)}"
    yield _told(f"{rate_name(result)}, corrected", rates.corrected, "share", note=beside)
    if isinstance(found, Absent):
        yield Told("agreement", NONE, "", found.why, "", "")
    else:
        yield _told("TPR", found.tpr, "share", note="of what people call met, found by the judge")
        yield _told("TNR", found.tnr, "share", note="of what people call unmet, found by the judge")
        people = f"people among themselves {number(found.people)}"
        yield _told("alpha", found.alpha, "alpha", note=people)
        place = f"people with each other {share(found.ceiling)}"
        yield _told("judge in a person's place", found.at_ceiling, "share", note=place)
    surface = "of the judge's scores, by length, format and the like"
    yield _told("surface features predict", result.surface, "share", note=surface)


def _figures(result: CriterionResult) -> Iterator[Told]:
    """Yield every figure with what it rests on."""
    rates, found, curve = result.pass_rate, result.agreement, result.curve
    name = rate_name(result)
    yield _told(f"{name}, corrected", rates.corrected, "share")
    yield _told(f"{name}, labels only", rates.labels_only, "share")
    yield _told(f"{name}, judge only", rates.judge, "share")
    if not isinstance(found, Absent):
        yield _told("TPR", found.tpr, "share")
        yield _told("TNR", found.tnr, "share")
        yield _told("judge and people say the same", found.accuracy, "share")
        yield _told("alpha, judge and people", found.alpha, "alpha")
        yield _told("alpha, people", found.people, "alpha")
        yield _told("human ceiling", found.ceiling, "share")
        yield _told("judge in a person's place", found.at_ceiling, "share")
    if not isinstance(curve, Absent):
        yield _told("Brier score", curve.brier, "alpha")
        yield _told("calibration error", curve.error, "alpha")
    yield _told("predicted by surface features", result.surface, "share")


def _told(name: str, figure: Maybe, unit: Unit, *, note: str = "") -> Told:
    if not known(figure):
        return Told(name, NONE, "", why(figure), "", "")
    estimate = bare_share(figure) if unit == "share" else bare_number(figure)
    low, high = share_bounds(figure) if unit == "share" else number_bounds(figure)
    return Told(name, estimate, f"[{low}, {high}]", note, f"{figure.n:,}", figure.method)


def _bounds(one: Evidence) -> str:
    if one.estimate is None or one.low is None or one.high is None:
        return NONE
    ends = f"{decimal(one.low, sign=True)}, {decimal(one.high, sign=True)}"
    return f"{decimal(one.estimate, sign=True)} [{ends}]"
