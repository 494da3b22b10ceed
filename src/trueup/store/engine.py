"""How a path or URL becomes a database engine, tuned so that inserts cost the same at any size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from trueup.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

BUSY_SECONDS = 60
_PAGES_KIB = 64 * 1024


def connect(place: str | Path | None) -> Engine:
    """Return an engine for a file, a database URL, or None for memory.

    Raises:
        StoreError: The place is no store, or its driver is not installed.
    """
    if place is None:
        return _sqlite("sqlite://", memory=True)
    text = str(place)
    if "://" not in text:
        path = Path(text).expanduser()
        _check_file(path)
        return _sqlite(f"sqlite:///{path}", memory=False)
    try:
        if text.startswith("sqlite"):
            return _sqlite(text, memory=text.rstrip("/") == "sqlite:")
        return sa.create_engine(text, pool_pre_ping=True, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        what = f"no database can be reached by this URL ({type(error).__name__})"
        mend = "Use a file path, sqlite:///FILE, or postgresql+psycopg://HOST/NAME"
        raise StoreError(what, where=bare(text), mend=mend) from error


def bare(place: str) -> str:
    """Return a place without user names and passwords."""
    if "://" not in place:
        return place
    scheme, rest = place.split("://", 1)
    return f"{scheme}://{rest.rsplit('@', 1)[-1]}"


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise StoreError(
            "a folder is no store", where=str(path), mend="Name a file, such as trueup.db"
        )
    if path.exists() and path.stat().st_size > 0:
        with path.open("rb") as file:
            if file.read(16) != b"SQLite format 3\x00":
                mend = "Name another file: this one would have been overwritten"
                raise StoreError("this file is no trueup store", where=str(path), mend=mend)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the store's folder cannot be made ({error.strerror})"
        raise StoreError(
            what, where=str(path.parent), mend="Name a place you may write to"
        ) from error


def _sqlite(url: str, *, memory: bool) -> Engine:
    # judged texts and replies are parameters, and have no place in error messages
    options: dict[str, Any] = {
        "connect_args": {"check_same_thread": False},
        "hide_parameters": True,
    }
    if memory:
        options["poolclass"] = StaticPool
    engine = sa.create_engine(url, **options)

    @sa.event.listens_for(engine, "connect")
    def _tune(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DB-API connection
        connection.isolation_level = None  # transactions begin where we say, see below
        for pragma in (
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "journal_mode=WAL",
            "synchronous=NORMAL",  # survives the death of a process; power loss may cost seconds
            f"cache_size=-{_PAGES_KIB}",
            "wal_autocheckpoint=8000",
            "secure_delete=FAST",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a writer that starts as a reader fails at once when another writer is faster
        kind = "BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE"
        connection.exec_driver_sql(kind)

    return engine


def unavailable(error: DBAPIError, where: str) -> StoreError:
    """Return what a driver's error means for the user."""
    what = f"the store cannot be used ({error.orig})"
    mend = "Check its disk and rights, and that no other program holds it; then run again"
    return StoreError(what, where=bare(where), mend=mend)
