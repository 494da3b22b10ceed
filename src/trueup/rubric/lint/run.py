"""lint: run every rule over a rubric."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trueup.errors import did_you_mean
from trueup.rubric.lint import boundary, questions, rewards, scales, several, shown, weights
from trueup.rubric.lint.reading import Reading
from trueup.rubric.lint.rule import Hit, LintFinding, Remark, Rule
from trueup.rubric.lint.words import load
from trueup.rubric.model import Place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from trueup.rubric.lint.rule import Severity
    from trueup.rubric.model import Rubric


@Rule(
    "language",
    "info",
    detects="A rubric in a language without word lists, so that rules on wording did not run.",
    mend="Have a colleague read the wording.",
    words=False,
)
def language(reading: Reading) -> Iterator[Remark]:
    """Say what was not looked for."""
    if not reading.words:
        tag = reading.rubric.language
        why = f"There are no word lists for '{tag}', so only rules on structure ran."
        yield Remark(None, Hit("", tag), why)


IGNORE = Rule(
    "ignore",
    "warn",
    otherwise="info where it ignores nothing",
    detects="An ignore comment for an unknown rule, or for nothing.",
    mend="Correct the rule, or delete the comment.",
    words=False,
)
"""What it finds is known only when all others have run."""

RULES = (
    questions.compound, boundary.vague, boundary.no_anchors, questions.open_question,
    rewards.presence_only, rewards.length, rewards.code_can_decide, scales.scale_unanchored,
    scales.scale_shape, questions.polarity, weights.penalty_toothless, weights.no_downside,
    boundary.unfalsifiable, shown.needs_evidence, questions.hidden_condition, boundary.hedged,
    boundary.example_list, several.cross_reference, several.overlap, several.exclusive_pair,
    shown.examples, shown.judge_talk, weights.wording_size, shown.generic, weights.gate_risk,
    several.id_reuse, language, IGNORE,
)  # fmt: skip
"""In the order of the reference page."""


_ORDER = {rule.id: at for at, rule in enumerate(RULES)}


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
    reading = Reading(rubric=rubric, words=load(rubric.language), previous=previous)
    ran = [rule for rule in RULES if reading.words or not rule.words]
    reasons = _reasons(rubric)
    findings = []
    for rule in ran:
        for remark in rule.search(reading):
            name = remark.about.id if remark.about else None
            found = LintFinding(
                rule=rule.id,
                severity=remark.severity or rule.severity,
                criterion=name,
                place=_place(remark, rubric, source),
                span=remark.hit.span,
                why=remark.why,
                mend=remark.mend or rule.mend,
                ignored=reasons.get((name, rule.id)),
            )
            findings.append(found)
    findings.extend(_idle_comments(rubric, findings, {rule.id for rule in ran}))
    criteria = [None, *(criterion.id for criterion in rubric.criteria)]
    return tuple(
        sorted(findings, key=lambda f: (criteria.index(f.criterion), _ORDER[f.rule], f.span))
    )


def _place(remark: Remark, rubric: Rubric, source: str | None) -> Place | None:
    """Return where a remark stands, as closely as the source allows."""
    about = remark.about
    file = _file(rubric)
    start = about.place if about else Place(file, 1, 1) if file else None
    if start is None or source is None or not remark.hit.field:
        return start
    later = [line for line, _ in _starts(rubric) if about and line > start.line]
    return locate(source, start, remark.hit, last_line=min(later) - 1 if later else None)


def locate(source: str, start: Place, hit: Hit, *, last_line: int | None = None) -> Place:
    """Return where words stand in their field, else where the field stands, else the start.

    YAML folds lines, so blanks in the words match any white space; the comparison ignores case.

    Args:
        source: The whole file.
        start: Where the criterion begins.
        hit: The words and their field.
        last_line: The criterion's last line; None: the end of the file.
    """
    lines = source.splitlines(keepends=True)
    block = "".join(lines[start.line - 1 : last_line])
    key = re.search(rf"(?m)(?:^[\s-]*|[{{,]\s*)(['\"]?{re.escape(hit.field)}['\"]?)\s*:", block)
    if key is None:
        return start
    words = r"\s+".join(re.escape(part) for part in hit.span.split())
    match = re.compile(words, re.IGNORECASE).search(block, key.end()) if words else None
    offset = match.start() if match else key.start(1)
    line_start = block.rfind("\n", 0, offset) + 1
    return Place(start.file, start.line + block.count("\n", 0, offset), offset - line_start + 1)


def _file(rubric: Rubric) -> str | None:
    """Return the file's name as the criteria know it; None for a rubric made in code."""
    places = (criterion.place for criterion in rubric.criteria)
    return next((place.file for place in places if place), rubric.path)


def _starts(rubric: Rubric) -> list[tuple[int, str]]:
    return [(c.place.line, c.id) for c in rubric.criteria if c.place]


def _owner(rubric: Rubric, line: int) -> str | None:
    """Return the id of the criterion that a line belongs to; None above the first."""
    return max((start for start in _starts(rubric) if start[0] <= line), default=(0, None))[1]


def _reasons(rubric: Rubric) -> dict[tuple[str | None, str], str]:
    """Return the reason why a rule is ignored in a criterion, or above the first."""
    reasons: dict[tuple[str | None, str], str] = {}
    for line, rules in rubric.ignores.items():
        for name, reason in rules.items():
            reasons.setdefault((_owner(rubric, line), name), reason)
    return reasons


def _idle_comments(
    rubric: Rubric, findings: Sequence[LintFinding], ran: Collection[str]
) -> Iterator[LintFinding]:
    """Yield remarks about ignore comments that do not do what their author meant."""
    silenced = {(found.criterion, found.rule) for found in findings if found.ignored}
    for line, rules in sorted(rubric.ignores.items()):
        owner = _owner(rubric, line)
        for name in rules:
            severity: Severity = "info"
            why, mend = "The comment ignores nothing.", "Delete it."
            if name not in _ORDER:
                severity, why, mend = (
                    "warn",
                    f"There is no rule '{name}'.",
                    did_you_mean(name, _ORDER),
                )
            elif (owner, name) in silenced or name not in ran:
                continue
            yield LintFinding(
                rule=IGNORE.id,
                severity=severity,
                criterion=owner,
                place=Place(_file(rubric) or rubric.name, line, 1),
                span=f"ignore[{name}]",
                why=why,
                mend=mend,
            )
