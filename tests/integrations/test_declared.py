"""verl's and GEPA's functions, called as they call them; neither knows a missing reward."""

from __future__ import annotations

import asyncio
import inspect
import math
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.reward.conftest import ONE, TWO, judge_at
from tests.runner.conftest import honest
from trueup.errors import ConfigError, NoReward
from trueup.integrations import gepa_metric, verl_compute_score
from trueup.testing import FaultServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Made = Callable[..., Any]

DEAD = "http://127.0.0.1:9"
KEYS = {"score", "acc", "abstain", "polite", "brief"}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=honest, retry_after=0.01) as running:
        yield running


@pytest.fixture
def made() -> Iterator[list[Any]]:
    found: list[Any] = []
    yield found
    for one in found:
        one.scorer.close()


@pytest.fixture
def verl(made: list[Any]) -> Made:
    def make(at: FaultServer | str, **options: Any) -> Any:
        made.append(verl_compute_score(rubric=TWO, judge=judge_at(at), deadline=5, **options))
        return made[-1]

    return make


@pytest.fixture
def metric(made: list[Any]) -> Made:
    def make(at: FaultServer | str, **options: Any) -> Any:
        made.append(gepa_metric(rubric=ONE, judge=judge_at(at), deadline=5, **options))
        return made[-1]

    return make


def asked(compute: Any, **more: Any) -> dict[str, float]:
    """Call it as verl's managers do: by keyword, one output at a time."""
    return asyncio.run(
        compute(
            data_source="support", solution_str="All good.", ground_truth={"answer": 4},
            extra_info={"question": "How long?", "num_turns": 1, "index": 7}, **more,
        )
    )  # fmt: skip


def test_verl_gets_a_plain_coroutine_function_and_always_the_same_keys(
    server: FaultServer, verl: Made
) -> None:
    compute = verl(server)

    assert inspect.iscoroutinefunction(compute)
    got = asked(compute, reward_router_address=None)
    assert got.keys() == KEYS
    assert got == {"score": 1, "acc": 1, "abstain": 0, "polite": 1, "brief": 1}


def test_verl_is_handed_no_number_for_an_outage(verl: Made) -> None:
    with pytest.raises(NoReward, match="declare what such outputs get"):
        asked(verl(DEAD))


def test_verl_gets_the_declared_constant_and_is_told_so(verl: Made) -> None:
    got = asked(verl(DEAD, on_abstain="constant", constant=0.4))

    assert got.keys() == KEYS
    assert (got["score"], got["abstain"]) == (0.4, 1)
    assert all(math.isnan(got[name]) for name in ("acc", "polite", "brief"))


@pytest.mark.parametrize(
    "bad",
    [
        {"on_abstain": "zero"},
        {"on_abstain": "constant"},
        {"constant": 0.0},
        {"on_abstain": "constant", "constant": math.nan},
    ],
)
def test_a_policy_that_is_none_is_refused(bad: dict[str, Any], verl: Made) -> None:
    with pytest.raises(ConfigError):
        verl(DEAD, **bad)


def test_gepa_binds_five_arguments_and_evaluate_two(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, metric: Made
) -> None:
    monkeypatch.setitem(sys.modules, "dspy", None)
    found = metric(server)
    inspect.signature(found).bind(None, None, None, None, None)
    gold, pred = {"question": "How?", "answer": "So."}, {"answer": "All good."}

    assert found(gold, pred) == found(gold, pred, None, "name", []) == 1.0


def test_gepa_is_told_what_was_not_met(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, metric: Made
) -> None:
    monkeypatch.setitem(sys.modules, "dspy", SimpleNamespace(Prediction=SimpleNamespace))
    found = metric(server)
    met = found({"question": "How?"}, {"answer": "All good."})
    unmet = found({"question": "How?"}, {"answer": "No."})

    assert (met.score, met.feedback) == (1.0, "All criteria are met.")
    assert unmet.score == 0.0
    assert unmet.feedback.startswith("polite: 0.00 of 1.")


def test_gepa_is_handed_no_number_for_an_outage(metric: Made) -> None:
    with pytest.raises(NoReward):
        metric(DEAD)({"question": "How?"}, {"answer": "So."})


def test_a_prediction_without_the_judged_field_is_an_error(
    server: FaultServer, metric: Made
) -> None:
    with pytest.raises(KeyError, match="answer"):
        metric(server)({"question": "How?"}, {"reply": "So."})
