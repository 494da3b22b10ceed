"""The summary of a run as a table for the terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.text import Text

from trueup.report.console import indented, table
from trueup.report.safe import one_line
from trueup.report.words import counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType
    from rich.table import Table

_NONE = "\u2013"
_MINUTE = 60


def render(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what a run's summary looks like: heading, table, outcomes, cost."""
    rubric = summary["rubric"]
    n = summary["items"]["n"]
    early = _early(summary)
    occasion = f"occasion {summary['occasion']}, " if summary["occasion"] else ""
    heading = (
        f"{rubric['name']} (version {rubric['version']}), judge {summary['judge']}, {occasion}"
        f"{counted(n, 'item')}, {'means of what came first, ' if early else ''}"
        f"{summary['calibration']}"
    )
    yield Text(one_line(heading, 200), style="bold")
    if summary["status"] not in _WHOLE:
        yield indented(_stop(summary, early=early), by=0, style="yellow")
    yield _table(summary)
    if n and not summary["items"]["outcomes"].get("scored"):
        yield Text("No item got a score.", style="yellow")
    if _open(summary) and not early:
        yield Text(f"Over all items {_between(summary)}, whatever the missing values are.")
    yield from _reasons(summary)
    yield from _absent(summary)
    yield Text(cost_line(summary), style="dim")


def _table(summary: Mapping[str, Any]) -> Table:
    rows = [_row(_name(part), part["mean"], part["outcomes"]) for part in summary["criteria"]]
    made = table(rows, right=("mean", "95 % interval", "scored"))
    made.add_section()
    total = _row(Text("score", style="bold"), summary["score"], summary["items"]["outcomes"])
    made.add_row(*total.values())
    return made


def _row(name: Text, figure: Mapping[str, Any], outcomes: Mapping[str, int]) -> dict[str, Any]:
    mean, interval = _NONE, _NONE
    if figure["estimate"] is not None:
        mean = f"{figure['estimate']:.2f}"
        interval = f"{figure['low']:.2f} to {figure['high']:.2f}"
    return {
        "criterion": name,
        "mean": mean,
        "95 % interval": interval,
        "scored": f"{outcomes.get('scored', 0):,}",
        "other outcomes": counts(outcomes) or _NONE,
    }


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


def counts(outcomes: Mapping[str, int]) -> str:
    """Return the counts of every outcome but `scored`, in words."""
    rest = ((name, count) for name, count in outcomes.items() if name != "scored" and count)
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in rest)


def _reasons(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield a line a criterion with the reasons of every outcome without a value."""
    for part in summary["criteria"]:
        by_outcome: dict[str, list[str]] = {}
        for name, count in part["reasons"].items():
            outcome, _, reason = name.partition(": ")
            by_outcome.setdefault(outcome, []).append(f"{one_line(reason, 60)} {count:,}")
        why = (f"{o.replace('_', ' ')} ({', '.join(r)})" for o, r in by_outcome.items())
        if by_outcome:
            line = f"{one_line(part['id'], 40)}: {', '.join(why)}"
            yield indented(line, by=2, style="dim")


def _absent(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield a line for each member that a panel had to do without."""
    absent: Counter[str] = Counter()
    for part in summary["criteria"]:
        absent.update(part.get("unavailable", {}))
    for name, count in absent.items():
        line = f"{one_line(name, 40)} was unavailable: {counted(count, 'finding')} without its vote"
        yield indented(line, by=2, style="dim")


def cost_line(summary: Mapping[str, Any]) -> str:
    """Return what a run cost, in a line."""
    cost = summary["cost"]
    where = f"run {summary['run']} in {summary['store']}"
    if not cost:
        return where
    seconds = cost["seconds"]
    parts = [f"{seconds:.1f} s" if seconds < _MINUTE else duration(seconds)]
    if cost["calls"]:
        parts.insert(0, counted(cost["calls"], "call"))
        parts.insert(1, f"{_tokens(cost)}, {cost['output_tokens']:,} out")
        if cost.get("unmetered"):
            parts[1] += f" (not told for {counted(cost['unmetered'], 'call')})"
        if cost["dollars"]:
            parts.insert(2, f"${cost['dollars']:,.4f}")
    if cost["reused"]:
        parts.append(f"{counted(cost['reused'], 'finding')} known before")
    return f"{', '.join(parts)}; {where}"


def _tokens(cost: Mapping[str, Any]) -> str:
    tokens, cached = cost["input_tokens"], cost["cached_tokens"]
    # servers count as they like: more from the cache than there was, or something of nothing
    share = f" ({min(cached / tokens, 1):.0%} cached)" if cached and tokens else ""
    return f"{counted(tokens, 'token')} in{share}"


_WHOLE = ("done", "tried")
_STOPS = {
    "budget": ("Stopped: the budget is used up.", "Run again with more to go on from here."),
    "interrupted": ("Interrupted.", "Run again to go on from here."),
    "failed": ("The run failed.", "Run again to go on from here."),
    "running": ("This run has not ended, or was killed.", "Run again to go on from here."),
}


def _open(summary: Mapping[str, Any]) -> bool:
    """Tell whether values that are missing may still move the mean over the items."""
    score = summary["score"]
    return score["low_bound"] is not None and score["low_bound"] != score["high_bound"]


def _between(summary: Mapping[str, Any]) -> str:
    low, high = summary["score"]["low_bound"], summary["score"]["high_bound"]
    return f"the mean is between {low:.2f} and {high:.2f}"


def _early(summary: Mapping[str, Any]) -> bool:
    """Tell whether the means are of what came first: a run that ended early has seen no more.

    Under a budget every item is still seen, so that means may stand for all of them.
    """
    status = summary["status"]
    return status not in _WHOLE and (status != "budget" or _open(summary))


def _stop(summary: Mapping[str, Any], *, early: bool) -> str:
    """Return how a run ended early, and what that means for its means."""
    status, n, scored = summary["status"], summary["items"]["n"], summary["score"]["n"]
    stopped, mend = _STOPS.get(status, (f"Status: {status}.", "Run again to go on from here."))
    if not early:
        return f"{stopped} {mend}"
    # what code decides and what fails a gate is settled first, so the first are no sample
    of = f"{scored:,} of {counted(n, 'item')} {'has' if scored == 1 else 'have'} a score"
    first = f"{of}: those settled first, no sample of all." if scored else f"{of}."
    over = f"all {n:,}" if status == "budget" else f"the {n:,} that were reached"
    bounds = f" Over {over} {_between(summary)}." if _open(summary) else ""
    return f"{stopped} {first}{bounds} {mend}"
