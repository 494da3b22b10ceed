"""Work: an answer is kept before the next screen, and keys end where they end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest

from tests.runner.labelling.material import RUBRIC, STEPS, TASKS
from trueup.errors import StoreError
from trueup.runner.labelling.session import Session
from trueup.runner.labelling.work import RESIZED, Worked, work

if TYPE_CHECKING:
    from trueup.label.model import Label
    from trueup.runner.labelling.task import Step


class Hands:
    """Keys from a list, and a screen that writes down what it was told to show."""

    def __init__(self, *keys: str) -> None:
        self._keys = deque([*keys, "q"])
        self.labels: list[Label] = []
        self.screens: list[tuple[str, str, int]] = []

    def read(self) -> str:
        return self._keys.popleft()

    def show(self, session: Session) -> int:
        self.screens.append((*session.step, len(self.labels)))
        return 7


def session() -> Session:
    return Session(TASKS, RUBRIC, annotator="ana")


def test_every_answer_is_kept_before_the_next_screen() -> None:
    hands = Hands("1", "1")
    work(session(), hands, record=hands.labels.append)

    assert hands.screens == [("i1", "sound", 0), ("i1", "tone", 1), ("i1", "end", 2)]


def test_another_size_draws_again_and_presses_nothing() -> None:
    hands = Hands(RESIZED, RESIZED)
    work(session(), hands, record=hands.labels.append)

    assert hands.screens == [("i1", "sound", 0)] * 3


def test_pages_are_as_long_as_the_screen_says() -> None:
    hands, at = Hands("pgdn"), session()
    work(at, hands, record=hands.labels.append)

    assert at.top == 7


def test_what_cannot_be_kept_ends_the_session() -> None:
    def full(_: Label) -> None:
        raise StoreError("the disk is full")

    hands = Hands("1", "1")
    with pytest.raises(StoreError, match="disk is full"):
        work(session(), hands, record=full)
    assert len(hands.screens) == 1


def test_others_are_looked_up_once_an_item_before_it_is_shown() -> None:
    asked: list[str] = []

    def taken(item_id: str) -> set[Step]:
        asked.append(item_id)
        return {step for step in STEPS if step.item_id == item_id == "i2"}

    hands = Hands("1", "1", "1", "1")
    work(session(), hands, record=hands.labels.append, taken=taken)

    assert asked == ["i1", "i2", "i3"]
    assert [place[:2] for place in hands.screens][3:] == [("i3", "tone"), ("i3", "end")]


def test_nothing_is_shown_where_others_have_answered_all_of_it() -> None:
    hands = Hands()
    work(session(), hands, record=hands.labels.append, taken=lambda _: {*STEPS})

    assert hands.screens == []


def test_what_came_of_a_session_counts_what_is_new_and_what_is_left() -> None:
    at, hands = session(), Hands("1", "d", "1")
    work(at, hands, record=hands.labels.append)
    found = Worked.of(at, source="2026-W47", reworded=[])

    assert (found.answered, found.open, found.deferred, found.items) == (2, 4, 1, 3)
    assert found.to_dict()["rubric"] == "reply"
