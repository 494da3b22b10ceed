"""The kinds of judge files: what each may say, and what it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from trueup.errors import JudgeError, WorkspaceError, did_you_mean
from trueup.judge.origin import read_from
from trueup.judge.vote import Aggregate  # noqa: TC001 - pydantic reads it while running

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trueup.judge.file import JudgeFile
    from trueup.judge.protocol import Judge

_Place: TypeAlias = "tuple[str | int, ...]"


class PanelSpec(BaseModel):
    """A judge that asks several judges and counts their votes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["panel"]
    name: str | None = None
    members: Annotated[tuple[str | dict[str, Any], ...], Field(min_length=1)]
    """Names of judges, paths from this file's folder, or whole specifications."""
    aggregate: Aggregate = "majority"
    weights: dict[str, PositiveFloat] = {}
    quorum: PositiveInt | None = None


class ReplaySpec(BaseModel):
    """A judge that repeats what was recorded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["replay"]
    name: str | None = None
    path: Annotated[str, Field(min_length=1)]


class Members(Protocol):
    """Finds the judges that a panel names."""

    def __call__(self, name: str, folder: Path) -> Judge:
        """Return a judge by name, or by path from a folder."""
        ...


class Part:
    """A specification in a judge file: the whole file, or a panel's inline member."""

    def __init__(
        self, file: JudgeFile, body: Mapping[str, Any], *, name: str, members: Members, at: _Place
    ) -> None:
        self.file = file
        self.body = body
        self.name = name
        """What the judge is called where the specification does not say."""
        self.members = members
        self.at = at

    def error(self, what: str, *path: str | int, mend: str) -> JudgeError:
        """Return an error about something in this specification."""
        return JudgeError(what, where=self.file.where((*self.at, *path)), mend=mend)


def build(part: Part) -> Judge:
    """Return the judge that a specification describes.

    Raises:
        JudgeError: Its kind is unknown, or it says something that its kind does not take.
    """
    kind = part.body.get("kind")
    if kind is None:
        raise part.error("it says no kind", mend=f"Write kind: {' | '.join(KINDS)}")
    if not (isinstance(kind, str) and kind in KINDS):
        what = f"the kind {kind!r} is not known"
        raise part.error(what, "kind", mend=did_you_mean(str(kind), KINDS))
    return KINDS[kind](part)


def _llm(part: Part) -> Judge:
    from trueup.judge.llm.judge import LLMJudge  # noqa: PLC0415 - only where it is used
    from trueup.judge.llm.spec import LLMSpec  # noqa: PLC0415 - same

    judge = LLMJudge(part.file.spec(LLMSpec, part.body, part.at), name=part.name)
    return read_from(judge, lambda key: part.file.where((*part.at, key)))


def _features(part: Part) -> Judge:
    from trueup.judge.features.file import rebuild  # noqa: PLC0415 - loads numpy

    return rebuild(part.body, name=part.name, where=part.file.where(part.at))


def _replay(part: Part) -> Judge:
    from trueup.judge.replay import Replay  # noqa: PLC0415 - only where it is used

    spec = part.file.spec(ReplaySpec, part.body, part.at)
    path = part.file.path.parent / spec.path
    try:
        return Replay(path, name=spec.name or part.name)
    except JudgeError as error:
        what = f"there is no recording {spec.path}"
        raise part.error(what, "path", mend=error.mend or "") from None


def _panel(part: Part) -> Judge:
    from trueup.judge.panel import Panel  # noqa: PLC0415 - panels build their members here

    spec = part.file.spec(PanelSpec, part.body, part.at)
    members = [_member(part, number, member) for number, member in enumerate(spec.members)]
    # a weight may stand under the word that the file has for a member, or under its own name
    words = {word: judge.name for word, judge in zip(spec.members, members, strict=True)
             if isinstance(word, str)}  # fmt: skip
    try:
        return Panel(
            spec.name or part.name,
            members,
            aggregate=spec.aggregate,
            weights={words.get(word, word): weight for word, weight in spec.weights.items()},
            quorum=spec.quorum,
        )
    except JudgeError as error:
        raise part.error(error.what, mend=error.mend or "") from None


def _member(part: Part, number: int, member: str | Mapping[str, Any]) -> Judge:
    if not isinstance(member, str):
        name = str(member.get("model") or f"{member.get('kind', 'member')}-{number + 1}")
        at = (*part.at, "members", number)
        return build(Part(part.file, member, name=name, members=part.members, at=at))
    try:
        return part.members(member, part.file.path.parent)
    except WorkspaceError as error:
        raise part.error(error.what, "members", number, mend=error.mend or "") from error


KINDS: dict[str, Callable[[Part], Judge]] = {
    "llm": _llm,
    "panel": _panel,
    "features": _features,
    "replay": _replay,
}
"""The word after `kind:` -> what makes the judge."""
