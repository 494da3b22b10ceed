"""Trying a judge out: what it says is kept, and neither the ledger nor a draw hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.runner.calibration.material import (
    WEEK,
    WEEKS,
    chosen,
    judge,
    labels,
    lines,
    number,
    only,
    outputs,
)
from trueup.errors import DataError, JudgeUnavailable
from trueup.runner.calibration.result import Agreement
from trueup.runner.calibration.unmeasured import NO_RUN, Sought, unmeasured
from trueup.store import ledger
from trueup.store.draws import draws

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.calibration.conftest import Calibrate
    from trueup.store.store import Store


def test_a_candidate_is_compared_and_leaves_ledger_and_draws_alone(
    run: Calibrate, store: Store, tmp_path: Path
) -> None:
    items, text = outputs(WEEK, 40), tmp_path / "ledger.jsonl"
    mine = chosen(items, run(items, ledger=text))
    run(items, labels=labels(mine), ledger=text)
    before = (lines(text), ledger.read(store), draws(store))
    found = run(items, judge=judge(0.3, version="2"), ledger=text, record=False)

    assert (lines(text), ledger.read(store), draws(store)) == before
    assert isinstance(only(found).agreement, Agreement)
    assert only(found).weeks[-1].instrument == only(found).instrument
    assert found.labels.notes[0].startswith("Nothing was recorded")
    assert found.next == ()


def test_what_a_candidate_said_is_not_asked_again_when_it_is_taken(
    run: Calibrate, store: Store
) -> None:
    items = outputs(WEEK, 20)
    tried = run(items, record=False)
    taken = run(items)

    assert (tried.next, len(draws(store))) == ((), 20)
    assert (taken.sampled.cost or {})["reused"] == 20
    assert number(only(taken).pass_rate.judge) == number(only(tried).pass_rate.judge)
    assert len(ledger.read(store)) == 1


def test_a_candidate_begins_no_history(run: Calibrate, store: Store) -> None:
    run(outputs(WEEKS[0], 20), record=False)
    found = run(outputs(WEEKS[1], 20))

    assert [point.week for point in only(found).weeks] == [WEEKS[1]]
    assert [one["week"] for one in ledger.read(store)] == [WEEKS[1]]


def test_what_was_sought_is_told_before_labels_are_read(run: Calibrate) -> None:
    told: list[Sought] = []
    with pytest.raises(DataError):
        run(outputs(WEEK, 5), labels=[{"item_id": "strange"}], on_start=told.append)

    assert [(one.sitting, one.rubric, one.source) for one in told] == [(WEEK, "one", "list")]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (JudgeUnavailable("it is down", where="j", mend="Wait"),
         "Nothing was measured: j: it is down. Wait."),
        (JudgeUnavailable("it is down", mend="Is it on?"),
         "Nothing was measured: it is down. Is it on?"),
        (ValueError("sk-secret"), "Nothing was measured: trueup itself failed (ValueError)."),
    ],
)  # fmt: skip
def test_what_measured_nothing_is_inconclusive_for_its_reason(error: Exception, said: str) -> None:
    sought = Sought(
        sitting="", rubric="r", rubric_version="", judge="j", source="log", store="memory"
    )
    found = unmeasured(error, sought)

    assert (found.gate, found.reasons, found.run) == ("inconclusive", (said,), NO_RUN)
    assert (found.criteria, found.next) == ((), ())


def test_later_weeks_do_not_take_a_candidate_for_the_sitting(run: Calibrate, store: Store) -> None:
    first, second = outputs(WEEKS[0], 40), outputs(WEEKS[1], 20)
    mine = chosen(first, run(first))
    run(first, judge=judge(0.4, version="2"), record=False)
    run(second, labels=labels(mine))
    said = [(one["week"], one["n_labels"]) for one in ledger.read(store)]

    assert len({one["instrument"] for one in ledger.read(store)}) == 1
    assert (WEEKS[0], 40) in said
    assert [row["status"] for row in store.runs()] == ["done", "tried", "done"]
