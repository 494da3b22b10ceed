"""State: a monitor's memory as JSON, exact to the last bit; its file is whole or absent."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from trueup.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "trueup.training-monitor"
VERSION = 1

Part = TypeVar("Part")


def plain(part: Any) -> Any:  # noqa: ANN401 - parts hold numbers, lists and arrays
    """Return a part as what JSON can hold; arrays as the base64 of little-endian doubles."""
    if dataclasses.is_dataclass(part):
        return {one.name: plain(getattr(part, one.name)) for one in dataclasses.fields(part)}
    if isinstance(part, np.ndarray):
        data = np.ascontiguousarray(part, dtype="<f8").tobytes()
        return {"shape": list(part.shape), "float64": base64.b64encode(data).decode("ascii")}
    if isinstance(part, list | tuple):
        return [plain(one) for one in part]
    if isinstance(part, float) and part != part:  # noqa: PLR0124 - NaN, which JSON lacks
        return "nan"
    return part


def part(kind: type[Part], held: Mapping[str, Any]) -> Part:
    """Return a part from what `plain` made of it."""
    return kind(**{name: _back(value) for name, value in held.items()})


def _back(value: Any) -> Any:  # noqa: ANN401 - see `plain`
    if isinstance(value, dict):
        data = base64.b64decode(value["float64"], validate=True)
        return np.frombuffer(data, dtype="<f8").reshape(value["shape"]).astype(np.float64)
    if isinstance(value, list):
        return [_back(one) for one in value]
    return float("nan") if value == "nan" else value


def sealed(body: dict[str, Any]) -> dict[str, Any]:
    """Return a state with its format, version and checksum."""
    return {"format": FORMAT, "version": VERSION, "checksum": _checksum(body), **body}


def opened(state: Any, *, where: str | None = None) -> dict[str, Any]:  # noqa: ANN401 - anything may be in a file
    """Return a state's body, checked.

    Raises:
        DataError: It is no monitor's state, of another version, or was changed.
    """
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise DataError(
            "this is no state of a training monitor", where=where, mend="Give what save() wrote."
        )
    if state.get("version") != VERSION:
        raise DataError(
            f"the state is of version {state.get('version')!r}, and this trueup reads {VERSION}",
            where=where,
            mend="Use the trueup that wrote it, or begin a new monitor.",
        )
    body = {k: v for k, v in state.items() if k not in {"format", "version", "checksum"}}
    if state.get("checksum") != _checksum(body):
        raise broken("its checksum does not fit", where)
    return body


def broken(why: str, where: str | None) -> DataError:
    """Return the error for a state that cannot be read."""
    return DataError(
        f"the state of the training monitor is damaged ({why})",
        where=where,
        mend="Take an older copy, or begin a new monitor.",
    )


FAULTS = (KeyError, TypeError, ValueError, AttributeError, binascii.Error)
"""What rebuilding a monitor from a damaged state may raise."""


def _checksum(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def write(state: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a state beside its place and move it there, so that a crash leaves the old one."""
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(state, file, allow_nan=False)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: str | os.PathLike[str]) -> Any:  # noqa: ANN401 - `opened` checks it
    """Return what a file holds.

    Raises:
        DataError: It cannot be read, or is no JSON.
    """
    try:
        text = Path(path).read_text("utf-8")
    except OSError as error:
        raise DataError(
            f"the state cannot be read ({error.strerror})",
            where=str(path),
            mend="Give the path that save() wrote to.",
        ) from error
    except UnicodeDecodeError as error:
        raise broken("it is no text", str(path)) from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise broken(f"no JSON from line {error.lineno} on", str(path)) from error
