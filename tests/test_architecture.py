"""The house: which way imports point, what starting costs, what is public."""

from __future__ import annotations

import ast
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import trueup

SOURCE = Path(__file__).parents[1] / "src" / "trueup"

LAYERS = (
    {"errors"},
    {"item", "rubric", "agreement", "goodhart", "label", "signal"},
    {"judge", "library", "workspace"},
    {"store"},
    {"runner", "api", "registry", "testing"},
    {"reward"},
    {"monitor"},
    {"integrations"},
    {"report", "cli"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
APART = {"agreement", "goodhart"}
"""Imports nothing of trueup but errors."""

HEAVY = ("litellm", "instructor", "pandas", "numpy", "scipy", "sqlalchemy", "duckdb", "pydantic",
         "pyarrow", "aiohttp", "ruamel")  # fmt: skip


def imports_of(path: Path) -> set[str]:
    """Return the rooms of trueup that a file imports, those for type checking included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "trueup" and len(parts) > 1:
                found.add(parts[1])
    return found & LEVEL.keys()


def files() -> list[Path]:
    return sorted(p for p in SOURCE.rglob("*.py") if p.parent != SOURCE or p.stem in LEVEL)


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    wrong = {other for other in imports_of(path) if other != room and LEVEL[other] > LEVEL[room]}

    assert not wrong
    if room in APART:
        assert imports_of(path) <= {room, "errors"}


def test_only_transports_import_litellm_and_instructor() -> None:
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [module or ""]
            if {name.split(".")[0] for name in names} & {"litellm", "instructor"}:
                found.add(str(path.relative_to(SOURCE).parent))

    assert {"judge/transport"} == found


@pytest.mark.parametrize(
    "code", ["import trueup", "from trueup.cli.main import run; run(['--help'])"]
)
def test_starting_loads_nothing_heavy(code: str) -> None:
    program = (
        f"{code}\nimport sys\nprint('LOADED', *sorted({{m.split('.')[0] for m in sys.modules}}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    loaded = ran.stdout.split("LOADED")[1].split()

    assert not [name for name in HEAVY if name in loaded]


def test_public_names_are_sorted_and_exist() -> None:
    assert sorted(trueup.__all__) == trueup.__all__
    assert {*trueup._HOMES, *trueup._ROOMS} == set(trueup.__all__)
    for name in trueup.__all__:
        assert getattr(trueup, name) is not None


def test_an_unknown_name_is_met_with_the_closest_one() -> None:
    with pytest.raises(AttributeError, match="Did you mean 'score'"):
        _ = trueup.scor


def test_no_module_is_past_400_lines() -> None:
    long = {str(p.relative_to(SOURCE)): n for p in SOURCE.rglob("*.py")
            if (n := len(p.read_text("utf-8").splitlines())) > 400}  # fmt: skip

    assert not long


def test_layers_name_every_room_once() -> None:
    rooms = {room_of(p) for p in SOURCE.rglob("*.py")} - {"__init__", "__main__"}

    assert rooms == LEVEL.keys()
    assert all(not (low & high) for low, high in pairwise(LAYERS))
