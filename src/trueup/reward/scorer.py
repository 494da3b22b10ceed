"""Scorer: a judge as the reward of a training loop."""

from __future__ import annotations

import asyncio
import atexit
import datetime as dt
import math
import os
import weakref
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trueup.api import load_judge, load_rubric
from trueup.errors import ConfigError
from trueup.item.model import Item
from trueup.item.read import open_items
from trueup.judge.verdict import Usage
from trueup.reward.background import Background
from trueup.reward.latency import Latency, Stats
from trueup.reward.session import Session
from trueup.reward.trust import Trust, trust_in
from trueup.reward.value import PARTIAL, Abstain, Whose, reward_of
from trueup.rubric.scoring import Tally
from trueup.runner.require import require_judge, require_keys
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from trueup.judge.protocol import Judge
    from trueup.reward.session import Answer
    from trueup.reward.trust import State
    from trueup.reward.value import Partial, Reward
    from trueup.rubric.model import Rubric

_GRACE_SECONDS = 1.0
"""Past the deadline, for a batch to be put away."""
_CLOSE_SECONDS = 5.0
_TRUST_HOURS = 1.0
"""How old what is read from the store may become."""
_OPEN: weakref.WeakSet[Scorer] = weakref.WeakSet()


class Scorer:
    """Scores batches of outputs against a rubric, fast, and never by a guess.

    One background event loop keeps the connections open from batch to batch. `score_batch` may be
    called from plain code, from threads, within a running loop, and in a child after fork;
    `ascore_batch` leaves the caller's loop free. Equal outputs in a batch are asked once.

    Args:
        rubric: A Rubric, a path, or a name.
        judge: A judge object, a path, or a name; None where code decides all criteria.
        store: Where verdicts and replies are kept, so that nothing is asked twice, and where the
            judge's calibration is read from: a path, a database URL or a Store. Nothing is written
            and nothing is remembered where it is left out.
        deadline: Seconds that a batch may take; what is not known by then is an `Abstain`.
        partial: What outputs get of whose criteria only some were answered: `abstain`, the `low`
            bound of the score, or the `mean` of the criteria that were.

    Raises:
        RubricError: The file is no rubric.
        JudgeError: The file is no judge, or criteria need one and there is none.
        CredentialsError: The variable that should hold the judge's key is not set.
        WorkspaceError: There is no such name.
        ConfigError: `deadline` or `partial` cannot be used.
    """

    def __init__(
        self,
        rubric: str | Path | Rubric,
        judge: object = None,
        *,
        store: str | Path | Store | None = None,
        deadline: float = 30.0,
        partial: Partial = "abstain",
    ) -> None:
        if partial not in PARTIAL:
            what = f"partial is {partial!r}"
            raise ConfigError(what, mend=f"It is one of {', '.join(PARTIAL)}")
        if not (math.isfinite(deadline) and deadline > 0):
            raise ConfigError(f"deadline is {deadline!r}", mend="Give seconds above 0")
        self.rubric: Rubric = load_rubric(rubric)
        self.judge: Judge | None = None if judge is None else load_judge(judge)
        require_judge(self.rubric, self.judge)
        require_keys(self.rubric, self.judge)
        self.deadline = float(deadline)
        self.partial: Partial = partial
        self.optimised: State = "unknown"
        """What a monitor said last; every reward tells it."""
        self._tally = Tally(self.rubric)
        self._place = store
        self._background = Background()
        self._session: Session | None = None
        self._store: Store | None = None
        self._process = os.getpid()
        self._abandoned: list[object] = []
        self._trust = Trust()
        self._trusted_at: dt.datetime | None = None
        self._stats = Stats()
        self._latency = Latency()
        _OPEN.add(self)

    @property
    def stats(self) -> Stats:
        """What was done so far, and how fast."""
        quantile = self._latency.quantile
        return replace(self._stats, p50=quantile(0.5), p99=quantile(0.99))

    def score_batch(self, items: Iterable[Any]) -> list[Reward | Abstain]:
        """Return a reward or an abstention for each item, in their order.

        Args:
            items: Items; mappings with `output` and whatever else a judge is shown, of which
                trajectories are lists of messages; plain texts, which are outputs; or a frame. Ids
                need not differ. Items of one `group` are completions of one prompt.

        Raises:
            DataError: An item cannot be read.
            CredentialsError: The endpoint refused the key.
            JudgeError: The judge's code raises the same for every request, or the endpoint rejects
                even a harmless one.
            StoreError: The store cannot be written.
        """
        if self._background.inside():
            what = "score_batch was called where it would wait for itself"
            raise ConfigError(what, mend="Await ascore_batch there")
        batch = self._items(items)
        future = self._background.submit(self._scored(batch))
        try:
            return future.result(timeout=self.deadline + _GRACE_SECONDS)
        except NotYet:
            return self._given_up(batch, future)
        except BaseException:
            future.cancel()
            raise

    async def ascore_batch(self, items: Iterable[Any]) -> list[Reward | Abstain]:
        """Return the same as `score_batch`, without blocking the running loop."""
        batch = self._items(items)
        future = self._background.submit(self._scored(batch))
        waiting = asyncio.wrap_future(future)
        try:
            done, _ = await asyncio.wait([waiting], timeout=self.deadline + _GRACE_SECONDS)
        except BaseException:
            future.cancel()
            raise
        return waiting.result() if done else self._given_up(batch, future)

    def close(self) -> None:
        """Close every connection, and the store where it was opened here; a later batch reopens."""
        _OPEN.discard(self)
        try:
            if self._session is not None and self._process == os.getpid():
                with suppress(NotYet, CancelledError):
                    self._background.submit(self._closed()).result(timeout=_CLOSE_SECONDS)
        finally:
            self._background.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _items(self, items: Iterable[Any]) -> list[Item]:
        """Return items of whatever a training loop holds."""
        if isinstance(items, str | bytes):
            what = "a batch is a list of outputs, and this is one text"
            raise ConfigError(what, mend="Put it in a list: score_batch([text])")
        if not isinstance(items, list | tuple):
            return list(open_items(items))
        given = [
            Item(id=str(place), output=item) if isinstance(item, str) else item
            for place, item in enumerate(items)
        ]
        if all(isinstance(item, Item) for item in given):
            return given
        return list(open_items(given))

    async def _scored(self, items: Sequence[Item]) -> list[Reward | Abstain]:
        if not items:
            return []
        start = asyncio.get_running_loop().time()
        session = self._opened()
        answers = await session.answers(items, seconds=self.deadline)
        trust = self._trust_now(session)
        paid: set[int] = set()
        results = []
        for item, answer in zip(items, answers, strict=True):
            usage = Usage() if id(answer) in paid else answer.usage
            paid.add(id(answer))
            whose = Whose(id=item.id, group=item.group, usage=usage, trust=trust)
            results.append(
                reward_of(answer.findings, self.rubric, self._tally, self.partial, whose)
            )
        self._count(items, answers, results, start)
        return results

    def _count(
        self,
        items: Sequence[Item],
        answers: Sequence[Answer],
        results: Sequence[Reward | Abstain],
        start: float,
    ) -> None:
        last: dict[str | None, float] = {}
        for item, answer in zip(items, answers, strict=True):
            last[item.group] = max(last.get(item.group, start), answer.at)
        self._latency.add(at - start for at in last.values())
        old = self._stats
        self._stats = Stats(
            batches=old.batches + 1,
            outputs=old.outputs + len(items),
            asked=old.asked + len({id(answer) for answer in answers if answer.asked}),
            abstained=old.abstained + sum(isinstance(one, Abstain) for one in results),
        )

    def _opened(self) -> Session:
        """Return the session of this process; runs in the loop."""
        if self._process != os.getpid():
            if isinstance(self._place, Store):
                what = "an open store does not survive a fork"
                raise ConfigError(what, mend="Give the Scorer the store's path instead")
            # kept, so that nothing of the parent's is closed from here
            self._abandoned += [self._session, self._store]
            self._session, self._store, self._process = None, None, os.getpid()
            _OPEN.add(self)
        if self._session is None:
            if self._place is not None and self._store is None:
                place = self._place
                self._store = place if isinstance(place, Store) else Store.open(place)
            self._session = Session(self.rubric, self.judge, store=self._store)
        return self._session

    def _trust_now(self, session: Session) -> Trust:
        now = dt.datetime.now(dt.UTC)
        old = self._trusted_at
        if self._store is not None and (
            old is None or now - old > dt.timedelta(hours=_TRUST_HOURS)
        ):
            name = self.judge.name if self.judge is not None else "code"
            self._trust = trust_in(self._store, judge=name, instruments=session.instruments)
            self._trusted_at = now
        return replace(self._trust, optimised=self.optimised)

    async def _closed(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        if self._store is not None and self._store is not self._place:
            self._store.close()
        self._store = None

    def _given_up(self, items: Sequence[Item], future: Future[Any]) -> list[Reward | Abstain]:
        """Return abstentions where not even the deadline is kept: the judge's code blocks."""
        future.cancel()
        trust = replace(self._trust, optimised=self.optimised)
        why = f"no answer within {self.deadline:g} s, and the judge's code does not let go"
        return [
            Abstain(id=item.id, reason="deadline", message=why, group=item.group, trust=trust)
            for item in items
        ]


def _close_all() -> None:
    for scorer in list(_OPEN):
        scorer.close()


atexit.register(_close_all)
