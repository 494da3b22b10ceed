"""The writer: what is settled outlives the process, and what fails is heard by everybody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from tests.store.conftest import found
from trueup.errors import StoreError
from trueup.judge.verdict import scored
from trueup.store.store import Store
from trueup.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path

    from tests.store.conftest import VerdictRow
MET = scored(1.0, "met")


class Counting(Store):
    """A store that counts its commits, and fails on demand."""

    commits = 0
    failing: Exception | None = None

    def write(self, rows: Mapping[str, list[dict[str, Any]]]) -> None:
        self.commits += 1
        if self.failing is not None:
            raise self.failing
        super().write(rows)


@pytest.fixture
def counting(store: Store) -> Counting:
    store.__class__ = Counting
    assert isinstance(store, Counting)
    return store


def test_settled_returns_only_when_another_connection_can_see_the_row(
    path: Path, store: Store, verdict_row: VerdictRow
) -> None:
    async def go() -> None:
        writer = Writer(store)
        with Store.open(path) as other:
            for number in range(5):
                writer.put("verdict", verdict_row(number, MET))
                assert not found(other, number)
                await writer.settled()
                assert found(other, number)

    asyncio.run(go())


def test_rows_are_committed_without_anybody_waiting(
    path: Path, store: Store, verdict_row: VerdictRow
) -> None:
    async def go() -> None:
        writer = Writer(store)
        writer.put("verdict", verdict_row(1, MET))
        with Store.open(path) as other:
            async with asyncio.timeout(10):
                while not found(other, 1):  # noqa: ASYNC110 - the database tells nobody
                    await asyncio.sleep(0.001)

    asyncio.run(go())


def test_everybody_who_waits_shares_a_commit(counting: Counting, verdict_row: VerdictRow) -> None:
    async def go() -> None:
        writer = Writer(counting)

        async def one(number: int) -> None:
            writer.put("verdict", verdict_row(number, MET))
            await writer.settled()

        await asyncio.gather(*(one(number) for number in range(100)))

    asyncio.run(go())

    assert counting.commits == 1
    assert len(found(counting, *range(100))) == 100


def test_a_great_many_rows_do_not_wait_for_the_timer(
    counting: Counting, verdict_row: VerdictRow
) -> None:
    async def go() -> None:
        writer = Writer(counting)
        for number in range(1000):
            writer.put("verdict", verdict_row(number, MET))
        assert counting.commits == 3
        writer.close()

    asyncio.run(go())

    assert len(found(counting, *range(1000))) == 1000


def test_settled_with_nothing_to_write_returns(store: Store) -> None:
    async def go() -> None:
        await Writer(store).settled()

    asyncio.run(go())


def test_whoever_stops_waiting_takes_nothing_from_the_others(
    store: Store, verdict_row: VerdictRow
) -> None:
    async def go() -> list[Any]:
        writer = Writer(store)
        writer.put("verdict", verdict_row(1, MET))
        waiting = [asyncio.create_task(writer.settled()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    first, *others = asyncio.run(go())

    assert isinstance(first, asyncio.CancelledError)
    assert others == [None, None]


FAILURES = [StoreError("the disk is full"), OverflowError("too large"), RuntimeError("a mistake")]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_failing_commit_reaches_everybody_who_waits_puts_or_closes(
    counting: Counting, verdict_row: VerdictRow, failure: Exception
) -> None:
    async def go() -> list[Any]:
        writer = Writer(counting)
        counting.failing = failure

        async def one(number: int) -> None:
            writer.put("verdict", verdict_row(number, MET))
            await writer.settled()

        async with asyncio.timeout(10):
            waited = await asyncio.gather(*(one(n) for n in range(5)), return_exceptions=True)
        counting.failing = None
        late: list[Callable[[], Coroutine[Any, Any, None] | None]] = [
            lambda: writer.put("verdict", verdict_row(9, MET)),
            writer.close,
        ]
        for action in late:
            with pytest.raises(type(failure)):
                action()
        with pytest.raises(type(failure)):
            await writer.settled()
        return waited

    assert asyncio.run(go()) == [failure] * 5
    assert counting.commits == 1


def test_nothing_is_lost_in_silence_where_nobody_waits(
    counting: Counting, verdict_row: VerdictRow
) -> None:
    async def go() -> None:
        writer = Writer(counting)
        counting.failing = StoreError("the disk is full")
        for number in range(256):  # the last of them commits, and fails
            writer.put("verdict", verdict_row(number, MET))
        assert counting.commits == 1
        with pytest.raises(StoreError, match="the disk is full"):
            writer.close()

    asyncio.run(go())


def full(store: Store) -> None:
    """Make the store's disk full: every connection may use only the pages that there are."""

    def limit(connection: Any, _record: object) -> None:
        connection.execute("pragma max_page_count = 1")

    store._engine.dispose()
    sa.event.listen(store._engine, "connect", limit)


def test_a_full_disk_is_a_store_error_in_every_method_that_writes(
    store: Store, verdict_row: VerdictRow
) -> None:
    full(store)
    rows = [verdict_row(n, scored(1.0, "met", "x" * 4000)) for n in range(200)]
    run = {
        "occasion": "", "source": "x" * 200_000, "judge": "j", "rubric": "{}", "instruments": "{}",
        "replicates": 1,
    }  # fmt: skip
    instrument = {
        "key": b"1" * 16, "judge": "j", "criterion": "c", "question": "q",
        "declared": "x" * 200_000,
    }  # fmt: skip

    with pytest.raises(StoreError, match="full"):
        store.write({"verdict": rows})
    with pytest.raises(StoreError, match="full"):
        store.start_run(run)
    with pytest.raises(StoreError, match="full"):
        store.instrument(instrument)
    assert found(store, *range(200)) == {}


def test_a_store_that_another_program_holds_is_a_store_error(
    path: Path, verdict_row: VerdictRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trueup.store.engine.BUSY_SECONDS", 0)
    with Store.open(path) as holder, Store.open(path) as other, holder.transaction():
        with pytest.raises(StoreError, match="locked"):
            other.write({"verdict": [verdict_row(1, MET)]})
        with pytest.raises(StoreError, match="locked"):
            other.end_run(1, status="done")
        assert found(other, 1) == {}
