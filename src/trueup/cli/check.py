"""`trueup check`: lint rubrics, and read judges and runners without running them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trueup.cli.common import FINE, GATE_FAILED, Json, console, print_json
from trueup.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        return _rules(json_=json_)
    from trueup.runner.check import check_paths  # noqa: PLC0415 - heavy

    checked = check_paths(paths or [Path()])
    if json_:
        print_json([file.to_dict() for file in checked])
    else:
        _show(checked)
    if any(file.problem for file in checked):
        return _BROKEN
    return GATE_FAILED if any(file.failing(strict=strict) for file in checked) else FINE


def _rules(*, json_: bool) -> int:
    from trueup.rubric.lint import RULES  # noqa: PLC0415 - heavy

    listed = [
        {"rule": rule.id, "severity": str(rule.severity), "detects": rule.detects} for rule in RULES
    ]
    if json_:
        print_json(listed)
    else:
        _show_rules(listed)
    return FINE


def _show_rules(listed: Sequence[Mapping[str, str]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - heavy

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("rule", "severity", "detects"):
        table.add_column(name)
    for row in listed:
        table.add_row(row["rule"], row["severity"], row["detects"])
    console().print(table)


def _show(checked: Sequence[Checked]) -> None:
    from rich.text import Text  # noqa: PLC0415 - heavy

    from trueup.report.console import indented  # noqa: PLC0415 - heavy
    from trueup.report.safe import visible  # noqa: PLC0415 - heavy

    colours = {"error": "red", "warn": "yellow", "info": "cyan"}
    screen = console()
    counts = dict.fromkeys(("error", "warn", "info", "ignored"), 0)
    for file in checked:
        if file.problem:
            screen.print(Text(visible(file.problem), style="red"))
        for remark in file.remarks:
            counts["ignored" if remark.ignored else remark.severity] += 1
            if remark.ignored:
                continue
            head = Text(f"{visible(str(remark.place or file.path))}: ")
            head.append(remark.severity, style=colours[remark.severity])
            head.append(f" {remark.rule}")
            if remark.span:
                head.append(f" '{visible(remark.span)}'", style="dim")
            screen.print(head)
            screen.print(indented(visible(f"{remark.why} {remark.mend}")))
    broken = sum(bool(file.problem) for file in checked)
    parts = [f"{counted(len(checked), 'file')} checked"]
    parts += [f"{broken:,} unusable"] if broken else []
    parts += [f"{count:,} {name}" for name, count in counts.items() if count]
    screen.print(", ".join(parts))
