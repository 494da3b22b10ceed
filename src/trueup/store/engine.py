"""How a path or URL becomes a database engine, tuned so that inserts cost the same at any size."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from trueup.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

BUSY_SECONDS = 60
_PAGES_KIB = 128 * 1024
_HEAD = b"SQLite format 3\x00"
_PLACES = "Use a file path, sqlite:///FILE, or postgresql+psycopg://HOST/NAME"
_PACKAGES = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary"}
"""What to install for a driver that is not called like its package, or needs more than it."""
_CREDENTIALS = re.compile(r"^[^:/]*(?::[^@]*)?@")
"""What stands before the host, as SQLAlchemy reads it: a password may hold any of / ? :"""


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
        # built, not formatted: ? and % in a file's name mean nothing but themselves
        return _sqlite(sa.URL.create("sqlite", database=str(path)), memory=False)
    return _by_url(text)


def _by_url(text: str) -> Engine:
    try:
        dialect = sa.make_url(text).get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        what = f"no database can be reached by this URL ({type(error).__name__})"
        raise StoreError(what, where=bare(text), mend=_PLACES) from error
    if dialect.name not in {"sqlite", "postgresql"} or dialect.is_async:
        what = f"a store cannot be kept by {dialect.name} with the driver {dialect.driver}"
        raise StoreError(what, where=bare(text), mend=_PLACES)
    try:
        if text.startswith("sqlite"):
            return _sqlite(text, memory=text.rstrip("/") == "sqlite:")
        return sa.create_engine(text, pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError as error:
        what = f"the driver of this database, {dialect.driver}, is not installed"
        raise StoreError(what, where=bare(text), mend=_install(dialect.driver)) from error
    except ImportError as error:
        said = str(error).partition("\n")[0]
        what = f"the driver of this database, {dialect.driver}, cannot be loaded ({said})"
        raise StoreError(what, where=bare(text), mend=_install(dialect.driver)) from error


def _install(driver: str) -> str:
    return f"Install it: pip install '{_PACKAGES.get(driver, driver)}'"


def bare(place: str) -> str:
    """Return a place without user names, passwords and parameters, which may be passwords too."""
    if "://" not in place:
        return place
    scheme, rest = place.split("://", 1)
    return f"{scheme}://{_CREDENTIALS.sub('', rest).partition('?')[0]}"


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise StoreError(
            "a folder is no store", where=str(path), mend="Name a file, such as trueup.db"
        )
    try:
        if path.is_file() and path.stat().st_size > 0:
            with path.open("rb") as file:
                head = file.read(len(_HEAD))
            if head != _HEAD:
                mend = "Name another file: this one would have been overwritten"
                raise StoreError("this file is no trueup store", where=str(path), mend=mend)
    except OSError as error:
        what = f"the store cannot be read ({error.strerror})"
        raise StoreError(what, where=str(path), mend="Check its rights") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the store's folder cannot be made ({error.strerror})"
        raise StoreError(
            what, where=str(path.parent), mend="Name a place you may write to"
        ) from error


def _sqlite(url: str | sa.URL, *, memory: bool) -> Engine:
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
            "synchronous=NORMAL",  # survives the death of a process; power loss may cost seconds
            f"cache_size=-{_PAGES_KIB}",
            "wal_autocheckpoint=16000",
            "secure_delete=FAST",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        # for this lock SQLite itself does not wait, so that of several programs that make the
        # same store at once some would fail
        patiently = Retrying(
            retry=retry_if_exception(_is_locked),
            stop=stop_after_delay(BUSY_SECONDS),
            wait=wait_random(0.001, 0.02),
            reraise=True,
        )
        patiently(connection.execute, "PRAGMA journal_mode=WAL")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a writer that starts as a reader fails at once when another writer is faster
        kind = "BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE"
        connection.exec_driver_sql(kind)

    return engine


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def unavailable(error: DBAPIError | sqlite3.Error, where: str) -> StoreError:
    """Return what a driver's error means for the user."""
    what = f"the store cannot be used ({getattr(error, 'orig', error)})"
    mend = "Check its disk and rights, and that no other program holds it; then run again"
    return StoreError(what, where=bare(where), mend=mend)
