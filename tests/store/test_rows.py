"""What rows replace, what they keep, and what they survive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.conftest import found
from trueup.errors import StoreError
from trueup.judge.transport.base import Reply
from trueup.judge.verdict import ASK_AGAIN, OUTCOMES, Finding, Outcome, scored, unscored
from trueup.store.rows import finding_columns, reply_columns, to_finding, to_reply
from trueup.store.store import Store

if TYPE_CHECKING:
    from tests.store.conftest import CallRow, VerdictRow

MET = scored(1.0, "met")
KEY = (1).to_bytes(16, "big")
SETTLED = [outcome for outcome in OUTCOMES if outcome not in ASK_AGAIN]
UNSETTLED: list[Outcome] = sorted(ASK_AGAIN)


def finding(outcome: Outcome, word: str) -> Finding:
    value = 1.0 if outcome == "scored" else None
    return Finding(outcome=outcome, value=value, reason=word, explanation=word)


@pytest.mark.parametrize("late", OUTCOMES)
@pytest.mark.parametrize("first", SETTLED)
def test_nothing_replaces_a_settled_verdict(
    verdict_row: VerdictRow, first: Outcome, late: Outcome
) -> None:
    with Store.open() as store:
        store.write({"verdict": [verdict_row(1, finding(first, "first"))]})
        store.write({"verdict": [verdict_row(1, finding(late, "late"), run=2)]})

        assert found(store, 1)[1] == finding(first, "first")


@pytest.mark.parametrize("late", OUTCOMES)
@pytest.mark.parametrize("first", UNSETTLED)
def test_anything_replaces_what_is_to_be_asked_again(
    verdict_row: VerdictRow, first: Outcome, late: Outcome
) -> None:
    with Store.open() as store:
        store.write({"verdict": [verdict_row(1, finding(first, "first"))]})
        store.write({"verdict": [verdict_row(1, finding(late, "late"), run=2)]})

        assert found(store, 1)[1] == finding(late, "late")


def test_the_order_counts_within_one_commit_too(verdict_row: VerdictRow) -> None:
    rows = [
        verdict_row(1, unscored("failed", "timed_out")),
        verdict_row(1, scored(1.0, "met", "kept")),
        verdict_row(1, unscored("failed", "timed_out")),
    ]
    with Store.open() as store:
        store.write({"verdict": rows})

        assert found(store, 1)[1].explanation == "kept"


def test_a_call_that_is_made_again_has_the_newest_reply_and_all_attempts(call_row: CallRow) -> None:
    with Store.open() as store:
        store.write({"call": [call_row(1, Reply(text="cut", finish_reason="length"), attempts=3)]})
        store.write({"call": [call_row(1, Reply(text="whole"), attempts=2)]})

        assert store.replies([KEY])[KEY].text == "whole"
        with store.transaction() as connection:
            assert connection.exec_driver_sql("select attempts from call").scalar() == 5


def test_many_keys_are_found_in_one_question(verdict_row: VerdictRow) -> None:
    with Store.open() as store:
        store.write({"verdict": [verdict_row(number, MET) for number in range(2500)]})

        assert found(store, *range(2500)).keys() == set(range(2500))
        assert found(store) == {}
        assert store.verdicts(range(2500), [], occasion="") == {}


def test_text_that_no_database_takes_is_made_takeable(verdict_row: VerdictRow) -> None:
    odd = unscored("failed", "lone \ud800", "nul \0, lone \udfff, fine \U0001f600")
    with Store.open() as store:
        store.write({"verdict": [verdict_row(1, odd)]})
        kept = found(store, 1)[1]

    assert kept.reason == "lone ?"
    assert kept.explanation == "nul \ufffd, lone ?, fine \U0001f600"


def test_a_server_that_claims_enormous_usage_breaks_nothing(call_row: CallRow) -> None:
    claimed = Reply(text="x", input_tokens=10**30, output_tokens=10**20, cached_tokens=10**30)
    with Store.open() as store:
        store.write({"call": [call_row(1, claimed)]})

        assert store.replies([KEY])[KEY].text == "x"


def test_error_messages_hold_no_parameters(verdict_row: VerdictRow) -> None:
    row: dict[str, Any] = {**verdict_row(1, scored(1.0, "met", "canary")), "instrument": None}
    with Store.open() as store, pytest.raises(StoreError) as caught:
        store.write({"verdict": [row]})

    shown = f"{caught.value} {caught.value.__cause__}"
    assert "canary" not in shown
    assert "NOT NULL" in shown


def test_a_failing_commit_writes_none_of_its_tables(
    verdict_row: VerdictRow, call_row: CallRow
) -> None:
    bad: dict[str, Any] = {**call_row(2, Reply(text="")), "rung": None}
    with Store.open() as store:
        with pytest.raises(StoreError):
            store.write({"verdict": [verdict_row(1, MET)], "call": [bad]})

        assert found(store, 1) == {}


PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
DETAIL = st.dictionaries(
    PLAIN.filter(lambda name: name != "evidence"),
    st.none() | st.booleans() | st.integers() | PLAIN | st.lists(PLAIN),
)


@given(
    value=st.floats(0, 1), level=st.none() | PLAIN, said=PLAIN, evidence=st.lists(PLAIN),
    detail=DETAIL,
)  # fmt: skip
def test_a_finding_comes_back_as_it_was(
    value: float, level: str | None, said: str, evidence: list[str], detail: dict[str, Any]
) -> None:
    before = Finding(
        outcome="scored",
        value=value,
        level=level,
        explanation=said,
        evidence=tuple(evidence),
        decided_by="rule",
        detail=detail,
    )

    assert to_finding(finding_columns(before)) == before


@given(text=st.text(), refusal=PLAIN, dropped=st.lists(PLAIN), whole=st.booleans())
def test_a_reply_comes_back_as_it_was(
    text: str, refusal: str, dropped: list[str], *, whole: bool
) -> None:
    before = Reply(
        text=text,
        refusal=refusal,
        rung="object",
        model="m",
        fingerprint="f",
        input_tokens=3,
        output_tokens=2,
        cached_tokens=1,
        logprobs=({"token": "A", "logprob": -0.5, "top_logprobs": []},),
        dropped=tuple(dropped),
        has_choice=whole,
    )

    assert to_reply(reply_columns(before)) == before


def test_a_forgotten_reply_is_none(call_row: CallRow) -> None:
    assert to_reply({**call_row(1, Reply(text="x")), "reply": None}) is None
