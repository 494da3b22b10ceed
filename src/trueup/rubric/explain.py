"""What pydantic finds wrong with a rubric, in words for the person who wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trueup.rubric.scalar import Scalar
from trueup.rubric.slips import dotted, sentence
from trueup.rubric.spec import RubricSpec

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from trueup.rubric.source import Path


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


def explain(error: ErrorDetails, data: Any) -> tuple[str, str]:  # noqa: ANN401 - as it was read
    """Return what is wrong with a rubric, and how to mend it.

    Args:
        error: One of pydantic's errors; its location starts at the rubric.
        data: The rubric's plain data, for the names of its criteria.
    """
    kind, path = error["type"], error["loc"]
    name = label(path, data)
    if kind == "trueup":
        told = error["ctx"]
        return f"{name}{told['what'].removeprefix('@')}", told["mend"]
    other = "a mapping of keys" if kind.startswith("model") else "a single text or number"
    form, mend = _FORMS.get(str(path[-1]) if path else "", (other, ""))
    what, own = sentence([error], name=name, spec=RubricSpec, path=path, form=form)
    return what, own or mend


def label(path: Path, data: Any) -> str:  # noqa: ANN401 - as above
    """Return what a path is called in a sentence, such as `'weight' of criterion 'tone'`."""
    match path:
        case ():
            return "the rubric"
        case ("criteria", int() as place):
            return _criterion(place, data)
        case ("criteria", int() as place, *rest):
            return f"{dotted(rest)} of {_criterion(place, data)}"
        case _:
            return dotted(path)


def _criterion(place: int, data: Any) -> str:  # noqa: ANN401 - as above
    try:
        name = data["criteria"][place]["id"]
    except (LookupError, TypeError):
        name = None
    if isinstance(name, Scalar) and not name.null:
        return f"criterion {name.text[:40]!r}"
    return f"criterion {place + 1}"
