"""Retries: linked by the later item, or found in a session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import DataError
from trueup.item.model import Item
from trueup.signal.log import open_retries
from trueup.signal.retry import find_retries, linked_retries

if TYPE_CHECKING:
    from trueup.signal.model import SignalRecord

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
QUESTION = "How do I cancel my subscription before it renews?"


def item(id_: str, minute: float | None = 0, question: Any = QUESTION, **others: Any) -> Item:
    at = None if minute is None else T0 + timedelta(minutes=minute)
    session = others.pop("session_id", "s")
    return Item(id=id_, input=question, output="...", timestamp=at, session_id=session, **others)


def values(records: list[SignalRecord]) -> dict[str, float | None]:
    return {record.unit_id: record.value for record in records}


def test_the_item_that_a_later_one_names_is_the_one_retried() -> None:
    items = [item("a"), item("b", 3, metadata={"retry_of": "a"}), item("c", 40)]

    [found] = linked_retries(items, "retry_of")

    assert (found.unit_id, found.value, found.known_at) == ("a", 1, T0 + timedelta(minutes=3))


def test_items_that_are_not_retried_are_known_so_when_the_time_has_passed() -> None:
    items = [item("a"), item("b", 3, metadata={"retry_of": "a"}), item("c", 40)]

    found = list(linked_retries(items, "retry_of", within=timedelta(minutes=30)))

    assert values(found) == {"a": 1, "b": 0}
    assert found[1].known_at == T0 + timedelta(minutes=33)


def test_a_link_column_that_is_not_there_is_met_with_the_closest() -> None:
    with pytest.raises(DataError, match="Did you mean 'retry_of'"):
        list(linked_retries([item("a", metadata={"retry_of": None})], "retry_off"))


def test_an_item_cannot_retry_itself_and_needs_a_time_to_retry_another() -> None:
    with pytest.raises(DataError, match="names itself"):
        list(linked_retries([item("a", metadata={"of": "a"})], "of"))
    with pytest.raises(DataError, match="has no timestamp"):
        list(linked_retries([item("a"), item("b", None, metadata={"of": "a"})], "of"))


def test_nearly_the_same_question_in_a_session_shortly_after_is_a_retry() -> None:
    items = [item("b", 4, QUESTION.upper() + " please"), item("a"), item("c", 5, "Thanks, bye")]

    assert values(list(find_retries(items, zeros=False))) == {"a": 1}


def test_other_sessions_and_later_questions_are_no_retry() -> None:
    items = [item("a"), item("b", 2, session_id="other"), item("c", 11), item("d", 1, "Anything?")]

    assert values(list(find_retries(items, zeros=False))) == {}


def test_the_nearest_earlier_item_is_the_one_retried() -> None:
    items = [item("a"), item("b", 1), item("c", 2)]

    assert values(list(find_retries(items, zeros=False))) == {"a": 1, "b": 1}


def test_no_retry_is_known_only_as_far_as_the_items_reach() -> None:
    items = [item("a", 0, "one thing"), item("b", 30, "quite another matter")]

    assert values(list(find_retries(items))) == {"a": 0}


def test_of_a_conversation_the_last_message_is_compared() -> None:
    def talk(last: str) -> tuple[dict[str, str], ...]:
        return ({"role": "user", "content": "x" * 500}, {"role": "user", "content": last})

    items = [item("a", 0, talk(QUESTION)), item("b", 1, talk("Never mind then."))]

    assert values(list(find_retries(items, zeros=False))) == {}


def test_items_without_session_or_time_are_passed_over() -> None:
    items = [item("a", None), item("b", 1, session_id=None), item("c", 1)]

    assert list(find_retries(items)) == []


@pytest.mark.parametrize(
    "options", [{"similarity": 0}, {"similarity": 1.1}, {"within": timedelta(0)}]
)
def test_bounds_that_say_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        list(find_retries([], **options))


def test_a_log_is_a_source_of_its_retries() -> None:
    items = [item("a"), item("b", 3, metadata={"retry_of": "a"}), item("c", 40)]

    linked = open_retries(items, link="retry_of")
    found = open_retries(items, name="asked again")

    assert (linked.columns, list(linked)) == (
        {"retry_of": "retries"},
        [*linked_retries(items, "retry_of")],
    )
    assert list(found) == [*find_retries(items, name="asked again")]
    assert found.check().by_name == {"asked again": 2}


@pytest.mark.parametrize(
    ("items", "link", "said"),
    [
        (
            [item("a", metadata={"retry_of": None})],
            "retry_of",
            "no item names another in 'retry_of'",
        ),
        ([item("a", session_id=None)], None, "no item has both a session and a time"),
    ],
)
def test_a_log_without_retries_is_refused(items: list[Item], link: str | None, said: str) -> None:
    with pytest.raises(DataError, match=said):
        open_retries(items, link=link)
