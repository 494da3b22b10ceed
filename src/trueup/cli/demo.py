"""`trueup demo`: everything once, on simulated data, without a network or a key."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, Json, console, print_json
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    from trueup.cli.fit import show_fit  # noqa: PLC0415 - heavy
    from trueup.cli.score import show_summary  # noqa: PLC0415 - heavy
    from trueup.runner.demo import make_workspace, run_demo  # noqa: PLC0415 - heavy

    make_workspace(folder)
    demo = run_demo(folder)
    summary = demo.scores.summary()
    if json_:
        print_json({"folder": str(folder), "fit": demo.fitted.to_dict(), "summary": summary})
        return FINE
    screen = console()
    screen.print(
        "1. A judge learnt from people's labels (simulated, as is all data here)", style="bold"
    )
    show_fit(demo.fitted, folder / "judges" / "surface.yaml")
    screen.print()
    screen.print(
        "2. Every output scored: by code checks, by a rule, by the fitted judge", style="bold"
    )
    show_summary(summary)
    screen.print()
    screen.print(f"3. What lies in {one_line(str(folder), 60)}", style="bold")
    _print_pairs(_LIES)
    screen.print()
    screen.print("Next", style="bold")
    screen.print(f"   cd {shlex.quote(str(folder))}")
    _print_pairs(_NEXT)
    return FINE


def _print_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in pairs)
    screen = console()
    for name, what in pairs:
        screen.print(f"   {name:{width}}  {what}")
