"""Names and what they stand for: rubrics, judges and runners, wherever they come from.

A name is looked for in one order everywhere: the workspace, then installed plug-ins (judges
only), then the library that ships with trueup. What has a separator or the ending of such a file
is a path; where nothing is there, a bare file name is looked for in the same folders as names are.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args, overload

from trueup.errors import RubricError, TrueupError, WorkspaceError, did_you_mean
from trueup.item.sniff import holds_items
from trueup.library import library
from trueup.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trueup.judge.plugin import Plugin
    from trueup.judge.protocol import Judge

Kind: TypeAlias = Literal["rubric", "judge", "runner"]
Source: TypeAlias = Literal["workspace", "plugin", "library"]

SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "rubric": (".yaml", ".yml"),
    "judge": (".yaml", ".yml", ".json", ".py"),
    "runner": (".yaml", ".yml"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rubric, judge or runner that can be named."""

    kind: Kind
    name: str
    source: Source
    path: Path | None
    """None for a plug-in."""
    about: str = ""
    """Its own first words about itself."""
    shadows: tuple[Source, ...] = ()
    """Where others of this name are that it hides."""
    shadowed_by: Source | None = None
    """Where the one of this name is that is used instead."""
    problem: str | None = None
    """Why it cannot be used."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for `--json`."""
        return {**asdict(self), "path": str(self.path) if self.path else None}


@overload
def resolve(
    kind: Literal["rubric", "runner"], name: str | Path, *, workspace: Workspace | None = None
) -> Path: ...


@overload
def resolve(
    kind: Kind, name: str | Path, *, workspace: Workspace | None = None
) -> Path | Judge: ...


def resolve(kind: Kind, name: str | Path, *, workspace: Workspace | None = None) -> Path | Judge:
    """Return the file of a rubric, judge or runner; for a plug-in, its judge.

    Args:
        kind: What is named.
        name: A name, or a path.
        workspace: Where names are looked for first; by default the one of the current folder.

    Raises:
        WorkspaceError: There is none of that name, or no such file.
        RubricError: What is to be a rubric is a file of items.
        JudgeError: The plug-in is broken.
    """
    found = _look_up(kind, name, workspace)
    return found if isinstance(found, Path) else found.load()


def find(name: str, folder: Path) -> Path | Judge:
    """Return the judge that a panel in a folder names: beside the panel, else by the usual order.

    This is what `load_judge` wants as `find`.

    Raises:
        WorkspaceError: There is none of that name, or no such file.
        JudgeError: The plug-in is broken.
    """
    found = _member(name, folder)
    return found if isinstance(found, Path) else found.load()


def find_unrun(name: str, folder: Path) -> Path | Judge:
    """Return the same as `find`, with an empty judge in place of what would run Python.

    With this as `find`, `load_judge` checks a panel's file without running anything.

    Raises:
        WorkspaceError: There is none of that name, or no such file.
    """
    from trueup.judge.rules import Rules  # noqa: PLC0415 - where it is used

    found = _member(name, folder)
    if isinstance(found, Path) and found.suffix != ".py":
        return found
    return Rules(name, version="0")


def listing(workspace: Workspace | None = None) -> list[Entry]:
    """Return everything that can be named, by kind and name, and in the order of looking.

    YAML is read and checked; of Python only the docstring is read, so that listing runs nobody's
    code. What is broken is listed with its problem.

    Args:
        workspace: Where names are looked for first; by default the one of the current folder.
    """
    found: list[Entry] = []
    space = workspace or Workspace.find()
    for kind in get_args(Kind):
        entries = sorted(_entries(kind, space), key=lambda entry: entry.name)
        by_name: dict[str, list[Entry]] = {}
        for entry in entries:
            by_name.setdefault(entry.name, []).append(entry)
        found += chain.from_iterable(_shadowed(same) for same in by_name.values())
    return found


def _shadowed(same: list[Entry]) -> Iterator[Entry]:
    """Yield entries of one name: the first is used, the others are hidden by it."""
    first, *others = same
    yield replace(first, shadows=tuple(other.source for other in others))
    for other in others:
        yield replace(other, shadowed_by=first.source)


def _entries(kind: Kind, workspace: Workspace | None) -> Iterator[Entry]:
    """Yield what there is of a kind, source by source in the order of looking."""
    shipped = library() / f"{kind}s"
    own = workspace.folder(f"{kind}s") if workspace else None
    if own is not None:
        yield from (_of_file(kind, file, "workspace") for file in _files(kind, own))
    if kind == "judge":
        yield from (_of_plugin(plugin) for plugin in _plugins())
    if own is None or own.resolve() != shipped.resolve():
        yield from (_of_file(kind, file, "library") for file in _files(kind, shipped))


def _of_file(kind: Kind, path: Path, source: Source) -> Entry:
    about, problem = "", None
    try:
        _named(kind, path.parent, path.stem)
        about = _about(kind, path)
    except TrueupError as error:
        problem = str(error)
    entry = Entry(kind=kind, name=path.stem, source=source, path=path, problem=problem)
    return replace(entry, about=about)


def _about(kind: Kind, path: Path) -> str:
    """Return a file's own words about itself.

    Raises:
        TrueupError: The file is broken.
    """
    if path.suffix == ".py":
        from trueup.judge.pyfile import outline  # noqa: PLC0415 - where it is used

        told = outline(path, exports="judge" if kind == "judge" else None)
        if told.problem:
            raise WorkspaceError(told.problem)
        return told.about
    if kind == "rubric":
        from trueup.rubric.load import load_rubric  # noqa: PLC0415 - heavy

        return " ".join(load_rubric(path).task.split())
    if kind == "runner":
        from trueup.runner.spec import load_runner  # noqa: PLC0415 - heavy

        return load_runner(path).about or ""
    from trueup.judge.load import load_judge  # noqa: PLC0415 - heavy

    load_judge(path, find=find_unrun)
    return _first_comment(path)


def _of_plugin(plugin: Plugin) -> Entry:
    told = plugin.outline()
    return Entry(
        kind="judge",
        name=plugin.name,
        source="plugin",
        path=None,
        about=told.about or f"from {plugin.package}",
        problem=told.problem,
    )


def _first_comment(path: Path) -> str:
    for line in path.read_text("utf-8-sig").splitlines():
        text = line.lstrip("#").strip()
        if line.startswith("#") and text and not text.startswith("yaml-language-server"):
            return text
    return ""


def _look_up(kind: Kind, name: str | Path, workspace: Workspace | None) -> Path | Plugin:
    space = workspace or Workspace.find()
    given = _given(kind, name, Path(), _folders(kind, space))
    if given is not None:
        return given
    text = str(name)
    found = _named(kind, space.folder(f"{kind}s"), text) if space else None
    if found is not None:
        return found
    if kind == "judge":
        plugin = next((plugin for plugin in _plugins() if plugin.name == text), None)
        if plugin is not None:
            return plugin
    found = _named(kind, library() / f"{kind}s", text)
    if found is None:
        raise _unknown(kind, text, space)
    return found


def _member(name: str, folder: Path) -> Path | Plugin:
    beside = _given("judge", name, folder, _folders("judge", Workspace.find()))
    if beside is None and folder.resolve() != (library() / "judges").resolve():
        beside = _named("judge", folder, name)
    return beside or _look_up("judge", name, None)


def _given(kind: Kind, name: str | Path, folder: Path, others: Sequence[Path]) -> Path | None:
    """Return the file where a path is given, not a name.

    Args:
        kind: What is named.
        name: The path or name.
        folder: Where paths start.
        others: Where a file's bare name is looked for where the path leads nowhere.

    Raises:
        WorkspaceError: There is no such file.
        RubricError: It holds items.
    """
    path = folder / name
    separated = isinstance(name, Path) or "/" in name or "\\" in name
    if (separated or path.suffix) and path.is_file():
        _refuse_items(kind, path)
        return path
    if not (separated or path.suffix in SUFFIXES[kind]):
        return None
    known = [path.parent] if separated else [path.parent, *others]
    found = [] if separated else [place / name for place in others if (place / name).is_file()]
    if found:
        return found[0]
    near = [file.name for place in known for file in _files(kind, place)]
    what = f"there is no {kind} file '{name}'"
    raise WorkspaceError(what, where=str(path.parent), mend=did_you_mean(path.name, near) or None)


def _folders(kind: Kind, workspace: Workspace | None) -> list[Path]:
    """Return the folders in which names are looked for, in the order of looking."""
    own = [workspace.folder(f"{kind}s")] if workspace else []
    return [*own, library() / f"{kind}s"]


def _refuse_items(kind: Kind, path: Path) -> None:
    """Raise where a file of items is given as a rubric."""
    if kind == "rubric" and holds_items(path):
        what = "it looks like a file of items, not like a rubric"
        mend = "Name the rubric that they are to be scored with, or the path to its YAML file"
        raise RubricError(what, where=str(path), mend=mend)


def _named(kind: Kind, folder: Path, name: str) -> Path | None:
    """Return the file of a name in a folder.

    Raises:
        WorkspaceError: There are two.
    """
    files = [folder / f"{name}{suffix}" for suffix in SUFFIXES[kind]]
    found = [file for file in files if file.is_file()]
    if len(found) > 1:
        what = f"{kind} '{name}' is both {found[0].name} and {found[1].name}"
        raise WorkspaceError(what, where=str(folder), mend="Rename one of them")
    return found[0] if found else None


def _files(kind: Kind, folder: Path) -> list[Path]:
    """Return the files of a kind in a folder, which may not exist."""
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return []
    return [f for f in inside if f.suffix in SUFFIXES[kind] and f.stem[:1] not in "._"]


def _plugins() -> list[Plugin]:
    from trueup.judge.plugin import plugins  # noqa: PLC0415 - asks every installed package

    return plugins()


def _unknown(kind: Kind, name: str, workspace: Workspace | None) -> WorkspaceError:
    folders = _folders(kind, workspace)
    known = {file.stem for folder in folders for file in _files(kind, folder)}
    if kind == "judge":
        known |= {plugin.name for plugin in _plugins()}
    mend = did_you_mean(name, known) or f"Write {kind}s/{name}.yaml, or give a path"
    return WorkspaceError(f"there is no {kind} '{name}'", mend=mend)
