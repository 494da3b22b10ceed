"""Runner files: a named, repeatable run as YAML; today of kind `score`.

    kind: score
    items: outputs.jsonl
    rubric: support-reply
    judge: local
    out: scores.jsonl

Paths are relative to the folder that holds `runners/`, so that a run means the same from
wherever it is started.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from trueup.errors import WorkspaceError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATHS = ("items", "out", "out_items", "store")


class BudgetSpec(BaseModel):
    """Caps on what a run may spend."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dollars: Annotated[float, Field(gt=0)] | None = None
    tokens: PositiveInt | None = None
    calls: PositiveInt | None = None


class ScoreSpec(BaseModel):
    """A run that scores a file of outputs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["score"]
    about: str = ""
    items: str
    rubric: str
    judge: str | None = None
    store: str | None = None
    out: str | None = None
    out_items: str | None = None
    map: dict[str, str] | None = None
    timezone: str | None = None
    occasion: str = ""
    replicates: PositiveInt = 1
    concurrency: PositiveInt | None = None
    budget: BudgetSpec | None = None
    limit: PositiveInt | None = None
    bar: Annotated[float, Field(ge=0, le=1)] | None = None

    def options(self) -> dict[str, Any]:
        """Return the arguments of `trueup.ascore` that this run stands for, but its items."""
        caps = self.budget.model_dump(exclude_none=True) if self.budget else None
        return {
            "rubric": self.rubric,
            "judge": self.judge,
            "store": self.store,
            "concurrency": self.concurrency,
            "budget": caps or None,
            "limit": self.limit,
            "occasion": self.occasion,
            "replicates": self.replicates,
            "field_map": self.map,
            "timezone": self.timezone,
        }


def load_runner(path: Path, *, changes: Mapping[str, str] | None = None) -> ScoreSpec:
    """Read a runner file.

    Args:
        path: The file.
        changes: Keys that are to have another value this time; their paths are relative to the
            folder one is in.

    Raises:
        WorkspaceError: The file is no runner; with the line where there is one.
    """
    body = _read(path)
    if not isinstance(body, dict):
        raise WorkspaceError("a runner is a mapping with a kind", where=str(path))
    # a runner in runners/ speaks of the folder above; one that stands alone, of its own
    root = path.parent.parent if path.parent.name == "runners" else path.parent
    for name in (*_PATHS, "rubric", "judge"):
        if isinstance(body.get(name), str):
            body[name] = _rooted(root, body[name], always=name in _PATHS)
    body.update(changes or {})
    try:
        return ScoreSpec.model_validate(body)
    except ValidationError as error:
        raise WorkspaceError(_problems(error), where=str(path)) from error


def _read(path: Path) -> object:
    try:
        return YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"this runner cannot be read ({error})", where=str(path)) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise WorkspaceError(f"this is no YAML: {error.problem}", where=where) from error


def _rooted(root: Path, value: str, *, always: bool) -> str:
    """Return a path below the workspace; names of rubrics and judges stay names."""
    if "://" in value or Path(value).is_absolute():
        return value
    if always or "/" in value or Path(value).suffix in {".yaml", ".yml", ".py"}:
        return str(root / value)
    return value


def _problems(error: ValidationError) -> str:
    found = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            known = ScoreSpec.model_fields
            found.append(f"unknown key '{key}'. {did_you_mean(key, known)}")
        elif problem["type"] == "missing":
            found.append(f"'{key}' is missing; give it in the file, or with --set {key}=...")
        else:
            found.append(f"'{key}': {problem['msg']}")
    return "; ".join(found)
