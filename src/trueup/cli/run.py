"""`trueup run`: a named run from runners/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.cli.calibrate import calibrate_and_show, told_in
from trueup.cli.common import Json, home_of, store_place
from trueup.cli.goodhart_show import look_at_spec
from trueup.cli.score import score_and_show
from trueup.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.runner.kinds import CalibrateSpec, ScoreSpec
    from trueup.workspace import Workspace


def command(
    name: Annotated[str, typer.Argument(help="Name or path of a runner.")],
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Instead of what the file says; repeated, a list.", metavar="KEY=VALUE"
        ),
    ] = None,
    *,
    json_: Json = False,
) -> int:
    """Run a named job. Its file in runners/ says how."""
    from trueup.registry import resolve  # noqa: PLC0415 - heavy
    from trueup.runner.goodhart.kind import GoodhartSpec  # noqa: PLC0415 - heavy
    from trueup.runner.kinds import CalibrateSpec  # noqa: PLC0415 - heavy
    from trueup.runner.spec import load_runner  # noqa: PLC0415 - heavy

    path = resolve("runner", name)
    spec = load_runner(path, changes=_changes(changes or ()))
    home = home_of(path)
    if isinstance(spec, CalibrateSpec):
        reports = [Path(report) for report in spec.reports]
        with told_in(reports, Path(spec.items), spec.options()):
            options = _resolved(spec, home)
        return calibrate_and_show(Path(spec.items), options, reports=reports, json_=json_)
    if isinstance(spec, GoodhartSpec):
        return look_at_spec(spec, path, json_=json_, home=home)
    options = _resolved(spec, home)
    return score_and_show(
        Path(spec.items),
        options,
        out=Path(spec.out) if spec.out else None,
        out_items=Path(spec.out_items) if spec.out_items else None,
        bar=spec.bar,
        json_=json_,
    )


def _resolved(spec: ScoreSpec | CalibrateSpec, home: Workspace | None) -> dict[str, Any]:
    """Return the arguments of a run, with names as paths, and where its verdicts are kept."""
    from trueup.registry import resolve  # noqa: PLC0415 - heavy

    return {
        **spec.options(),
        "rubric": resolve("rubric", spec.rubric, workspace=home),
        "judge": None if spec.judge is None else resolve("judge", spec.judge, workspace=home),
        "store": store_place(spec.store, workspace=home),
    }


def _changes(given: Sequence[str]) -> dict[str, list[str]]:
    """Return key -> what it is to be, in the order in which that was said.

    Raises:
        ConfigError: One of them is not KEY=VALUE.
    """
    found: dict[str, list[str]] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            mend = "Write for example --set sample=50"
            raise ConfigError(f"--set wants KEY=VALUE, not '{text}'", mend=mend)
        found.setdefault(key.strip(), []).append(value)
    return found
