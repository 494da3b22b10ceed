"""The `trueup` command: its commands, and what its exit status means.

0 fine; 1 a gate failed; 2 usage or configuration, credentials included; 3 inconclusive: too
little data, nothing scored, budget stop, judge unreachable; 70 a crash of trueup itself; 130
interrupted.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module

import typer

from trueup.errors import TrueupError

# typer carries its own click, whose base of all usage errors has no public name
UsageFault: type[Exception] = typer.BadParameter.__mro__[2]

USAGE = 2
INTERRUPTED = 130
CRASHED = 70

app = typer.Typer(
    name="trueup",
    help="Keep an LLM judge honest: score outputs against YAML rubrics.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help starts in half the time
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 fine, 1 a gate failed, 2 usage or configuration, 3 inconclusive.",
)

COMMANDS = (
    "init",
    "demo",
    "list",
    "check",
    "diff",
    "schema",
    "doctor",
    "fit",
    "score",
    "run",
    "show",
    "forget",
)
for _name in COMMANDS:
    _module = import_module(f"trueup.cli.{_name}")
    app.command(_name)(_module.command)


@app.callback(invoke_without_command=True)
def _main(
    *, version: bool = typer.Option(default=False, help="Print the version and leave.")
) -> None:
    if version:
        from trueup import __version__  # noqa: PLC0415 - read where it is printed

        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line and leave with its exit status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit status."""
    try:
        status = app(arguments, prog_name="trueup", standalone_mode=False)
    except TrueupError as error:
        return _refused(error, as_json="--json" in arguments)
    except UsageFault as error:
        error.show()  # type: ignore[attr-defined] # every click exception has it
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("Interrupted. What was answered is kept; run again to go on.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone
        return 0
    return status if isinstance(status, int) else 0


def _refused(error: TrueupError, *, as_json: bool) -> int:
    from trueup.report.safe import visible  # noqa: PLC0415 - on errors only

    if as_json:
        body = {"kind": type(error).__name__, "what": error.what, "where": error.where,
                "mend": error.mend}  # fmt: skip
        typer.echo(json.dumps({"error": body}))
    lines = visible(str(error)).split("\n")
    typer.echo(f"trueup: {lines[0]}", err=True)
    for line in lines[1:]:
        typer.echo(f"  {line}", err=True)
    return error.exit_status
