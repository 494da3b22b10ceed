"""The demonstration: a workspace on simulated data, fitted, scored and calibrated offline."""

from __future__ import annotations

import csv
import json
import shutil
from collections import defaultdict
from datetime import timedelta
from importlib.resources import as_file
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from trueup.api import score
from trueup.errors import WorkspaceError
from trueup.library import library
from trueup.rubric.schema import rubric_schema
from trueup.runner.calibration.calibrate import calibrate
from trueup.runner.calibration.week import bounds
from trueup.runner.fit import fit_all
from trueup.runner.kinds import CalibrateSpec
from trueup.runner.spec import load_runner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from trueup.runner.calibration.result import Calibration
    from trueup.runner.fit import Fitted
    from trueup.runner.result import Scores

WEEKS = tuple(f"2026-W{number}" for number in range(27, 35))
"""The weeks that are calibrated; the log has one more, for whoever goes on."""

Answers: TypeAlias = "Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]]"

_LEFT_OUT = shutil.ignore_patterns(
    ".trueup", "surface.yaml", "scores.jsonl", "ledger.jsonl", "calibration.*", "__pycache__"
)


class Demo(NamedTuple):
    """What the demonstration fitted and scored."""

    folder: Path
    fitted: Fitted
    scores: Scores


def make_workspace(folder: Path) -> None:
    """Copy the simulated support assistant into a new folder, and its weekly log into `weekly`.

    Raises:
        WorkspaceError: The folder is there and not empty, or cannot be made.
    """
    mend = "Name another folder: trueup demo FOLDER"
    try:
        if folder.exists() and any(folder.iterdir()):
            raise WorkspaceError("this folder is not empty", where=str(folder), mend=mend)
        with as_file(library().joinpath("examples")) as shipped:
            for name, to in (("support", folder), ("weekly", folder / "weekly")):
                shutil.copytree(shipped / name, to, ignore=_LEFT_OUT, dirs_exist_ok=True)
    except OSError as error:
        what = f"this folder cannot be made ({error.strerror or error})"
        raise WorkspaceError(what, where=str(folder), mend=mend) from error
    schema = json.dumps(rubric_schema(), indent=2) + "\n"
    (folder / "rubrics" / "rubric.schema.json").write_text(schema, encoding="utf-8")


def run_demo(folder: Path) -> Demo:
    """Fit the embedded judge to the labels in the workspace and score every output."""
    outputs, rubric = folder / "outputs.jsonl", folder / "rubrics" / "support-demo.yaml"
    fitted = fit_all(outputs, folder / "labels.jsonl", rubric=rubric, name="surface")
    fitted.judge.save(folder / "judges" / "surface.yaml")
    scores = score(
        outputs,
        rubric=rubric,
        judge=folder / "judges" / "support.yaml",
        store=folder / ".trueup" / "trueup.db",
    )
    return Demo(folder, fitted, scores)


def calibrate_weeks(folder: Path) -> Iterator[Calibration]:
    """Do what `trueup run weekly-calibration` does for eight weeks, with labels in between.

    Every week gets the labels of what the week before has drawn, as people come to it; the last
    one is run again with its own. The simulated annotators answer.

    Args:
        folder: The workspace of the weekly log.

    Yields:
        The result of every run.
    """
    said = read_answers(folder / "simulated" / "annotators.csv")
    labels: list[dict[str, str]] = []
    for week in (*WEEKS, WEEKS[-1]):
        runner = folder / "runners" / "weekly-calibration.yaml"
        spec = load_runner(runner, changes={"week": week})
        assert isinstance(spec, CalibrateSpec)  # noqa: S101 - tells mypy what ships with it
        options = {**spec.options(), "labels": labels, "store": folder / ".trueup" / "trueup.db"}
        found = calibrate(spec.items, **options, by="trueup demo")
        labels = answer(week, [(one.item_id, one.people) for one in found.next], said)
        yield found


def read_answers(path: Path) -> Answers:
    """Return item id -> annotator -> what the simulated annotator says of the item."""
    said: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            said[row["item_id"]][row["annotator"]].append(row)
    return said


def answer(week: str, drawn: Iterable[tuple[str, int]], said: Answers) -> list[dict[str, str]]:
    """Return the simulated annotators' labels of what a calibration has drawn, a row a label.

    They take turns, and answer on the Monday after the week.

    Args:
        week: The calibration's.
        drawn: Item ids, each with how many people are to label it.
        said: What each annotator says of every item.
    """
    _, monday = bounds(week)
    rows: list[dict[str, str]] = []
    for number, (item_id, count) in enumerate(drawn):
        people = list(said[item_id])
        at = (monday + timedelta(hours=9, minutes=3 * number)).isoformat()
        for turn in range(count):
            who = people[(number + turn) % len(people)]
            rows += [{**label, "labelled_at": at} for label in said[item_id][who]]
    return rows
