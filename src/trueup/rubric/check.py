"""Checks: criteria that code decides on an item's text, free and the same every time."""

from __future__ import annotations

import functools
import json
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import regex

from trueup.item.model import as_text
from trueup.rubric.count import UNITS
from trueup.rubric.grounded import ungrounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from trueup.item.model import Item, Text

CHECKS = "1"
"""Raised with every change in what a check decides; part of a check's instrument."""

PATTERN_SECONDS = 0.2
"""How long one pattern may search one text; the clock is read between steps, and a step over
several megabytes may itself take a second or two."""
_SOURCES = ("context", "reference", "input")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found."""

    met: bool | None
    """None where it cannot be decided."""
    reason: str = ""
    """`missing_input` or `pattern_timeout` where it cannot be decided, else empty."""
    explanation: str = ""


class _Undecided(Exception):
    """A test cannot tell."""

    def __init__(self, reason: str, explanation: str) -> None:
        super().__init__(explanation)
        self.result = CheckResult(None, reason, explanation)


@dataclass(frozen=True, slots=True)
class _Subject:
    """The text that is looked at, and what its tests may compare it with."""

    text: str
    where: str
    item: Item
    case: bool

    def folded(self, text: str) -> str:
        """Return text as it is compared: composed, and without case unless case matters."""
        composed = unicodedata.normalize("NFC", text)
        return composed if self.case else composed.casefold()


def run_check(check: Mapping[str, Any], item: Item) -> CheckResult:
    """Return whether an item passes a check: every test of it must hold.

    A test that fails decides, whatever another could not tell. Time and memory stay linear in the
    text, or are bounded: a pattern that takes too long leaves the check undecided.

    Args:
        check: A check as the loader leaves it.
        item: The item.

    Raises:
        ValueError: The check has no test, or one that is not known.
    """
    tests = {name: wanted for name, wanted in check.items() if name not in {"where", "case"}}
    unknown = [name for name in tests if name not in _TESTS]
    if unknown or not tests:
        msg = f"a check has no test {unknown[0]!r}" if unknown else "a check without a test"
        raise ValueError(msg)
    where = check.get("where", "output")
    undecided: CheckResult | None = None
    try:
        subject = _Subject(_needed(item, where), where, item, case=bool(check.get("case")))
    except _Undecided as doubt:
        return doubt.result
    for name, wanted in tests.items():
        try:
            wrong = _TESTS[name](subject, wanted)
        except _Undecided as doubt:
            undecided = undecided or doubt.result
        else:
            if wrong:
                return CheckResult(met=False, explanation=wrong)
    return undecided or CheckResult(met=True, explanation=f"the {where} passes")


def field_text(item: Item, where: str) -> str | None:
    """Return the text of an item's field, None where the item does not have it.

    Of messages, the contents and tool calls are the text; who speaks is not. An output that is
    empty is there; an empty input, context or reference is not.

    Args:
        item: The item.
        where: output, input, context, reference or metadata.KEY.
    """
    if where.startswith("metadata."):
        value = item.metadata.get(where.removeprefix("metadata."))
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    if where == "output":
        return None if item.fault is not None else _spoken(item.output)
    if where not in _SOURCES:
        msg = f"an item has no field {where!r}"
        raise ValueError(msg)
    return _spoken(getattr(item, where) or "") or None


def describe(check: Mapping[str, Any]) -> str:
    """Return the question that a check answers, for people who see the criterion without it.

    The sentence enters the question hash where a rubric has no `ask` of its own: changing it
    here would end the ledgers of such criteria.
    """
    tests = [f"{name}: {_shown(wanted)}" for name, wanted in sorted(check.items())
             if name != "where"]  # fmt: skip
    return f"Does the {check.get('where', 'output')} pass the check {{{', '.join(tests)}}}?"


def _spoken(value: Text) -> str:
    if isinstance(value, str):
        return value
    blocks = []
    for message in value:
        role = f"{message.get('role', 'unknown')}:"
        blocks.append(as_text((message,)).removeprefix(f"{role} ").removeprefix(role))
    return "\n\n".join(blocks)


def _shown(wanted: Any) -> str:  # noqa: ANN401 - JSON-plain
    return json.dumps(wanted, ensure_ascii=False, sort_keys=True)


def _needed(item: Item, where: str) -> str:
    text = field_text(item, where)
    if text is None:
        raise _Undecided("missing_input", f"the item has no {where}")
    return text


# Each test returns what is wrong with the text, and nothing where the text passes.


def _search(subject: _Subject, pattern: str) -> regex.Match[str] | None:
    try:
        return regex.search(pattern, subject.text, timeout=PATTERN_SECONDS)
    except (TimeoutError, MemoryError):
        told = f"the pattern {pattern!r} took longer than {PATTERN_SECONDS} s"
        raise _Undecided("pattern_timeout", told) from None


def _pattern(subject: _Subject, pattern: str) -> str:
    return "" if _search(subject, pattern) else f"the {subject.where} has no match of {pattern!r}"


def _absent(subject: _Subject, pattern: str) -> str:
    found = _search(subject, pattern)
    return f"the {subject.where} has {_excerpt(found[0])}" if found else ""


def _literals(subject: _Subject, wanted: str | Iterable[str], *, must: bool) -> str:
    texts = [wanted] if isinstance(wanted, str) else list(wanted)
    folded = subject.folded(subject.text)
    wrong = [text for text in texts if (subject.folded(text) in folded) is not must]
    return f"the {subject.where} {'lacks' if must else 'has'} {_listed(wrong)}" if wrong else ""


def _edge(subject: _Subject, wanted: str, *, verb: str) -> str:
    text, edge = subject.folded(subject.text).strip(), subject.folded(wanted).strip()
    holds = text.startswith(edge) if verb == "start" else text.endswith(edge)
    return "" if holds else f"the {subject.where} does not {verb} with {_excerpt(wanted)}"


def _equals(subject: _Subject, wanted: str | Mapping[str, str]) -> str:
    other = wanted if isinstance(wanted, str) else _needed(subject.item, wanted["field"])
    same = subject.folded(subject.text).split() == subject.folded(other).split()
    return "" if same else f"the {subject.where} is not {_excerpt(other)}"


def _not_empty(subject: _Subject, _: object) -> str:
    return "" if subject.text.strip() else f"the {subject.where} is empty"


def _json(subject: _Subject, _: object) -> str:
    try:
        # Numbers stay text: turning a very long one into an int takes quadratic time.
        json.loads(subject.text, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except RecursionError:
        return f"the {subject.where} is no JSON: nested too deeply"
    except ValueError as error:
        return f"the {subject.where} is no JSON: {error}"
    return ""


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON value"
    raise ValueError(msg)


def _count(subject: _Subject, wanted: Mapping[str, Any]) -> str:
    unit, exactly = wanted["unit"], wanted.get("exactly")
    low, high = wanted.get("min", exactly), wanted.get("max", exactly)
    count = UNITS[unit](subject.text)
    if low is not None and count < low:
        return f"the {subject.where} has {count} {unit}, at least {low} are asked"
    if high is not None and count > high:
        return f"the {subject.where} has {count} {unit}, at most {high} are allowed"
    return ""


def _grounded(subject: _Subject, wanted: str | Iterable[str]) -> str:
    names = [name for name in _SOURCES if name != subject.where]
    sources = [text for name in names if (text := field_text(subject.item, name)) is not None]
    if not sources:
        raise _Undecided("missing_input", f"the item has no {' or '.join(names)}")
    for kind in [wanted] if isinstance(wanted, str) else wanted:
        try:
            missing = ungrounded(kind, subject.text, sources)
        except TimeoutError as error:
            raise _Undecided("pattern_timeout", f"{kind}: {error}") from None
        if missing:
            return f"{kind} that neither {' nor '.join(names)} has: {_listed(missing)}"
    return ""


def _listed(texts: list[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(_excerpt(text) for text in texts[:_SHOWN]) + more


def _excerpt(text: str) -> str:
    short = " ".join(text[:200].split())
    return repr(short if len(short) <= 60 else f"{short[:57]}...")  # noqa: PLR2004 - a line's worth


_TESTS: Mapping[str, Callable[[_Subject, Any], str]] = {
    "pattern": _pattern,
    "absent": _absent,
    "contains": functools.partial(_literals, must=True),
    "excludes": functools.partial(_literals, must=False),
    "starts_with": functools.partial(_edge, verb="start"),
    "ends_with": functools.partial(_edge, verb="end"),
    "equals": _equals,
    "not_empty": _not_empty,
    "json": _json,
    "min_words": lambda subject, least: _count(subject, {"unit": "words", "min": least}),
    "max_words": lambda subject, most: _count(subject, {"unit": "words", "max": most}),
    "count": _count,
    "grounded": _grounded,
}
