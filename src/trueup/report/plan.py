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
    for name, value in _lines(plan):
        table.add_row(name, value)
    yield table
    if plan.calls and plan.dollars is None:
        yield f"The price is {plan.priced}; a judge file may declare it."
    elif plan.calls:
        yield f"Prices are from {plan.priced}."
    yield "Nothing was asked."


def _lines(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "items", f"{plan.items:,}"
    yield "findings known before", f"{plan.known:,}"
    yield "findings that code decides", f"{plan.by_code:,}"
    yield "findings to ask a judge for", f"{plan.to_judge:,}"
    yield "calls", f"{plan.calls:,}"
    if plan.known_calls:
        yield "calls saved, answered before or asked alike", f"{plan.known_calls:,}"
    if not plan.calls:
        return
    yield "input tokens, about", f"{plan.input_tokens:,}"
    yield "of them a prefix cache can serve", f"{plan.cacheable_share:.0%}"
    yield "output tokens, about", f"{plan.output_tokens:,}"
    yield "dollars, about", _dollars(plan.dollars)
    if plan.dollars is not None:
        yield "dollars without a prefix cache", _dollars(plan.dollars_uncached)


def _dollars(value: float | None) -> str:
    return "unknown" if value is None else f"${value:,.4f}"
