"""The command line: its commands, and what its exit status means.

0 fine; 1 a gate failed; 2 usage or configuration, credentials included; 3 inconclusive: too
little data, nothing scored, budget stop, judge unreachable; 70 a crash of trueup itself; 130
interrupted; 141 nobody read the output to its end, as a shell reports it of any program.
"""

from __future__ import annotations

import io
from importlib import import_module
from traceback import format_exception
from typing import Annotated

import typer

from trueup.cli.common import INTERRUPTED, print_error
from trueup.errors import TrueupError
from trueup.report.safe import visible

# typer carries its own click, whose base of all usage errors has no public name
UsageFault: type[Exception] = typer.BadParameter.__mro__[2]

USAGE = 2
CRASHED = 70
UNREAD = 141

app = typer.Typer(
    name="trueup",
    help="Keep an LLM judge honest: score outputs against YAML rubrics.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help starts in half the time
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 fine, 1 a gate failed, 2 usage or configuration, 3 inconclusive.",
)

COMMANDS = ("init", "demo", "list", "check", "diff", "schema", "doctor", "fit", "score", "label",
            "calibrate", "goodhart", "run", "show", "forget")  # fmt: skip
for _name in COMMANDS:
    _module = import_module(f"trueup.cli.{_name}")
    app.command(
        _name, cls=getattr(_module, "CLASS", None), epilog=getattr(_module, "EPILOG", None)
    )(_module.command)


@app.callback(invoke_without_command=True)
def _main(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True)
    ] = False,
) -> None:
    if version:
        from trueup import __version__  # noqa: PLC0415 - read where it is printed

        typer.echo(__version__)
        raise typer.Exit


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit status."""
    as_json = "--json" in arguments
    try:
        status = app(arguments, prog_name="trueup", standalone_mode=False)
    except TrueupError as error:
        return _refused(error, as_json=as_json)
    except UsageFault as error:
        return _misused(error, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("Interrupted.", err=True)
        return INTERRUPTED
    except SystemExit as left:
        if isinstance(left.__context__, BrokenPipeError):
            return UNREAD  # whoever read our output has gone; typer and rich end with 1 then
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not end with 1, a failed gate
        return _crashed(error, as_json=as_json)
    return status if isinstance(status, int) else 0


def _refused(error: TrueupError, *, as_json: bool) -> int:
    if as_json:
        print_error(type(error).__name__, error.what, where=error.where, mend=error.mend)
    lines = visible(str(error)).split("\n")
    typer.echo(f"trueup: {lines[0]}", err=True)
    for line in lines[1:]:
        typer.echo(f"  {line}", err=True)
    return error.exit_status


def _misused(error: Exception, *, as_json: bool) -> int:
    if as_json:
        message = error.format_message()  # type: ignore[attr-defined] # every click exception has it
        print_error("UsageError", message, mend="See --help")
    text = io.StringIO()
    error.show(file=text)  # type: ignore[attr-defined] # same
    typer.echo(visible(text.getvalue()).rstrip("\n"), err=True)
    return USAGE


def _crashed(error: Exception, *, as_json: bool) -> int:
    from trueup.judge.secret import conceal  # noqa: PLC0415 - on a crash only

    what = conceal(f"trueup itself failed ({type(error).__name__}: {error})")
    if as_json:
        print_error("Crash", what)
    typer.echo(visible(conceal("".join(format_exception(error)))).rstrip("\n"), err=True)
    typer.echo(f"trueup: {visible(what)}. What was answered is kept", err=True)
    return CRASHED
