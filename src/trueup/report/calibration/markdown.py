"""A calibration as a comment on a pull request; a hidden marker lets a job find and update it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.calibration.figures import bare_share, number, share
from trueup.report.calibration.standing import (
    GATES,
    absences,
    drift_words,
    moved,
    since_words,
    weeks_words,
)
from trueup.report.page.escape import block, inline, slug
from trueup.report.page.fitted import fitted
from trueup.report.words import counted
from trueup.runner.calibration.result import Absent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.runner.calibration.result import (
        Calibration,
        CriterionResult,
        Disagreement,
        Gate,
    )

_EACH = 3
_ICONS: Mapping[Gate, str] = {"passed": "\u2705", "failed": "\u274c", "inconclusive": "\u2754"}
_HEAD = (
    "| criterion | pass rate | judge says | TPR | TNR | alpha | people | labels | drift |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---|"
)


def marker(calibration: Calibration) -> str:
    """Return the comment by which a job finds what it posted before: one a rubric and judge."""
    return f"<!-- trueup-calibration {slug(calibration.rubric)} {slug(calibration.judge)} -->"


def comment(calibration: Calibration) -> str:
    """Return a calibration as Markdown, short enough for a comment on GitHub."""
    return fitted(_parts(calibration))


def _parts(calibration: Calibration) -> Iterator[str]:
    gate = calibration.gate
    yield marker(calibration)
    yield f"### {_ICONS[gate]} Calibration of {inline(calibration.rubric, 100)}: {GATES[gate]}"
    sampled, labels = calibration.sampled, calibration.labels
    yield (
        f"Version {inline(calibration.rubric_version, 40)}, "
        f"judge {inline(calibration.judge, 100)}, {inline(calibration.sitting, 60)}: "
        f"{sampled.n_scored:,} of {counted(sampled.n, 'item')} judged, "
        f"{counted(labels.n_new, 'new label')}."
    )
    if calibration.reasons:
        yield _bullets(inline(reason) for reason in calibration.reasons)
    if calibration.criteria:
        split = calibration.labels.split
        yield "\n".join([_HEAD, *(_row(one, split=split) for one in calibration.criteria)])
    alarms = moved(calibration)
    if alarms:
        lines = [f"{inline(one.id, 80)}: {inline(one.drift.sentence)}" for one in alarms]
        yield f"**What moved**\n\n{_bullets(lines)}"
    absent = [f"{inline(one.id, 80)}: {inline(line)}" for one in calibration.criteria
              for line in absences(one)]  # fmt: skip
    if absent:
        yield f"**No figure**\n\n{_bullets(absent)}"
    if calibration.openings:
        last = calibration.openings[-1]
        times = counted(len(calibration.openings), "time")
        who = f"{inline(last.by, 80)} on {inline(last.at[:10], 20)}"
        yield f"The test split was opened {times}, last by {who}."
    yield _next(calibration)
    for one in calibration.criteria:
        if one.disagreements:
            yield _disagreements(one)


def _row(criterion: CriterionResult, *, split: str | None) -> str:
    rate, found = criterion.pass_rate, criterion.agreement
    cells = [inline(criterion.id, 80), share(rate.corrected), bare_share(rate.judge)]
    if isinstance(found, Absent):
        cells += ["\u2013"] * 5
    else:
        cells += [share(found.tpr), share(found.tnr), number(found.alpha), number(found.people)]
        where = f"the {split} split" if split else weeks_words(found.sittings)
        weeks = f" of {inline(where, 60)}" if where else ""
        cells.append(f"{found.n_pairs:,}{weeks}")
    drift = " ".join(
        part
        for part in (drift_words(criterion.drift), inline(since_words(criterion.drift)))
        if part
    )
    if criterion.drift.state == "moved":
        drift = f"**{drift}**"
    return f"| {' | '.join([*cells, drift])} |"


def _next(calibration: Calibration) -> str:
    count = len(calibration.next)
    todo = f"Label next: {counted(count, 'item')} with `trueup label`. " if count else ""
    return f"{todo}{inline(calibration.plan)}".strip() or "Nothing is to be labelled."


def _disagreements(criterion: CriterionResult) -> str:
    all_of = len(criterion.disagreements)
    shown = criterion.disagreements[:_EACH]
    count = (
        f"{len(shown)} of {all_of:,} disagreements"
        if all_of > _EACH
        else counted(all_of, "disagreement")
    )
    head = f"<details>\n<summary>{inline(criterion.id, 80)}: {count}</summary>"
    return "\n\n".join([head, *map(_disagreement, shown), "</details>"])


def _disagreement(one: Disagreement) -> str:
    said = f"the judge says {inline(one.judge, 80)}, people say {inline(one.people, 80)}"
    lines = [f"**{one.kind}** {inline(one.item_id, 100)}: {said}"]
    if one.explanation:
        lines.append(f"The judge: {inline(one.explanation)}")
    lines += [f"A note: {inline(note)}" for note in one.notes[:_EACH]]
    lines.append(block(one.output))
    return "\n\n".join(lines)


def _bullets(lines: Iterator[str] | list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
