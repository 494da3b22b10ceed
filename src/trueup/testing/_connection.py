"""One client's connection to the fault server: bytes in, answers out, in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from trueup.testing._http import (
    CONTINUE,
    HttpError,
    HttpRequest,
    RequestParser,
    response_head,
)
from trueup.testing._replies import error_body
from trueup.testing._wire import Delivery, Wire

if TYPE_CHECKING:
    from trueup.testing._endpoint import Endpoint

_MAX_WAITING = 1024 * 1024  # bytes a client may send ahead while an answer is under way


class Connection(asyncio.Protocol):
    """Serve one connection; at most one request of it is under way at a time."""

    __slots__ = (
        "_all",
        "_busy",
        "_chat",
        "_endpoint",
        "_full",
        "_loop",
        "_parser",
        "_room",
        "_task",
        "_timer",
        "_transport",
    )

    def __init__(self, endpoint: Endpoint, connections: set[Connection]) -> None:
        """Serve `endpoint`, and be found in `connections` while open."""
        self._endpoint = endpoint
        self._all = connections
        self._loop = asyncio.get_running_loop()
        self._parser = RequestParser()
        self._busy = False
        self._chat = False
        self._full = False
        self._room: asyncio.Future[None] | None = None
        self._timer: asyncio.Handle | None = None
        self._task: asyncio.Task[None] | None = None

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
            self._timer = None
            if self._chat:
                self._endpoint.ledger.answered("disconnected")
        if self._task is not None:
            self._task.cancel()
        self._chat_done()

    def abort(self) -> None:
        """End the connection now, whatever is under way."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and hold back a client that sends far ahead of its answers."""
        self._parser.feed(data)
        self._advance()
        if self._held_up and self._parser.buffered > _MAX_WAITING:
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """Stop answering while the client does not read."""
        self._full = True

    def resume_writing(self) -> None:
        """Go on once the client reads."""
        self._full = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._advance()

    @property
    def _held_up(self) -> bool:
        return self._busy or self._full or self._transport.is_closing()

    def _advance(self) -> None:
        """Begin the next request that is there in whole."""
        while not self._held_up:
            try:
                request = self._parser.next_request()
            except HttpError as error:
                body = error_body(str(error), kind="invalid_request_error")
                self._send(Wire(str(error.status), body, error.status), keep_alive=False)
                return
            if request is None:
                if self._parser.take_continue():
                    self._transport.write(CONTINUE)
                break
            self._begin(request)
        if not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    def _begin(self, request: HttpRequest) -> None:
        self._busy = True
        if not self._endpoint.is_chat(request):
            self._send(self._endpoint.other(request), keep_alive=request.keep_alive)
            return
        self._chat = True
        self._endpoint.ledger.received()
        wire = self._endpoint.chat(request)
        latency = self._endpoint.settings.latency
        if latency > 0:
            self._timer = self._loop.call_later(latency, self._due, wire, request.keep_alive)
        else:
            # Not at once: requests that came in the same turn of the loop are in flight together.
            self._timer = self._loop.call_soon(self._due, wire, request.keep_alive)

    def _due(self, wire: Wire, keep_alive: bool) -> None:  # noqa: FBT001 - call_later passes no keywords
        self._timer = None
        self._endpoint.ledger.answered(wire.label)
        self._send(wire, keep_alive=keep_alive)
        self._advance()

    def _send(self, wire: Wire, *, keep_alive: bool) -> None:
        transport = self._transport
        if wire.delivery in {Delivery.WHOLE, Delivery.HALF}:
            self._chat_done()  # before the bytes go, so that who has them all sees it done
        match wire.delivery:
            case Delivery.NEVER:
                return
            case Delivery.NOTHING:
                transport.abort()
                return
            case Delivery.PIECES:
                head = _head(wire, wire.length, keep_alive=keep_alive)
                self._task = self._loop.create_task(self._stream(head, wire, keep_alive=keep_alive))
                return
            case Delivery.HALF:
                head = _head(wire, len(wire.body), keep_alive=keep_alive)
                transport.write(head + wire.body[: len(wire.body) // 2])
                keep_alive = False
            case Delivery.WHOLE:
                transport.write(_head(wire, len(wire.body), keep_alive=keep_alive) + wire.body)
        self._done(keep_alive=keep_alive)

    async def _stream(self, head: bytes, wire: Wire, *, keep_alive: bool) -> None:
        self._transport.write(head)
        first = True
        for piece in wire.pieces:
            if wire.pause and not first:
                await asyncio.sleep(wire.pause)
            first = False
            if self._transport.is_closing():
                return
            self._transport.write(piece)
            if self._full:
                self._room = self._loop.create_future()
                await self._room
        self._task = None
        self._done(keep_alive=keep_alive)
        self._advance()

    def _done(self, *, keep_alive: bool) -> None:
        self._busy = False
        self._chat_done()
        if not keep_alive:
            self._transport.close()

    def _chat_done(self) -> None:
        if self._chat:
            self._chat = False
            self._endpoint.ledger.finished()


_PLAIN_HEAD = response_head(200, 0).partition(b"Content-Length: 0")


def _head(wire: Wire, length: int, *, keep_alive: bool) -> bytes:
    if keep_alive and wire.status == 200 and wire.headers is None:  # noqa: PLR2004 - the common case, rendered once
        before, _, after = _PLAIN_HEAD
        return b"%sContent-Length: %d%s" % (before, length, after)
    return response_head(wire.status, length, headers=wire.headers, keep_alive=keep_alive)
