"""The draw of a backfill: which items of each period, with what chance, in which order.

It is fixed in the store before anything is asked, so that a sitting that was cut short goes on
with the same items. Everything hangs on tickets, hashes of ids under the seed: a smaller draw of
the same log is part of a larger one, and one that was made anew is the same.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trueup.agreement.splits import ticket
from trueup.agreement.stream import Reservoir
from trueup.errors import DataError
from trueup.item.plain import excerpt
from trueup.runner.goodhart.backfill_window import Settings, no_traffic
from trueup.store.draws import Drawn, add_draw, draws
from trueup.store.rows import storable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from trueup.item.model import Item
    from trueup.store.store import Store

PREFIX = "backfill "
"""How occasions and draws of backfills begin, so that no calibration takes one for its week."""
_ONCE, _TWICE = "once", "twice"
_NO_RUN = 0
"""People are not asked to label what a backfill has drawn: its draw is no run's."""


def occasion(sitting: str) -> str:
    """Return the occasion of a sitting: under it everything is asked anew."""
    return f"{PREFIX}{storable(sitting)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What a sitting judges."""

    settings: Settings
    chances: dict[str, float]
    """Item id -> probability with which it was drawn, in the order of judging."""
    twice: frozenset[str]
    """Ids of those that are judged a second time."""


def fixed_draw(store: Store, sitting: str, rubric: str) -> Draw | None:
    """Return the draw of a sitting, None where it has none yet."""
    held = draws(store, f"{occasion(sitting)} {rubric}")
    if not held:
        return None
    return Draw(
        settings=Settings.from_dict(json.loads(held[0].design)),
        chances={one.item_id: one.probability for one in held},
        twice=frozenset(one.item_id for one in held if one.why == _TWICE),
    )


def fix_draw(store: Store, draw: Draw, *, sitting: str, rubric: str) -> Draw:
    """Write a draw, all of it or nothing; return the one that holds, which is the first."""
    design = json.dumps(draw.settings.to_dict())
    rows = [
        Drawn(
            sitting=f"{occasion(sitting)} {rubric}",
            item_id=item,
            place=place,
            run=_NO_RUN,
            design=design,
            probability=chance,
            people=0,
            why=_TWICE if item in draw.twice else _ONCE,
        )
        for place, (item, chance) in enumerate(draw.chances.items())
    ]
    add_draw(store, rows)
    return fixed_draw(store, sitting, rubric) or draw


def draw_items(
    items: Iterable[Item], settings: Settings, *, anchors: Container[str]
) -> tuple[Draw, dict[str, Item]]:
    """Draw the items of each period, every one with the same chance, or segment by segment.

    With `by_segment` half of a period's items follow the segments' sizes and half are shared
    evenly, so that rare segments are seen.

    Args:
        items: The log, in any order.
        settings: How it is drawn.
        anchors: Ids that are not drawn.
    """
    logs: dict[int, Reservoir[Item]] = {}
    for item in items:
        if no_traffic(item, anchors) or item.timestamp is None:
            continue
        number = settings.number(item.timestamp)
        if not 0 <= number < settings.periods:
            continue
        if number not in logs:
            logs[number] = Reservoir(
                settings.per_period,
                uniform=0.5 if settings.by_segment else 1,
                seed=settings.seed,
                purpose="backfill",
            )
        segment = item.segment if settings.by_segment else None
        logs[number].add(item.id, item, segment)
    chosen: dict[str, tuple[Item, float]] = {}
    twice: set[str] = set()
    for log in logs.values():
        sample = log.sample()
        pairs = zip(sample.items, sample.probabilities, strict=True)
        names = {storable(item.id): (item, chance) for item, chance in pairs}
        chosen |= names
        ranked = sorted(names, key=lambda name: _turn(name, settings, "backfill again"))
        twice.update(ranked[: round(settings.repeat * len(ranked))])
    order = sorted(chosen, key=lambda name: _turn(name, settings, "backfill order"))
    draw = Draw(
        settings=settings,
        chances={name: chosen[name][1] for name in order},
        twice=frozenset(twice),
    )
    return draw, {name: item for name, (item, _) in chosen.items()}


def _turn(name: str, settings: Settings, purpose: str) -> int:
    return ticket(name, seed=settings.seed, purpose=purpose)


def pick(items: Iterable[Item], draw: Draw) -> dict[str, Item]:
    """Return the drawn items of a log by their ids."""
    return {name: item for item in items if (name := storable(item.id)) in draw.chances}


def in_order(draw: Draw, items: dict[str, Item], *, where: str) -> list[Item]:
    """Return the drawn items in the order of judging, each with its `p_judged`.

    Raises:
        DataError: The log does not hold them all.
    """
    gone = [name for name in draw.chances if name not in items]
    if gone:
        more = f" and {len(gone) - 1:,} more" if gone[1:] else ""
        what = f"item '{excerpt(gone[0])}'{more} of this sitting's draw is not in the log"
        mend = "Give the log that it was drawn from, or begin a new sitting under another name"
        raise DataError(what, where=where, mend=mend)
    return [replace(items[name], p_judged=chance) for name, chance in draw.chances.items()]


@dataclass(frozen=True, slots=True)
class Weights:
    """What each judged item stands for."""

    _share: dict[tuple[int, float], float]

    @classmethod
    def of(cls, draw: Draw, periods: dict[str, int], attempted: Container[str]) -> Weights:
        """Find by how much what was not asked yet thins each period's draw.

        Items are asked in an order that hangs on nothing, so those that a budget has left are a
        random part of a period's, and the others stand for them.

        Args:
            draw: The draw.
            periods: Drawn item -> its period.
            attempted: Ids of the items that the judge was asked about, or code decided.
        """
        drawn: Counter[tuple[int, float]] = Counter()
        asked: dict[tuple[int, float], int] = defaultdict(int)
        for name, chance in draw.chances.items():
            drawn[periods[name], chance] += 1
            asked[periods[name], chance] += name in attempted
        return cls({at: asked[at] / n for at, n in drawn.items()})

    def weight(self, period: int, chance: float) -> float:
        """Return 1 / probability of having been judged."""
        return 1 / (chance * self._share[period, chance])
