"""load_judge: from a judge's file to a judge.

YAML and JSON are data only. A Python file is run, so it is loaded only where it is named.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trueup.errors import JudgeError, WorkspaceError, did_you_mean

if TYPE_CHECKING:
    from trueup.judge.protocol import Judge

SUFFIXES: tuple[str, ...] = (".yaml", ".yml", ".json", ".py")
"""The endings of judge files, in the order in which names look for them."""


class Find(Protocol):
    """Finds what a panel names."""

    def __call__(self, name: str, folder: Path) -> Path | Judge:
        """Return the file of a judge, or a judge itself, by name or by path from a folder.

        Raises:
            WorkspaceError: There is none.
        """
        ...


def load_judge(path: str | Path, *, find: Find | None = None) -> Judge:
    """Load a judge from its file.

    Args:
        path: A file of kind llm, panel, features or replay (*.yaml, *.json), or a Python file
            that exports `judge`.
        find: Where the members of a panel are looked for; by default beside the panel.

    Raises:
        JudgeError: The file cannot be read, says something that is not known, holds a secret or
            raises; with file and line.
    """
    return _Loading(find or beside).load(Path(path))


def beside(name: str, folder: Path) -> Path:
    """Return the file of a judge by its path from a folder, or by its name in that folder.

    Raises:
        WorkspaceError: There is none.
    """
    given = folder / name
    if given.is_file():
        return given
    for suffix in SUFFIXES:
        file = folder / f"{name}{suffix}"
        if file.is_file():
            return file
    known = [file.stem for file in folder.iterdir() if file.suffix in SUFFIXES]
    mend = did_you_mean(name, known)
    raise WorkspaceError(f"there is no judge '{name}'", where=str(folder), mend=mend)


class _Loading:
    """One call of `load_judge`: remembers what it is inside of, so that no panel is its own."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._inside: list[Path] = []

    def load(self, path: Path) -> Judge:
        if path.suffix not in SUFFIXES:
            mend = f"A judge's file ends in {', '.join(SUFFIXES)}"
            raise JudgeError("this is no judge file", where=str(path), mend=mend)
        if path.suffix == ".py":
            from trueup.judge.pyfile import load_python  # noqa: PLC0415 - only where it is used

            return load_python(path)
        place = path.resolve()
        if place in self._inside:
            circle = " -> ".join(part.stem for part in [*self._inside, place])
            what = f"the panel contains itself: {circle}"
            raise JudgeError(what, where=str(path), mend="Take one of them out")
        self._inside.append(place)
        try:
            return self._build(path)
        finally:
            self._inside.pop()

    def _build(self, path: Path) -> Judge:
        from trueup.judge.file import read_judge_file  # noqa: PLC0415 - loads YAML and pydantic
        from trueup.judge.kinds import Part, build  # noqa: PLC0415 - same

        file = read_judge_file(path)
        return build(Part(file, file.body, name=path.stem, members=self._member, at=()))

    def _member(self, name: str, folder: Path) -> Judge:
        found = self._find(name, folder)
        return self.load(found) if isinstance(found, Path) else found
