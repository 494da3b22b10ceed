"""Observed: models are named alike whoever tells of them, and odd answers name none."""

from __future__ import annotations

from typing import Any

import pytest

from trueup.judge.observed import model_name, models_in


@pytest.mark.parametrize(
    ("observed", "models"),
    [
        ({"model": "m-1"}, ["m-1"]),
        ({"model": "m-1", "fingerprint": "fp_2", "rung": "schema"}, ["m-1 fp_2"]),
        ({"model": "m-1", "fingerprint": None}, ["m-1"]),
        ({"a": {"model": "m-1"}, "b": {"model": "m-2"}}, ["m-1", "m-2"]),
        ({"panel": {"a": {"model": "m-1"}}, "b": {"model": "m-2"}}, ["m-1", "m-2"]),
        ({"model": {"model": "m-1"}}, ["m-1"]),
    ],
)
def test_a_verdict_names_its_models_through_all_members(
    observed: dict[str, Any], models: list[str]
) -> None:
    assert list(models_in(observed)) == models


@pytest.mark.parametrize(
    "observed",
    [{}, None, 3, "m-1", ["m-1"], {"model": ""}, {"model": 3}, {"fingerprint": "fp_2"},
     {"a": "m-1", "b": None}],
)  # fmt: skip
def test_what_names_no_model_yields_none(observed: object) -> None:
    assert list(models_in(observed)) == []


def test_a_mapping_within_itself_ends() -> None:
    endless: dict[str, Any] = {}
    endless["a"] = endless

    assert list(models_in(endless)) == []


def test_a_name_is_cut_to_what_an_index_takes() -> None:
    assert len(model_name("m" * 10_000, "f" * 10_000)) == 200
