"""What `trueup goodhart` prints and writes: a look at a table, or what a runner says."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from trueup.cli.common import (
    FINE,
    GATE_FAILED,
    INCONCLUSIVE,
    INTERRUPTED,
    console,
    home_of,
    own_stdout,
    print_error,
    print_json,
    store_place,
)
from trueup.cli.goodhart_print import numbered, render, report_of, to_dict
from trueup.errors import ConfigError, WorkspaceError
from trueup.report.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trueup.runner.goodhart.kind import GoodhartSpec
    from trueup.runner.goodhart.results import Watching
    from trueup.store.store import Store
    from trueup.workspace import Workspace

STATUS = {"passed": FINE, "failed": GATE_FAILED, "inconclusive": INCONCLUSIVE}


def look_at_table(
    table: Path,
    said: Mapping[str, Any],
    *,
    name: str | None,
    by: Sequence[str],
    store: str | None,
    reports: Sequence[Path],
    backtest: bool,
    json_: bool,
) -> int:
    """Look at a table whose columns are named or guessed; print it and return the exit status."""
    from trueup.report.goodhart.write import check_report  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.arguments import watch_spec  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.guess import guess  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.naming import name_of, named  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.run import run_watch  # noqa: PLC0415 - heavy

    for path in reports:
        check_report(path)
    try:
        guessed = guess(table, said)
        spec = watch_spec(guessed.said, columns=guessed.columns)
        with _kept(store) as opened, own_stdout(), _progress() as show:
            watch, told = name or name_of(table), tuple[str, ...]()
            if opened is not None and not name:
                watch, told = named(opened, table, home=_home())
            found = run_watch(
                str(table),
                spec,
                name=watch,
                source=str(table),
                by=by,
                store=opened,
                backtest=backtest,
                explain=_explain,
                guesses=guessed.guesses,
                notes=(*guessed.notes, *told),
                on_part=show,
            )
    except KeyboardInterrupt:
        return _interrupted(json_=json_)
    return show_watching(found, reports=reports, json_=json_)


def look_at_runner(
    runner: str,
    said: Mapping[str, Any],
    *,
    by: Sequence[str] | None,
    store: str | None,
    reports: Sequence[Path],
    backtest: bool,
    json_: bool,
) -> int:
    """Run the workspace's watch; options on the command line are for tables."""
    from trueup.registry import resolve  # noqa: PLC0415 - heavy
    from trueup.runner.spec import load_runner  # noqa: PLC0415 - heavy

    if said or by:
        what = "columns are named, and no table"
        mend = "Name it first: trueup goodhart TABLE; what is watched without one is in the runner"
        raise ConfigError(what, mend=mend)
    path = resolve("runner", runner)
    spec = load_runner(path)
    if spec.kind != "goodhart":
        raise WorkspaceError(f"this runner is of kind {spec.kind}", where=str(path),
                             mend="Write kind: goodhart")  # fmt: skip
    return look_at_spec(
        spec,
        path,
        store=store,
        reports=reports,
        backtest=backtest,
        json_=json_,
        home=home_of(path),
    )


def look_at_spec(
    spec: GoodhartSpec,
    path: Path,
    *,
    store: str | None = None,
    reports: Sequence[Path] = (),
    backtest: bool = False,
    json_: bool = False,
    home: Workspace | None = None,
) -> int:
    """Look at what a runner says; print it and return the exit status.

    Args:
        spec: What its file says.
        path: The file, whose name is that of the watch.
        store: Where alarms are kept, in place of what it says.
        reports: Files to write beside those it names.
        backtest: Whether to show every look even where it does not say so.
        json_: Print JSON.
        home: The workspace that it is in.
    """
    from trueup.report.goodhart.write import check_report  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.run import run_watch  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.sourced import sourced  # noqa: PLC0415 - heavy

    shipped = () if home is not None else _shipped(path)
    files = [*map(Path, spec.reports), *reports]
    for file in files:
        check_report(file)
    try:
        with _kept(store or spec.store, home=home) as opened, own_stdout(), _progress() as show:
            table, watch = sourced(spec, opened)
            found = run_watch(
                table,
                watch,
                name=path.stem,
                source=str(spec.table or spec.items),
                by=spec.columns_by,
                parts=spec.parts,
                store=opened,
                backtest=backtest or spec.backtest,
                explain=_explain,
                notes=shipped,
                on_part=show,
            )
    except KeyboardInterrupt:
        return _interrupted(json_=json_)
    return show_watching(found, reports=files, json_=json_, simulated=spec.simulated)


def _home() -> Path:
    """Return the workspace's folder, or this one."""
    from trueup.workspace import Workspace  # noqa: PLC0415 - where it is used

    found = Workspace.find()
    return Path.cwd() if found is None else found.root


def _shipped(path: Path) -> tuple[str, ...]:
    """Return that it is the library's own runner, where it is."""
    from trueup.library import library  # noqa: PLC0415 - where it is used

    if path.resolve().parent != (library() / "runners").resolve():
        return ()
    own = "For your own: trueup goodhart TABLE, or write runners/goodhart-watch.yaml"
    return (f"This is the example that ships with trueup. {own}",)


def show_watching(
    found: Watching, *, reports: Sequence[Path], json_: bool, simulated: bool = False
) -> int:
    """Write the reports and print the result; return its exit status."""
    from trueup.report.goodhart.write import write_report  # noqa: PLC0415 - heavy

    made = [report_of(one, found, simulated=simulated) for one in found.watched]
    written = []
    for path in reports:
        for at, report in enumerate(made):
            file = path if len(made) == 1 else numbered(path, found.watched[at].part, at)
            write_report(report, file)
            written.append(str(file))
    if json_:
        print_json(to_dict(found, made))
        return STATUS[found.gate]
    screen = console()
    for part in render(found, made, written):
        screen.print(part)
    return STATUS[found.gate]


@contextmanager
def _kept(place: str | None, *, home: Workspace | None = None) -> Iterator[Store | None]:
    """Yield the store that alarms are kept in: as named, else the workspace's where it has one."""
    from trueup.store.store import Store  # noqa: PLC0415 - heavy

    if place is None and home is None:
        where = store_place(None)
        if not Path(where).is_file():
            yield None
            return
        place = where
    with Store.open(store_place(place, workspace=home)) as opened:
        yield opened


@contextmanager
def _progress() -> Iterator[Any]:
    """Yield what is told the product that is looked at next."""
    screen = console(err=True)
    status = screen.status("reading") if screen.is_terminal else nullcontext()
    with status as shown:

        def show(part: str) -> None:
            if shown is not None and part:
                shown.update(f"looking at {one_line(part, 60)}")

        yield show


def _explain(cells: Any, spec: Any, look: Any) -> Sequence[str]:  # noqa: ANN401 - passed on
    from trueup.goodhart.explain import explain  # noqa: PLC0415 - heavy

    sentences: Sequence[str] = explain(cells, spec, look).sentences
    return sentences


def _interrupted(*, json_: bool) -> int:
    kept = "Alarms that were raised before are kept."
    if json_:
        print_error("Interrupted", "interrupted", mend=kept)
    typer.echo(f"Interrupted. {kept}", err=True)
    return INTERRUPTED
