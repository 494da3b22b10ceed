"""CSV cells: no spreadsheet carries them out, and they read back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.item.formula import bare, protected


@pytest.mark.parametrize("text", ["=1", "+a", "-a", "@a", "\ta", "\ra", "\na", "=", "--5", "-1+2"])
def test_a_cell_that_begins_a_formula_is_quoted(text: str) -> None:
    assert protected(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=1", "", "-5", "+3.25", "42", 7, -7.5, None, "'a", "''"])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert protected(value) == value
    assert bare(value) == value


@given(st.text("'=-+@\t\na1", max_size=6))
def test_a_protected_cell_reads_back_as_it_was(text: str) -> None:
    cell = protected(text)

    assert bare(cell) == text
    assert isinstance(cell, str)
    assert not cell.startswith(("=", "@", "\t", "\n")) or cell == text == ""
