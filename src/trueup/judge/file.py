"""A judge file's YAML (or JSON) as plain data that still knows its lines.

It is read like a rubric: from events, without tags, with every key once, and not larger written
out than a person would write. Words become numbers and flags as YAML 1.2 says: `no` is a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from trueup.errors import JudgeError
from trueup.judge.secret import holds_secret, names_secret
from trueup.rubric.slips import slips
from trueup.rubric.source import MAX_CHARACTERS, read_faultless

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trueup.rubric.scalar import Scalar
    from trueup.rubric.source import Source

Spec = TypeVar("Spec", bound=BaseModel)

_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


@dataclass(frozen=True, slots=True)
class JudgeFile:
    """One judge file, read."""

    path: Path
    source: Source
    body: dict[str, Any]

    def where(self, path: tuple[str | int, ...] = (), *, key: bool = False) -> str:
        """Return file:line of a value, or of the last part of its path that exists.

        Args:
            path: Keys and positions from the root.
            key: Point at the key itself.
        """
        return f"{self.path}:{self.source.find(path, key=key).line}"

    def spec(self, kind: type[Spec], body: object = None, at: tuple[str | int, ...] = ()) -> Spec:
        """Return the file, or a part of it, as a specification.

        Args:
            kind: The specification's model.
            body: The part; None for the whole file.
            at: Where the part stands.

        Raises:
            JudgeError: A key is unknown, missing, or holds something else.
        """
        try:
            return kind.model_validate(self.body if body is None else body)
        except ValidationError as error:
            found = slips(error, kind, self.body if body is None else body, private=True)
        first, mend = found[0], found[0].mend
        if len(found) > 1:
            mend = f"{mend} ({len(found) - 1} more in this file)".strip()
        where = self.where((*at, *first.path), key=first.at_key)
        raise JudgeError(first.what, where=where, mend=mend or None)


def read_judge_file(path: Path) -> JudgeFile:
    """Read a judge file.

    Raises:
        JudgeError: There is no such file, it is no YAML mapping, or it holds a secret.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})"
        raise JudgeError(what, where=str(path), mend="Check its path") from error
    except UnicodeDecodeError as error:
        raise JudgeError(
            "the file is no UTF-8", where=str(path), mend="Save it as UTF-8"
        ) from error
    if len(text) > MAX_CHARACTERS or not text.strip():
        size = "larger than any judge" if text.strip() else "empty"
        mend = "Write at least `kind: llm` and a model"
        raise JudgeError(f"the file is {size}", where=str(path), mend=mend)
    source = read_faultless(text, file=str(path), error=JudgeError)
    body = source.root.plain(_value)
    if not isinstance(body, dict):
        mend = "Write `kind: llm` and so on, a key a line"
        raise JudgeError("the file is no mapping", where=f"{path}:1", mend=mend)
    file = JudgeFile(path, source, body)
    _refuse_secrets(file)
    return file


def _value(scalar: Scalar) -> str | float | bool | None:
    if scalar.null:
        return None
    text = scalar.text
    if not scalar.plain:
        return text
    if text in _FLAGS:
        return _FLAGS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _refuse_secrets(file: JudgeFile) -> None:
    for path, text in _texts(file.body, ()):
        name = str(path[-1]) if path else ""
        named = names_secret(name) and "weights" not in path  # there, names are judges
        if holds_secret(text) or (named and text):
            what = f"'{name}' holds a key: files are shared, keys are not"
            mend = "Name the environment variable that holds it instead: api_key_env: NAME"
            raise JudgeError(what, where=file.where(path), mend=mend)


def _texts(
    value: object, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _texts(part, (*path, at))
    elif value is not None:
        yield path, str(value)
