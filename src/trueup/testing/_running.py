"""The life of a fault server: its event loop, its thread, and an end that leaves nothing open."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

from trueup.testing._connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from trueup.testing._endpoint import Endpoint

HOST = "127.0.0.1"

_BACKLOG = 2048
_QUIET_TURNS = 5


async def serve(
    endpoint: Endpoint, port: int, *, ready: Callable[[int], None], until: asyncio.Event
) -> None:
    """Serve in the running event loop until an event is set, then end every connection.

    Args:
        endpoint: what answers.
        port: where to listen; 0 for any.
        ready: told the port as soon as clients may connect.
        until: ends it.

    Raises:
        OSError: the port cannot be had.
    """
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(endpoint, connections), HOST, port, backlog=_BACKLOG
    )
    try:
        ready(server.sockets[0].getsockname()[1])
        await until.wait()
    finally:
        await _end(server, connections)


async def _end(server: asyncio.Server, connections: set[Connection]) -> None:
    loop = asyncio.get_running_loop()
    # A closed asyncio server drops, with its socket open, what it accepted in the last turn: so it
    # first stops accepting and lets those connections arrive.
    with suppress(NotImplementedError):  # the Windows loop has no readers
        for listening in server.sockets:
            loop.remove_reader(listening.fileno())
    quiet = 0
    while quiet < _QUIET_TURNS:
        quiet = 0 if connections else quiet + 1
        for connection in connections:
            connection.abort()
        await asyncio.sleep(0)
    server.close()
    await server.wait_closed()


class ServerThread:
    """A thread that serves until told to end.

    Attributes:
        port: the port it listens on.

    Raises:
        OSError: the port cannot be had.
        OverflowError: the port is no port's number.
    """

    def __init__(self, endpoint: Endpoint, port: int) -> None:
        """Start, and wait until clients may connect."""
        self._started: Future[int] = Future()
        self._thread = Thread(
            target=lambda: asyncio.run(self._serve(endpoint, port)),
            name="trueup-fault-server",
            daemon=True,
        )
        self._thread.start()
        try:
            self.port = self._started.result()
        except Exception:
            self._thread.join()
            raise

    async def _serve(self, endpoint: Endpoint, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._until = asyncio.Event()
        try:
            await serve(endpoint, port, ready=self._started.set_result, until=self._until)
        except BaseException as error:  # whoever waits for the start must hear of it
            if self._started.done():
                raise
            self._started.set_exception(error)

    def end(self) -> None:
        """End every connection, the loop and the thread."""
        with suppress(RuntimeError):  # the loop is closed where the thread has failed
            self._loop.call_soon_threadsafe(self._until.set)
        self._thread.join()
