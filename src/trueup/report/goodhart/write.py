"""Write a Goodhart report to a file; the ending says how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.page.files import check_file, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trueup.report.goodhart.model import GoodhartReport


def check_report(path: Path) -> None:
    """Make sure that a report can be written there, before anything is spent.

    Raises:
        ConfigError: The ending is unknown, or the folder is missing or closed.
    """
    check_file(path, WRITERS)


def write_report(report: GoodhartReport, path: Path) -> None:
    """Write a report as HTML, Markdown, JSON or JUnit XML; nobody ever sees half a file.

    The same report gives the same bytes.

    Args:
        report: What to write.
        path: The file; its ending is .html, .md, .json or .xml.

    Raises:
        ConfigError: The ending is unknown, or the file cannot be written.
    """
    check_report(path)
    write_whole(WRITERS[path.suffix](report), path)


def _html(report: GoodhartReport) -> str:
    from trueup.report.goodhart.html import html  # noqa: PLC0415 - jinja2 is slow to import

    return html(report)


def _markdown(report: GoodhartReport) -> str:
    from trueup.report.goodhart.markdown import markdown  # noqa: PLC0415 - as the others

    return markdown(report)


def _json(report: GoodhartReport) -> str:
    from trueup.report.goodhart.data import to_json  # noqa: PLC0415 - as the others

    return to_json(report)


def _junit(report: GoodhartReport) -> str:
    from trueup.report.goodhart.junit import junit  # noqa: PLC0415 - as the others

    return junit(report)


WRITERS: Mapping[str, Callable[[GoodhartReport], str]] = {
    ".html": _html,
    ".md": _markdown,
    ".json": _json,
    ".xml": _junit,
}
