"""The plan of a run, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.report.console import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from trueup.runner.plan import Plan


def render(plan: Plan) -> Iterator[RenderableType]:
    """Yield what a run would ask and cost."""
    made = table(({"what": name, "count": value} for name, value in _lines(plan)), right=["count"])
    made.show_header = False
    yield made
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
