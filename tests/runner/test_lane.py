"""What ends a run at once, and what is climbed down instead: keys, models, rungs, parameters."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import CredentialsError, JudgeError, JudgeUnavailable
from trueup.rubric.load import parse_rubric
from trueup.store.store import Store
from trueup.testing.faultserver import Fault, FaultServer
from trueup.testing.faultserver import Reply as Answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.runner.conftest import JudgeAt, Outcomes, Score
    from trueup.item.model import Item
    from trueup.rubric.model import Rubric

CONCURRENCY = 8


def statuses(path: Path) -> list[str]:
    with Store.open(path) as store:
        return [row["status"] for row in store.runs()]


def test_a_wrong_key_ends_the_run_at_once(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("JUDGE_KEY", "sk-hunter2hunter2")
    server.configure(faults={Fault.UNAUTHORIZED: 1.0})
    judge = judge_at(server, api_key_env="JUDGE_KEY", concurrency=CONCURRENCY)

    with pytest.raises(CredentialsError, match="JUDGE_KEY") as caught:
        score(items, rubric, judge)

    assert server.requests <= CONCURRENCY
    assert "hunter2" not in str(caught.value)
    assert statuses(path) == ["failed"]


def test_a_key_that_is_taken_back_leaves_nothing_going_on_in_the_background(
    judge_at: JudgeAt, score: Score, items: list[Item]
) -> None:
    eight = parse_rubric(
        "name: r\ntask: t\ncriteria:\n"
        + "".join(f"  - {{id: c{n}, ask: Is it {n}?}}\n" for n in range(8))
    )
    with FaultServer(latency=0.01) as server:
        server.configure(faults=lambda *_: None if server.requests < 30 else Fault.UNAUTHORIZED)
        with pytest.raises(CredentialsError):
            score(items, eight, judge_at(server, concurrency=4))
        assert server.requests <= 30 + 2 * 4
    gc.collect()  # a connection that was left open warns here, and warnings are errors


def test_a_missing_key_asks_nothing(
    server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item]
) -> None:
    with pytest.raises(CredentialsError, match="NO_SUCH_VARIABLE"):
        score(items, rubric, judge_at(server, api_key_env="NO_SUCH_VARIABLE"))

    assert server.requests == 0


def test_a_dead_endpoint_ends_the_run_after_a_few_attempts_and_is_named_without_credentials(
    judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item], path: Path
) -> None:
    with FaultServer() as server:
        dead = server.url
    judge = judge_at(dead.replace("http://", "http://user:hunter2@") + "?token=hunter2")

    with pytest.raises(JudgeUnavailable, match="cannot be reached") as caught:
        score(items, rubric, judge)

    assert "hunter2" not in str(caught.value)
    assert dead.removeprefix("http://") in str(caught.value)
    assert statuses(path) == ["failed"]


def test_an_endpoint_that_dies_ends_the_run_and_keeps_what_was_answered(
    judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item], path: Path
) -> None:
    with FaultServer() as server:
        server.configure(faults=lambda *_: None if server.requests < 10 else Fault.SERVER_ERROR)
        with pytest.raises(JudgeUnavailable, match=r"\d+ calls in a row failed, and so did one"):
            score(items, rubric, judge_at(server, concurrency=4, deadline=0.05))
        answered = server.counts["ok"]

        with Store.open(path) as store, store.transaction() as connection:
            kept = connection.exec_driver_sql("select count(*) from call").scalar()
    assert kept == answered
    assert answered > 0


def test_a_model_that_does_not_exist_ends_the_run_after_twenty_calls(
    server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item]
) -> None:
    server.configure(faults={Fault.NOT_FOUND: 1.0})

    with pytest.raises(JudgeError, match="model name"):
        score(items * 50, rubric, judge_at(server, concurrency=CONCURRENCY))

    assert 20 <= server.requests <= 20 + CONCURRENCY


def test_rejections_that_are_not_in_a_row_end_nothing(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    outcomes: Outcomes,
) -> None:  # fmt: skip
    def every_other(request: dict[str, Any], _before: int) -> Fault | None:
        return Fault.NOT_FOUND if "poor" in request["messages"][-1]["content"] else None

    server.configure(faults=every_other)

    scores = score(items, rubric, judge_at(server, concurrency=1))

    assert outcomes(scores) == {"scored": 20, "failed": 20}


@pytest.mark.parametrize(
    ("lacks", "rung"),
    [([], "schema"), (["400-json-schema"], "object"), (["400-json-mode"], "text")],
)
def test_the_ladder_is_climbed_down_to_the_first_rung_that_holds(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    outcomes: Outcomes, path: Path, lacks: list[str], rung: str,
) -> None:  # fmt: skip
    server.configure(lacks=lacks)

    scores = score(items, rubric, judge_at(server, concurrency=CONCURRENCY))

    assert outcomes(scores) == {"scored": 40}
    assert server.requests <= 40 + 2 * CONCURRENCY
    with Store.open(path) as store, store.transaction() as connection:
        rungs = connection.exec_driver_sql("select distinct rung from call").scalars().all()
    assert rungs == [rung]


@pytest.mark.parametrize("lacks", [["400-json-schema"], ["400-json-mode"]])
def test_where_no_schema_binds_the_answer_a_nonce_is_asked_for_after_the_item(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    lacks: list[str],
) -> None:  # fmt: skip
    server.configure(lacks=lacks)

    score(items[:1], rubric, judge_at(server))

    *refused, answered = server.log
    text = answered.body["messages"][-1]["content"]
    item, _, after = text.rpartition("[/OUTPUT ")
    assert "nonce" not in item
    assert "\nnonce: " in after
    assert "nonce" not in json.dumps([request.body for request in refused[:1]])


def test_a_model_that_forgets_the_nonce_is_not_believed(
    judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item], outcomes: Outcomes
) -> None:
    said = '{"evidence": [], "explanation": "x", "answer": "met", "cannot_tell_reason": "none"}'
    with FaultServer(answer=lambda _: said, lacks=["400-json-schema"]) as server:
        scores = score(items, rubric, judge_at(server))

    assert outcomes(scores) == {"unparsable": 40}
    assert {row["reason"] for row in scores.rows()} == {"nonce_missing"}


def test_an_endpoint_that_ignores_the_schema_is_found_out_and_its_answers_are_paid_for(
    *, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item], outcomes: Outcomes,
    path: Path,
) -> None:  # fmt: skip
    said = {"evidence": [], "explanation": "x", "answer": "met", "cannot_tell_reason": "none"}

    def in_a_block(request: Mapping[str, Any]) -> Answer:
        _, found, nonce = request["messages"][-1]["content"].rpartition("\nnonce: ")
        answer = {**said, "nonce": nonce} if found else said
        usage = {"prompt_tokens": 100, "completion_tokens": 7}
        return Answer(content=f"```json\n{json.dumps(answer)}\n```", usage=usage)

    with FaultServer(answer=in_a_block) as server:
        scores = score(items, rubric, judge_at(server, concurrency=CONCURRENCY, repairs=1))

    assert outcomes(scores) == {"scored": 40}
    # two answers may have been asked for anew before the third gave the endpoint away
    assert 40 < server.requests <= 40 + CONCURRENCY + 2
    assert scores.summary()["cost"]["output_tokens"] == 7 * server.requests
    assert scores.summary()["cost"]["calls"] == server.requests
    with Store.open(path) as store, store.transaction() as connection:
        rungs = connection.exec_driver_sql("select distinct rung from call").scalars().all()
    assert rungs == ["object"]


def test_one_answer_in_a_code_block_changes_nothing_for_the_others(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    outcomes: Outcomes,
) -> None:  # fmt: skip
    def first_item(request: dict[str, Any], _before: int) -> Fault | None:
        return Fault.FENCED if "question 0" in request["messages"][-1]["content"] else None

    server.configure(faults=first_item)

    scores = score(items, rubric, judge_at(server, concurrency=1))

    assert outcomes(scores) == {"scored": 39, "unparsable": 1}
    assert "nonce: " not in server.log[-1].body["messages"][-1]["content"]


@pytest.mark.parametrize("structured", ["schema", "object", "text"])
def test_a_rung_that_a_judge_declares_is_the_only_one_asked(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    structured: str,
) -> None:  # fmt: skip
    score(items[:3], rubric, judge_at(server, structured=structured))

    forms = {json.dumps(request.body.get("response_format"))[:30] for request in server.log}
    assert len(forms) == 1
    assert server.requests == 3


def test_a_declared_rung_that_the_endpoint_lacks_fails_by_name(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    outcomes: Outcomes,
) -> None:  # fmt: skip
    server.configure(lacks=["400-json-schema"])

    scores = score(items[:5], rubric, judge_at(server, structured="schema"))

    assert outcomes(scores) == {"failed": 5}
    assert {row["reason"] for row in scores.rows()} == {"rejected"}


def test_a_temperature_that_the_endpoint_does_not_take_is_left_out_and_recorded(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    outcomes: Outcomes, path: Path,
) -> None:  # fmt: skip
    server.configure(lacks=["400-temperature"])

    scores = score(items, rubric, judge_at(server, concurrency=CONCURRENCY))

    assert outcomes(scores) == {"scored": 40}
    assert server.counts["400-temperature"] <= CONCURRENCY
    with Store.open(path) as store, store.transaction() as connection:
        kept = connection.exec_driver_sql("select reply from call").scalars().all()
    assert {tuple(json.loads(reply)["dropped"]) for reply in kept} == {("temperature",)}
