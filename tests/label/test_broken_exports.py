"""Exports that were damaged, edited by hand, or are of a version nobody has seen yet."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.label.material import RUBRIC
from tests.label.test_argilla import FLAT, P
from tests.label.test_label_studio import annotation, result, task
from tests.label.test_langfuse import score
from tests.label.test_langsmith import feedback
from trueup.errors import DataError
from trueup.label.check import validate
from trueup.label.read import read_label_file

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = {"trueup": {"value": "met", "annotator": "q"}}
EXPORTS: dict[str, dict[str, Any]] = {
    "Label Studio": task(
        annotation({**result("grounded", "choices", ["met"]), "meta": MARK}),
        annotation(result("tone", "rating", 3), result("tone-note", "textarea", ["n"])),
    ),
    "Argilla": FLAT,
    "Argilla, nested": {
        "id": "a",
        "fields": {},
        "suggestions": {"grounded": {"value": "met"}},
        "responses": {"grounded": [{"value": "met", "user_id": P, "status": "submitted"}]},
    },
    "Argilla 1": {
        "id": "a",
        "grounded": [{"value": "met", "user_id": P, "status": "submitted"}],
        "tone": {"value": ["2"], "user_id": [P], "status": ["submitted"]},
    },
    "Langfuse": score(),
    "Langfuse, ours": score(metadata=MARK),
    "Langfuse, subject": score(subject={"kind": "trace", "id": "a"}),
    "LangSmith": feedback(),
    "LangSmith, ours": feedback(feedback_source={"type": "app", "metadata": MARK}),
}
JUNK: list[Any] = [
    None, "", "x", "[", "[1]", "{}", "\ud800", "\x00", "9" * 400, 0, -1, 3.5, True, float("nan"),
    10**400, [], [None], [[]], [1, 2], [{}], {}, {"a": 1}, {"trueup": 5}, MARK, b"\xff",
]  # fmt: skip


def paths(value: object, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where every part of a record stands."""
    inside = dict(enumerate(value)) if isinstance(value, list) else value
    for key, part in inside.items() if isinstance(inside, dict) else ():
        yield (*here, key)
        yield from paths(part, (*here, key))


def refusal(row: dict[str, Any]) -> str | None:
    """Return what is said against an export; None where it is read."""
    try:
        found = read_label_file([row])
    except DataError as refused:
        return str(refused)
    validate(found, RUBRIC)
    return None


@given(st.data())
def test_whatever_stands_anywhere_is_read_or_refused_with_its_place(data: st.DataObject) -> None:
    row = deepcopy(data.draw(st.sampled_from(list(EXPORTS.values()))))
    *above, last = data.draw(st.sampled_from(list(paths(row))))
    inner: Any = row
    for key in above:
        inner = inner[key]
    inner[last] = data.draw(st.sampled_from(JUNK))
    said = refusal(row)

    assert said is None or (said.startswith("list") and said.encode())


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (task(predictions=3), "'predictions' holds no list"),
        ({**task(), "annotations": [3]}, "'annotations' holds no mapping"),
        (task(annotation(result("tone", "rating", 3) | {"value": 3})), "'value' holds no mapping"),
        ({**FLAT, "tone.responses": 3}, "'tone.responses' holds no list"),
        ({**EXPORTS["Argilla, nested"], "responses": {"tone": "2"}}, "'responses' holds text"),
        ({**EXPORTS["Argilla 1"], "tone": {"value": ["2"], "user_id": [], "status": ["x"]}},
         "'tone' and its users and status are of different lengths"),
    ],
)  # fmt: skip
def test_a_part_that_is_of_another_kind_is_named(broken: dict[str, Any], says: str) -> None:
    assert (refusal(broken) or "").startswith(f"list, row 1: {says}")


def test_a_frames_empty_cell_is_no_suggestion() -> None:
    row = deepcopy(EXPORTS["Argilla, nested"])
    row["suggestions"] = float("nan")

    assert refusal(row) is None
