"""The workspace: where it is looked for, and the library that ships."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trueup.library import library
from trueup.workspace import Workspace


@pytest.mark.parametrize("name", ["rubrics", "judges", "runners", ".trueup", "trueup.toml"])
def test_a_folder_with_any_of_its_parts_is_a_workspace(tmp_path: Path, name: str) -> None:
    part = tmp_path / name
    part.write_text("") if name.endswith(".toml") else part.mkdir()
    found = Workspace.find(tmp_path)

    assert found == Workspace(tmp_path)
    assert found is not None
    assert found.store_path == tmp_path / ".trueup" / "trueup.db"
    assert found.folder("rubrics") == tmp_path / "rubrics"


def test_the_nearest_one_up_to_the_repositorys_root_counts(tmp_path: Path) -> None:
    inner = tmp_path / "repo" / "team" / "src" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "repo" / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / "judges").mkdir()

    assert Workspace.find(inner) is None
    (tmp_path / "repo" / "rubrics").mkdir()
    assert Workspace.find(inner) == Workspace(tmp_path / "repo")
    (tmp_path / "repo" / "team" / "judges").mkdir()
    assert Workspace.find(inner) == Workspace(tmp_path / "repo" / "team")


def test_outside_a_repository_only_the_folder_itself_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "judges").mkdir()
    (tmp_path / "inside").mkdir()

    assert Workspace.find(tmp_path) is not None
    assert Workspace.find(tmp_path / "inside") is None


def test_the_search_begins_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "judges").mkdir()
    monkeypatch.chdir(tmp_path)

    assert Workspace.find() == Workspace(tmp_path)


def test_a_file_named_like_a_folder_makes_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "judges").write_text("")

    assert Workspace.find(tmp_path) is None


def test_the_library_of_a_checkout_is_its_own_root() -> None:
    root = Path(__file__).resolve().parents[1]

    assert library() == root
    assert (library() / "judges" / "gpt-mini.yaml").is_file()


def test_the_library_of_an_installed_package_is_inside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "_library").mkdir()
    monkeypatch.setattr("trueup.library.files", lambda _: tmp_path)

    assert library() == tmp_path / "_library"


def test_naming_things_loads_nothing_heavy() -> None:
    code = (
        "import sys, trueup.registry, trueup.judge.adapt, trueup.judge.rules, trueup.testing;"
        "heavy = {'numpy', 'pandas', 'pydantic', 'ruamel', 'litellm', 'instructor', 'sqlalchemy',"
        "'aiohttp', 'pyarrow', 'duckdb', 'scipy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    source = Path(__file__).resolve().parents[1] / "src"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        check=True,
    )

    assert found.stdout.decode().strip() == "[]"
