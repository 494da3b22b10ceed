"""The scalar types of a rubric file: text, keys, numbers and flags, as a person writes them.

YAML would guess a type for every unquoted word. Here the key decides: where text is meant,
`1.10` and `no` are the text that stands in the file; where a number is meant, a word is an error.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from trueup.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

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

    @property
    def number(self) -> float | None:
        """The finite number that stands there without quotes."""
        number = float(self.text) if self.plain and _NUMBER.fullmatch(self.text) else math.nan
        return number + 0.0 if math.isfinite(number) else None  # -0 is 0, and hashes as 0

    def __repr__(self) -> str:
        """Return the text as an error message shows it."""
        short = self.text if len(self.text) <= _SHOWN else self.text[: _SHOWN - 3] + "..."
        return repr(short) if self.plain else f"the text {short!r}"


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity, as annotations must be
class Reads:
    """In an annotation: how a scalar is read; lists and mappings go through."""

    read: Callable[[Scalar], Any]
    schema: Mapping[str, Any]
    """What the JSON Schema says."""
    beside: bool = False
    """Whether the annotated type's own form may stand there as well."""

    def _read(self, value: object) -> object:
        return self.read(value) if isinstance(value, Scalar) else value

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the type's own validation after the reading."""
        return core_schema.no_info_before_validator_function(self._read, handler(source))

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return what may stand in the file."""
        return {"anyOf": [self.schema, handler(core)]} if self.beside else {**self.schema}


def fault(what: str, mend: str = "") -> PydanticCustomError:
    """Return an error that names no place: `@` stands for the key, which the loader knows."""
    return PydanticCustomError("trueup", "{what}", {"what": what, "mend": mend})


def as_text(value: Scalar) -> str:
    """Return a scalar as the text that stands in the file."""
    if value.null:
        raise fault("@ is empty", "Write its text, or delete the key")
    return value.text


def as_prose(value: Scalar) -> str:
    """Return text without the white space around it, and refuse what is blank."""
    text = as_text(value).strip()
    if not text:
        raise fault("@ is empty", "Write its text, or delete the key")
    return text


def as_literal(value: Scalar) -> str:
    """Return text as it stands, and refuse none at all."""
    text = as_text(value)
    if not text:
        raise fault("@ is empty", "Write the text to look for, or delete the key")
    return text


def as_slug(value: Scalar) -> str:
    """Return a name that can stand in a file name, a command line and a table."""
    text = as_text(value)
    if (value.plain and text in _FLAGS) or not _SLUG.fullmatch(text):
        what = f"@ is a short name, not {value!r}"
        raise fault(what, "Use up to 64 letters, digits, - and _, a letter or digit first")
    return text


def as_number(value: Scalar) -> float:
    """Return an unquoted number as a float."""
    if value.number is not None:
        return value.number
    if not _NUMBER.fullmatch(value.text):
        raise fault(f"@ is a number, not {value!r}", "Write a number such as 1 or 0.5")
    if not value.plain:
        raise fault(f"@ is a number, not {value!r}", f"Write {value.text} without quotes")
    raise fault(f"@ is a finite number, not {value!r}", "Write a smaller number")


def as_weight(value: Scalar) -> float:
    """Return a number of at most a million either way."""
    number = as_number(value)
    if abs(number) > MAX_WEIGHT:
        raise fault(f"@ is at most {MAX_WEIGHT:.0f} either way, not {value!r}", "Scale it down")
    return number


def as_share(value: Scalar) -> float:
    """Return a number in [0, 1]."""
    number = as_number(value)
    if not 0.0 <= number <= 1.0:
        raise fault(f"@ lies between 0 and 1, not {value!r}", "Write a number such as 0.5")
    return number


def as_whole(value: Scalar) -> int:
    """Return an unquoted whole number that is not negative."""
    if not (value.plain and _WHOLE.fullmatch(value.text)) or int(value.text) < 0:
        raise fault(f"@ is a whole number from 0 on, not {value!r}", "Write a number such as 120")
    return int(value.text)


def as_flag(value: Scalar) -> bool:
    """Return an unquoted true or false."""
    if not value.plain or value.text not in _FLAGS:
        raise fault(f"@ is true or false, not {value!r}", "Write true or false without quotes")
    return _FLAGS[value.text]


def as_true(value: Scalar) -> bool:
    """Return True; false says nothing here."""
    if not as_flag(value):
        raise fault("@ is true or left out", "Delete the key")
    return True


def one_of(names: Sequence[str]) -> Reads:
    """Return what reads one of these words."""

    def word(value: Scalar) -> str:
        text = as_text(value)
        if text not in names:
            raise fault(f"@ is {value!r}, which is not known", did_you_mean(text, names))
        return text

    return Reads(word, {"enum": list(names)})


SCALARS = ["string", "number", "boolean"]
LITERAL = {"type": SCALARS, "minLength": 1}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}

Text: TypeAlias = Annotated[str, Reads(as_text, {"type": SCALARS})]
"""Text kept as it stands; may be empty where it is quoted."""
Prose: TypeAlias = Annotated[str, Reads(as_prose, {"type": SCALARS, "pattern": r"\S"})]
"""Text for a reader: not blank, white space around it removed."""
Verbatim: TypeAlias = Annotated[str, Reads(as_literal, LITERAL)]
"""Text to look for: not empty, every blank of it counts."""
Slug: TypeAlias = Annotated[
    str,
    Reads(as_slug, {"type": ["string", "integer"], "pattern": f"^{_SLUG.pattern}$", "minimum": 0}),
]
Weight: TypeAlias = Annotated[
    float, Reads(as_weight, {"type": "number", "minimum": -MAX_WEIGHT, "maximum": MAX_WEIGHT})
]
Share: TypeAlias = Annotated[float, Reads(as_share, SHARE)]
Whole: TypeAlias = Annotated[int, Reads(as_whole, {"type": "integer", "minimum": 0})]
Flag: TypeAlias = Annotated[bool, Reads(as_flag, {"type": "boolean"})]
Only: TypeAlias = Annotated[bool, Reads(as_true, {"const": True})]
"""A flag that is true or left out."""
