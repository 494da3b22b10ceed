"""A workspace to start from, out of the very files that ship with trueup."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trueup.errors import WorkspaceError
from trueup.library import library
from trueup.rubric.schema import rubric_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STARTERS = ("rubrics/support-reply.yaml", "judges/local.yaml", "judges/gpt-mini.yaml")

_RUNNER = """\
# trueup run score
kind: score
about: Scores the outputs of this folder.
items: outputs.jsonl
rubric: support-reply
judge: local
out: scores.jsonl
"""
_IGNORED = "# verdicts and calls: large, and they hold the judged texts\n*\n"


def scaffold(folder: Path) -> list[tuple[Path, bool]]:
    """Write a workspace into a folder; return each file and whether it was written or kept.

    A file that is there already is never touched.

    Raises:
        WorkspaceError: The folder cannot be made or written.
    """
    try:
        return [(path, _write(path, text)) for path, text in _files(folder)]
    except OSError as error:
        what = f"no workspace can be made here ({error.strerror})"
        mend = "Name a folder that you may write: trueup init FOLDER"
        raise WorkspaceError(what, where=str(error.filename or folder), mend=mend) from error


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    shipped = library()
    for name in STARTERS:
        yield folder / name, shipped.joinpath(name).read_text("utf-8")
    yield folder / "runners" / "score.yaml", _RUNNER
    schema = json.dumps(rubric_schema(), indent=2) + "\n"
    yield folder / "rubrics" / "rubric.schema.json", schema
    yield folder / ".trueup" / ".gitignore", _IGNORED


def _write(path: Path, text: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
