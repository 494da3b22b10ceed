"""`trueup check`: lint rubrics, and read judges and runners without running them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, GATE_FAILED, Json, respond
from trueup.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from trueup.runner.check import Checked

_BROKEN = 2


def command(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or workspaces; this folder by default.", metavar="PATH"),
    ] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules and leave.")] = False,
    json_: Json = False,
) -> int:
    """Lint rubrics, read judges and runners. Nothing is run."""
    if rules:
        from trueup.report.console import table  # noqa: PLC0415 - heavy
        from trueup.rubric.lint import RULES  # noqa: PLC0415 - heavy

        listed = [{"rule": r.id, "severity": r.severity, "detects": r.detects} for r in RULES]
        respond(listed, [table(listed)], json_=json_)
        return FINE
    from trueup.runner.check import check_paths  # noqa: PLC0415 - heavy

    checked = check_paths(paths or [Path()])
    respond([file.to_dict() for file in checked], _render(checked), json_=json_)
    if any(file.problem for file in checked):
        return _BROKEN
    return GATE_FAILED if any(file.failing(strict=strict) for file in checked) else FINE


def _render(checked: Sequence[Checked]) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415 - heavy

    from trueup.report.console import indented  # noqa: PLC0415 - heavy
    from trueup.report.safe import visible  # noqa: PLC0415 - heavy

    colours = {"error": "red", "warn": "yellow", "info": "cyan"}
    counts = dict.fromkeys((*colours, "ignored"), 0)
    for file in checked:
        if file.problem:
            yield Text(visible(file.problem), style="red")
        for remark in file.remarks:
            counts["ignored" if remark.ignored else remark.severity] += 1
            if remark.ignored:
                continue
            head = Text(f"{visible(str(remark.place or file.path))}: ")
            head.append(remark.severity, style=colours[remark.severity])
            head.append(f" {remark.rule}")
            if remark.span:
                head.append(f" '{visible(remark.span)}'", style="dim")
            yield head
            yield indented(visible(f"{remark.why} {remark.mend}"))
    broken = sum(bool(file.problem) for file in checked)
    parts = [f"{counted(len(checked), 'file')} checked"]
    parts += [f"{broken:,} unusable"] if broken else []
    parts += [f"{count:,} {name}" for name, count in counts.items() if count]
    yield ", ".join(parts)
