"""One client's connection to the fault server: bytes in, answers out, in order."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, cast

from trueup.testing._endpoint import refused
from trueup.testing._http import HttpError, HttpRequest, response_head, take_request
from trueup.testing._wire import Delivery, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trueup.testing._endpoint import Endpoint

_MAX_WAITING = 1024 * 1024  # bytes a client may send ahead while an answer is under way


class Connection(asyncio.Protocol):
    """Serve one connection; at most one request of it is under way at a time."""

    def __init__(self, endpoint: Endpoint, connections: set[Connection]) -> None:
        """Serve `endpoint`, and be found in `connections` while open."""
        self._endpoint = endpoint
        self._ledger = endpoint.ledger
        self._all = connections
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._in_flight = False  # whether a chat completion is under way; others take no time
        self._begun = False  # whether its answer has begun to be sent
        self._full = False  # whether the client does not read what is sent
        self._rest: Callable[[], None] | None = None  # what to go on with once it does
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Join the open connections."""
        self._transport = cast("asyncio.Transport", transport)
        self._all.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop what was under way."""
        del exc
        self._all.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            if not self._begun:
                self._ledger.answered("disconnected")
        self._finish()

    def abort(self) -> None:
        """End the connection now, whatever is under way."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and hold back a client that sends far ahead of its answers."""
        self._buffer += data
        self._advance()

    def pause_writing(self) -> None:
        """Stop answering while the client does not read."""
        self._full = True

    def resume_writing(self) -> None:
        """Go on once the client reads."""
        self._full = False
        rest, self._rest = self._rest, None
        (rest or self._advance)()

    @property
    def _held_up(self) -> bool:
        return self._in_flight or self._full or self._transport.is_closing()

    def _advance(self) -> None:
        """Begin the next request that is there in whole."""
        while not self._held_up:
            try:
                request = take_request(self._buffer)
            except HttpError as error:
                self._send(refused(error), keep_alive=False)
                return
            if request is None:
                break
            self._begin(request)
        if self._held_up and len(self._buffer) > _MAX_WAITING:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _begin(self, request: HttpRequest) -> None:
        if not self._endpoint.is_chat(request):
            self._send(self._endpoint.other(request), keep_alive=request.keep_alive)
            return
        self._in_flight, self._begun = True, False
        self._ledger.received()
        wire = self._endpoint.chat(request)
        # Even without latency not at once: requests that came in the same turn of the loop are in
        # flight together.
        self._timer = self._loop.call_later(
            self._endpoint.plan.latency, self._due, wire, request.keep_alive
        )

    def _due(self, wire: Wire, keep_alive: bool) -> None:  # noqa: FBT001 - call_later passes no keywords
        self._timer = None
        self._begun = True
        self._ledger.answered(wire.label)
        self._send(wire, keep_alive=keep_alive)
        self._advance()

    def _send(self, wire: Wire, *, keep_alive: bool) -> None:
        if wire.delivery is Delivery.NEVER:
            return
        if wire.delivery is Delivery.NOTHING:
            self._transport.abort()
            return
        pieces = wire.delivery is Delivery.PIECES
        length = wire.length if pieces else len(wire.body)
        head = response_head(wire.status, length, headers=wire.headers, keep_alive=keep_alive)
        if pieces:
            self._transport.write(head)
            self._pour(iter(wire.pieces), length, wire.pause, keep_alive)
            return
        self._finish()  # before the bytes go, so that who has them all sees it done
        whole = wire.delivery is Delivery.WHOLE
        self._transport.write(head + (wire.body if whole else wire.body[: length // 2]))
        if not (keep_alive and whole):
            self._transport.close()

    def _pour(self, pieces: Iterator[bytes], left: int, pause: float, keep_alive: bool) -> None:  # noqa: FBT001 - call_later passes no keywords
        """Send piece after piece, with pauses and no faster than the client reads."""
        self._timer = None
        while left and not self._transport.is_closing():
            piece = next(pieces)
            left -= len(piece)
            self._transport.write(piece)
            rest = partial(self._pour, pieces, left, pause, keep_alive)
            if self._full:
                self._rest = rest
                return
            if pause and left:
                self._timer = self._loop.call_later(pause, rest)
                return
        self._finish()
        if not keep_alive:
            self._transport.close()
        self._advance()

    def _finish(self) -> None:
        """Count the request under way out."""
        if self._in_flight:
            self._in_flight = False
            self._ledger.finished()
