"""Everything that was found about one item, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from trueup.item.model import as_text
from trueup.report.safe import one_line, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType

_LONGEST = 2000


def render(found: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield the item's text, its score, and each finding with its explanation."""
    yield Text(f"{visible(found['item_id'])}  (run {found['run']})", style="bold")
    text = found["text"]
    if text is None:
        yield Text("its text was forgotten", style="yellow")
    else:
        for name in ("input", "context", "reference", "output"):
            if text[name]:
                yield Text(name, style="dim")
                yield Text(_cut(text[name]))
    score = found["score"]
    if score["value"] is not None:
        yield Text(f"score {score['value']:.3f}", style="bold")
    elif score["low"] is not None:
        yield Text(f"score between {score['low']:.3f} and {score['high']:.3f}", style="bold")
    else:
        yield Text(f"no score: {found['outcome']}", style="bold")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("criterion", "outcome", "value", "by", "why"):
        table.add_column(name)
    for finding in found["findings"]:
        value = finding["level"] or ("" if finding["value"] is None else f"{finding['value']:.2f}")
        why = finding["explanation"] or finding["reason"]
        outcome = finding["outcome"].replace("_", " ")
        table.add_row(
            finding["criterion"], outcome, value, finding["decided_by"], one_line(why, 300)
        )
    yield table


def _cut(value: Any) -> str:  # noqa: ANN401 - text or messages, out of JSON
    text = visible(as_text(tuple(value) if isinstance(value, list) else str(value)))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\u2026 ({len(text):,} characters)"
