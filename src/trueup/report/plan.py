"""The plan of a run, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from trueup.runner.plan import Plan


def render(plan: Plan) -> Iterator[RenderableType]:
    """Yield what a run would ask and cost."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in (
        ("items", f"{plan.items:,}"),
        ("findings known before", f"{plan.known:,}"),
        ("findings that code decides", f"{plan.by_code:,}"),
        ("findings to ask a judge for", f"{plan.to_judge:,}"),
        ("calls", f"{plan.calls:,}"),
        ("calls answered from the store", f"{plan.known_calls:,}"),
        ("input tokens, about", f"{plan.input_tokens:,}"),
        ("of them a prefix cache can serve", f"{plan.cacheable_share:.0%}"),
        ("output tokens, about", f"{plan.output_tokens:,}"),
        ("dollars, about", _dollars(plan.dollars)),
        ("dollars without a prefix cache", _dollars(plan.dollars_uncached)),
        ("price from", plan.priced),
    ):
        table.add_row(name, value)
    yield table
    yield "Nothing was asked."


def _dollars(value: float | None) -> str:
    return "unknown" if value is None else f"${value:,.4f}"
