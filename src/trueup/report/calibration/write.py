"""Write a calibration to a file; the ending says how."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from trueup.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trueup.runner.calibration.result import Calibration


def check_report(path: Path) -> None:
    """Make sure that a report can be written there, before anything is spent.

    Raises:
        ConfigError: The ending is unknown, or the folder is missing or closed.
    """
    where = str(path)
    if path.suffix not in WRITERS:
        what = f"reports are written as {', '.join(WRITERS)}, not '{path.suffix}'"
        raise ConfigError(what, where=where, mend="Choose one of these endings")
    if path.is_dir():
        raise ConfigError("this is a folder", where=where, mend="Name a file")
    if not path.parent.is_dir():
        mend = "Make the folder, or name another"
        raise ConfigError("the folder does not exist", where=str(path.parent), mend=mend)
    if not os.access(path.parent, os.W_OK):
        mend = "Name another folder, or ask for the right to write there"
        raise ConfigError("the folder cannot be written", where=str(path.parent), mend=mend)


def write_report(calibration: Calibration, path: Path) -> None:
    """Write a calibration as HTML, Markdown, JSON or JUnit XML; nobody ever sees half a file.

    The same calibration gives the same bytes.

    Args:
        calibration: What to write.
        path: The file; its ending is .html, .md, .json or .xml.

    Raises:
        ConfigError: The ending is unknown, or the file cannot be written.
    """
    check_report(path)
    text = WRITERS[path.suffix](calibration)
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


def _html(calibration: Calibration) -> str:
    from trueup.report.calibration.html import page  # noqa: PLC0415 - jinja2 is slow to import

    return page(calibration)


def _markdown(calibration: Calibration) -> str:
    from trueup.report.calibration.markdown import comment  # noqa: PLC0415 - as the others

    return comment(calibration)


def _json(calibration: Calibration) -> str:
    return json.dumps(calibration.to_dict(), indent=2, allow_nan=False) + "\n"


def _junit(calibration: Calibration) -> str:
    from trueup.report.calibration.junit import suite  # noqa: PLC0415 - as the others

    return suite(calibration)


WRITERS: Mapping[str, Callable[[Calibration], str]] = {
    ".html": _html,
    ".md": _markdown,
    ".json": _json,
    ".xml": _junit,
}
