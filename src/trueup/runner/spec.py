"""Runner files: a named, repeatable run as YAML, of one of the kinds in `kinds.py`.

    kind: score
    items: outputs.jsonl
    rubric: support-reply
    judge: local
    out: scores.jsonl

Paths are relative to the folder that holds `runners/`, so that a run means the same from
wherever it is started.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from trueup.errors import WorkspaceError, did_you_mean
from trueup.rubric.slips import slips
from trueup.rubric.source import read_faultless
from trueup.runner.changes import change
from trueup.runner.kinds import KINDS, PATHS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.rubric.scalar import Scalar
    from trueup.rubric.source import Source
    from trueup.runner.kinds import AnySpec


def load_runner(path: Path, *, changes: Mapping[str, str | Sequence[str]] | None = None) -> AnySpec:
    """Read a runner file.

    Args:
        path: The file.
        changes: Keys, dotted where they are inside others, that are to have another value this
            time, several of a list, or none where it is empty; their paths are relative to the
            folder one is in.

    Raises:
        WorkspaceError: The file is no runner; with the line where there is one.
    """
    source = _read(path)
    body = source.root.plain(_text)
    if not isinstance(body, dict):
        mend = "Write `kind: score` and so on, a key a line"
        raise WorkspaceError("a runner is a mapping with a kind", where=str(path), mend=mend)
    # a runner in runners/ speaks of the folder above; one that stands alone, of its own
    inside = path.resolve().parent.name == "runners"
    root = path.parent if not inside else path.parent.parent if path.parent.name else Path("..")
    named = () if body.get("kind") == "goodhart" else ("judge",)  # there it is a column
    for name in (*PATHS, "rubric", *named):
        if isinstance(body.get(name), str):
            body[name] = _rooted(root, body[name], always=name in PATHS)
        elif isinstance(body.get(name), list):
            body[name] = [_rooted(root, part, always=True) if isinstance(part, str) else part
                          for part in body[name]]  # fmt: skip
    change(body, changes or {})
    meant = difflib.get_close_matches(str(body.get("kind")), KINDS, n=1)
    kind = KINDS[meant[0] if meant else "score"]
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise _problem(error, path, source, kind, body=body, changes=changes or {}) from None


def _read(path: Path) -> Source:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        what = f"this runner cannot be read ({getattr(error, 'strerror', None) or 'no UTF-8'})"
        raise WorkspaceError(what, where=str(path), mend="Check its path and rights") from error
    if not text.strip():
        mend = "Write `kind: score` and so on, a key a line"
        raise WorkspaceError("the file is empty", where=str(path), mend=mend)
    return read_faultless(text, file=str(path), error=WorkspaceError)


def _text(scalar: Scalar) -> str | None:
    """Return a scalar as it stands there: the key decides what is meant."""
    return None if scalar.null else scalar.text


def _rooted(root: Path, value: str, *, always: bool) -> str:
    """Return a path below the workspace; names of rubrics and judges stay names."""
    if "://" in value or Path(value).is_absolute():
        return value
    if always or "/" in value or Path(value).suffix in {".yaml", ".yml", ".json", ".py"}:
        return str(root / value)
    return value


def _problem(
    error: ValidationError,
    path: Path,
    source: Source,
    kind: type[AnySpec],
    *,
    body: Mapping[str, Any],
    changes: Mapping[str, str | Sequence[str]],
) -> WorkspaceError:
    first, *others = slips(error, kind, body)
    key, mend = ".".join(map(str, first.path)), first.mend
    if key == "kind" and "kind" in body:
        known = f"Kinds are {', '.join(KINDS)}"
        mend = f"{did_you_mean(str(body['kind']), KINDS)} {known}".strip()
    if first.kind == "missing":
        mend = f"{mend}, or give --set {key}=..."
    if others:
        mend = f"{mend} ({len(others)} more in this file)".strip()
    if key in changes:
        return WorkspaceError(first.what, where=f"--set {key}", mend=mend or None)
    place = source.find(first.path, key=first.at_key)
    where = str(path) if first.kind == "missing" else f"{path}:{place.line}"
    return WorkspaceError(first.what, where=where, mend=mend or None)
