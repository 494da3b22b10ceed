"""A Goodhart report as a comment on a pull request; a hidden marker lets a job find it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.goodhart import words
from trueup.report.page.escape import inline, slug
from trueup.report.page.fitted import fitted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trueup.goodhart.look import Look, Verdict
    from trueup.report.goodhart.model import GoodhartReport

_ICONS: Mapping[Verdict, str] = {
    "gaming": "\u274c",
    "improvement": "\u2705",
    "inconclusive": "\u2754",
    "judge_flat": "\u2796",
    "unidentified": "\u2754",
}
_SENTENCE = 1200
_STRIP = 60
_TABLE = 60
"""Looks in the table; the other forms of the report have them all."""


def marker(report: GoodhartReport) -> str:
    """Return the comment by which a job finds what it posted before: one a product."""
    return f"<!-- trueup-goodhart {slug(report.product)} -->"


def markdown(report: GoodhartReport) -> str:
    """Return a report as Markdown, short enough for a comment on GitHub."""
    return fitted(_parts(report))


def _parts(report: GoodhartReport) -> Iterator[str]:
    look = report.last
    yield marker(report)
    yield f"### {_ICONS[look.verdict]} {inline(report.product, 100)}: {words.headline(look)}"
    yield _verdict(report)
    if report.simulated:
        yield f"*{words.simulated_words(report)}*"
    if look.message:
        yield inline(look.message, _SENTENCE)
    if look.signals:
        yield _signals(look)
    yield _strip(report.looks)
    missing = [r for r in look.missing if r not in look.message]
    if missing:
        yield f"**Missing**\n\n{_bullets(map(words.sentence, missing))}"
    if report.explanations:
        yield f"**What explains the rise**\n\n{_bullets(map(words.sentence, report.explanations))}"
    aside = list(words.set_aside(report))
    if aside:
        yield f"**Corrected or set aside**\n\n{_bullets(aside)}"
    if report.alarms:
        yield _alarms(report)
    yield "\n".join(f"- {inline(name)}: {inline(told)}" for name, told in words.basis(report))
    yield _looks(report.looks)


def _verdict(report: GoodhartReport) -> str:
    look = report.last
    parts = [f"**{words.KINDS[look.verdict].word}**{', backfire' if look.backfire else ''}"]
    value, ends = words.phi_words(look)
    if value != words.NONE:
        due = f"users got {value} ({ends}) of what was due"
        parts.append(f"{due}, the line is {words.percent(report.spec.c)}")
    return f"{inline(look.called, 60)}: {', '.join(parts)}."


def _signals(look: Look) -> str:
    lines = [
        "| signal | better | should have changed by | changed by | note |",
        "|---|---|---:|---:|---|",
    ]
    for row in map(words.row, look.signals):
        cells = [
            f"{inline(row.said, 80)} {row.unit}", row.better, _figure(row.should, row.should_range),
            _figure(row.did, row.did_range), inline(row.note, 200),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _figure(value: str, ends: str) -> str:
    return f"{value} ({ends})" if ends else value


def _strip(looks: Sequence[Look]) -> str:
    """Return the latest looks as signs, with a legend of those that occur."""
    shown = looks[-_STRIP:]
    signs = "".join(words.KINDS[look.verdict].sign for look in shown)
    seen = {look.verdict for look in shown}
    legend = ", ".join(f"`{k.sign}` {k.word}" for v, k in words.KINDS.items() if v in seen)
    first, last = (inline(look.called, 40) for look in (shown[0], shown[-1]))
    span = first if first == last else f"{first} to {last}"
    return f"`{signs}` {span} ({legend})"


def _alarms(report: GoodhartReport) -> str:
    lines = []
    for alarm in report.alarms:
        line = inline(words.alarm_words(alarm))
        if alarm.state == "open":
            line += f" To accept it: {inline(words.accept_words(alarm))}"
        lines.append(f"- {line}")
    return "\n".join(["**Alarms**", "", *lines])


def _looks(looks: Sequence[Look]) -> str:
    lines = ["| period | verdict | judge | users got | holds to |", "|---|---|---:|---:|---:|"]
    for look in looks[-_TABLE:]:
        cells = [inline(look.called, 40), words.KINDS[look.verdict].word,
                 _figure(*words.rise_words(look.rise)), _figure(*words.phi_words(look)),
                 words.holds_words(look)]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    head = "<details>\n<summary>Every look</summary>"
    return "\n\n".join([head, "\n".join(lines), "</details>"])


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {inline(line, _SENTENCE)}" for line in lines)
