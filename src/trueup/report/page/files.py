"""Files of reports: whether one can be written, and writing it whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from trueup.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def check_file(path: Path, endings: Iterable[str], *, what: str = "reports") -> None:
    """Make sure that a file can be written there, before anything is spent.

    Args:
        path: The file.
        endings: Those there are, as `.html`.
        what: What is written, in the plural.

    Raises:
        ConfigError: The ending is unknown, or the folder is missing or closed.
    """
    where = str(path)
    known = tuple(endings)
    if path.suffix not in known:
        wrong = f"{what} are written as {', '.join(known)}, not '{path.suffix}'"
        raise ConfigError(wrong, where=where, mend="Choose one of these endings")
    if path.is_dir():
        raise ConfigError("this is a folder", where=where, mend="Name a file")
    if not path.parent.is_dir():
        mend = "Make the folder, or name another"
        raise ConfigError("the folder does not exist", where=str(path.parent), mend=mend)
    if not os.access(path.parent, os.W_OK):
        mend = "Name another folder, or ask for the right to write there"
        raise ConfigError("the folder cannot be written", where=str(path.parent), mend=mend)


def write_whole(text: str, path: Path) -> None:
    """Write a report; nobody ever sees half a file.

    Raises:
        ConfigError: The file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_text(text, "utf-8", newline="\n")
        unfinished.replace(path)
    except OSError as error:
        what = f"the report cannot be written ({error.strerror or error})"
        mend = "Name another file, or make room"
        raise ConfigError(what, where=str(path), mend=mend) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
