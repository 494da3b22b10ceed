"""A message that a command and Python both show names what each of them takes."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trueup
from trueup.item.declare import declaring_zone, mapping
from trueup.item.fields import parse_map

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(trueup.__file__).parent
COMMANDS_ONLY = {"item/doctor.py", "item/abilities.py"}
"""Shown by a command alone."""


def texts(path: Path) -> Iterator[str]:
    """Yield a file's texts, without its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def test_options_stand_in_messages_of_the_library_with_what_python_takes() -> None:
    library = [path for path in SOURCE.rglob("*.py") if path.parent.name != "cli"]
    found = {
        str(path.relative_to(SOURCE)): text
        for path in library
        for text in texts(path)
        if "`--" in text and "from Python" not in text and path.name != "declare.py"
    }

    assert found.keys() <= COMMANDS_ONLY


@pytest.mark.parametrize(("field", "column"), [("output", "answer"), ("id", "")])
def test_what_a_message_tells_to_type_is_understood(field: str, column: str) -> None:
    command, _, call = mapping(field, column).partition(" (")
    typed = command.strip("`").removeprefix("--map ")
    written = call.removeprefix("field_map=").removesuffix(" from Python)")

    assert parse_map([typed]) == ast.literal_eval(written) == {field: column}


def judge(_item: object, _rubric: object) -> dict[str, bool]:
    return {}


ROWS: list[tuple[list[dict[str, Any]], str, str]] = [
    ([{"answer": "a", "response": "b"}], "output", "response"),
    ([{"id": "", "output": "a"}], "id", ""),
    ([{"id": "a", "output": "a"}, {"id": "a", "output": "b"}], "id", ""),
    ([{"output": "a", "p_judged": 2}], "p_judged", ""),
    ([{"output": "a", "purpose": "fun"}], "purpose", ""),
]


@pytest.mark.parametrize(("rows", "field", "column"), ROWS)
def test_the_map_that_a_message_tells_python_to_pass_mends_it(
    rows: list[dict[str, Any]], field: str, column: str
) -> None:
    with pytest.raises(trueup.DataError) as caught:
        trueup.score(rows, rubric="support-reply", judge=judge)
    assert mapping(field, column) in str(caught.value)

    fields = {field: column}
    scores = trueup.score(rows, rubric="support-reply", judge=judge, field_map=fields)
    assert scores.summary()["items"]["n"] == len(rows)
    scores.close()


def test_the_zone_that_a_message_tells_python_to_pass_mends_it() -> None:
    rows = [{"output": "a", "timestamp": "2026-01-05 09:30"}]
    with pytest.raises(trueup.DataError) as caught:
        trueup.score(rows, rubric="support-reply", judge=judge)
    assert declaring_zone("Europe/Berlin") in str(caught.value)

    scores = trueup.score(rows, rubric="support-reply", judge=judge, timezone="Europe/Berlin")
    assert scores.summary()["items"]["n"] == 1
    scores.close()
