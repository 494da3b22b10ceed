"""The run itself: what is asked once, what code decides, and how it ends when something breaks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from trueup.errors import JudgeError, StoreError
from trueup.item.model import Item
from trueup.rubric.load import parse_rubric
from trueup.runner.score import ScoringRun
from trueup.store.store import Store
from trueup.testing.faultserver import Fault, FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.runner.conftest import JudgeAt, Outcomes, Score
    from trueup.rubric.model import Rubric
    from trueup.runner.progress import Progress
    from trueup.runner.result import Scores

MIXED = parse_rubric("""\
name: r
task: t
criteria:
  - {id: polite, ask: Is it polite?}
  - {id: sorry, ask: Does it say sorry?, check: {contains: [sorry]}}
  - {id: grounded, ask: Does it follow from the context?, needs: [context]}
  - {id: said, ask: Does it say anything?, if_empty: unmet}
""")
CHECKS = parse_rubric(
    "name: r\ntask: t\ncriteria:\n  - {id: sorry, ask: Sorry?, check: {contains: [sorry]}}\n"
)


def found(scores: Scores, item: str) -> dict[str, tuple[str, str, float | None]]:
    return {
        row["criterion"]: (row["outcome"], row["reason"], row["value"])
        for row in scores.rows()
        if row["item_id"] == item
    }


def test_equal_texts_share_one_call_and_one_verdict_under_ids_of_their_own(
    server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, path: Path
) -> None:
    same = [Item(id=f"i{n}", input="q", output="good reply") for n in range(600)]

    scores = score(same, rubric, judge_at(server))

    assert server.requests == 1
    rows = list(scores.rows())
    assert [row["item_id"] for row in rows] == [f"i{n}" for n in range(600)]
    assert {row["value"] for row in rows} == {1.0}
    with Store.open(path) as store, store.transaction() as connection:
        for table in ("verdict", "call", "content"):
            count = connection.exec_driver_sql(f"select count(*) from {table}").scalar()  # noqa: S608 - our own names
            assert count == 1


def test_texts_that_differ_in_what_a_criterion_needs_are_judged_apart(
    server: FaultServer, judge_at: JudgeAt, score: Score
) -> None:
    shown = parse_rubric(
        "name: r\ntask: t\ncriteria:\n  - {id: c, ask: Is it right?, needs: [metadata.plan]}\n"
    )
    items = [
        Item(id=plan + other, output="x", metadata={"plan": plan, "other": other})
        for plan in ("free", "paid")
        for other in ("a", "b")
    ]

    score(items, shown, judge_at(server))

    assert server.requests == 2
    assert "other" not in str([request.body for request in server.log])


def test_code_decides_what_needs_no_judge(
    server: FaultServer, judge_at: JudgeAt, score: Score
) -> None:
    items = [
        Item(id="whole", output="good, sorry", context="c"),
        Item(id="bare", output="good"),
        Item(id="empty", output=" \n\t", context="c"),
        Item(id="broken", output="", fault="invalid_utf8"),
        Item(id="missing", output="", fault="missing_output"),
    ]

    scores = score(items, MIXED, judge_at(server))

    yes, no = ("scored", "", 1.0), ("scored", "", 0.0)
    assert found(scores, "whole") == {"polite": yes, "sorry": yes, "grounded": yes, "said": yes}
    assert found(scores, "bare") == {
        "polite": yes, "sorry": no, "grounded": ("abstained", "missing_input", None), "said": yes,
    }  # fmt: skip
    assert found(scores, "empty") == {
        "polite": ("abstained", "empty_output", None), "sorry": no,
        "grounded": ("abstained", "empty_output", None), "said": no,
    }  # fmt: skip
    for name, fault in (("broken", "invalid_utf8"), ("missing", "missing_output")):
        assert set(found(scores, name).values()) == {("abstained", fault, None)}
    assert server.requests == 5
    by_rule = {
        (finding["criterion"], finding["decided_by"])
        for finding in scores.of_item("bare")["findings"]
    }
    assert by_rule == {
        ("polite", "judge"),
        ("sorry", "rule"),
        ("grounded", "rule"),
        ("said", "judge"),
    }


def test_criteria_that_need_a_judge_do_not_run_without_one(score: Score, rubric: Rubric) -> None:
    with pytest.raises(JudgeError, match="polite"):
        score([Item(id="i", output="x")], rubric, None)


def test_a_rubric_of_checks_alone_runs_without_a_judge(score: Score) -> None:
    scores = score([Item(id="i", output="so sorry")], CHECKS, None)

    assert found(scores, "i") == {"sorry": ("scored", "", 1.0)}
    assert scores.summary()["status"] == "done"


def test_a_run_over_nothing_ends_well(
    server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric
) -> None:
    summary = score([], rubric, judge_at(server)).summary()

    assert summary["status"] == "done"
    assert summary["items"] == {"n": 0, "outcomes": {}}
    assert summary["score"]["estimate"] is None


def test_only_what_failed_is_asked_where_that_is_wanted(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric, items: list[Item],
    outcomes: Outcomes,
) -> None:  # fmt: skip
    judge = judge_at(server)
    server.configure(faults={Fault.WRONG_SCHEMA: 1.0})
    score(items[:10], rubric, judge)
    server.configure(faults=None)
    server.reset()

    scores = score(items[:30], rubric, judge, only_failed=True)

    assert server.requests == 10
    assert outcomes(scores) == {"scored": 10, "not_attempted": 20}


def test_progress_counts_every_item_once(
    server: FaultServer, judge_at: JudgeAt, score: Score, two: Rubric, items: list[Item]
) -> None:
    seen: list[Progress] = []

    score(items[:20], two, judge_at(server))
    score(items, two, judge_at(server), on_progress=seen.append)

    last = seen[-1]
    assert (last.items, last.asked, last.total) == (40, 20, 40)
    assert last.outcomes == {"scored": 80}
    assert last.reused == 40
    assert last.usage.calls == 40


def limited(store: Store, pages: int) -> None:
    """Let a store's file grow by so many pages and no further, as on a full disk."""
    with store.transaction() as connection:
        used = connection.exec_driver_sql("pragma page_count").scalar() or 0

    def limit(connection: Any, _record: object) -> None:
        connection.execute(f"pragma max_page_count = {used + pages}")

    store._engine.dispose()
    sa.event.listen(store._engine, "connect", limit)


def test_a_disk_that_fills_up_ends_the_run_with_a_store_error_and_keeps_what_was_committed(
    server: FaultServer, judge_at: JudgeAt, rubric: Rubric, path: Path
) -> None:
    items = [Item(id=f"i{n}", output=f"good {n} " + "x" * 2000) for n in range(400)]
    with Store.open(path) as store:
        limited(store, 60)
        run = ScoringRun(store, rubric, judge_at(server))
        with pytest.raises(StoreError, match="full"):
            asyncio.run(run.run(items, source="a test"))

    asked = server.requests
    with Store.open(path) as store:
        run = ScoringRun(store, rubric, judge_at(server))
        scores = asyncio.run(run.run(items, source="a test"))
        assert scores.summary()["items"]["outcomes"] == {"scored": 400}
    assert server.requests <= 400 + 32
    assert asked < 400


class OfTheirOwn(Exception):
    """What somebody's own iterator raises in the middle of a run."""


def test_an_iterator_that_raises_ends_in_its_own_exception_and_a_run_that_can_be_resumed(
    server: FaultServer, judge_at: JudgeAt, rubric: Rubric, path: Path
) -> None:
    cause = KeyError("column")

    def broken() -> Iterator[Item]:
        for number in range(300):
            yield Item(id=f"i{number}", output=f"good {number}")
        raise OfTheirOwn from cause

    with Store.open(path) as store:
        with pytest.raises(OfTheirOwn) as caught:
            asyncio.run(ScoringRun(store, rubric, judge_at(server)).run(broken(), source="a test"))
        assert (caught.value.__cause__, caught.value.__context__) == (cause, None)
        assert [row["status"] for row in store.runs()] == ["failed"]
        asked = server.requests

        first = [Item(id=f"i{number}", output=f"good {number}") for number in range(256)]
        scores = asyncio.run(
            ScoringRun(store, rubric, judge_at(server)).run(first, source="a test")
        )
        assert scores.summary()["items"]["outcomes"] == {"scored": 256}
    assert 0 < asked < server.requests <= 256 + 32


@pytest.mark.parametrize("at_once", [True, False])
def test_a_group_of_exceptions_that_an_iterator_raises_comes_whole(
    path: Path, *, at_once: bool
) -> None:
    group = ExceptionGroup("of their own", [OfTheirOwn(), KeyError()])

    class Items:
        def __iter__(self) -> Iterator[Item]:
            if at_once:
                raise group
            yield Item(id="i", output="sorry")
            raise group

    with Store.open(path) as store:
        with pytest.raises(ExceptionGroup) as caught:
            asyncio.run(ScoringRun(store, CHECKS, None).run(Items(), source="a test"))

        assert caught.value is group
        assert [row["status"] for row in store.runs()] == ["failed"]


def test_a_cancelled_run_says_so_and_leaves_nothing_open(
    server: FaultServer, judge_at: JudgeAt, rubric: Rubric, items: list[Item], path: Path
) -> None:
    server.configure(latency=0.02)

    async def go(store: Store) -> None:
        run = ScoringRun(store, rubric, judge_at(server, concurrency=4))
        task = asyncio.create_task(run.run(items, source="a test"))
        while server.counts["ok"] < 8:  # noqa: ASYNC110 - another thread counts
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(asyncio.all_tasks()) == 1

    with Store.open(path) as store:
        asyncio.run(go(store))
        assert [row["status"] for row in store.runs()] == ["interrupted"]
        with store.transaction() as connection:
            kept = connection.exec_driver_sql("select count(*) from call").scalar() or 0
    assert kept >= 8 - 4  # no more is lost than was under way
    assert server.requests - 4 <= kept + 4
