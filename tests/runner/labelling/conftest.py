"""A store in a file with a scored run, and draws from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.runner.labelling.material import RUBRIC, item
from trueup.api import score
from trueup.runner.labelling.asking import Asked, asked_criteria
from trueup.store.draws import Drawn, add_draw
from trueup.store.store import Store
from trueup.testing.scripted import ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trueup.rubric.model import Rubric

IDS = ("i1", "i2", "i3", "i4")


class Draw(Protocol):
    """Draw some items of the run to be labelled."""

    def __call__(self, *ids: str, people: int = 1, sitting: str = "2026-W47") -> None: ...


class Ask(Protocol):
    """Say who is asked what."""

    def __call__(
        self, annotator: str = "ana", rubric: Rubric = RUBRIC, *, only: str = "", **others: Any
    ) -> Asked: ...


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a store in which four items are scored; `i1` and `i2` are of one group."""
    with Store.open(tmp_path / "store.db") as opened:
        items = [item(id_, group="g" if id_ in {"i1", "i2"} else None) for id_ in IDS]
        score(items, rubric=RUBRIC, judge=ScriptedJudge("met"), store=opened)
        yield opened


@pytest.fixture
def draw(store: Store) -> Draw:
    def add(*ids: str, people: int = 1, sitting: str = "2026-W47") -> None:
        drawn = [
            Drawn(
                sitting=sitting, item_id=id_, place=place, run=1, design="stratified",
                probability=0.25, people=people, why="at random",
            )
            for place, id_ in enumerate(ids)
        ]  # fmt: skip
        add_draw(store, drawn)

    return add


@pytest.fixture
def ask(store: Store) -> Ask:
    def make(
        annotator: str = "ana", rubric: Rubric = RUBRIC, *, only: str = "", **others: Any
    ) -> Asked:
        criteria = asked_criteria(rubric, [only] if only else None)
        return Asked(store=store, rubric=rubric, criteria=criteria, annotator=annotator, **others)

    return make
