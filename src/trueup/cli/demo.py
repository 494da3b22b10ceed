"""`trueup demo`: everything once, on simulated data, without a network or a key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.cli.common import FINE, Json, going_to, respond
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from trueup.runner.fit import Fitted

_LIES = (
    ("outputs.jsonl", "the outputs: replies of a simulated assistant"),
    ("labels.jsonl", "what three simulated annotators said of them"),
    ("rubrics/support-demo.yaml", "the rubric: edit it, then trueup check"),
    ("judges/", "a Python rule, the fitted judge, a panel of both"),
    ("runners/score.yaml", "the same run by name: trueup run score"),
    (".trueup/trueup.db", "every verdict, so that nothing is asked twice"),
)
_NEXT = (
    ("trueup show --item sup-122", "what was found about one reply, and why"),
    ("trueup doctor outputs.jsonl", "what this data allows, and what is missing"),
    ("trueup run score", "again: everything is known, nothing is asked"),
)


def command(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")] = Path("trueup-demo"),
    *,
    json_: Json = False,
) -> int:
    """Try everything on simulated data. It needs no network and no key."""
    from trueup.runner.demo import make_workspace, run_demo  # noqa: PLC0415 - heavy

    make_workspace(folder)
    demo = run_demo(folder)
    summary = demo.scores.summary()
    body = {"folder": str(folder), "fit": demo.fitted.to_dict(), "summary": summary}
    respond(body, _render(folder, demo.fitted, summary), json_=json_)
    return FINE


def _render(folder: Path, fitted: Fitted, summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415 - heavy

    from trueup.cli import fit  # noqa: PLC0415 - heavy
    from trueup.report import scores  # noqa: PLC0415 - heavy

    heading = "1. A judge learnt from people's labels (simulated, as is all data here)"
    yield Text(heading, style="bold")
    yield from fit.render(fitted, folder / "judges" / "surface.yaml")
    heading = "2. Every output scored: by code checks, by a rule, by the fitted judge"
    yield Text(f"\n{heading}", style="bold")
    yield from scores.render(summary)
    yield Text(f"\n3. What lies in {one_line(str(folder), 60)}", style="bold")
    yield from _pairs(_LIES)
    yield Text("\nNext", style="bold")
    yield f"   {going_to(folder)}"
    yield from _pairs(_NEXT)


def _pairs(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max(len(name) for name, _ in pairs)
    return (f"   {name:{width}}  {what}" for name, what in pairs)
