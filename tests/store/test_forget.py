"""Forgetting: nothing of the text is left in any file, and every figure stays."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import StoreError
from trueup.item.model import Item
from trueup.judge.adapt import as_judge
from trueup.judge.protocol import Capabilities
from trueup.judge.transport.base import Reply
from trueup.judge.verdict import Finding, Verdict
from trueup.rubric.load import parse_rubric
from trueup.runner.result import Scores
from trueup.runner.score import ScoringRun
from trueup.store.forget import forget
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from tests.store.conftest import CallRow
    from trueup.judge.protocol import Request

CANARY = "kestrel-9f3b"
RUBRIC = parse_rubric(
    "name: r\ntask: t\ncriteria:\n"
    "  - {id: kind, ask: Is it kind?}\n"
    "  - {id: said, ask: Does it say so?, check: {contains: [sorry]}}\n"
)


class Quoting:
    """A judge that quotes the item in everything it says."""

    name = "quoting"
    version = "1"
    capabilities = Capabilities(all_metadata=True)

    def instrument(self, _rubric: object, _criterion: str) -> dict[str, Any]:
        return {"kind": "quoting"}

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        for request in requests:
            text = str(request.item.output)
            found = Finding(
                outcome="scored",
                value=2 / 3,
                level="met",
                explanation=f"It says {text}",
                evidence=(text,),
                detail={
                    "distribution": {"met": 2 / 3, "unmet": 1 / 3},
                    "members": [{"explanation": text}],
                },
            )
            yield request.id, Verdict(dict.fromkeys(request.criteria, found))


def item(name: str, text: str, **known: Any) -> Item:
    return Item(id=name, input=f"asked about {text}", output=f"sorry, {text}", **known)


def score(path: Path, *items: Item, **options: Any) -> list[dict[str, Any]]:
    async def go() -> list[dict[str, Any]]:
        with Store.open(path) as store:
            run = ScoringRun(store, RUBRIC, as_judge(Quoting()), **options)
            return list((await run.run(items, source="a test")).rows())

    return asyncio.run(go())


def number_key(number: int) -> bytes:
    return hashlib.sha256(bytes([number])).digest()[:16]


def replied(path: Path, about: Item, call_row: CallRow, *, number: int = 1) -> None:
    with Store.open(path) as store:
        reply = Reply(text=f"It says {CANARY}")
        row = call_row(number, reply, about=about.content(), key=number_key(number))
        store.write({"call": [row]})


def bytes_of(path: Path) -> bytes:
    found = sorted(path.parent.glob(f"{path.name}*"))
    assert path in found
    return b"".join(file.read_bytes() for file in found)


def test_nothing_of_the_text_is_left_in_the_file_or_its_log(path: Path, call_row: CallRow) -> None:
    secret = item("one", CANARY, group="group-kestrel", version="v-kestrel")
    score(path, secret, item("two", "an open word"))
    replied(path, secret, call_row)
    with Store.open(path) as store:
        assert CANARY.encode() in bytes_of(path)

        found = forget(store, "one")

        # while the store is still open, and the log with it
        assert b"kestrel" not in bytes_of(path)
    assert b"kestrel" not in bytes_of(path)
    assert b"an open word" in bytes_of(path)
    assert (found.observations, found.texts, found.replies, found.shared) == (1, 1, 1, 0)


def test_outcomes_values_and_other_items_stay_as_they_were(path: Path) -> None:
    before = score(path, item("one", CANARY), item("two", "an open word"))

    with Store.open(path) as store:
        forget(store, "one")

    after = score(path, item("two", "an open word"))
    with Store.open(path) as store:
        kept = list(Scores(store, 1).rows())
    assert [row["value"] for row in kept] == [row["value"] for row in before]
    assert [row["outcome"] for row in kept] == [row["outcome"] for row in before]
    assert kept[2:] == before[2:]
    assert after == before[2:]
    assert {row["item_id"] for row in kept[:2]} == {"forgotten-0"}
    assert {row["explanation"] for row in kept[:2]} == {""}


def test_a_text_that_another_item_has_too_stays(path: Path) -> None:
    score(path, item("one", CANARY), item("two", CANARY, group="g"))

    with Store.open(path) as store:
        first = forget(store, "one")
        assert CANARY.encode() in bytes_of(path)
        second = forget(store, "two")

    assert (first.texts, first.shared) == (0, 1)
    assert (second.texts, second.shared) == (1, 0)
    assert CANARY.encode() not in bytes_of(path)


def test_an_item_whose_id_looks_forgotten_is_not(path: Path) -> None:
    score(path, item("one", CANARY), item("forgotten-0", CANARY), item("forgotten-password", "x"))

    with Store.open(path) as store:
        assert forget(store, "one").shared == 1

    assert CANARY.encode() in bytes_of(path)


def test_an_item_that_was_scored_in_several_runs_is_forgotten_in_all(path: Path) -> None:
    score(path, item("one", CANARY))
    score(path, item("one", CANARY), item("one more", "y"))
    score(path, item("one", f"{CANARY} again"))

    with Store.open(path) as store:
        found = forget(store, "one")

    assert (found.observations, found.texts) == (3, 2)
    assert CANARY.encode() not in bytes_of(path)


def hashes_of(path: Path, *columns: str) -> set[bytes]:
    """Return every hash in the named columns, as the file holds them."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            row[0]
            for table, column in (column.split(".") for column in columns)
            for row in connection.execute(f"select {column} from {table}")  # noqa: S608 - our own names
            if row[0] is not None
        }


HASHES = ("content.hash", "call.about", "call.key")


def test_no_hash_is_left_from_which_a_short_text_could_be_guessed(
    path: Path, call_row: CallRow
) -> None:
    secret, other = item("one", "yes"), item("two", "no")
    score(path, secret)
    replied(path, secret, call_row, number=7)
    of_secret = hashes_of(path, *HASHES)
    assert secret.content() in of_secret
    score(path, other)
    replied(path, other, call_row, number=8)
    of_other = hashes_of(path, *HASHES) - of_secret
    assert all(found in bytes_of(path) for found in of_secret | of_other)

    with Store.open(path) as store:
        forget(store, "one")
        assert not [found for found in of_secret if found in bytes_of(path)]

    left = bytes_of(path)
    assert not [found for found in of_secret if found in left or found.hex().encode() in left]
    assert of_other < hashes_of(path, *HASHES)
    with closing(sqlite3.connect(path)) as connection:
        costs = connection.execute(
            "select attempts, reply is null from call order by id"
        ).fetchall()
    assert costs == [(1, 1), (1, 0)]


def test_a_forgotten_text_that_comes_back_is_new_and_judged_again(path: Path) -> None:
    before = score(path, item("one", CANARY))
    with Store.open(path) as store:
        forget(store, "one")

    after = score(path, item("one", CANARY))

    assert after == before
    with Store.open(path) as store:
        assert next(Scores(store, 1).rows())["item_id"] == "forgotten-0"
        assert json.loads(store.runs()[1]["cost"])["reused"] == 0
        assert forget(store, "one").verdicts == 2
    assert CANARY.encode() not in bytes_of(path)


def test_replicates_and_sittings_of_a_forgotten_item_keep_their_values(path: Path) -> None:
    one = item("one", CANARY)
    before = [
        score(path, one, replicates=3),
        score(path, one, occasion="week 7", replicates=2),
    ]

    with Store.open(path) as store:
        forget(store, "one")

        for run, rows in enumerate(before, 1):
            kept = list(Scores(store, run).rows())
            assert [row["value"] for row in kept] == [row["value"] for row in rows]
            assert [row["replicate"] for row in kept] == [row["replicate"] for row in rows]


def test_replies_stay_where_another_item_has_the_same_words_under_other_metadata(
    path: Path, call_row: CallRow
) -> None:
    one = item("one", CANARY, metadata={"channel": "app"})
    two = item("two", CANARY, metadata={"channel": "mail"})
    score(path, one, two)
    replied(path, two, call_row)
    assert one.content(None) != two.content(None)

    with Store.open(path) as store:
        first = forget(store, "one")
        assert one.content(None) not in bytes_of(path)
        assert two.content(None) in bytes_of(path)
        assert [reply.text for reply in store.replies([number_key(1)]).values()] == [
            f"It says {CANARY}"
        ]
        second = forget(store, "two")

    assert (first.texts, first.replies, first.shared) == (1, 0, 1)
    assert (second.texts, second.replies, second.shared) == (1, 1, 0)
    left = bytes_of(path)
    assert CANARY.encode() not in left
    assert two.content() not in left


def test_forgetting_what_was_never_seen_changes_nothing(path: Path) -> None:
    before = score(path, item("one", CANARY))

    with Store.open(path) as store:
        found = forget(store, "nobody")

    assert set(found) == {0}
    assert score(path, item("one", CANARY)) == before


@pytest.mark.parametrize("statement", ["begin", "begin immediate"])
def test_a_text_that_another_program_still_holds_is_an_error_and_goes_the_next_time(
    path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.setattr("trueup.store.engine.BUSY_SECONDS", 0)
    score(path, item("one", CANARY))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(statement)
    other.execute("select * from content").fetchall()
    with Store.open(path) if statement == "begin" else _opened_before(path, other) as store:
        with pytest.raises(StoreError):
            forget(store, "one")
        other.execute("rollback")
        other.close()

        forget(store, "one")

    assert CANARY.encode() not in bytes_of(path)


def _opened_before(path: Path, other: sqlite3.Connection) -> Store:
    other.execute("rollback")
    store = Store.open(path)
    other.execute("begin immediate")
    return store
