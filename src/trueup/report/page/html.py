"""The frame of a page: templates that escape everything, one style sheet, and its policy."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from trueup.report.safe import one_line, visible
from trueup.report.words import counted

_LONGEST = 2000
_PARAGRAPH = 600


def environment(package: str, *, paragraph: int = _PARAGRAPH) -> Environment:
    """Return the environment of a report's templates, which lie in its folder `template`.

    Args:
        package: Of the report, as `trueup.report.calibration`.
        paragraph: The most characters of a text that are shown.
    """
    made = Environment(
        loader=PackageLoader(package, "template"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: _shown(value, paragraph),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"counted": counted, "excerpt": excerpt, "one_line": one_line}
    return made


def style_of(package: str) -> Markup:
    """Return the style that all pages share, with a report's own after it."""
    shared = files("trueup.report.page").joinpath("style.css").read_text("utf-8")
    own = files(package).joinpath("template/style.css").read_text("utf-8")
    return Markup(shared + own)  # noqa: S704 - our own files


def style_hash(style: str) -> str:
    """Return the hash by which a content security policy allows a style sheet."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def excerpt(text: str) -> Markup:
    """Return the beginning of a long text, and how long it is."""
    return escape(_cut(visible(text), _LONGEST))


def _shown(value: Any, paragraph: int) -> Any:  # noqa: ANN401 - whatever a template prints
    """Return what a template prints, cut to a paragraph, with control characters written out."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _cut(visible(value), paragraph)
    return value


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}\u2026 ({len(text):,} characters)"
