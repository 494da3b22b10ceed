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
        check: A check as the loader leaves it, or one without `check_problems`.
        item: The item.

    Raises:
        ValueError: The check has no test, or one that is not known.
    """
    tests = [(name, wanted) for name, wanted in check.items() if name not in {"where", "case"}]
    unknown = [name for name, _ in tests if name not in _TESTS]
    if unknown or not tests:
        msg = f"a check has no test {unknown[0]!r}" if unknown else "a check without a test"
        raise ValueError(msg)
    where = check.get("where", "output")
    text = field_text(item, where)
    if text is None:
        return _absent(where)
    subject = _Subject(text, where, item, case=bool(check.get("case")))
    undecided: CheckResult | None = None
    for name, wanted in tests:
        result = _TESTS[name](subject, wanted)
        if result.met is False:
            return result
        if result.met is None:
            undecided = undecided or result
    return undecided or CheckResult(met=True, explanation=f"the {where} passes")


def check_problems(check: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a check, one sentence each; empty where nothing is.

    Args:
        check: A check as a rubric file has it, in plain Python values.
    """
    from trueup.rubric.explain import explain_check  # noqa: PLC0415 - pydantic, for authors only

    return explain_check(check)


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


def _absent(where: str) -> CheckResult:
    return CheckResult(None, "missing_input", f"the item has no {where}")


def _result(met: bool, otherwise: str) -> CheckResult:  # noqa: FBT001 - private, one meaning
    return CheckResult(met=met, explanation="" if met else otherwise)


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)


def _search(subject: _Subject, pattern: str, *, must: bool) -> CheckResult:
    try:
        found = _compiled(pattern).search(subject.text, timeout=PATTERN_SECONDS)
    except (TimeoutError, MemoryError):
        told = f"the pattern {pattern!r} took longer than {PATTERN_SECONDS} s"
        return CheckResult(None, "pattern_timeout", told)
    if must:
        return _result(found is not None, f"the {subject.where} has no match of {pattern!r}")
    told = f"the {subject.where} has {_excerpt(found[0])}" if found else ""
    return _result(found is None, told)


def _literals(subject: _Subject, wanted: str | Iterable[str], *, must: bool) -> CheckResult:
    texts = [wanted] if isinstance(wanted, str) else list(wanted)
    folded = subject.folded(subject.text)
    wrong = [text for text in texts if (subject.folded(text) in folded) is not must]
    verb = "lacks" if must else "has"
    return _result(not wrong, f"the {subject.where} {verb} {_listed(wrong)}")


def _edge(subject: _Subject, wanted: str, *, start: bool) -> CheckResult:
    text, edge = subject.folded(subject.text).strip(), subject.folded(wanted).strip()
    holds = text.startswith(edge) if start else text.endswith(edge)
    verb = "start" if start else "end"
    return _result(holds, f"the {subject.where} does not {verb} with {_excerpt(wanted)}")


def _equals(subject: _Subject, wanted: str | Mapping[str, str]) -> CheckResult:
    other = wanted if isinstance(wanted, str) else field_text(subject.item, wanted["field"])
    if other is None and not isinstance(wanted, str):
        return _absent(wanted["field"])
    same = _words_of(subject, subject.text) == _words_of(subject, other or "")
    return _result(same, f"the {subject.where} is not {_excerpt(other or '')}")


def _words_of(subject: _Subject, text: str) -> list[str]:
    return subject.folded(text).split()


def _not_empty(subject: _Subject, _: bool) -> CheckResult:  # noqa: FBT001 - one of the tests
    return _result(bool(subject.text.strip()), f"the {subject.where} is empty")


def _json(subject: _Subject, _: bool) -> CheckResult:  # noqa: FBT001 - one of the tests
    try:
        # Numbers stay text: turning a very long one into an int takes quadratic time.
        json.loads(subject.text, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        told = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return _result(False, f"the {subject.where} is no JSON: {told}")  # noqa: FBT003 - as above
    return CheckResult(met=True)


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON value"
    raise ValueError(msg)


def _bounds(subject: _Subject, unit: str, low: int | None, high: int | None) -> CheckResult:
    count = UNITS[unit](subject.text)
    if low is not None and count < low:
        return _result(False, f"the {subject.where} has {count} {unit}, at least {low} are asked")  # noqa: FBT003 - as above
    if high is not None and count > high:
        return _result(False, f"the {subject.where} has {count} {unit}, at most {high} are allowed")  # noqa: FBT003 - as above
    return CheckResult(met=True)


def _count(subject: _Subject, wanted: Mapping[str, Any]) -> CheckResult:
    exactly = wanted.get("exactly")
    low = wanted.get("min") if exactly is None else exactly
    high = wanted.get("max") if exactly is None else exactly
    return _bounds(subject, wanted["unit"], low, high)


def _grounded(subject: _Subject, wanted: str | Iterable[str]) -> CheckResult:
    names = [name for name in _SOURCES if name != subject.where]
    sources = [text for name in names if (text := field_text(subject.item, name)) is not None]
    if not sources:
        return _absent(" or ".join(names))
    for kind in [wanted] if isinstance(wanted, str) else wanted:
        try:
            missing = ungrounded(kind, subject.text, sources)
        except TimeoutError as error:
            return CheckResult(None, "pattern_timeout", f"{kind}: {error}")
        if missing:
            told = f"{kind} that neither {' nor '.join(names)} has: {_listed(missing)}"
            return _result(False, told)  # noqa: FBT003 - as above
    return CheckResult(met=True)


def _listed(texts: list[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(_excerpt(text) for text in texts[:_SHOWN]) + more


def _excerpt(text: str) -> str:
    short = " ".join(text[:200].split())
    return repr(short if len(short) <= 60 else f"{short[:57]}...")  # noqa: PLR2004 - a line's worth


_TESTS: Mapping[str, Callable[[_Subject, Any], CheckResult]] = {
    "pattern": functools.partial(_search, must=True),
    "absent": functools.partial(_search, must=False),
    "contains": functools.partial(_literals, must=True),
    "excludes": functools.partial(_literals, must=False),
    "starts_with": functools.partial(_edge, start=True),
    "ends_with": functools.partial(_edge, start=False),
    "equals": _equals,
    "not_empty": _not_empty,
    "json": _json,
    "min_words": lambda subject, least: _bounds(subject, "words", least, None),
    "max_words": lambda subject, most: _bounds(subject, "words", None, most),
    "count": _count,
    "grounded": _grounded,
}
