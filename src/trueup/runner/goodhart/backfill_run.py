"""The work of a backfill: its draw, its price, its two passes, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trueup.api import ascore
from trueup.errors import ConfigError
from trueup.judge.verdict import ASK_AGAIN
from trueup.runner.budget import Budget
from trueup.runner.goodhart.backfill_draw import (
    draw_items,
    fix_draw,
    fixed_draw,
    in_order,
    occasion,
    pick,
)
from trueup.runner.goodhart.backfill_result import BackfillResult, count_periods, spent
from trueup.runner.goodhart.backfill_window import Settings, survey, window
from trueup.runner.goodhart.blind import telling
from trueup.runner.goodhart.sitting import read_sitting, refuse_other_instrument
from trueup.runner.plan import plan_scoring
from trueup.runner.triage import Triage
from trueup.store.rows import storable
from trueup.store.signals import held_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from trueup.item.model import Item
    from trueup.item.read import ItemSource
    from trueup.judge.protocol import Judge
    from trueup.rubric.model import Rubric
    from trueup.runner.goodhart.backfill_draw import Draw
    from trueup.runner.goodhart.sitting import Sitting
    from trueup.runner.plan import Plan
    from trueup.runner.progress import Progress
    from trueup.runner.result import Scores
    from trueup.store.store import Store

PER_PERIOD = 200
"""Items judged of a period: with so many of 3,000 a week nothing but time is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for, before the log is known."""

    per_period: int | None
    period: timedelta
    since: datetime | None
    until: datetime | None
    repeat: float
    by_segment: bool
    seed: int

    def like(self, earlier: Settings) -> Asked:
        """Return what is asked for where an earlier sitting is done again."""
        return replace(
            self,
            per_period=self.per_period or max(1, round(earlier.per_period / 2)),
            period=earlier.period,
            since=self.since or earlier.since,
            repeat=earlier.repeat,
            by_segment=earlier.by_segment,
            seed=earlier.seed,
        )


class Work:
    """One sitting: drawn, priced or judged, and told."""

    def __init__(
        self,
        store: Store,
        source: ItemSource,
        rubric: Rubric,
        judge: Judge | None,
        anchors: Sequence[Item],
    ) -> None:
        self._store = store
        self._source = source
        self._rubric = rubric
        self._judge = judge
        self._anchors = anchors
        self._notes: list[str] = []
        self._scores: list[Scores] = []
        self.fresh = True

    def draw(self, asked: Asked, *, sitting: str | None, extend: str | None) -> None:
        """Find the sitting's draw, or make one."""
        ids = {item.id for item in self._anchors}
        held = None if sitting is None else self._fixed(sitting)
        if held is None:
            settings = self._settings(asked, extend, anchors=ids)
            sitting = sitting or self._name(settings)
            held = self._fixed(sitting)
            if held is not None and held.settings != settings:
                self._notes.append(
                    f"The draw of this sitting stays as it was, {held.settings.per_period} items a "
                    "period: give another one another name."
                )
        self._sitting = sitting or ""
        if held is None:
            self._draw, found = draw_items(self._source, settings, anchors=ids)
        else:
            self.fresh = False
            self._draw, found = held, pick(self._source, held)
        self._found = found
        self._refuse_others()
        for name in telling(self._rubric):
            self._notes.append(
                f"The rubric names metadata '{name}', which tells late outputs from early ones: "
                "a judge that is shown it is not blind."
            )

    def _fixed(self, sitting: str) -> Draw | None:
        return fixed_draw(self._store, sitting, self._rubric.name)

    def _settings(self, asked: Asked, extend: str | None, *, anchors: set[str]) -> Settings:
        if extend is not None:
            earlier = read_sitting(self._store, extend, rubric=self._rubric.name)
            asked = asked.like(earlier.draw.settings)
        traffic = survey(self._source, anchors=anchors)
        start, count = window(traffic.times, asked.period, since=asked.since, until=asked.until)
        self._notes += [f"{n:,} items left out: {why}." for why, n in traffic.left_out.items()]
        return Settings(
            period=asked.period,
            since=start,
            periods=count,
            per_period=asked.per_period or PER_PERIOD,
            repeat=asked.repeat,
            by_segment=asked.by_segment,
            seed=asked.seed,
        )

    def _name(self, settings: Settings) -> str:
        judge = "code" if self._judge is None else self._judge.name
        return f"{settings.since:%Y-%m-%d}..{settings.until:%Y-%m-%d} {judge}"

    def _refuse_others(self) -> None:
        triage = Triage(self._rubric, self._judge, held_out=held_out(self._store))
        keys = {column.criterion.id: column.key for column in triage.columns}
        refuse_other_instrument(self._store, self._sitting, self._rubric, keys)

    def _ordered(self, draw: Draw) -> list[Item]:
        """Return the drawn items with the anchors among them, evenly spread."""
        items = in_order(draw, self._found, where=self._source.name)
        anchors = [one for one in self._anchors if storable(one.id) not in draw.chances]
        every = max(1, len(items) // (len(anchors) + 1))
        for place, anchor in enumerate(anchors, 1):
            items.insert(place * (every + 1) - 1, anchor)
        return items

    def _again(self, items: Sequence[Item], draw: Draw) -> list[Item]:
        """Return those that are judged twice, anchors included, in an order of their own."""
        return [
            item for item in items
            if item.purpose == "probe" or storable(item.id) in draw.twice
        ]  # fmt: skip

    def plan(self, where: str | Path | None, budget: Budget) -> Plan:
        """Return what is still to be asked, and its price."""
        items = self._ordered(self._draw)
        twice = self._again(items, self._draw) if self._draw.twice else []
        place = None if where == "memory" else where

        def priced(some: list[Item], replicates: int) -> Plan:
            return plan_scoring(
                some, rubric=self._rubric, judge=self._judge, store=place, budget=budget,
                occasion=occasion(self._sitting), replicates=replicates,
            )  # fmt: skip

        once = priced(items, 1)
        return _sum(once, priced(twice, 2), priced(twice, 1)) if twice else once

    async def judge_all(
        self,
        budget: Budget,
        *,
        concurrency: int | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> BackfillResult:
        """Fix the draw, judge every item once, then some again."""
        if self.fresh:
            rubric = self._rubric.name
            fixed = fix_draw(self._store, self._draw, sitting=self._sitting, rubric=rubric)
            if fixed.chances.keys() != self._draw.chances.keys():
                self._found = pick(self._source, fixed)  # another process was faster
            self._draw = fixed
        items = self._ordered(self._draw)
        twice = self._again(items, self._draw) if self._draw.twice else []
        rest: Budget | None = budget
        for some, replicates in ((items, 1), (twice, 2)):
            if not some or rest is None:
                continue
            scores = await ascore(
                some,
                rubric=self._rubric,
                judge=self._judge,
                store=self._store,
                occasion=occasion(self._sitting),
                replicates=replicates,
                budget=rest,
                concurrency=concurrency,
                on_progress=on_progress,
            )
            self._scores.append(scores)
            rest = None if scores.row["status"] != "done" else _rest(rest, scores.cost or {})
        return self.result()

    def result(self, *, plan: Plan | None = None) -> BackfillResult:
        """Return what was done."""
        settings = self._draw.settings
        known = None if plan is not None and self.fresh else self._read()
        numbers = {
            name: settings.number(item.timestamp)
            for name, item in self._found.items()
            if item.timestamp is not None
        }
        periods, outcomes = count_periods(settings, self._draw.chances, numbers, known)
        asked = sum(outcomes.values())
        open_again = len(self._draw.twice) if known is None else len(known.open_twice)
        left = len(self._draw.chances) - asked + open_again
        failed = sum(outcomes[outcome] for outcome in ASK_AGAIN if outcome in outcomes)
        if failed:
            self._notes.append(
                f"{failed:,} items have no score because something failed: the same call asks "
                "them again."
            )
        return BackfillResult(
            sitting=self._sitting,
            status="planned" if plan is not None else "budget" if left else "done",
            rubric=self._rubric.name,
            judge="code" if self._judge is None else self._judge.name,
            source=self._source.name,
            store=self._store.where,
            settings=settings,
            fresh=self.fresh,
            periods=periods,
            outcomes=outcomes,
            twice=len(self._draw.twice),
            anchors=len(self._anchors),
            left=left,
            cost=spent([scores.cost for scores in self._scores]),
            runs=tuple(scores.run for scores in self._scores),
            notes=tuple(self._notes),
            plan=plan,
        )

    def _read(self) -> Sitting | None:
        """Return the sitting as it stands; None where it was drawn and never begun."""
        try:
            return read_sitting(self._store, self._sitting, rubric=self._rubric.name)
        except ConfigError:
            return None


def _rest(budget: Budget, cost: Mapping[str, Any]) -> Budget | None:
    """Return what is left of a budget, None where nothing is."""
    used = {
        "dollars": cost.get("dollars") or 0.0,
        "tokens": (cost.get("input_tokens") or 0) + (cost.get("output_tokens") or 0),
        "calls": cost.get("calls") or 0,
    }
    caps = {name: getattr(budget, name) for name in used}
    left = {name: cap - used[name] for name, cap in caps.items() if cap is not None}
    return None if any(cap <= 0 for cap in left.values()) else Budget(**left)


def _sum(once: Plan, both: Plan, first: Plan) -> Plan:
    """Return the plan of all first answers and some second ones.

    Args:
        once: First answers of all.
        both: First and second answers of some.
        first: First answers of these.
    """
    names = ("known", "by_code", "to_judge", "calls", "known_calls", "input_tokens",
             "cacheable_tokens", "output_tokens", "dollars", "dollars_uncached")  # fmt: skip
    told: dict[str, Any] = {}
    for name in names:
        parts = [getattr(one, name) for one in (once, both, first)]
        told[name] = None if None in parts else parts[0] + parts[1] - parts[2]
    return replace(once, **told)
