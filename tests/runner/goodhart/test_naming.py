"""Which watch a table is of: by its file's name, and where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trueup.runner.goodhart.naming import name_of, named
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.parquet").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(home / ".trueup" / "trueup.db") as opened:
        yield opened


def test_tables_of_one_name_in_two_folders_are_two_watches(store: Store, home: Path) -> None:
    first, quiet = named(store, "a/t.parquet", home=home)
    second, told = named(store, "b/t.parquet", home=home)

    assert (first, quiet) == ("t", ())
    assert second == "b/t"
    assert told[0] == (
        "'t' is the watch of a/t in this store, so that b/t is watched as 'b/t'; to go on with the "
        "other's alarms, say --name t"
    )
    assert named(store, "b/t.parquet", home=home) == ("b/t", ())
    assert named(store, "a/t.parquet", home=home) == ("t", ())


def test_a_table_is_the_same_by_whatever_path_and_with_whatever_ending(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(store, "a/t.parquet", home=home)
    monkeypatch.chdir(home / "b")

    for path in ("../a/t.parquet", str(home / "a" / "t.2026-02.csv.gz")):
        assert named(store, path, home=home) == ("t", ())


def test_a_project_that_was_moved_keeps_its_watches(home: Path) -> None:
    with Store.open("kept.db") as store:
        named(store, "a/t.parquet", home=home)
        named(store, "b/t.parquet", home=home)
    moved = home.rename(home.with_name("moved"))

    with Store.open(moved / "kept.db") as store:
        assert named(store, moved / "b" / "t.parquet", home=moved) == ("b/t", ())


def test_a_table_that_has_moved_goes_on_with_its_watch_and_says_so(
    store: Store, home: Path
) -> None:
    named(store, "a/t.parquet", home=home)
    (home / "a" / "t.parquet").unlink()

    for _ in range(2):
        name, told = named(store, "b/t.parquet", home=home)

        assert name == "t"
        assert told[0] == (
            "b/t goes on with the watch 't' of a/t, as the same table that has moved; where it is "
            "another one, give it a name of its own with --name"
        )


def test_many_files_at_once_and_a_table_beside_the_store_have_watches_of_their_own(
    store: Store, home: Path
) -> None:
    (home / "t.csv").touch()
    names = [
        named(store, path, home=home)[0]
        for path in ("a/*.parquet", "b/*.parquet", "a/t.csv", "t.csv")
    ]

    assert names == ["*", "b/*", "t", "./t"]
    assert name_of(".hidden") == ".hidden"
