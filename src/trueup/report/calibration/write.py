"""Write a calibration to a file; the ending says how."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trueup.report.page.files import check_file, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trueup.runner.calibration.result import Calibration


def check_report(path: Path) -> None:
    """Make sure that a report can be written there, before anything is spent.

    Raises:
        ConfigError: The ending is unknown, or the folder is missing or closed.
    """
    check_file(path, WRITERS)


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
    write_whole(WRITERS[path.suffix](calibration), path)


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
