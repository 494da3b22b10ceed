"""Writer: gathers the rows of many tasks and commits them together.

Whoever needs to know that a row will outlive the process awaits `settled`. One commit then
serves everybody who waits, so durability costs a share of a commit and not a whole one.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueup.store.store import Store

_WAIT_SECONDS = 0.002
_MANY = 256


class Writer:
    """Writes into one store from one event loop.

    Args:
        store: Where rows go.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._commit: asyncio.Future[None] | None = None
        self._broken: Exception | None = None

    def put(self, table: str, row: dict[str, Any]) -> None:
        """Add a row, to be committed within a few milliseconds.

        Raises:
            StoreError: An earlier commit failed.
        """
        self._check()
        self._rows[table].append(row)
        self._count += 1
        if self._count >= _MANY:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_WAIT_SECONDS, self.flush)

    async def settled(self) -> None:
        """Wait until every row put so far is committed.

        Raises:
            StoreError: They could not be written.
        """
        self._check()
        if not self._count:
            return
        if self._commit is None:
            self._commit = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._commit)
        self._check()

    def flush(self) -> None:
        """Commit now; a failure is raised to whoever waits, puts or closes next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._commit = self._commit, None
        rows, self._rows = self._rows, defaultdict(list)
        self._count = 0
        if rows and self._broken is None:
            try:
                self._store.write(rows)
            except Exception as error:  # noqa: BLE001 - raised to everybody who waits or comes later
                self._broken = error
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def close(self) -> None:
        """Commit what is left.

        Raises:
            StoreError: Something could not be written, now or before.
        """
        self.flush()
        self._check()

    def _check(self) -> None:
        if self._broken is not None:
            raise self._broken
