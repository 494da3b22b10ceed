"""The scalar types of a rubric file: text, keys, numbers and flags, as a person writes them.

YAML would guess a type for every unquoted word. Here the key decides: where text is meant,
`1.10` and `no` are the text that stands in the file; where a number is meant, a word is an error.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import PydanticCustomError

from trueup.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_WEIGHT = 1e6
"""Weights beyond this are slips of the pen, and far below what sums can hold."""

_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WHOLE = re.compile(r"[-+]?[0-9]{1,15}")
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Scalar:
    """One scalar of a file: its text, and whether it stands there without quotes."""

    text: str
    plain: bool

    @property
    def null(self) -> bool:
        """Whether nothing is written, or an unquoted null."""
        return self.plain and self.text in _NULLS

    def __repr__(self) -> str:
        """Return the text as an error message shows it."""
        short = self.text if len(self.text) <= _SHOWN else self.text[: _SHOWN - 3] + "..."
        return repr(short) if self.plain else f"the text {short!r}"


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity, as annotations must be
class Or:
    """In an annotation: what may also stand in the file, for the JSON Schema."""

    schema: Any

    def __get_pydantic_json_schema__(
        self,
        core: Any,  # noqa: ANN401 - pydantic's own
        handler: GetJsonSchemaHandler,
    ) -> dict[str, Any]:
        """Return the alternatives."""
        return {"anyOf": [self.schema, handler(core)]}


def fault(what: str, mend: str = "") -> PydanticCustomError:
    """Return an error that names no place: `@` stands for the key, which the loader knows."""
    return PydanticCustomError("trueup", "{what}", {"what": what, "mend": mend})


def as_text(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever stands there
    """Return a scalar as the text that stands in the file; anything else goes through."""
    if not isinstance(value, Scalar):
        return value
    if value.null:
        raise fault("@ is empty", "Write its text, or delete the key")
    return value.text


def as_prose(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return text without the white space around it, and refuse what is blank."""
    text = as_text(value)
    if not isinstance(text, str):
        return text
    if not text.strip():
        raise fault("@ is empty", "Write its text, or delete the key")
    return text.strip()


def as_literal(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return text as it stands, and refuse none at all."""
    text = as_text(value)
    if text == "":
        raise fault("@ is empty", "Write the text to look for, or delete the key")
    return text


def as_slug(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return a name that can stand in a file name, a command line and a table."""
    text = as_text(value)
    if not isinstance(text, str):
        return text
    wrong_kind = isinstance(value, Scalar) and value.plain and text in _FLAGS
    if wrong_kind or not _SLUG.fullmatch(text):
        what = f"@ is a short name, not {value!r}"
        raise fault(what, "Use up to 64 letters, digits, - and _, a letter or digit first")
    return text


def as_number(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return an unquoted number as a float."""
    if not isinstance(value, Scalar):
        return value
    if not (value.plain and _NUMBER.fullmatch(value.text)):
        mend = f"Write {value.text} without quotes" if _NUMBER.fullmatch(value.text) else ""
        raise fault(f"@ is a number, not {value!r}", mend or "Write a number such as 1 or 0.5")
    number = float(value.text)
    if not math.isfinite(number):
        raise fault(f"@ is a finite number, not {value!r}", "Write a smaller number")
    return number + 0.0  # -0 is 0, and hashes as 0


def as_weight(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return a number of at most a million either way."""
    number = as_number(value)
    if isinstance(number, float) and abs(number) > MAX_WEIGHT:
        raise fault(f"@ is at most {MAX_WEIGHT:.0f} either way, not {value!r}", "Scale it down")
    return number


def as_share(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return a number in [0, 1]."""
    number = as_number(value)
    if isinstance(number, float) and not 0.0 <= number <= 1.0:
        raise fault(f"@ lies between 0 and 1, not {value!r}", "Write a number such as 0.5")
    return number


def as_whole(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return an unquoted whole number that is not negative."""
    if not isinstance(value, Scalar):
        return value
    if not (value.plain and _WHOLE.fullmatch(value.text)) or int(value.text) < 0:
        raise fault(f"@ is a whole number from 0 on, not {value!r}", "Write a number such as 120")
    return int(value.text)


def as_flag(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return an unquoted true or false."""
    if not isinstance(value, Scalar):
        return value
    if not value.plain or value.text not in _FLAGS:
        raise fault(f"@ is true or false, not {value!r}", "Write true or false without quotes")
    return _FLAGS[value.text]


def as_true(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return True; false says nothing here."""
    if as_flag(value) is False:
        raise fault("@ is true or left out", "Delete the key")
    return as_flag(value)


def one_of(names: Sequence[str]) -> Callable[[Any], Any]:
    """Return a validator that takes one of these words."""

    def check(value: Any) -> Any:  # noqa: ANN401 - as above
        text = as_text(value)
        if isinstance(text, str) and text not in names:
            raise fault(f"@ is {value!r}, which is not known", did_you_mean(text, names))
        return text

    return check


_SCALARS = ["string", "number", "boolean"]

Text: TypeAlias = Annotated[str, BeforeValidator(as_text), WithJsonSchema({"type": _SCALARS})]
"""Text kept as it stands; may be empty where it is quoted."""

Prose: TypeAlias = Annotated[
    str, BeforeValidator(as_prose), WithJsonSchema({"type": _SCALARS, "pattern": r"\S"})
]
"""Text for a reader: not blank, white space around it removed."""

Verbatim: TypeAlias = Annotated[
    str, BeforeValidator(as_literal), WithJsonSchema({"type": _SCALARS, "minLength": 1})
]
"""Text to look for: not empty, every blank of it counts."""

Slug: TypeAlias = Annotated[
    str,
    BeforeValidator(as_slug),
    WithJsonSchema({"type": ["string", "integer"], "pattern": f"^{_SLUG.pattern}$", "minimum": 0}),
]
Weight: TypeAlias = Annotated[
    float,
    BeforeValidator(as_weight),
    WithJsonSchema({"type": "number", "minimum": -MAX_WEIGHT, "maximum": MAX_WEIGHT}),
]
Share: TypeAlias = Annotated[
    float,
    BeforeValidator(as_share),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
Whole: TypeAlias = Annotated[
    int, BeforeValidator(as_whole), WithJsonSchema({"type": "integer", "minimum": 0})
]
Flag: TypeAlias = Annotated[bool, BeforeValidator(as_flag), WithJsonSchema({"type": "boolean"})]
Only: TypeAlias = Annotated[bool, BeforeValidator(as_true), WithJsonSchema({"const": True})]
"""A flag that is true or left out."""
