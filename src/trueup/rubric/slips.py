"""What pydantic finds wrong with a file, in words for the person who wrote it.

The one place where its errors become sentences: those about rubrics, judges and runners. Pydantic
reports each alternative of a key by itself, with names of types in the place; here they are one
sentence about one key of the file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from pydantic import BaseModel

from trueup.errors import did_you_mean
from trueup.rubric.scalar import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from trueup.rubric.source import Path

_SHOWN = 40
_FORMS = {
    "int_": "a whole number",
    "float_": "a number",
    "finite_number": "a number",
    "string_type": "a text",
    "bool_": "true or false",
    "list_": "a list",
    "tuple_": "a list",
    "dict_": "a mapping",
    "model_": "a mapping",
    "greater_than_equal": "at least {ge:g}",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "at most {le:g}",
    "less_than": "less than {lt:g}",
}
"""How pydantic's kinds of errors begin -> what has to stand there."""


class Slip(NamedTuple):
    """One thing that is wrong in a file."""

    path: Path
    """Where, by the keys and positions that the file has itself."""
    what: str
    """One sentence without its full stop."""
    mend: str
    kind: str
    """`extra_forbidden` and `missing`, after pydantic; else what it calls the first error there."""

    @property
    def at_key(self) -> bool:
        """Whether it is the key that is wrong, and not its value."""
        return self.kind == "extra_forbidden"


def slips(
    error: ValidationError, spec: type[BaseModel], data: object, *, private: bool = False
) -> list[Slip]:
    """Return what is wrong with a file, unknown keys first: they often explain the rest.

    Args:
        error: What pydantic raised.
        spec: The model that the file was read as.
        data: What was read: mappings, lists and single values.
        private: Leave out what stands in the file, which might be a secret.
    """
    by_path: dict[Path, list[ErrorDetails]] = defaultdict(list)
    for details in error.errors(include_url=False):
        by_path[_in_file(details, data)].append(details)
    found = []
    for path, group in by_path.items():
        deeper = any(len(other) > len(path) and other[: len(path)] == path for other in by_path)
        if deeper and all(len(details["loc"]) > len(path) for details in group):
            continue  # alternatives that were not meant
        what, mend = sentence(group, name=dotted(path), spec=spec, path=path, private=private)
        found.append(Slip(path, what, mend, group[0]["type"]))
    return sorted(found, key=lambda slip: not slip.at_key)


def sentence(
    group: Sequence[ErrorDetails],
    *,
    name: str,
    spec: type[BaseModel],
    path: Path,
    form: str = "",
    private: bool = False,
) -> tuple[str, str]:
    """Return what is wrong at one place, and how to mend it.

    Args:
        group: All errors about the place, one for each alternative.
        name: What the place is called.
        spec: The model of the whole file.
        path: The place.
        form: What has to stand there, where the errors say it badly.
        private: Leave out what stands there.
    """
    first = group[0]
    key = str(path[-1]) if path else ""
    match first["type"]:
        case "extra_forbidden":
            told = f"{name} is an unknown key", did_you_mean(key, known_keys(spec, path[:-1]))
        case "missing":
            told = f"{name} is missing", f"Add `{key}: ...`"
        case "too_short":
            fewest, actual = first["ctx"]["min_length"], first["ctx"]["actual_length"]
            told = f"{name} has {actual} of {fewest} entries", "Add what is missing"
        case "string_too_short":
            told = f"{name} is empty", "Write something"
        case "value_error":
            said = first["msg"].removeprefix("Value error, ")
            told = f"{name}: {said}" if path else said, ""
        case _ if form:
            told = f"{name} is {form}, not {_form(first['input'])}", ""
        case _:
            told = _value(group, name=name, private=private)
    return told


def _value(group: Sequence[ErrorDetails], *, name: str, private: bool) -> tuple[str, str]:
    """Return what is wrong with a value that is none of what may stand there."""
    first, given = group[0], group[0]["input"]
    choices = [choice for details in group for choice in _choices(details)]
    if choices and isinstance(given, str):
        shown = "has a value" if private else f"is {_form(given)},"
        return f"{name} {shown} which is not known", did_you_mean(given, choices)
    forms = [*map(repr, choices), *dict.fromkeys(map(_wanted, group))]
    wanted = " or ".join(form for form in forms if form)
    if not wanted:
        return f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}", ""
    return f"{name} {f'has to be {wanted}' if private else f'is {wanted}, not {_form(given)}'}", ""


def _in_file(details: ErrorDetails, data: Any) -> Path:  # noqa: ANN401 - what was read
    """Return the part of an error's place that the file has, without names of alternatives."""
    steps = details["loc"]
    path: list[str | int] = []
    for number, step in enumerate(steps, 1):
        inside = isinstance(data, dict) and step in data
        if inside or (isinstance(data, list) and step in range(len(data))):
            data = data[step]
        elif number < len(steps) or details["type"] != "missing":
            continue
        path.append(step)
    return tuple(path)


def _choices(details: ErrorDetails) -> list[str]:
    expected = details["ctx"]["expected"] if details["type"] == "literal_error" else ""
    return re.findall(r"'([^']*)'", expected)


def _wanted(details: ErrorDetails) -> str:
    begins = (form for kind, form in _FORMS.items() if details["type"].startswith(kind))
    return next(begins, "").format(**details.get("ctx", {}))


def _form(given: object) -> str:
    if isinstance(given, Scalar):
        return "nothing" if given.null else repr(given)
    if given is None:
        return "nothing"
    if isinstance(given, list | tuple):
        return "a list"
    return "a mapping" if isinstance(given, dict) else repr(given)[:_SHOWN]


def known_keys(spec: type[BaseModel], path: Path) -> set[str]:
    """Return the keys that a mapping at a path may have."""
    specs = {spec}
    for step in path:
        inside = [
            info.annotation
            for each in specs
            for name, info in each.model_fields.items()
            if step in {name, info.alias}
        ]
        if inside:  # else a position, or a key of the writer's own
            specs = {model for annotation in inside for model in _models(annotation)}
    return {info.alias or name for each in specs for name, info in each.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - a type of any form
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def dotted(path: Iterable[str | int]) -> str:
    """Return a path as one word in quotes, such as `'members[2].model'`; positions from 1."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:  # escaped: a key may hold what a terminal obeys
            text += ("." if text else "") + repr(step[:_SHOWN])[1:-1]
    return f"'{text}'" if text else "the file"
