"""`trueup fit`: from labels to a judge's file that scores, or a reason why not."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

FIT = ("fit", "outputs.jsonl", "labels.jsonl", "-r", "reply")


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def labelled(here: Path) -> Path:
    """Sixty simulated replies; the long ones repeat themselves, people say in most cases."""
    draw = random.Random(7)  # noqa: S311 - simulated data
    outputs, labels = [], []
    for n in range(60):
        long = draw.random() < 0.5
        text = " ".join(["Press Save in the form."] * (8 if long else 1))
        outputs.append({"id": f"i{n}", "input": "How?", "output": f"{text} {n}", "who": n // 3})
        said = long != (draw.random() < 0.1)
        labels.append({"item_id": f"i{n}", "criterion": "padded",
                       "value": "met" if said else "unmet", "annotator": "a"})  # fmt: skip
    write(here / "outputs.jsonl", outputs)
    write(here / "labels.jsonl", labels)
    return here


def test_a_fitted_judge_is_written_and_scores(trueup: Command, labelled: Path) -> None:
    done = trueup(*FIT)
    scored = trueup("score", "outputs.jsonl", "-r", "reply", "-j", "surface", "--json")

    assert done.status == 0
    assert "padded         60" in done.out
    assert (labelled / "judges" / "surface.yaml").is_file()
    padded = scored.json["criteria"][2]
    assert padded["outcomes"] == {"scored": 60}
    assert scored.json["criteria"][1]["reasons"] == {"abstained: not_fitted": 60}


def test_groups_are_held_out_together(trueup: Command, labelled: Path) -> None:
    alone = trueup(*FIT, "--json").json["criteria"][0]
    grouped = trueup(*FIT, "--group", "who", "--json", "-o", "judges/g.json").json["criteria"][0]

    assert alone["n"] == grouped["n"] == 60
    assert alone["estimate"] != grouped["estimate"]
    assert (labelled / "judges" / "g.json").is_file()


def test_columns_of_items_and_of_labels_are_declared(trueup: Command, labelled: Path) -> None:
    lines = (labelled / "labels.jsonl").read_text("utf-8")
    other = lines.replace('"criterion"', '"frage"').replace('"value"', '"urteil"')
    (labelled / "labels.jsonl").write_text(other, "utf-8")
    texts = (labelled / "outputs.jsonl").read_text("utf-8").replace('"output"', '"antwort"')
    (labelled / "outputs.jsonl").write_text(texts, "utf-8")
    maps = ("output=antwort", "criterion=frage", "value=urteil")
    options = [part for pair in maps for part in ("--map", pair)]

    assert trueup(*FIT).status == 2
    assert trueup(*FIT, *options).status == 0


def test_labels_of_one_criterion_need_no_column_that_names_it(
    trueup: Command, labelled: Path
) -> None:
    expected = trueup(*FIT, "--json").json
    rows = [json.loads(line) for line in (labelled / "labels.jsonl").read_text().splitlines()]
    write(labelled / "labels.jsonl", [{"item_id": r["item_id"], "value": r["value"]} for r in rows])
    told = trueup(*FIT, "-c", "padded", "--json")

    assert told.status == 0
    assert told.json == expected
    for several in ((), ("-c", "padded", "-c", "step")):
        refused = trueup(*FIT, *several)
        assert refused.status == 2
        assert "name it alone: `--criterion ID`" in refused.err


def test_naive_times_need_a_zone(trueup: Command, labelled: Path) -> None:
    text = (labelled / "outputs.jsonl").read_text("utf-8")
    timed = text.replace('"input"', '"timestamp": "2026-11-20 10:00", "input"')
    (labelled / "outputs.jsonl").write_text(timed, "utf-8")
    lacking = trueup(*FIT)

    assert lacking.status == 2
    assert "--timezone" in lacking.err
    assert trueup(*FIT, "--timezone", "Europe/Berlin").status == 0


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [(("met", "maybe"), 2, "'maybe'"), (("unmet", "met"), 3, "all 60 labels"),
     (('"padded"', '"paded"'), 3, "criterion"), (('_id": "i', '_id": "z'), 3, "fit no item")],
)  # fmt: skip
def test_labels_that_teach_nothing_write_no_judge(
    trueup: Command, labelled: Path, change: tuple[str, str], status: int, words: str
) -> None:
    text = (labelled / "labels.jsonl").read_text("utf-8").replace(*change)
    (labelled / "labels.jsonl").write_text(text, "utf-8")
    done = trueup(*FIT)

    assert done.status == status
    assert words in done.err
    assert not (labelled / "judges" / "surface.yaml").exists()


def test_a_judge_no_better_than_chance_is_written_abstains_and_is_3(
    trueup: Command, labelled: Path
) -> None:
    draw = random.Random(1)  # noqa: S311 - simulated data
    rows = [json.loads(line) for line in (labelled / "labels.jsonl").read_text().splitlines()]
    write(labelled / "labels.jsonl", [{**r, "value": draw.choice(["met", "unmet"])} for r in rows])
    done = trueup(*FIT)
    scored = trueup("score", "outputs.jsonl", "-r", "reply", "-j", "surface", "--json")

    assert done.status == 3
    assert "no better than chance" in done.out
    assert scored.json["criteria"][2]["reasons"] == {"abstained: no_better_than_chance": 60}


@pytest.mark.parametrize(
    ("criterion", "words"), [("answered", "code decides"), ("paded", "'padded'")]
)
def test_a_criterion_that_cannot_be_learnt_is_refused(
    trueup: Command, labelled: Path, criterion: str, words: str
) -> None:
    done = trueup(*FIT, "-c", criterion)

    assert done.status == 2
    assert words in done.err
    assert not (labelled / "judges" / "surface.yaml").exists()
