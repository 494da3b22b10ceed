"""The labelling tools that are known, in the order in which a file is held against them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.label.tool.argilla import ARGILLA
from trueup.label.tool.label_studio import LABEL_STUDIO
from trueup.label.tool.langfuse import LANGFUSE
from trueup.label.tool.langsmith import LANGSMITH

if TYPE_CHECKING:
    from trueup.item.rows import Rows
    from trueup.label.tool.shape import Tool

TOOLS = (LABEL_STUDIO, ARGILLA, LANGFUSE, LANGSMITH)


def recognised(rows: Rows) -> Tool | None:
    """Return the tool whose export these rows are, by their shape alone."""
    return next((tool for tool in TOOLS if tool.recognises(rows)), None)
