"""Everything that was found about one item, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from trueup.item.model import as_text
from trueup.report.console import indented, table
from trueup.report.safe import one_line, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType

_LONGEST = 2000
_QUOTED = 3


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
                yield indented(_cut(text[name]), by=2)
    score = found["score"]
    if score["value"] is not None:
        yield Text(f"score {score['value']:.3f}", style="bold")
    elif score["low"] is not None:
        yield Text(f"score between {score['low']:.3f} and {score['high']:.3f}", style="bold")
    else:
        yield Text(f"no score: {found['outcome']}", style="bold")
    repeated = any(finding["replicate"] for finding in found["findings"])
    rows = (_row(finding, repeated=repeated) for finding in found["findings"])
    yield table(rows, right=["replicate", "value"])


def _row(finding: Mapping[str, Any], *, repeated: bool) -> dict[str, str]:
    value = finding["value"]
    return {
        "criterion": finding["criterion"],
        **({"replicate": str(finding["replicate"])} if repeated else {}),
        "outcome": finding["outcome"].replace("_", " "),
        "level": one_line(finding["level"] or "", 40),
        # a judge may score beside its nearest level: what was scored is the value
        "value": "" if value is None else f"{value:.2f}",
        "by": finding["decided_by"],
        "why": _why(finding),
    }


def _why(finding: Mapping[str, Any]) -> str:
    """Return reason, explanation and quotations, as far as there are any."""
    parts = [one_line(part, 300) for part in (finding["reason"], finding["explanation"]) if part]
    quoted = [f"\u201c{one_line(text, 100)}\u201d" for text in finding["evidence"][:_QUOTED]]
    return "\n".join([": ".join(parts), *quoted]).strip()


def _cut(value: Any) -> str:  # noqa: ANN401 - text or messages, out of JSON
    text = visible(as_text(tuple(value) if isinstance(value, list) else str(value)))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\u2026 ({len(text):,} characters)"
