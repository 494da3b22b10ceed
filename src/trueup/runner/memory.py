"""Memory: what a door remembers of what was asked: in a store, or nothing at all."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Protocol

from trueup.runner.answerers import Answerers
from trueup.store.rows import reply_columns
from trueup.store.store import clock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from trueup.judge.transport.base import Reply
    from trueup.store.store import Store
    from trueup.store.writer import Writer

_SECRET_BYTES = 32


class Memory(Protocol):
    """Where replies are looked up, and where new ones go."""

    @property
    def secret(self) -> bytes:
        """What fences are keyed under."""
        ...

    @property
    def holds(self) -> bool:
        """Whether a look-up may find anything."""
        ...

    def replies(self, keys: Collection[bytes]) -> Mapping[bytes, Reply]:
        """Return the stored replies to some calls."""
        ...

    async def keep(
        self, key: bytes, about: bytes, reply: Reply, told: Mapping[str, Any], *, observed: object
    ) -> None:
        """Return once a reply will outlive the process.

        Args:
            key: Of the call.
            about: Content of the item that the call is about.
            reply: What was answered.
            told: What it took: `attempts`, `dollars`, `milliseconds`.
            observed: What it says of who gave it.

        Raises:
            StoreError: It could not be kept.
        """
        ...


class StoreMemory:
    """Remembers in a store.

    Args:
        store: Where replies are looked up.
        writer: Where new ones go.
        run: The run's number.
    """

    holds = True

    def __init__(self, store: Store, writer: Writer, *, run: int) -> None:
        self._store = store
        self._writer = writer
        self._run = run
        self._answerers = Answerers(writer, run)

    @property
    def secret(self) -> bytes:
        """The store's secret."""
        return self._store.secret

    def replies(self, keys: Collection[bytes]) -> Mapping[bytes, Reply]:
        """Return the stored replies to some calls."""
        return self._store.replies(keys)

    async def keep(
        self, key: bytes, about: bytes, reply: Reply, told: Mapping[str, Any], *, observed: object
    ) -> None:
        """Return once a reply is committed; see `Memory.keep`."""
        row = {
            **reply_columns(reply),
            **told,
            "key": key,
            "about": about,
            "run": self._run,
            "at": clock(),
        }
        self._answerers.saw(observed)
        self._writer.put("call", row)
        await self._writer.settled()


class NoMemory:
    """Remembers nothing: every call is asked, nothing is written."""

    holds = False

    def __init__(self) -> None:
        self.secret = secrets.token_bytes(_SECRET_BYTES)

    def replies(self, keys: Collection[bytes]) -> Mapping[bytes, Reply]:  # noqa: ARG002 - the contract's
        """Return that nothing is known."""
        return {}

    async def keep(
        self, key: bytes, about: bytes, reply: Reply, told: Mapping[str, Any], *, observed: object
    ) -> None:
        """Do nothing."""
