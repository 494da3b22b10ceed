"""Every error that trueup raises on purpose.

    TrueupError
    ├── ConfigError            what the user wrote cannot be used            exit 2
    │   ├── RubricError        a rubric file
    │   ├── JudgeError         a judge file, plug-in or object
    │   ├── DataError          a file or frame of items or labels
    │   ├── WorkspaceError     a folder, runner or name
    │   ├── StoreError         the store's file or URL
    │   └── CredentialsError   a key is missing or was refused
    ├── TooFewLabels           too few to fit a judge or to say anything     exit 3
    ├── Undefined              these data define no such statistic           exit 3
    ├── JudgeUnavailable       no call got through at all                    exit 3
    └── NoReward               a trainer must have a number, there is none   exit 3

A judge that fails on one item raises nothing: that is a finding with a named outcome, counted and
shown. Programming mistakes stay TypeError and ValueError.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class TrueupError(Exception):
    """Say what is wrong, where, and how to mend it.

    Args:
        what: One sentence without its full stop.
        where: File, line, column, item or name that the sentence is about.
        mend: What the reader can do about it.
    """

    exit_status: ClassVar[int] = 70

    def __init__(self, what: str, *, where: str | None = None, mend: str | None = None) -> None:
        self.what = what
        self.where = where
        self.mend = mend
        text = f"{where}: {what}" if where else what
        super().__init__(f"{text}. {mend}" if mend else text)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the keyword arguments, which plain exceptions lose."""
        return (_rebuild, (type(self), self.what, self.where, self.mend))


def _rebuild(
    kind: type[TrueupError], what: str, where: str | None, mend: str | None
) -> TrueupError:
    return kind(what, where=where, mend=mend)


class ConfigError(TrueupError):
    """What the user wrote cannot be used."""

    exit_status: ClassVar[int] = 2


class RubricError(ConfigError):
    """A rubric file cannot be used."""


class JudgeError(ConfigError):
    """A judge file, plug-in or object cannot be used."""


class DataError(ConfigError):
    """A file or frame of items or labels cannot be used."""


class WorkspaceError(ConfigError):
    """A folder, runner or name cannot be found or used."""


class StoreError(ConfigError):
    """A store cannot be opened or is of another version."""


class CredentialsError(ConfigError):
    """A key is missing or was refused, so that asking is pointless."""


class TooFewLabels(TrueupError):
    """There are too few labels to fit or to trust a judge."""

    exit_status: ClassVar[int] = 3


class Undefined(TrueupError):
    """These data do not define the statistic, as alpha where all ratings are the same."""

    exit_status: ClassVar[int] = 3


class JudgeUnavailable(TrueupError):
    """No call got through to the judge at all."""

    exit_status: ClassVar[int] = 3


class NoReward(TrueupError):
    """The judge gave no score of an output, and the trainer knows no missing one."""

    exit_status: ClassVar[int] = 3


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence naming the closest known name, or all of them where few.

    Returns an empty string where there is nothing to offer.
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")  # noqa: PLR2004 - a line's worth
    return f"Known: {shown}"
