"""Work: keys in, screens out, and every answer recorded before the next screen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from trueup.label.model import Label
    from trueup.runner.labelling.flips import Reworded
    from trueup.runner.labelling.session import Session
    from trueup.runner.labelling.task import Step

RESIZED = "resize"
"""The key that says that the screen has another size, or has lost what was on it."""


class Terminal(Protocol):
    """What a session is shown on, and where keys come from."""

    def read(self) -> str:
        """Wait for a key: a character, the name of a key, `resize`, or `eof`."""
        ...

    def show(self, session: Session) -> int:
        """Show where a session is; return how many lines of text are shown at once."""
        ...


def work(
    session: Session,
    terminal: Terminal,
    *,
    record: Callable[[Label], object],
    taken: Callable[[str], Collection[Step]] | None = None,
) -> None:
    """Run a session until the person leaves.

    Args:
        session: Where they are.
        terminal: What they see, and what they press.
        record: Keeps a label for good; what it raises ends the session.
        taken: Item id -> the questions about it that enough others have answered by now.
    """
    checked = None
    while not session.over:
        while taken is not None and session.step.item_id != checked and not session.over:
            checked = session.step.item_id
            session.drop(taken(checked))
        if session.over:
            return
        page = terminal.show(session)
        key = terminal.read()
        if key == RESIZED:
            continue
        label = session.press(key, at=datetime.now(UTC), page=page)
        if label is not None:
            record(label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What came of a session."""

    rubric: str
    source: str
    annotator: str
    answered: int
    """Questions that have an answer now and had none before."""
    open: int
    """Questions that are left, deferred ones too."""
    deferred: int
    items: int
    reworded: tuple[Reworded, ...]
    """What became of answers to earlier wordings."""

    @classmethod
    def of(cls, session: Session, *, source: str, reworded: Collection[Reworded]) -> Worked:
        """Return what came of a session."""
        at = session.progress
        return cls(
            rubric=session.rubric.name,
            source=source,
            annotator=session.annotator,
            answered=max(at.answered - session.before, 0),
            open=0 if session.overtaken else at.steps - at.answered,
            deferred=at.deferred,
            items=at.items,
            reworded=tuple(reworded),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for `--json`."""
        return asdict(self)
