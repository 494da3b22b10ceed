"""The reference of the watch names what there is: every field, default, verdict and status."""

from __future__ import annotations

import ast
import re
from dataclasses import MISSING, fields
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from trueup import goodhart
from trueup.cli.commands import USAGE
from trueup.cli.goodhart_show import STATUS
from trueup.goodhart import (
    Advice,
    BestOfN,
    Cells,
    Change,
    Look,
    Release,
    Signal,
    SignalChange,
    TrainingMonitor,
    WatchSpec,
)
from trueup.goodhart.ledger import file as ledger
from trueup.goodhart.look import Source, Verdict, Worth
from trueup.goodhart.spec import LOOKS, Design
from trueup.goodhart.training import Action, Alarm
from trueup.runner.goodhart.kind import GoodhartSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "goodhart.md"


def section(name: str) -> str:
    """Return what stands under a heading."""
    return PAGE.read_text("utf-8").split(f"\n## {name}\n")[1].split("\n## ")[0]


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of tables, without their heads."""
    for line in re.findall(r"^\|(.*)\|$", text, re.MULTILINE):
        cells = [cell.strip() for cell in line.split("|")]
        if not set(line) <= set("|- "):
            yield cells


def ticked(text: str) -> set[str]:
    """Return the names between backticks."""
    return {word for span in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"\w+", span)}


def named(text: str) -> list[str]:
    """Return the names in the first column of tables, in order."""
    return [name for cells in rows(text) for name in re.findall(r"`(\w+)`", cells[0])]


def names(kind: type) -> list[str]:
    """Return the fields of a dataclass."""
    return [field.name for field in fields(kind)]


def default(cell: str) -> object:
    """Return the value that a cell names; MISSING where it is required."""
    return MISSING if cell == "required" else ast.literal_eval(cell.strip("`"))


@pytest.mark.parametrize("kind", [WatchSpec, Signal], ids=lambda kind: kind.__name__)
def test_every_field_stands_with_its_default(kind: type) -> None:
    table = {name: default(cells[3]) for cells in rows(section(kind.__name__))
             for name in re.findall(r"^`(\w+)`", cells[0])}  # fmt: skip

    assert table == {field.name: field.default for field in fields(kind)}


def test_the_looks_that_share_a_rate_are_those_of_the_code() -> None:
    horizon = next(row for row in rows(section("WatchSpec")) if row[0] == "`horizon`")

    assert f"`weekly` {LOOKS['weekly']}, `concurrent` {LOOKS['concurrent']}," in horizon[4]


def test_every_field_of_a_look_has_a_row() -> None:
    assert sorted(named(section("Look"))) == sorted(names(Look))


@pytest.mark.parametrize("kind", [Change, SignalChange, Worth], ids=lambda kind: kind.__name__)
def test_every_field_of_what_a_look_holds_is_named(kind: type) -> None:
    assert set(names(kind)) - ticked(section("Look")) == set()


def test_every_public_name_has_its_place() -> None:
    assert sorted(named_at_all(section("Names"))) == sorted(goodhart.__all__)


def named_at_all(text: str) -> set[str]:
    """Return the names that the first column begins its spans with."""
    return {name for cells in rows(text) for name in re.findall(r"`(\w+)", cells[0])}


def test_every_verdict_design_and_source_stands_and_no_other() -> None:
    assert sorted(named(section("Verdicts"))) == sorted(get_args(Verdict))
    assert {*named(section("Designs")), "auto"} == set(get_args(Design))
    assert set(get_args(Source)) <= ticked(section("Look"))


def test_every_field_of_cells_and_ledger_is_named() -> None:
    assert set(names(Cells)) - ticked(section("Cells")) == set()
    assert set(named(section("Ledger"))) == set(ledger._OF_JSON)
    assert set(names(Release)) - ticked(section("Ledger")) == set()


def test_every_setting_of_the_training_monitor_stands_with_its_default() -> None:
    text = section("In a training loop").split("`update(")[0]
    settings = signature(TrainingMonitor).parameters.values()

    assert {cells[0].strip("`"): default(cells[2]) for cells in list(rows(text))[1:]} == {
        one.name: one.default for one in settings
    }


def test_every_field_of_advice_and_best_of_n_has_a_row() -> None:
    advice, best = section("In a training loop").split("`update(")[1].split("`best_of_n(")

    assert sorted(named(advice)) == sorted(["Advice", *names(Advice)])
    assert sorted(named(best)) == sorted(["BestOfN", *names(BestOfN)])
    assert {*get_args(Action), *get_args(Alarm)} <= ticked(advice)


def test_every_key_of_the_runner_is_a_row_or_a_field_of_the_spec() -> None:
    keys = set(named(section("goodhart-watch.yaml")))

    assert keys == set(GoodhartSpec.model_fields) - set(names(WatchSpec))
    assert set(names(WatchSpec)) <= set(GoodhartSpec.model_fields)


def test_every_exit_status_has_a_row() -> None:
    found = [int(cells[0]) for cells in list(rows(section("Exit status")))[1:]]

    assert found == sorted({*STATUS.values(), USAGE})
