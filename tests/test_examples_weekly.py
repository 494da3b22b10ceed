"""The weekly example is what its pieces make, and its runners run."""

from __future__ import annotations

import csv
import json
import runpy
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trueup
from trueup.cli.main import run
from trueup.runner.calibration.anchors import read_anchors
from trueup.testing import check_judge

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[1]
WEEKLY = ROOT / "examples" / "weekly"
RUBRIC = trueup.load_rubric(WEEKLY / "rubrics" / "weekly-replies.yaml")
JUDGE = WEEKLY / "judges" / "simulated-model.py"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (WEEKLY / name).read_text("utf-8").splitlines()]


def test_the_files_are_what_the_pieces_make(tmp_path: Path) -> None:
    spec = spec_from_file_location("weekly_make", WEEKLY / "simulated" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make = module_from_spec(spec)
    spec.loader.exec_module(make)
    make.write(tmp_path)

    for name in ("log.jsonl", "anchors.jsonl", "simulated/annotators.csv"):
        assert (tmp_path / name).read_bytes() == (WEEKLY / name).read_bytes(), name


def test_every_item_is_simulated_and_has_an_answer_of_every_annotator() -> None:
    with (WEEKLY / "simulated" / "annotators.csv").open(encoding="utf-8", newline="") as file:
        said = {
            (row["item_id"], row["criterion"], row["annotator"]) for row in csv.DictReader(file)
        }
    items = rows("log.jsonl")

    assert all(row["metadata"]["simulated"] for row in (*items, *rows("anchors.jsonl")))
    assert said == {
        (row["id"], name, f"annotator-{number}")
        for row in items for name in RUBRIC.by_id for number in (1, 2, 3)
    }  # fmt: skip


def test_anchors_answer_the_questions_as_they_are_asked() -> None:
    anchors = read_anchors(WEEKLY / "anchors.jsonl", RUBRIC)

    assert len(anchors.items) == 40
    assert not anchors.stale
    for trusted in anchors.trusted.values():
        assert len(trusted) == 40
        assert set(trusted.values()) == {"met", "unmet"}


def test_the_simulated_model_keeps_the_contract_of_a_judge() -> None:
    check_judge(trueup.load_judge(JUDGE))


def test_the_simulated_model_grows_lenient_under_the_same_instrument() -> None:
    items = [{k: v for k, v in row.items() if k not in {"labels", "questions"}}
             for row in rows("anchors.jsonl")]  # fmt: skip
    before, after = (
        trueup.score(items, rubric=RUBRIC, judge=JUDGE, occasion=week)
        for week in ("2026-W34", "2026-W35")
    )
    met = [
        scores.frame().query("criterion == 'grounded'")["value"].sum() for scores in (before, after)
    ]

    assert before.instruments == after.instruments
    assert met[1] > met[0] + 10


def test_the_shipped_runner_runs_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(["run", "weekly-calibration", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["gate"] == "passed"
    assert found["labels"]["n_items"] == 80
    assert [path.name for path in tmp_path.iterdir()] == [".trueup"]


def test_the_annotators_answer_what_a_calibration_has_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "calibration.json"
    drawn = [{"item_id": "wk-641", "people": 2}, {"item_id": "wk-642", "people": 2}]
    report.write_text(json.dumps({"sitting": "2026-W35", "next": drawn}), "utf-8")
    script = WEEKLY / "simulated" / "annotate.py"
    monkeypatch.setattr(sys, "argv", [str(script), str(report), str(tmp_path / "labels.jsonl")])
    runpy.run_path(str(script))
    labels = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]

    assert len(labels) == 2 * 2 * len(RUBRIC.criteria)
    assert {label["annotator"] for label in labels} == {f"annotator-{n}" for n in (1, 2, 3)}
    assert {label["labelled_at"][:10] for label in labels} == {"2026-08-31"}
