"""Reading rubric files: YAML text to a `Rubric`, and every mistake with its place."""

from __future__ import annotations

import difflib
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from trueup.rubric.check import describe
from trueup.rubric.consistency import (
    Conflict,
    criterion_conflicts,
    levels,
    rubric_conflicts,
)
from trueup.rubric.explain import explain, label
from trueup.rubric.ignores import read_ignores
from trueup.rubric.model import Criterion, Example, Kind, Place, Rubric
from trueup.rubric.problem import Problem, RubricProblems
from trueup.rubric.scalar import Scalar
from trueup.rubric.source import MAX_CHARACTERS, Source, read_source
from trueup.rubric.spec import BARE_GATE, MET, CriterionSpec, RubricSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

    from trueup.rubric.source import Path

__all__ = ["RubricProblems", "load_rubric", "parse_rubric"]

_SUFFIXES = frozenset({".yaml", ".yml"})
_HEAD_FORM = "A rubric begins with name, task and criteria"


def load_rubric(path: str | FilePath) -> Rubric:
    """Return the rubric in a YAML file.

    Args:
        path: The file; at most a million characters of UTF-8.

    Raises:
        RubricProblems: The file cannot be read or used; every mistake that was found is listed
            with file, line and column, one a line, and in `problems`.
    """
    file = FilePath(path)
    text = _read(file)
    return _parse(text, name=str(file), path=str(file))


def parse_rubric(text: str, *, name: str = "rubric.yaml") -> Rubric:
    """Return the rubric in a YAML text.

    Args:
        text: The file's text.
        name: What to call the file in messages and places.

    Raises:
        RubricProblems: As for `load_rubric`.
    """
    return _parse(text, name=name, path=None)


def _read(file: FilePath) -> str:
    try:
        if file.is_dir():
            raise _unreadable(file, "this is a folder", f"Name a file in it{_inside(file)}")
        if not file.exists():
            raise _unreadable(file, "there is no such file", _neighbour(file))
        with file.open("rb") as stream:
            data = stream.read(4 * MAX_CHARACTERS + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(file, f"the file cannot be read: {reason}") from None
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise _unreadable(file, "the file is UTF-16", "Save it as UTF-8")
    if b"\0" in data:
        raise _unreadable(file, "the file is binary, not text", "Name a YAML file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(data) > 4 * MAX_CHARACTERS:
            return data.decode("utf-8-sig", errors="replace")  # refused for its size
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", errors="replace")) + 1
        what = f"the byte 0x{error.object[error.start]:02x} is not UTF-8"
        problem = Problem(line, column, what, "Save the file as UTF-8")
        raise RubricProblems(str(file), [problem]) from None


def _unreadable(file: FilePath, what: str, mend: str = "") -> RubricProblems:
    return RubricProblems(str(file), [Problem(0, 0, what, mend)])


def _inside(folder: FilePath) -> str:
    names = sorted(entry.name for entry in folder.iterdir() if entry.suffix in _SUFFIXES)
    return f", such as {names[0]}" if names else ""


def _neighbour(file: FilePath) -> str:
    if not file.parent.is_dir():
        return f"There is no folder {file.parent} either"
    names = [entry.name for entry in file.parent.iterdir() if entry.suffix in _SUFFIXES]
    by_stem = {FilePath(name).stem: name for name in sorted(names)}
    close = difflib.get_close_matches(file.stem, by_stem, n=1)
    if close:
        return f"Did you mean '{file.parent / by_stem[close[0]]}'?"
    return f"The folder holds: {', '.join(sorted(names)[:12])}" if names else ""


def _parse(text: str, *, name: str, path: str | None) -> Rubric:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    source = read_source(text, file=name)
    problems = list(source.problems)
    ignores, unclear = read_ignores(text, source.spans)
    problems += unclear
    if source.root.entries is None:
        what = "a rubric is a mapping of keys"
        raise RubricProblems(
            name, [Problem(source.root.line, source.root.column, what, _HEAD_FORM)]
        )
    data = source.root.plain()
    spec, invalid = _validate(data, source)
    problems += invalid
    problems += _conflicts(data, source, whole=spec is not None)
    if problems or spec is None:
        raise RubricProblems(name, problems)
    places = [source.find(("criteria", place)) for place in range(len(spec.criteria))]
    return Rubric(
        name=spec.name,
        task=spec.task,
        criteria=tuple(
            _criterion(entry, Place(name, node.line, node.column))
            for entry, node in zip(spec.criteria, places, strict=True)
        ),
        version=spec.version,
        description=spec.description or "",
        missing="renormalise" if spec.missing == "renormalise" else "bound",
        language=spec.language,
        validated=spec.validated,
        pass_bar=spec.pass_bar,
        path=path,
        ignores=ignores,
    )


def _validate(data: Any, source: Source) -> tuple[RubricSpec | None, list[Problem]]:  # noqa: ANN401 - as it was read
    try:
        return RubricSpec.model_validate(data), []
    except ValidationError as error:
        problems = []
        for details in error.errors(include_url=False):
            if details["type"] == "too_short" and _long_enough(details, source):
                continue
            node = source.find(details["loc"], key=details["type"] == "extra_forbidden")
            problems.append(Problem(node.line, node.column, *explain(details, data)))
        return None, problems


def _long_enough(error: ErrorDetails, source: Source) -> bool:
    """Tell whether only malformed entries, told by themselves, make a collection too short."""
    node = source.find(error["loc"])
    return len(node.items or node.entries or ()) >= int(error["ctx"]["min_length"])


def _conflicts(data: Any, source: Source, *, whole: bool) -> Iterator[Problem]:  # noqa: ANN401 - as above
    """Yield what clashes in the criteria that are well formed, whatever is wrong elsewhere."""
    entries = data.get("criteria")
    entries = entries if isinstance(entries, list) else []
    specs = {place: spec for place, entry in enumerate(entries) if (spec := _well_formed(entry))}
    conflicts = [
        clash._replace(path=("criteria", place, *clash.path))
        for place, spec in specs.items()
        for clash in criterion_conflicts(spec)
    ]
    if whole:
        conflicts.extend(rubric_conflicts(specs.values()))
    conflicts.extend(_repeated_ids(len(entries), source))
    for clash in conflicts:
        node = source.find(clash.path)
        what = label(clash.path, data) + clash.what.removeprefix("@")
        yield Problem(node.line, node.column, what, clash.mend)


def _well_formed(entry: Any) -> CriterionSpec | None:  # noqa: ANN401 - as above
    """Return a criterion without its malformed keys, None where too little is left to judge."""
    try:
        return CriterionSpec.model_validate(entry)
    except ValidationError as error:
        wrong = {details["loc"][:1] for details in error.errors(include_url=False)}
    if () in wrong or wrong & {("scale",), ("choices",), ("check",), ("gate",)}:
        return None
    kept = {key: value for key, value in entry.items() if (key,) not in wrong}
    for key in ("id", "ask"):
        if (key,) in wrong:
            kept[key] = Scalar("unreadable", plain=True)
    return CriterionSpec.model_validate(kept)


def _repeated_ids(count: int, source: Source) -> Iterator[Conflict]:
    seen: dict[str, tuple[int, int]] = {}
    for place in range(count):
        path: Path = ("criteria", place, "id")
        node = source.find(path)
        if node.scalar is None or node.scalar.null:
            continue
        first, line = seen.setdefault(node.scalar.text, (place, node.line))
        if first != place:
            what = f"@ is taken by the criterion in line {line}"
            yield Conflict(path, what, "Give each criterion its own id")


def _criterion(spec: CriterionSpec, place: Place) -> Criterion:
    check = spec.check.plain() if spec.check is not None else None
    return Criterion(
        id=spec.id,
        ask=spec.ask or (describe(check) if check is not None else ""),
        levels=levels(spec),
        kind=_kind(spec),
        weight=spec.weight,
        gate=MET if spec.gate is BARE_GATE else spec.gate.min if spec.gate else None,
        when=spec.when,
        needs=tuple(dict.fromkeys(spec.needs)),
        examples=tuple(
            Example(output=e.output, answer=e.answer, input=e.input, context=e.context, why=e.why)
            for e in spec.examples
        ),
        check=check,
        if_empty=spec.if_empty,
        implicit=spec.implicit,
        generic=spec.generic,
        guard=spec.guard,
        place=place,
    )


def _kind(spec: CriterionSpec) -> Kind:
    if spec.check is not None:
        return "check"
    if spec.scale is not None:
        return "scale"
    return "binary" if spec.choices is None else "choices"
