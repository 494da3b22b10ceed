"""Store: opens a database, finds what is known, writes what is new.

    with Store.open("trueup.db") as store:
        known = store.verdicts(keys)

Reading and writing take whole batches. A run writes through `Writer`, which gathers rows and
commits them together.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from trueup.errors import StoreError
from trueup.store import schema
from trueup.store.engine import bare, connect, unavailable
from trueup.store.key import VerdictKey
from trueup.store.migrate import migrate
from trueup.store.rows import storable, to_finding, to_reply
from trueup.store.statements import Lookup, insert, inserts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from sqlalchemy import Connection, Engine, RowMapping, Table

    from trueup.judge.transport.base import Reply
    from trueup.judge.verdict import Finding

_CHUNK = 400
_SEARCHED = 5000
_FINDING = ("outcome", "reason", "decided_by", "value", "level", "explanation", "detail")
_REPLY = ("key", "model", "fingerprint", "rung", "input_tokens", "output_tokens", "cached_tokens",
          "reply")  # fmt: skip


class Store:
    """A database of calls, verdicts and observations."""

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine = engine
        self.where = where
        """The place without credentials, for messages."""
        self.secret = b""
        """Keys the fences around judged text; never leaves the store."""
        dialect = engine.dialect
        self._inserts = inserts(dialect)
        self._verdicts = Lookup.of(dialect, schema.verdict, *VerdictKey._fields, *_FINDING)
        self._replies = Lookup.of(dialect, schema.call, *_REPLY)
        self._contents = Lookup.of(dialect, schema.content, "hash", "id")
        self._texts = Lookup.of(dialect, schema.content, "id", "body")
        self._instruments = Lookup.of(dialect, schema.instrument, "key", "id", "judge")

    @classmethod
    def open(cls, place: str | Path | None = None) -> Store:
        """Open a file, a database URL, or a fresh store in memory (None), and migrate it.

        Raises:
            StoreError: The place is no store, is newer than this trueup, or cannot be used.
        """
        engine = connect(place)
        where = "memory" if place is None else bare(str(place))
        store = cls(engine, where)
        try:
            with store.transaction() as connection:
                migrate(connection, where)
                secret = sa.select(schema.heading.c.value).where(schema.heading.c.name == "secret")
                store.secret = bytes.fromhex(connection.scalar(secret) or "")
        except StoreError:
            store.close()
            raise
        return store

    @classmethod
    def open_existing(cls, place: str, *, made_by: str = "trueup score") -> Store:
        """Open a store that must be there already.

        Args:
            place: A file or database URL.
            made_by: The command that makes one, for whoever named none.

        Raises:
            StoreError: There is none.
        """
        file = place.removeprefix("sqlite:///").partition("?")[0] if "://" in place else place
        if "://" not in file and not Path(file).expanduser().exists():
            mend = f"{made_by} makes it, or name another with --store"
            raise StoreError("there is no store here", where=place, mend=mend)
        return cls.open(place)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, rows: Mapping[str, list[dict[str, Any]]]) -> None:
        """Write rows by table name in one transaction.

        Raises:
            StoreError: The disk is full, the database is locked or gone; nothing was written.
        """
        with self.transaction() as connection:
            for table, new in rows.items():
                self._inserts[table].run(connection, new)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction; what a module of its own has to write goes through here too.

        Raises:
            StoreError: The database cannot be written.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise unavailable(error, self.where) from error

    def compact(self) -> None:
        """Give deleted rows' room back, so that what was deleted is gone from the file.

        Raises:
            StoreError: Another program is using the store, so that it could not be done now.
        """
        if self._engine.dialect.name != "sqlite":
            return
        try:
            with self._engine.connect() as connection:
                raw: Any = connection.connection.driver_connection
                raw.execute("VACUUM")
                busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except (DBAPIError, sqlite3.Error) as error:
            raise unavailable(error, self.where) from error
        if busy:
            what = "what was deleted is still in the file: another program is reading the store"
            mend = "End it, and do the same again"
            raise StoreError(what, where=self.where, mend=mend)

    def insert(self, table: Table, *, unless: str | None = None) -> sa.Insert:
        """Return a statement that adds rows to a table, and leaves alone those that are there."""
        return insert(self._engine.dialect, table, unless=unless)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that only reads, for modules that have reading of their own.

        Raises:
            StoreError: The database cannot be read.
        """
        try:
            with self._engine.connect().execution_options(reads=True) as connection:
                yield connection
        except DBAPIError as error:
            raise unavailable(error, self.where) from error

    def _find(
        self, lookup: Lookup, column: str, values: Iterable[object], **within: Sequence[object]
    ) -> Iterator[dict[str, Any]]:
        wanted = list(values)
        with self.reading() as connection:
            for start in range(0, len(wanted), _CHUNK):
                chunk = {column: wanted[start : start + _CHUNK]}
                yield from lookup.run(connection, **chunk, **within)

    def observe(self, bodies: Mapping[bytes, str], rows: list[dict[str, Any]]) -> dict[bytes, int]:
        """Write what a run saw, and return the number of each content.

        Args:
            bodies: Hash of a content -> the JSON text of it; a few hundred at a time.
            rows: Observations, whose `content` is a hash.

        Raises:
            StoreError: The store cannot be written; nothing was.
        """
        with self.transaction() as connection:
            new = [{"hash": content, "body": body} for content, body in bodies.items()]
            self._inserts["content"].run(connection, new)
            found = self._contents.run(connection, hash=list(bodies))
            numbers = {row["hash"]: row["id"] for row in found}
            seen = [{**row, "content": numbers[row["content"]]} for row in rows]
            self._inserts["observation"].run(connection, seen)
        return numbers

    def contents(self, hashes: Iterable[bytes]) -> dict[bytes, int]:
        """Return the numbers of those contents that the store has seen."""
        return {row["hash"]: row["id"] for row in self._find(self._contents, "hash", hashes)}

    def verdicts(
        self, contents: Iterable[int], instruments: Sequence[int], *, occasion: str
    ) -> dict[VerdictKey, Finding]:
        """Return the findings that instruments have made about contents in a sitting."""
        if not instruments:
            return {}
        within = {"instrument": instruments, "occasion": [occasion]}
        rows = self._find(self._verdicts, "content", contents, **within)
        return {
            VerdictKey(row["content"], row["instrument"], row["replicate"]): to_finding(row)
            for row in rows
        }

    def replies(self, keys: Iterable[bytes]) -> dict[bytes, Reply]:
        """Return the stored replies of these call keys."""
        pairs = ((row["key"], to_reply(row)) for row in self._find(self._replies, "key", keys))
        return {key: reply for key, reply in pairs if reply is not None}

    def text(self, content: int) -> str | None:
        """Return the JSON text of a content; None where it was forgotten."""
        return next((row["body"] for row in self._find(self._texts, "id", [content])), None)

    def instrument(self, row: Mapping[str, Any]) -> int:
        """Return the number of an instrument, after adding it where it is new."""
        table = schema.instrument
        with self.transaction() as connection:
            connection.execute(self.insert(table, unless="key"), [row])
            number = connection.scalar(sa.select(table.c.id).where(table.c.key == row["key"]))
        return int(number or 0)

    def instruments(self, keys: Iterable[bytes]) -> dict[bytes, tuple[int, str]]:
        """Return number and judge's name of those instruments that the store has seen."""
        rows = self._find(self._instruments, "key", keys)
        return {row["key"]: (row["id"], row["judge"]) for row in rows}

    def start_run(self, row: Mapping[str, Any]) -> int:
        """Add a run that begins now and return its number."""
        values = {**row, "started_at": now(), "status": "running"}
        with self.transaction() as connection:
            added = connection.execute(sa.insert(schema.run).values(values)).inserted_primary_key
        return int(added[0]) if added else 0

    def end_run(self, number: int, **values: object) -> None:
        """Write how a run ended."""
        table = schema.run
        with self.transaction() as connection:
            connection.execute(
                sa.update(table).where(table.c.id == number).values(finished_at=now(), **values)
            )

    def runs(self) -> list[dict[str, Any]]:
        """Return every run, oldest first."""
        with self.reading() as connection:
            found = connection.execute(sa.select(schema.run).order_by("id")).mappings()
            return [dict(row) for row in found]

    def last_run(self) -> int:
        """Return the number of the newest run.

        Raises:
            StoreError: There is none.
        """
        with self.reading() as connection:
            number = connection.scalar(sa.select(sa.func.max(schema.run.c.id)))
        if number is None:
            mend = "trueup score makes the first"
            raise StoreError("there is no run in this store", where=self.where, mend=mend)
        return int(number)

    def observations(
        self, number: int, items: Collection[str] | None = None
    ) -> Iterator[list[RowMapping]]:
        """Yield a run's observations in order, some hundred at a time: all, or those of items."""
        wanted = None if items is None else {storable(item) for item in items}
        table = schema.observation
        last = -1
        while True:
            select = (
                sa.select(table)
                .where(table.c.run == number, table.c.seq > last)
                .order_by(table.c.seq)
                .limit(_CHUNK if wanted is None else _SEARCHED)
            )
            with self.reading() as connection:
                rows = list(connection.execute(select).mappings())
            if not rows:
                return
            last = rows[-1]["seq"]
            if wanted is not None:
                # no index: a search is rare, and would make every row dearer to write
                rows = [row for row in rows if row["item_id"] in wanted]
            if rows:
                yield rows


def now() -> str:
    """Return this instant in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def clock() -> int:
    """Return whole seconds since 1970, UTC, as rows keep them."""
    return int(time.time())
