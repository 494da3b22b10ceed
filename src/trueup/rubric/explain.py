"""What pydantic finds wrong with a rubric, in words for the person who wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from trueup.errors import did_you_mean
from trueup.rubric.check_spec import CheckSpec, CountSpec, FieldSpec, Spec
from trueup.rubric.scalar import Scalar
from trueup.rubric.spec import (
    ChoiceSpec,
    CriterionSpec,
    ExampleSpec,
    GateSpec,
    LevelSpec,
    RubricSpec,
)

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from trueup.rubric.source import Path


class Explained(NamedTuple):
    """An error in words, and where it is."""

    path: Path
    at_key: bool
    """Whether the key itself is wrong, not its value."""
    what: str
    mend: str


_FORMS = {
    "criteria": ("a list", "Begin each criterion with `- id: NAME`"),
    "needs": ("a list such as [context]", ""),
    "examples": ("a list", "Begin each example with `- output: TEXT`"),
    "scale": ("a mapping from level to text, worst first", "Write {LEVEL: TEXT, ...}"),
    "choices": ("a mapping from answer to its value in [0, 1]", "Write {ANSWER: 1, ...}"),
    "check": ("a mapping such as {max_words: 120}", ""),
    "gate": ("true or {min: LEVEL}", ""),
    "count": ("a mapping such as {unit: bullets, max: 5}", ""),
    "equals": ("a text or {field: reference}", ""),
    "contains": ("a text or a list of texts", ""),
    "excludes": ("a text or a list of texts", ""),
    "grounded": ("one of its kinds or a list of them", ""),
    "language": ("a code such as en or pt-BR", ""),
}


def explain(error: ErrorDetails, data: Any) -> Explained:  # noqa: ANN401 - as it was read
    """Return what an error of a whole rubric means.

    Args:
        error: One of pydantic's errors; its location starts at the rubric.
        data: The rubric's plain data, for the names of its criteria.
    """
    path: Path = error["loc"]
    what, mend = _words(error, path, label(path, data))
    return Explained(path, error["type"] == "extra_forbidden", what, mend)


def explain_check(check: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a check in plain Python values, one sentence each."""
    try:
        CheckSpec.model_validate(_scalars(check))
    except ValidationError as error:
        found = []
        for details in error.errors(include_url=False):
            path = ("criteria", 0, "check", *details["loc"])
            name = f"'{_dotted(details['loc'])}'" if details["loc"] else "the check"
            what, mend = _words(details, path, name)
            found.append(f"{what}. {mend}" if mend else what)
        return found
    return []


def _scalars(value: Any) -> Any:  # noqa: ANN401 - JSON-plain
    """Return plain values as a file would hold them."""
    if isinstance(value, Mapping):
        return {str(key): _scalars(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_scalars(entry) for entry in value]
    if isinstance(value, str):
        return Scalar(value, plain=False)
    return Scalar("null" if value is None else str(value), plain=True)


def label(path: Path, data: Any) -> str:  # noqa: ANN401 - as above
    """Return what a path is called in a sentence, such as `'weight' of criterion 'tone'`."""
    match path:
        case ():
            return "the rubric"
        case ("criteria", int() as place):
            return _criterion(place, data)
        case ("criteria", int() as place, *rest):
            return f"'{_dotted(rest)}' of {_criterion(place, data)}"
        case _:
            return f"'{_dotted(path)}'"


def _criterion(place: int, data: Any) -> str:  # noqa: ANN401 - as above
    try:
        name = data["criteria"][place]["id"]
    except (LookupError, TypeError):
        name = None
    if isinstance(name, Scalar) and not name.null:
        return f"criterion {name.text[:40]!r}"
    return f"criterion {place + 1}"


def _dotted(steps: Any) -> str:  # noqa: ANN401 - a path or the rest of one
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:  # escaped: a key may hold what a terminal obeys
            text += ("." if text else "") + repr(step[:40])[1:-1]
    return text


def _words(error: ErrorDetails, path: Path, name: str) -> tuple[str, str]:
    """Return what is wrong and how to mend it."""
    kind, key = error["type"], path[-1] if path else ""
    if kind == "trueup":
        told = error["ctx"]
        return f"{name}{told['what'].removeprefix('@')}", told["mend"]
    if kind == "extra_forbidden":
        return _unknown(path, name)
    if kind == "missing":
        return f"{name} is missing", f"Add `{key}: ...`"
    if kind == "too_short":
        fewest = error["ctx"]["min_length"]
        return (
            f"{name} has {error['ctx']['actual_length']} of {fewest} entries",
            "Add what is missing",
        )
    given = error["input"]
    form, mend = _FORMS.get(str(key), ("", ""))
    if isinstance(given, Scalar):
        given = "nothing" if given.null else repr(given)
    elif isinstance(given, str):
        given = repr(given[:40])
    else:
        given = "a list" if isinstance(given, list | tuple) else "a mapping"
    if not form:
        form = "a mapping of keys" if kind.startswith("model") else "a single text or number"
    return f"{name} is {form}, not {given}", mend


def _unknown(path: Path, name: str) -> tuple[str, str]:
    known = [info.alias or key for key, info in _spec(path[:-1]).model_fields.items()]
    return f"{name} is an unknown key", did_you_mean(str(path[-1]), known)


_PARTS: Mapping[str, type[Spec]] = {
    "scale": LevelSpec,
    "choices": ChoiceSpec,
    "examples": ExampleSpec,
    "gate": GateSpec,
}
_CHECK_PARTS: Mapping[str, type[Spec]] = {"count": CountSpec, "equals": FieldSpec}


def _spec(path: Path) -> type[Spec]:
    """Return what stands at a path that ends at a mapping with fixed keys."""
    match path:
        case (_, _, "check", str() as part):
            return _CHECK_PARTS[part]
        case (_, _, "check"):
            return CheckSpec
        case (_, _, str() as part, *_):
            return _PARTS[part]
        case (_, _):
            return CriterionSpec
        case _:
            return RubricSpec
