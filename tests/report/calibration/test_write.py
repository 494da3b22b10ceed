"""The ending says how a calibration is written; a file is whole or not there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.report.calibration import material
from trueup.errors import ConfigError
from trueup.report.calibration.write import WRITERS, check_report, write_report
from trueup.runner.calibration.result import Figure

ROOT = Path(__file__).parents[3]
STARTS = {".html": "<!doctype html>", ".md": "<!-- trueup-calibration", ".json": "{",
          ".xml": "<?xml"}  # fmt: skip


@pytest.mark.parametrize("ending", WRITERS)
def test_each_ending_has_its_form(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"report{ending}"
    write_report(material.calibration(), path)

    assert path.read_text("utf-8").startswith(STARTS[ending])
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.HTML"])
def test_another_ending_is_refused_by_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.html, \.md, \.json, \.xml") as caught:
        write_report(material.calibration(), tmp_path / name)

    assert name in str(caught.value)


def test_a_folder_and_a_missing_folder_are_refused_before_anything_is_spent(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.html").mkdir()
    with pytest.raises(ConfigError, match="is a folder"):
        check_report(tmp_path / "a.html")
    with pytest.raises(ConfigError, match="does not exist"):
        check_report(tmp_path / "none" / "a.html")


def test_a_report_that_cannot_be_made_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        write_report(material.calibration(), path)

    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_the_plain_data_of_the_calibration(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    made = material.calibration()
    write_report(made, path)

    assert json.loads(path.read_text("utf-8")) == json.loads(json.dumps(made.to_dict()))


@pytest.mark.parametrize("broken", ["estimate", "low", "high"])
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_cannot_be_a_figure(broken: str, number: float) -> None:
    given: Any = {"estimate": 0.5, "low": 0.4, "high": 0.6, "n": 9, "method": "m", broken: number}
    with pytest.raises(ValueError, match="is no figure"):
        Figure(**given)


def test_the_same_calibration_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.report.calibration.material import calibration\n"
        "from trueup.report.calibration.write import WRITERS, write_report\n"
        "for ending in WRITERS:\n"
        "    write_report(calibration(), Path(sys.argv[1]) / f'other{ending}')\n"
    )
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    env = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "PYTHONPATH": path}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=env)
    for ending in WRITERS:
        write_report(material.calibration(), tmp_path / f"this{ending}")

        this, other = (tmp_path / f"{name}{ending}" for name in ("this", "other"))
        assert this.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("ending", WRITERS)
def test_broken_characters_break_no_file(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    write_report(material.poisoned(material.calibration(), "a\ud800b"), path)

    assert "ud800b" in path.read_text("utf-8")
