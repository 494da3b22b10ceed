"""lint: run every rule over a rubric."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.errors import did_you_mean
from trueup.rubric.lint.finding import LintFinding
from trueup.rubric.lint.reading import Reading
from trueup.rubric.lint.rules import BY_ID, RULES
from trueup.rubric.lint.words import load
from trueup.rubric.model import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.lint.finding import Severity
    from trueup.rubric.lint.rules import Rule
    from trueup.rubric.model import Rubric


def lint(
    rubric: Rubric, *, previous: Rubric | None = None, source: str | None = None
) -> tuple[LintFinding, ...]:
    """Return every remark about a rubric, the whole rubric's first, then in the file's order.

    Text is all that is read here. What needs verdicts or labels (a criterion that nearly every
    item meets, examples that leak into the test split, error rates of gates) is not found.

    Args:
        rubric: What to read.
        previous: An earlier version, with which ids are compared.
        source: The file's text; with it, remarks point to the words instead of the criterion.
    """
    words = load(rubric.language)
    reading = Reading(rubric=rubric, words=words, previous=previous, source=source)
    findings = [_ignored(found, reading) for found in _search(reading)]
    findings.extend(_comments(reading, findings))
    order = {criterion.id: at for at, criterion in enumerate(rubric.criteria)}
    rules = {rule.id: at for at, rule in enumerate(RULES)}
    return tuple(
        sorted(findings, key=lambda f: (order.get(f.criterion or "", -1), rules[f.rule], f.span))
    )


def _search(reading: Reading) -> Iterator[LintFinding]:
    for rule in RULES:
        if rule.search is not None and _runs(rule, reading):
            yield from rule.search(reading)
    if reading.words is None:
        yield reading.finding(
            "language",
            "info",
            None,
            span=reading.rubric.language,
            why=f"There are no word lists for '{reading.rubric.language}', so only rules on "
            "structure ran.",
            mend="Have a colleague read the wording.",
        )


def _runs(rule: Rule, reading: Reading) -> bool:
    return reading.words is not None or not rule.words


def _ignored(found: LintFinding, reading: Reading) -> LintFinding:
    reason = next(
        (
            reason
            for line, reason in _reasons(found.rule, reading)
            if _owner(line, reading) == found.criterion
        ),
        None,
    )
    return replace(found, ignored=reason) if reason else found


def _reasons(rule: str, reading: Reading) -> Iterator[tuple[int, str]]:
    """Yield line and reason of the comments that ignore a rule; without a reason they do not."""
    for line, rules in reading.rubric.ignores.items():
        if rules.get(rule, "").strip():
            yield line, rules[rule].strip()


def _owner(line: int, reading: Reading) -> str | None:
    """Return the id of the criterion that a line belongs to; None above the first."""
    started = [
        (c.place.line, c.id) for c in reading.rubric.criteria if c.place and c.place.line <= line
    ]
    return max(started)[1] if started else None


def _comments(reading: Reading, findings: list[LintFinding]) -> Iterator[LintFinding]:
    """Yield remarks about ignore comments that do not do what their author meant."""
    silenced = {(found.criterion, found.rule) for found in findings if found.ignored}
    for line, rules in sorted(reading.rubric.ignores.items()):
        owner = _owner(line, reading)
        for rule, reason in rules.items():
            ran = rule in BY_ID and _runs(BY_ID[rule], reading)
            problem = _problem(rule, reason, silent=(owner, rule) in silenced, ran=ran)
            if problem is None:
                continue
            severity, why, mend = problem
            yield LintFinding(
                rule="ignore",
                severity=severity,
                criterion=owner,
                place=Place(reading.file or reading.rubric.name, line, 1),
                span=f"ignore[{rule}]",
                why=why,
                mend=mend,
            )


def _problem(
    rule: str, reason: str, *, silent: bool, ran: bool
) -> tuple[Severity, str, str] | None:
    if rule not in BY_ID:
        return "warn", f"There is no rule '{rule}'.", did_you_mean(rule, BY_ID)
    if not reason.strip():
        return "warn", "Nothing is ignored without a reason.", "Write the reason after the bracket."
    if silent or not ran:
        return None
    return "info", "The comment ignores nothing.", "Delete it."
