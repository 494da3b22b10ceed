"""What a calibration was asked for: refused, where it cannot be meant, before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trueup.errors import ConfigError, did_you_mean
from trueup.label.model import DESIGNS
from trueup.runner.calibration.week import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.rubric.model import Rubric

BARS = ("tpr", "tnr", "accuracy", "alpha")


def check_choices(
    *,
    label_design: str | None,
    split: str | None,
    bars: Mapping[str, float],
    label_next: tuple[int, int],
    weeks: Sequence[str],
) -> None:
    """Refuse a design, a split, a bar, a draw or a week that there is not.

    Raises:
        ConfigError: There is one.
    """
    if label_design is not None and label_design not in DESIGNS:
        mend = did_you_mean(label_design, DESIGNS)
        raise ConfigError(f"'{label_design}' is no label design", mend=mend)
    if split not in {None, "dev", "test"}:
        mend = "Measure on dev or test; judges learn from train"
        raise ConfigError(f"'{split}' is no split to measure on", mend=mend)
    for name, bar in bars.items():
        if name not in BARS:
            raise ConfigError(f"there is no bar '{name}'", mend=did_you_mean(name, BARS))
        if not 0 <= bar <= 1:
            raise ConfigError(f"the bar of {name} is {bar:g}", mend="Write a number from 0 to 1")
    items, people = label_next
    if items < 0 or people < 1:
        raise ConfigError(
            f"label_next is {items} items by {people} people", mend="Write for example (20, 2)"
        )
    for week in weeks:
        bounds(week)


def check_numbers(*, yearly_rate: float, sample: int | None) -> None:
    """Refuse a rate or a sample that is none.

    Raises:
        ConfigError: There is one.
    """
    if not 0 < yearly_rate < 1:
        mend = "Write a share of years between 0 and 1, for example 0.05"
        raise ConfigError(f"the yearly rate of false alarms is {yearly_rate:g}", mend=mend)
    if sample is not None and sample < 1:
        raise ConfigError(f"the sample is of {sample} items", mend="Judge at least one")


def check_criteria(rubric: Rubric, criteria: Sequence[str]) -> None:
    """Refuse a criterion that the rubric has not.

    Raises:
        ConfigError: There is one.
    """
    for name in criteria:
        if name not in rubric.by_id:
            mend = did_you_mean(name, rubric.by_id)
            raise ConfigError(f"there is no criterion '{name}'", where=rubric.name, mend=mend)


def label_sources(labels: object) -> list[object]:
    """Return sources of labels; a list of rows is one source, a list of files several."""
    if labels is None:
        return []
    if isinstance(labels, list | tuple):
        rows = any(isinstance(one, Mapping) for one in labels)
        return [list(labels)] if rows else list(labels)
    return [labels]
