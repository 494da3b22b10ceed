"""Opening a store: what becomes one, what is refused in one sentence, and what a refusal hides."""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING

import pytest

from trueup.errors import StoreError
from trueup.store import migrate
from trueup.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {"heading", "run", "instrument", "observation", "content", "verdict", "call", "label",
          "draw", "split", "reading", "ledger", "answerer", "signal", "held_out",
          "watch"}  # fmt: skip


def tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("select name from sqlite_master where type = 'table'")
        return {row[0] for row in rows}
    finally:
        connection.close()


def heading(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    try:
        return dict(connection.execute("select name, value from heading").fetchall())
    finally:
        connection.close()


def refusal(place: str | Path) -> str:
    with pytest.raises(StoreError) as caught:
        Store.open(place)
    return str(caught.value)


def test_an_empty_place_becomes_a_store_of_todays_schema(path: Path) -> None:
    Store.open(path).close()

    assert tables(path) == TABLES
    assert heading(path)["schema"] == str(migrate.VERSION)


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()

    Store.open(path).close()

    assert tables(path) == TABLES


def test_opening_again_changes_nothing_and_keeps_the_secret(path: Path) -> None:
    with Store.open(path) as first:
        secret = first.secret
    before = heading(path)

    with Store.open(path) as again:
        assert again.secret == secret

    assert heading(path) == before


def test_every_store_has_a_secret_of_its_own(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as one, Store.open(tmp_path / "b.db") as other:
        assert len(one.secret) == 16
        assert one.secret != other.secret


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    Store.open(tmp_path / "new" / "folders" / "store.db").close()

    assert tables(tmp_path / "new" / "folders" / "store.db") == TABLES


@pytest.mark.parametrize("name", ["a b.db", "what?.db", "x#y.db", "50%25.db", "ü.db", "a&b=c.db"])
def test_a_file_gets_exactly_the_name_that_was_given(tmp_path: Path, name: str) -> None:
    Store.open(tmp_path / name).close()

    assert [found.name for found in tmp_path.iterdir()] == [name]


def test_a_store_of_a_newer_trueup_is_refused_and_left_as_it_is(path: Path) -> None:
    Store.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("update heading set value = '999' where name = 'schema'")
    connection.commit()
    connection.close()

    said = refusal(path)

    assert "schema 999" in said
    assert "Upgrade trueup" in said
    assert heading(path)["schema"] == "999"


def test_a_step_that_fails_leaves_the_store_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(connection: object) -> None:
        connection.exec_driver_sql("create table half (a int)")  # type: ignore[attr-defined] # a connection
        connection.exec_driver_sql("no sql at all")  # type: ignore[attr-defined] # same

    Store.open(path).close()
    monkeypatch.setattr(migrate, "STEPS", (*migrate.STEPS, broken))
    monkeypatch.setattr(migrate, "VERSION", migrate.VERSION + 1)

    assert "cannot be used" in refusal(path)

    assert tables(path) == TABLES
    assert heading(path)["schema"] == str(migrate.VERSION - 1)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "a folder is no store" in refusal(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"item_id,score\n1,0.5\n", b"x", b"SQLite format 2\x00"])
def test_a_file_of_another_kind_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    assert "no trueup store" in refusal(path)

    assert path.read_bytes() == content


def test_a_damaged_store_is_refused_in_a_sentence(path: Path) -> None:
    Store.open(path).close()
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 5000)

    assert "cannot be used" in refusal(path)


@pytest.mark.parametrize("table", ["orders", "run"])
def test_another_programs_database_is_refused_and_gets_no_tables(path: Path, table: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"create table {table} (a int)")
    connection.commit()
    connection.close()

    assert "another program" in refusal(path)

    assert tables(path) == {table}


@pytest.mark.parametrize("place", ["/proc/store.db", "/proc/self/no/store.db", "/dev/null/a.db"])
def test_an_unwritable_place_is_refused_in_a_sentence(place: str) -> None:
    said = refusal(place)

    assert said.count("\n") == 0
    assert said.startswith(("/proc", "/dev/null"))


@pytest.mark.parametrize(
    "url",
    [
        "nosuch://reader:hunter2@db.example/trueup",
        "postgresql+nosuch://reader:hun/t?er2hunter2@db.example/trueup",
        "nosuch://db.example/trueup?password=hunter2",
        "nosuch://db.example/trueup?password=a@hunter2",
    ],
)
def test_a_refused_url_shows_no_credentials(url: str) -> None:
    said = refusal(url)

    assert "hunter2" not in said
    assert "reader" not in said


@pytest.mark.parametrize(
    ("driver", "package"),
    [("psycopg", "psycopg[binary]"), ("psycopg2", "psycopg2-binary"), ("pg8000", "pg8000")],
)
def test_a_driver_that_is_not_installed_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, driver: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)

    said = refusal(f"postgresql+{driver}://reader:hunter2@db.example/trueup")

    assert f"{driver}, is not installed. Install it: pip install '{package}'" in said
    assert "hunter2" not in said


def test_a_driver_that_cannot_be_loaded_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('no pq wrapper\\nwas found')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "psycopg", raising=False)

    said = refusal("postgresql://db.example/trueup")

    assert "psycopg, cannot be loaded (no pq wrapper). Install it" in said


@pytest.mark.parametrize(
    "url",
    ["mysql://db.example/x", "postgresql+asyncpg://db.example/x", "sqlite+aiosqlite:///x.db"],
)
def test_a_database_that_can_be_no_store_is_refused_whatever_is_installed(url: str) -> None:
    said = refusal(url)

    assert "a store cannot be kept" in said
    assert "postgresql+psycopg://HOST/NAME" in said


@pytest.mark.parametrize("scheme", ["", "sqlite:///"])
def test_a_store_that_must_exist_is_not_made(path: Path, scheme: str) -> None:
    with pytest.raises(StoreError, match="there is no store here"):
        Store.open_existing(f"{scheme}{path}")

    assert not path.exists()
    Store.open(path).close()
    Store.open_existing(f"{scheme}{path}").close()
