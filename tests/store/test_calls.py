"""Who answered in a sitting: all its runs, whoever asked first, and nobody else's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from trueup.store.calls import models_of

if TYPE_CHECKING:
    from trueup.store.store import Store

POLITE, BRIEF, CHECK = (f"{n:02x}" * 16 for n in range(3))


@pytest.fixture
def started(store: Store) -> Any:
    """Start a run that one model answers, and return its number."""
    for key, judge in ((POLITE, "mine"), (BRIEF, "mine"), (CHECK, "code")):
        row = {"judge": judge, "criterion": "c", "question": "q", "declared": "{}"}
        store.instrument({"key": bytes.fromhex(key), **row})

    def start(
        model: str, *, judge: str = "mine", occasion: str = "w", keys: Any = (POLITE,)
    ) -> int:
        run = {"judge": judge, "occasion": occasion, "source": "", "rubric": "{}", "replicates": 1,
               "instruments": json.dumps(dict(enumerate(keys)))}  # fmt: skip
        number = store.start_run(run)
        if model:
            store.write({"answerer": [{"run": number, "model": model}]})
        return number

    return start


def test_a_sitting_that_was_gone_on_with_counts_as_one(store: Store, started: Any) -> None:
    runs = [started("m-1"), started(""), started("m-2", keys=(BRIEF,))]

    assert [models_of(store, run) for run in runs] == [["m-1", "m-2"]] * 3


def test_another_occasion_is_another_sitting(store: Store, started: Any) -> None:
    started("m-1", occasion="earlier")

    assert models_of(store, started("m-2")) == ["m-2"]


def test_a_judge_under_a_new_name_takes_verdicts_and_who_gave_them(
    store: Store, started: Any
) -> None:
    started("m-1", judge="old", keys=(POLITE, CHECK))

    assert models_of(store, started("", judge="mine", keys=(BRIEF, POLITE))) == ["m-1"]


def test_judges_that_only_share_code_checks_are_told_apart(store: Store, started: Any) -> None:
    started("m-1", judge="rival", keys=(BRIEF, CHECK))

    assert models_of(store, started("m-2", keys=(POLITE, CHECK))) == ["m-2"]


def test_the_same_model_is_told_once_and_written_once(store: Store, started: Any) -> None:
    run = started("m-1")
    started("m-1")
    store.write({"answerer": [{"run": run, "model": "m-1"}] * 2})

    assert models_of(store, run) == ["m-1"]


def test_a_run_that_is_not_there_was_answered_by_nobody(store: Store) -> None:
    assert models_of(store, 7) == []
