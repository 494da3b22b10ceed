"""Changes to a runner for once: what `--set` says, put into what its file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trueup.errors import WorkspaceError
from trueup.rubric.source import read_faultless
from trueup.runner.kinds import LISTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def change(body: dict[str, Any], changes: Mapping[str, str | Sequence[str]]) -> None:
    """Give keys other values.

    Args:
        body: What the file says; changed.
        changes: Keys, dotted where they are inside others -> the value, or several of a list. An
            empty one takes the key out, so that its default holds. A list may stand in brackets.

    Raises:
        WorkspaceError: A key that takes one value has several, or a list is written otherwise.
    """
    for key, given in changes.items():
        values = [given] if isinstance(given, str) else list(given)
        if key in LISTS:
            _put(body, key, [part for value in values for part in _parts(key, value)])
        elif len(values) > 1:
            what = f"{key} is given {len(values)} times, and takes one value"
            mend = f"Leave one; lists are {', '.join(LISTS)}"
            raise WorkspaceError(what, where=f"--set {key}", mend=mend)
        else:
            _put(body, key, values[0])


def _put(body: dict[str, Any], key: str, value: str | list[str]) -> None:
    *outer, name = key.split(".")
    for part in outer:
        inner = body.get(part)
        body[part] = body = dict(inner) if isinstance(inner, dict) else {}
    if value:
        body[name] = value
    else:
        body.pop(name, None)


def _parts(key: str, value: str) -> list[str]:
    """Return what a value of a list says: one part, or those between brackets."""
    where = f"--set {key}"
    if value.lstrip().startswith("["):
        found = read_faultless(value, file=where, error=WorkspaceError).root.plain(
            lambda scalar: None if scalar.null else scalar.text
        )
        if not isinstance(found, list) or not all(isinstance(part, str) for part in found):
            mend = f"Write --set '{key}=[a, b]'"
            raise WorkspaceError(f"'{value}' is no list of texts", where=where, mend=mend)
        return found
    if "," in value:
        mend = f"Write --set '{key}=[a, b]', or give --set {key}=... once for each"
        raise WorkspaceError(f"'{value}' is one text with a comma", where=where, mend=mend)
    return [value] if value else []
