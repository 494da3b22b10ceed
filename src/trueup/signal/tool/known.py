"""The platforms that are known, in the order in which a file is held against them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.signal.tool.amplitude import AMPLITUDE
from trueup.signal.tool.langfuse import LANGFUSE
from trueup.signal.tool.langsmith import LANGSMITH
from trueup.signal.tool.otel import OPENTELEMETRY
from trueup.signal.tool.phoenix import PHOENIX
from trueup.signal.tool.posthog import POSTHOG

if TYPE_CHECKING:
    from trueup.item.rows import Rows
    from trueup.signal.tool.shape import Export

EXPORTS = (OPENTELEMETRY, AMPLITUDE, POSTHOG, PHOENIX, LANGFUSE, LANGSMITH)


def recognised(rows: Rows) -> Export | None:
    """Return the platform whose export these rows are, by their shape alone."""
    return next((export for export in EXPORTS if export.recognises(rows)), None)
