"""Keep one aiohttp session for the event loop that is in use, and close it wherever its loop is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_LIMIT: Final = aiohttp.ClientTimeout(total=None, sock_connect=None)  # a call has its own


class Connections:
    """Hand out a session for the running event loop, opened when first needed.

    Another loop gets a new session, and the old one is closed: one loop at a time.

    Args:
        limit: How many connections there are at most.
        response_class: What aiohttp makes of a response.
        on_close: Told each session that is about to be closed.
    """

    def __init__(
        self,
        limit: int,
        *,
        response_class: type[aiohttp.ClientResponse] = aiohttp.ClientResponse,
        on_close: Callable[[aiohttp.ClientSession], None] | None = None,
    ) -> None:
        self._limit = limit
        self._response_class = response_class
        self._on_close = on_close
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def session(self) -> aiohttp.ClientSession:
        """Return the open session of the running loop."""
        session = self._session
        if session is not None and self._loop is asyncio.get_running_loop() and not session.closed:
            return session
        return await self._renew()

    async def close(self) -> None:
        """Close all connections; asking for a session opens a new one."""
        old, loop = self._session, self._loop
        self._session = self._loop = None
        await self._retire(old, loop)

    async def _renew(self) -> aiohttp.ClientSession:
        old, loop = self._session, self._loop
        session = self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._limit),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_NO_LIMIT,
            headers={"User-Agent": "trueup"},
            response_class=self._response_class,
        )
        self._loop = asyncio.get_running_loop()
        await self._retire(old, loop)
        return session

    async def _retire(
        self, session: aiohttp.ClientSession | None, loop: asyncio.AbstractEventLoop | None
    ) -> None:
        if session is None or loop is None:
            return
        if self._on_close is not None:
            self._on_close(session)
        if loop is asyncio.get_running_loop() or loop.is_closed():
            await session.close()
        else:
            asyncio.run_coroutine_threadsafe(session.close(), loop)
