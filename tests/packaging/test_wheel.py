"""The package as it is installed: one import, and the authored folders inside it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AUTHORED = ("judges", "rubrics", "runners", "examples")

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, then the wheel out of the sdist, as an index would."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)]
    subprocess.run([*build, "--sdist", str(ROOT)], check=True, capture_output=True)
    sdist = next(out.glob("*.tar.gz"))
    with tarfile.open(sdist) as archive:
        archive.extractall(out, filter="data")
    unpacked = out / sdist.name.removesuffix(".tar.gz")
    subprocess.run([*build, "--wheel", str(unpacked)], check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a fresh environment; what it depends on is borrowed from this one."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], check=True
    )
    return folder


def authored() -> set[str]:
    tracked = subprocess.run(
        ["git", "-C", ROOT, "ls-files", *AUTHORED], check=False, capture_output=True, text=True
    )
    if tracked.returncode == 0 and tracked.stdout:
        return set(tracked.stdout.split())
    found = (path for name in AUTHORED for path in (ROOT / name).rglob("*") if path.is_file())
    return {str(p.relative_to(ROOT)) for p in found if "__pycache__" not in p.parts}


def test_trueup_is_the_only_top_level_import(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert {"trueup"} == {top for top in tops if not top.endswith(".dist-info")}


def test_the_shipped_library_equals_the_root_folders(wheel: Path) -> None:
    prefix = "trueup/_library/"
    with zipfile.ZipFile(wheel) as archive:
        shipped = {n.removeprefix(prefix) for n in archive.namelist() if n.startswith(prefix)}

    assert authored() == shipped


def test_the_installed_command_lists_the_library_from_an_empty_folder(
    installed: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": sysconfig.get_paths()["purelib"]}
    listed = subprocess.run(
        [installed / "bin" / "trueup", "list", "--json"],
        cwd=tmp_path, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    where = subprocess.run(
        [installed / "bin" / "python", "-c", "import trueup; print(trueup.__file__)"],
        cwd=tmp_path, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert str(installed) in where.stdout
    for name in ("support-reply", "refusal-boundary", "local", "score"):
        assert f'"{name}"' in listed.stdout
