"""Whether outputs have become more alike: the share of distinct ones, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

    from trueup.goodhart.cells import Cells

FEWEST = 20
COLLAPSED = 0.5
"""Distinct outputs fell to less than this part of before, ..."""
ALIKE = 0.5
"""... and are less than this part of all."""
COUNTING_ERROR = 0.05
"""Distinct texts are counted to within so much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """Distinct outputs of one version, arm or period.

    Attributes:
        version: Its version, empty where none is named.
        arm: Its arm.
        period: Its period.
        outputs: Outputs with a text.
        share: Distinct ones over those, counted to within some 5 %.
    """

    version: str
    arm: str
    period: int
    outputs: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """How distinct outputs are.

    Attributes:
        each: By version, arm and period.
        flagged: Those that hardly depend on prompts any more.
        sentence: The same in words.
    """

    each: tuple[Distinct, ...]
    flagged: tuple[Distinct, ...]
    sentence: str


def by_outputs(cells: Cells, *, until: int | None = None) -> Outputs | None:
    """Return the distinct outputs of every version, arm and period; None without texts.

    Each is compared with the most varied one before it, or at the same time: many products answer
    from a short list, and a list that was always short is no alarm. One text for everything is.

    Args:
        cells: From `read_cells`, with `output` named.
        until: Last period to take; all where left out.
    """
    if cells.texts is None:
        return None
    each = _each(cells.texts, until)
    if not each:
        return None
    flagged, best = [], 0.0
    for period in sorted({one.period for one in each}):
        now = [one for one in each if one.period == period]
        best = max(best, *(one.share for one in now))
        flagged += [one for one in now if _alike(one, best)]
    return Outputs(each=tuple(each), flagged=tuple(flagged), sentence=_sentence(each, flagged))


def _alike(one: Distinct, best: float) -> bool:
    if one.share * one.outputs < 1 + COUNTING_ERROR:
        return True
    return one.share < ALIKE and one.share < COLLAPSED * best


def _each(texts: Mapping[str, NDArray[Any]], until: int | None) -> list[Distinct]:
    """Return all rows, those of a period read in parts taken together by the larger part."""
    found: dict[tuple[int, str, str], Distinct] = {}
    for i in np.lexsort((texts["arm"], texts["version"], texts["period"])):
        period, n = int(texts["period"][i]), int(texts["n"][i])
        if n < FEWEST or (until is not None and period > until):
            continue
        key = period, str(texts["version"][i]), str(texts["arm"][i])
        if key in found and found[key].outputs >= n:
            continue
        found[key] = Distinct(
            version=key[1], arm=key[2], period=period, outputs=n,
            share=min(float(texts["distinct_outputs"][i]) / n, 1.0),
        )  # fmt: skip
    return list(found.values())


def _sentence(each: list[Distinct], flagged: list[Distinct]) -> str:
    if not flagged:
        low = min(one.share for one in each)
        return f"Outputs differ from each other as before: at least {low:.0%} are distinct."
    worst = min(flagged, key=lambda one: one.share * one.outputs)
    where = f"period {worst.period}"
    where += f", version {worst.version}" if worst.version else ""
    where += f", arm {worst.arm}" if worst.arm else ""
    count = round(worst.share * worst.outputs)
    what = "one text" if count <= 1 else f"about {count:,} distinct texts"
    return f"{worst.outputs:,} outputs are {what} in {where}: they hardly depend on the prompt."
