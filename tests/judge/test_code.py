"""The version of a judge that declares none: a hash of its code."""

# ruff: noqa: ARG001, ARG005 - judges under test do not look at everything
from __future__ import annotations

import asyncio
import functools
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from trueup.item.model import Item
from trueup.judge.adapt import as_judge
from trueup.judge.code import NO_CODE, code_version
from trueup.judge.load import load_judge
from trueup.rubric.load import parse_rubric
from trueup.runner.score import ScoringRun
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUBRIC = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: a, ask: Is it polite?}\n")

BASE = '''
import functools, re

LIMIT = 120
WORDS = ("please", "thanks")
PATTERN = re.compile("refund")
KINDS = frozenset({"a", "b", "c", "d"})
counted = 0
seen = []

def helper(text):
    return len(text) < LIMIT

@functools.lru_cache
def cached(text):
    return text.count("x")

def judge(item, rubric, *, strict=True):
    """Say whether it is short."""
    global counted
    counted += 1
    seen.append(item.id)
    inner = lambda text: text.strip() in {"", "-", "none"}
    good = helper(item.output) and cached(item.output) < 3 and not PATTERN.search(item.output)
    return {c.id: good and not inner(item.output) and WORDS and KINDS for c in rubric.judged}
'''


def made(source: str) -> Any:
    """Return the functions of a source, as a notebook's cells leave them."""
    space: dict[str, Any] = {"__name__": "cells"}
    exec(compile(source, "<cell>", "exec"), space)  # noqa: S102 - the test's own text
    return space


def version_of(old: str = "", new: str = "") -> str:
    assert old in BASE
    return code_version(made(BASE.replace(old, new) if old else BASE)["judge"])


def test_equal_code_has_an_equal_version_wherever_it_stands() -> None:
    assert version_of() == version_of("import functools, re", "import functools, re\n\n# moved")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("good and not inner", "good or not inner"),
        ("< 3", "< 4"),
        ("< 3", "< 3.0"),
        ("item.output) <", "item.input) <"),
        ('"none"}', '"null"}'),
        ("text.strip()", "text.lower()"),
        ("strict=True", "strict=False"),
        ("LIMIT = 120", "LIMIT = 121"),
        ("len(text) < LIMIT", "len(text) <= LIMIT"),
        ('text.count("x")', 'text.count("y")'),
        ('"thanks"', '"thank you"'),
        ('re.compile("refund")', 're.compile("refund", re.I)'),
        ('"d"}', '"e"}'),
        ("def judge", "async def judge"),
    ],
)
def test_an_edit_that_may_change_an_answer_changes_the_version(old: str, new: str) -> None:
    assert version_of(old, new) != version_of()


def test_what_the_code_itself_assigns_is_no_version() -> None:
    space = made(BASE)
    before = code_version(space["judge"])

    space["judge"](Item(id="i", output="x"), RUBRIC)

    assert space["counted"] == 1
    assert code_version(space["judge"]) == before


def test_what_is_in_lists_and_in_other_modules_is_not_seen() -> None:
    assert version_of("seen = []", "seen = [1]") == version_of()


def closing_over(threshold: float) -> Callable[[Item, Any], dict[str, bool]]:
    asked = 0

    def judge(item: Item, rubric: Any) -> dict[str, bool]:
        nonlocal asked
        asked += 1
        return {c.id: len(item.output) > threshold for c in rubric.judged}

    return judge


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def around(*given: Any) -> Any:
        return function(*given)

    return around


def test_a_closures_values_count_and_its_state_does_not() -> None:
    judge = closing_over(3)
    before = code_version(judge)

    judge(Item(id="i", output="x"), RUBRIC)

    assert code_version(judge) == before == code_version(closing_over(3))
    assert code_version(closing_over(4)) != before


def test_what_stands_inside_a_decorator_or_a_partial_counts() -> None:
    def versions(make: Callable[[Any], Any]) -> set[str]:
        return {code_version(make(made(BASE.replace("< 3", end))["judge"])) for end in ("<1", "<2")}

    assert len(versions(wrapped)) == 2
    assert len(versions(functools.partial)) == 2
    assert len({code_version(functools.partial(closing_over, n)) for n in (1, 2)}) == 2


class Threshold:
    kind = "length"

    def __init__(self, threshold: int) -> None:
        self.threshold = threshold
        self.asked = 0

    def judge(self, item: Item, rubric: Any) -> dict[str, bool]:
        self.asked += 1
        return {c.id: self.long(len(item.output)) for c in rubric.judged}

    def long(self, size: int) -> bool:
        return size > self.threshold


class Stricter(Threshold):
    def long(self, size: int) -> bool:
        return size > 2 * self.threshold


class Slotted:
    __slots__ = ("threshold",)

    def __init__(self, threshold: int) -> None:
        self.threshold = threshold

    def judge(self, item: Item, rubric: Any) -> dict[str, bool]:
        return dict.fromkeys((c.id for c in rubric.judged), len(item.output) > self.threshold)


def test_an_objects_methods_and_plain_values_count_and_its_state_does_not() -> None:
    judge = Threshold(3)
    before = code_version(judge)

    judge.judge(Item(id="i", output="x"), RUBRIC)

    assert judge.asked == 1
    assert code_version(judge) == before == code_version(Threshold(3))
    others = [Threshold(4), Stricter(3), Slotted(3), Slotted(4), Threshold(3).long]
    assert len({before, *map(code_version, others)}) == 6
    assert code_version(Threshold(3).judge) == code_version(Threshold(3).judge)


FUNCTION = "def judge(item, rubric):\n    return {c.id: True for c in rubric.judged}\n"


def test_the_content_of_a_python_file_is_the_version_of_a_judge_that_has_none(
    tmp_path: Path,
) -> None:
    def version(text: str, name: str = "j.py") -> str:
        (tmp_path / name).write_text(text, "utf-8")
        return load_judge(tmp_path / name).version

    one = version(FUNCTION)

    assert version(FUNCTION, "other.py") == one
    edited = {version(FUNCTION.replace("True", "False")), version(f"LIMITS = [1]\n{FUNCTION}")}
    assert len({one, *edited}) == 3
    assert version(f"{FUNCTION}judge.version = '7'\n") == "7"


def test_a_declared_version_counts_alone() -> None:
    def judge(item: Item, rubric: Any) -> dict[str, bool]:
        return {}

    judge.version = "7"  # type: ignore[attr-defined] # as a user declares it

    assert as_judge(judge).version == "7"
    assert as_judge(lambda item, rubric: {}, name="n", version="v").version == "v"


def test_what_has_no_code_has_no_version_of_its_own() -> None:
    assert code_version(len) == NO_CODE


def test_the_version_is_the_same_in_another_process() -> None:
    script = (
        f"space = {{'__name__': 'cells'}}; exec({BASE!r}, space)\n"
        "from trueup.judge.code import code_version; print(code_version(space['judge']))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip

    assert found == {version_of()}


def test_a_function_that_is_defined_anew_is_asked_again(tmp_path: Path) -> None:
    def score(answer: bool) -> tuple[list[Any], int]:  # noqa: FBT001 - what it says
        source = f"def judge(item, rubric): return {{'a': {answer}}}"
        judge = as_judge(made(source)["judge"])
        with Store.open(tmp_path / "store.db") as store:
            run = ScoringRun(store, RUBRIC, judge)
            scores = asyncio.run(run.run([Item(id="i", output="x")], source="test"))
            return [row["value"] for row in scores.rows()], run.progress.reused

    assert score(True) == ([1.0], 0)  # noqa: FBT003 - as above
    assert score(False) == ([0.0], 0)  # noqa: FBT003 - as above
    assert score(False) == ([0.0], 1)  # noqa: FBT003 - as above
