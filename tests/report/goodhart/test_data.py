"""The JSON is what its schema says, holds no NaN, and every field of it is described."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import jsonschema
import numpy as np
import pytest

from tests.report.goodhart import material
from trueup.report.goodhart.data import schema, to_dict, to_json
from trueup.report.goodhart.words import basis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.goodhart.look import Verdict
    from trueup.goodhart.spec import Design


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for one in value.values():
            yield from numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, float):
        yield value


def properties(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in found.get("properties", {}).values():
        yield one
        yield from properties(one)
        yield from properties(one.get("items", {}))


@pytest.mark.parametrize("verdict", material.KINDS)
def test_every_kind_of_report_is_as_the_schema_says(verdict: Verdict) -> None:
    found = json.loads(to_json(material.report(verdict)))

    jsonschema.validate(found, schema(), cls=jsonschema.Draft202012Validator)
    assert found["verdict"] == verdict
    assert len(found["looks"]) == 14


def test_every_field_of_the_schema_is_described() -> None:
    assert all(one.get("description") for one in properties(schema()))


def test_the_gate_is_a_word_that_a_job_can_test() -> None:
    gates = {kind: to_dict(material.report(kind))["gate"] for kind in material.KINDS}

    assert gates == {
        "gaming": "failed", "improvement": "passed", "judge_flat": "passed",
        "inconclusive": "inconclusive", "unidentified": "inconclusive",
    }  # fmt: skip


def test_what_is_no_number_is_null_and_a_verdict_without_condition_says_so() -> None:
    odd = material.look(
        "gaming", holds_to=math.inf, phi=math.nan, detail={"gamed": np.float64("nan")}
    )
    found = json.loads(to_json(material.report(looks=(odd,))))
    jsonschema.validate(found, schema())

    assert found["looks"][0]["phi"] is None
    assert found["looks"][0]["holds_to"] is None
    assert found["looks"][0]["holds_always"] is True
    assert all(map(math.isfinite, numbers(found)))


@pytest.mark.parametrize(("horizon", "told"), [(26, 26), ("default", "default"), (None, "none")])
def test_the_usual_horizon_is_told_from_one_without_an_end(
    horizon: int | Literal["default"] | None, told: int | str
) -> None:
    report = material.report(spec=material.spec(horizon=horizon))

    assert json.loads(to_json(report))["spec"]["horizon"] == told


def test_the_same_report_gives_the_same_text() -> None:
    assert to_json(material.report()) == to_json(material.report())


@pytest.mark.parametrize(
    ("design", "horizon", "said"),
    [
        ("releases", "default", "at most 5% over 12 looks, taken together"),
        ("releases", 1, "at most 5% over 1 look, taken together"),
        ("releases", None, "at most 5% over all looks, however many, taken together"),
        ("concurrent", None, "at most 5% over 4 looks, taken together"),
    ],
)
def test_the_false_alarm_rate_is_said_over_the_looks_that_share_it(
    design: Design, horizon: int | Literal["default"] | None, said: str
) -> None:
    report = material.report(spec=material.spec(horizon=horizon))
    looks = [replace(look, design=design) for look in report.looks]

    assert dict(basis(replace(report, looks=looks)))["false alarms"] == said
