"""Tables of ratings are read and merged exactly, however they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trueup.agreement import column
from trueup.agreement.ratings import Patterns, few_levels, merge, read

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPES = st.tuples(st.integers(3, 30), st.integers(1, 3))
SMALL = st.one_of(st.just(np.nan), st.integers(-3, 4).map(float))
ANY = st.one_of(st.just(np.nan), st.floats(-1e6, 1e6))


def same_units(found: Patterns, codes: NDArray[np.int64], *, ordered: bool) -> bool:
    """Whether units share a pattern exactly where their ratings are the same."""
    key = codes if ordered else np.sort(codes, axis=1)
    _, expected = np.unique(key, axis=0, return_inverse=True)
    pairs = {*zip(found.of_unit.tolist(), expected.ravel().tolist(), strict=True)}
    return len(pairs) == len(found.weight) == len(np.unique(expected))


@given(hnp.arrays(np.float64, SHAPES, elements=st.one_of(SMALL, ANY)))
def test_codes_and_levels_give_the_numbers_back(raw: NDArray[np.float64]) -> None:
    table = read(raw, axis="units")

    padded = np.append(table.values, np.nan)
    np.testing.assert_array_equal(padded[table.codes], raw)
    assert list(table.levels) == sorted(set(raw[~np.isnan(raw)]))
    assert table.numeric


@given(hnp.arrays(np.float64, SHAPES, elements=SMALL), st.booleans())
def test_units_share_a_pattern_where_they_were_rated_alike(
    raw: NDArray[np.float64],
    ordered: bool,  # noqa: FBT001 - hypothesis passes it by name
) -> None:
    table = read(raw, axis="units")

    found = merge(table, ordered=ordered)

    assert same_units(found, table.codes, ordered=ordered)
    assert found.weight.sum() == len(raw)
    np.testing.assert_array_equal(np.bincount(found.of_unit), found.weight)
    np.testing.assert_array_equal(found.rated, (found.codes >= 0).sum(axis=1))


@pytest.mark.parametrize("levels", [2, 9, 30, 4000])
@pytest.mark.parametrize("ordered", [False, True])
def test_patterns_are_exact_by_every_way_of_finding_them(
    levels: int,
    ordered: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    rng = np.random.default_rng(levels)
    raw = rng.integers(0, levels, (300, 8)).astype(float)
    raw[150:] = raw[:150]
    raw[rng.random(raw.shape) < 0.2] = np.nan
    table = read(raw, axis="units")

    found = merge(table, ordered=ordered)

    assert same_units(found, table.codes, ordered=ordered)


def test_counts_tell_how_often_each_level_occurs() -> None:
    found = merge(read([[1, 1, 3], [2, None, 3]], axis="raters"))

    expected = [[1, 1, 0], [1, 0, 0], [0, 0, 2]]
    assert sorted(found.counts(3).tolist()) == sorted(map(list, expected))


def test_fewer_ratings_than_asked_for_drop_a_pattern() -> None:
    found = merge(read([[1, 2], [1, None], [None, None]], axis="units"))

    assert sorted(found.rated_by(1).rated) == [1, 2]
    assert found.rated_by(2).weight.tolist() == [1]


@pytest.mark.parametrize(
    "table",
    [
        [["yes", None], ["no", "yes"], ["no", "no"]],
        [["yes", float("nan")], ["no", "yes"], ["no", "no"]],
        np.array([["yes", "nan"], ["no", "yes"], ["no", "no"]]),
        np.array([["yes", None], ["no", "yes"], ["no", "no"]], dtype=object),
        pd.DataFrame({"ann": ["yes", "no", "no"], "bob": [pd.NA, "yes", "no"]}),
        pd.DataFrame({"ann": ["yes", "no", "no"], "bob": [None, "yes", "no"]}, dtype="category"),
    ],
)
def test_texts_are_read_alike_from_lists_arrays_and_frames(table: Any) -> None:
    found = read(table, axis="units")

    assert found.levels == ("no", "yes")
    assert found.codes.tolist() == [[1, -1], [0, 1], [0, 0]]
    assert not found.numeric


@pytest.mark.parametrize(
    "table",
    [
        [[1, None], [0, 1], [0, 0]],
        [[True, None], [False, True], [False, False]],
        np.ma.masked_equal([[1, 9], [0, 1], [0, 0]], 9),
        pd.DataFrame({"ann": [1, 0, 0], "bob": [pd.NA, 1, 0]}, dtype="Int64"),
        pd.DataFrame({"ann": [1.0, 0, 0], "bob": [np.nan, 1, 0]}),
    ],
)
def test_numbers_are_read_alike_from_lists_arrays_and_frames(table: Any) -> None:
    found = read(table, axis="units")

    assert found.levels == (0, 1)
    assert found.codes.tolist() == [[1, -1], [0, 1], [0, 0]]
    assert found.numeric


def test_raters_may_be_rows() -> None:
    across = [[1, 2, 3, 3], [1, 2, None, 3]]

    found = read(across, axis="raters")

    assert found.codes.tolist() == read([*zip(*across, strict=True)], axis="units").codes.tolist()


def test_more_columns_than_rows_look_transposed() -> None:
    with pytest.warns(UserWarning, match="looks transposed; pass axis='raters'"):
        read([[1, 2, 3], [1, 2, 3]], axis="units")


def test_declared_levels_keep_their_order_and_those_not_given() -> None:
    found = read([["low", "high"], ["low", None]], axis="units", levels=["low", "mid", "high"])

    assert found.codes.tolist() == [[0, 2], [0, -1]]
    assert found.values.tolist() == [0, 1, 2]
    assert found.ordered


@pytest.mark.parametrize(
    ("table", "keywords", "message"),
    [
        ([1, 2, 3], {}, "has 1 dimensions; give a table"),
        ([[1, 2], [1]], {}, "rows of different lengths"),
        ([[1, float("inf")], [1, 2]], {}, "infinite number"),
        ([["a", float("inf")], ["b", 2]], {}, "infinite number"),
        (np.empty((0, 3)), {}, "is 0 x 3: it has no units or no raters"),
        ([[1, 2], [1, 2]], {"axis": "rows"}, "axis is 'rows'; it is 'units'"),
        ([["hi", "low"]] * 2, {"levels": ["low", "high"]}, "holds 'hi', which is not among levels"),
        ([[1, 2]] * 2, {"levels": [1, 2, 1]}, "names a level twice"),
    ],
)
def test_what_is_no_table_of_ratings_is_refused(
    table: Any, keywords: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read(table, **{"axis": "units", **keywords})


def test_ratings_that_cannot_be_compared_are_refused() -> None:
    table = np.empty((2, 2), dtype=object)
    table[:] = [[["a"], "b"], ["a", "b"]]

    with pytest.raises(TypeError, match="cannot be compared"):
        read(table, axis="units")


def test_values_too_many_for_a_scale_are_refused_by_name() -> None:
    table = read(np.arange(300.0).reshape(150, 2), axis="units")

    with pytest.raises(ValueError, match=r"300 distinct values and Gwet's AC1 counts levels"):
        few_levels(table, "Gwet's AC1")


@pytest.mark.parametrize(
    "labels", [["a", "b", "a"], np.array([7, 3, 7]), pd.Series(["x", "y", "x"])]
)
def test_clusters_are_numbered(labels: Any) -> None:
    found = column.groups(labels, 3)

    assert found is not None
    assert found[0] == found[2] != found[1]


def test_a_unit_without_a_cluster_is_one_of_its_own() -> None:
    found = column.groups(["a", None, "a", None], 4)

    assert found is not None
    assert len(set(found.tolist())) == 3
    assert column.groups(None, 4) is None


@pytest.mark.parametrize("labels", [["a", "b"], np.array([1, 2])])
def test_a_cluster_label_is_needed_for_every_unit(labels: Any) -> None:
    with pytest.raises(ValueError, match="cluster has 2 values for 3 units"):
        column.groups(labels, 3)
