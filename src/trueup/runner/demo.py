"""The demonstration: a small workspace on simulated data, fitted and scored without a network."""

from __future__ import annotations

import json
import shutil
from importlib.resources import as_file
from typing import TYPE_CHECKING, NamedTuple

from trueup.api import score
from trueup.errors import WorkspaceError
from trueup.library import library
from trueup.rubric.schema import rubric_schema
from trueup.runner.fit import fit_all

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.runner.fit import Fitted
    from trueup.runner.result import Scores

_LEFT_OUT = shutil.ignore_patterns(".trueup", "surface.yaml", "scores.jsonl", "__pycache__")


class Demo(NamedTuple):
    """What the demonstration made."""

    folder: Path
    fitted: Fitted
    scores: Scores


def make_workspace(folder: Path) -> None:
    """Copy the simulated support assistant into a new folder.

    Raises:
        WorkspaceError: The folder is there and not empty, or cannot be made.
    """
    mend = "Name another folder: trueup demo FOLDER"
    try:
        if folder.exists() and any(folder.iterdir()):
            raise WorkspaceError("this folder is not empty", where=str(folder), mend=mend)
        with as_file(library().joinpath("examples", "support")) as shipped:
            shutil.copytree(shipped, folder, ignore=_LEFT_OUT, dirs_exist_ok=True)
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
