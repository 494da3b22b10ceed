"""Checking a workspace: every rubric is linted, every judge and runner read, none is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from trueup.errors import TrueupError, WorkspaceError
from trueup.judge.load import load_judge
from trueup.judge.pyfile import outline
from trueup.registry import SUFFIXES, find_unrun
from trueup.rubric.lint import lint
from trueup.rubric.load import load_rubric
from trueup.runner.spec import load_runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from trueup.rubric.lint import LintFinding

FileKind: TypeAlias = Literal["rubric", "judge", "runner"]
_FOLDERS: dict[str, FileKind] = {"rubrics": "rubric", "judges": "judge", "runners": "runner"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one file."""

    path: str
    kind: FileKind
    problem: str = ""
    """Why the file cannot be used at all; empty where it can."""
    remarks: tuple[LintFinding, ...] = ()

    def failing(self, *, strict: bool) -> tuple[LintFinding, ...]:
        """Return the remarks that fail a check."""
        severities = {"error", "warn"} if strict else {"error"}
        return tuple(r for r in self.remarks if r.ignored is None and r.severity in severities)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for `--json`."""
        return {
            "path": self.path,
            "kind": self.kind,
            "problem": self.problem or None,
            "remarks": [
                {
                    "rule": r.rule,
                    "severity": r.severity,
                    "criterion": r.criterion,
                    "place": str(r.place) if r.place else None,
                    "span": r.span,
                    "why": r.why,
                    "mend": r.mend,
                    "ignored": r.ignored,
                }
                for r in self.remarks
            ],
        }


def check_paths(paths: Sequence[Path]) -> list[Checked]:
    """Check files, and whatever workspaces hold.

    Raises:
        WorkspaceError: A path is missing, or a folder holds nothing to check.
    """
    found = []
    for path in paths:
        if not path.exists():
            what = "there is no such file or folder"
            raise WorkspaceError(what, where=str(path), mend="Check the path")
        files = list(_files(path)) if path.is_dir() else [(path, _kind(path))]
        if not files:
            mend = "A workspace has rubrics/, judges/ or runners/: trueup init makes one"
            raise WorkspaceError("there is nothing to check here", where=str(path), mend=mend)
        found += [_check(file, kind) for file, kind in files]
    return found


def _files(folder: Path) -> Iterator[tuple[Path, FileKind]]:
    own = _FOLDERS.get(folder.resolve().name)
    if own is not None:
        yield from ((path, own) for path in _of_kind(own, folder))
    for name, kind in _FOLDERS.items():
        yield from ((path, kind) for path in _of_kind(kind, folder / name))
    for example in sorted(folder.glob("examples/*/")):
        yield from _files(example)


def _of_kind(kind: FileKind, folder: Path) -> Iterator[Path]:
    """Yield the files that can be named, as `trueup list` shows them."""
    for path in sorted(folder.glob("*")):
        if path.suffix in SUFFIXES[kind] and path.stem[:1] not in {"", ".", "_"}:
            yield path


def _kind(path: Path) -> FileKind:
    inside = _FOLDERS.get(path.resolve().parent.name)
    return inside or ("judge" if path.suffix in {".py", ".json"} else "rubric")


def _check(path: Path, kind: FileKind) -> Checked:
    try:
        if path.suffix == ".py":
            told = outline(path, exports="judge" if kind == "judge" else None)
            return Checked(str(path), kind, told.problem or "")
        if kind == "rubric":
            rubric = load_rubric(path)
            return Checked(str(path), kind, remarks=lint(rubric, source=path.read_text("utf-8")))
        if kind == "judge":
            load_judge(path, find=find_unrun)
        else:
            load_runner(path)
    except TrueupError as error:
        return Checked(str(path), kind, str(error))
    return Checked(str(path), kind)
