"""Sittings on a split: what is measured there, who opened it, and what it leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.runner.calibration.material import WEEKS, chosen, labels, only, outputs
from trueup.runner.calibration.result import Absent
from trueup.store import ledger
from trueup.store.draws import draws

if TYPE_CHECKING:
    from tests.runner.calibration.conftest import Calibrate
    from trueup.store.store import Store

FIRST, SECOND = WEEKS[:2]


def test_a_sitting_on_a_split_leaves_ledger_and_draws_alone(run: Calibrate, store: Store) -> None:
    first = outputs(FIRST, 60)
    run(first, labels=labels(first))
    second = outputs(SECOND, 60)
    run(second)
    held, drawn = ledger.read(store), draws(store)
    found = run([*first, *second], split="dev", ledger=None)

    assert (ledger.read(store), draws(store)) == (held, drawn)
    assert found.sitting == f"{SECOND} dev"
    assert found.labels.split == "dev"
    assert found.labels.n_items == found.sampled.n_scored > 10
    assert not isinstance(only(found).agreement, Absent)
    assert (found.next, found.openings) == ((), ())


def test_opening_the_test_split_is_logged_and_shown(run: Calibrate) -> None:
    items = outputs(FIRST, 60)
    run(items, labels=labels(items))
    once = run(items, split="test", by="one who asks")
    twice = run(items, split="test", by="another")

    assert [one.by for one in once.openings] == ["one who asks"]
    assert [one.by for one in twice.openings] == ["one who asks", "another"]
    assert once.openings[0].n == once.labels.n > 20
    later = run(outputs(SECOND, 9))
    assert later.openings == twice.openings


def test_weekly_figures_never_rest_on_train_or_test(run: Calibrate) -> None:
    items = outputs(FIRST, 60)
    found = run(items, labels=labels(items, "a"))
    parts = {part: run(items, split=part).labels.n_items for part in ("dev", "test")}

    assert found.labels.n_items == parts["dev"]
    assert parts["dev"] + parts["test"] < 60


def test_a_sitting_on_a_split_does_not_stand_in_for_its_week(run: Calibrate, store: Store) -> None:
    items = outputs(FIRST, 60)
    first = run(items, labels=labels(items[:20]))
    run(items, split="dev")
    late = labels(chosen(items, first))
    found = run(outputs(SECOND, 60), labels=late)

    assert only(found).weeks[0].n_labels == len(late)
    assert ledger.read(store)[-2]["judged"][""][1] == 60


def test_labels_that_judges_may_learn_from_are_told(run: Calibrate) -> None:
    items = outputs(FIRST, 40)
    found = run(items, labels=labels(items, split="train"))

    assert any("40 labelled items are in the train split" in one for one in found.labels.notes)
    assert isinstance(only(found).agreement, Absent)
