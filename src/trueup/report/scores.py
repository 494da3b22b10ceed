"""The summary of a run as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType

_NONE = "\u2013"


def render(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what a run's summary looks like: heading, table, outcomes, cost."""
    rubric = summary["rubric"]
    n = summary["items"]["n"]
    heading = (
        f"{rubric['name']} (version {rubric['version']}), judge {summary['judge']}, "
        f"{n:,} {'item' if n == 1 else 'items'}, {summary['calibration']}"
    )
    yield Text(one_line(heading, 200), style="bold")
    if summary["status"] != "done":
        yield Text(_status(summary["status"]), style="yellow")
    yield _table(summary)
    score = summary["score"]
    if score["low_bound"] is not None and score["low_bound"] != score["high_bound"]:
        yield Text(
            f"Items without a score, at their worst and best, bring the mean to between "
            f"{score['low_bound']:.2f} and {score['high_bound']:.2f}."
        )
    yield from _reasons(summary)
    yield Text(cost_line(summary), style="dim")


def _table(summary: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("criterion")
    table.add_column("mean", justify="right")
    table.add_column("95 % interval", justify="right")
    table.add_column("scored", justify="right")
    table.add_column("other outcomes")
    for part in summary["criteria"]:
        outcomes = part["outcomes"]
        table.add_row(
            _name(part),
            *_figure(part["mean"]),
            f"{outcomes.get('scored', 0):,}",
            counts(outcomes) or _NONE,
        )
    table.add_section()
    items = summary["items"]["outcomes"]
    table.add_row(
        Text("score", style="bold"),
        *_figure(summary["score"]),
        f"{items.get('scored', 0):,}",
        counts(items) or _NONE,
    )
    return table


def _name(part: Mapping[str, Any]) -> Text:
    notes = []
    if part["gate"]:
        notes.append("gate")
    if part["weight"] < 0:
        notes.append(f"penalty {part['weight']:g}")
    elif part["weight"] not in {0, 1}:
        notes.append(f"weight {part['weight']:g}")
    name = Text(one_line(part["id"], 40))
    return name.append(f"  {', '.join(notes)}", style="dim") if notes else name


def _figure(figure: Mapping[str, Any]) -> tuple[str, str]:
    if figure["estimate"] is None:
        return _NONE, _NONE
    return f"{figure['estimate']:.2f}", f"{figure['low']:.2f} to {figure['high']:.2f}"


def counts(outcomes: Mapping[str, int]) -> str:
    """Return the counts of every outcome but `scored`, in words."""
    rest = ((name, count) for name, count in outcomes.items() if name != "scored" and count)
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in rest)


def _reasons(summary: Mapping[str, Any]) -> Iterator[Text]:
    for part in summary["criteria"]:
        why = [f"{count:,} x {reason}" for reason, count in part["reasons"].items()]
        if why:
            yield Text(
                f"  {one_line(part['id'], 40)}: {one_line(', '.join(why), 120)}", style="dim"
            )


def cost_line(summary: Mapping[str, Any]) -> str:
    """Return what a run cost, in a line."""
    cost = summary["cost"]
    where = f"run {summary['run']} in {summary['store']}"
    if not cost:
        return where
    parts = [f"{cost['seconds']:,.1f} s"]
    if cost["calls"]:
        parts.insert(0, f"{cost['calls']:,} calls")
        tokens = cost["input_tokens"]
        cached = f" ({cost['cached_tokens'] / tokens:.0%} cached)" if cost["cached_tokens"] else ""
        parts.insert(1, f"{tokens:,} tokens in{cached}, {cost['output_tokens']:,} out")
        if cost["dollars"]:
            parts.insert(2, f"${cost['dollars']:,.4f}")
    if cost["reused"]:
        parts.append(f"{cost['reused']:,} findings known before")
    return f"{', '.join(parts)}; {where}"


def _status(status: str) -> str:
    return {
        "budget": "Stopped: the budget is used up. Run again with more to go on from here.",
        "interrupted": "Interrupted. Run again to go on from here.",
        "failed": "The run failed. Run again to go on from here.",
        "running": "This run has not ended, or was killed. Run again to go on from here.",
    }.get(status, f"Status: {status}")
