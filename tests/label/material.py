"""A rubric with criteria of every kind, and labels for it."""

from __future__ import annotations

from typing import Any

from trueup.label.model import Label
from trueup.rubric.model import Criterion, Level, Rubric


def levels(values: dict[str, float]) -> tuple[Level, ...]:
    return tuple(Level(key, "", value) for key, value in values.items())


RUBRIC = Rubric(
    name="billing",
    task="Answer.",
    criteria=(
        Criterion("grounded", "Is it grounded?", levels({"unmet": 0, "met": 1})),
        Criterion("padding", "Is it padded?", levels({"unmet": 0, "met": 1}), weight=-1),
        Criterion("tone", "How is it?", levels({"1": 0, "2": 0.5, "3": 1}), kind="scale"),
        Criterion("steep", "How is it?", levels({"0": 0, "1": 0.2, "2": 1}), kind="scale"),
        Criterion("words", "How?", levels({"Poor": 0, "Fair": 0.4, "Good": 1}), kind="scale"),
        Criterion("place", "Where?", levels({"10": 1, "20": 0.3}), kind="choices"),
        Criterion("truth", "Is it?", levels({"yes": 0, "no": 1, "partly": 0.5}), kind="choices"),
    ),
)


def label(value: str | float | None, criterion: str = "grounded", **others: Any) -> Label:
    return Label(item_id=others.pop("item_id", "a"), criterion=criterion, value=value, **others)
