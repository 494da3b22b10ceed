"""What a cell of feedback is as a number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from trueup.errors import DataError
from trueup.signal.value import checked_values, number

if TYPE_CHECKING:
    from trueup.signal.value import Values


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (True, 1), (False, 0), (4, 4), (-1, -1), ("0.25", 0.25), ("up", 1), ("Thumbs Down", 0),
        ("👍", 1), ("accepted", 1), ("unresolved", 0), (None, None), ("", None), (" ", None),
        (math.nan, None),
    ],
)  # fmt: skip
def test_numbers_are_themselves_and_common_words_are_0_and_1(
    cell: object, expected: float | None
) -> None:
    assert number(cell) == expected


def test_a_scale_becomes_0_to_1() -> None:
    assert [number(n, (1, 5)) for n in (1, 3, "5")] == [0, 0.5, 1]
    assert [number(n, (-1, 1)) for n in (-1, 0, 1)] == [0, 0.5, 1]
    assert number(1, (5, 1)) == 1, "where 1 is best"


def test_words_are_what_they_are_declared_to_be_before_what_they_commonly_are() -> None:
    thumbs = {"1": 1.0, "2": 0.0, "dismissed": None}

    assert [number(cell, thumbs) for cell in (1, 2.0, "Dismissed")] == [1, 0, None]


@pytest.mark.parametrize(
    ("cell", "values", "said"),
    [
        ("meh", None, "no number, and no word"),
        ("meh", {"up": 1.0}, "not among the declared values"),
        (6, (1, 5), "outside the declared scale from 1 to 5"),
        (math.inf, None, "no finite number"),
        ([1, 2], None, "no number"),
    ],
)
def test_what_cannot_be_a_number_is_refused(cell: object, values: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        number(cell, values)  # type: ignore[arg-type] # parametrized


@pytest.mark.parametrize("values", [(3.0, 3.0), (1.0, math.inf), {"up": math.nan}, {}])
def test_values_that_say_nothing_are_refused(values: Values) -> None:
    with pytest.raises(DataError):
        checked_values(values)


def test_values_without_a_number_are_refused() -> None:
    with pytest.raises(DataError, match="no finite numbers"):
        checked_values({"dismissed": None})
