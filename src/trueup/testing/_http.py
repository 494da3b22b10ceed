"""Just enough HTTP/1.1 for a test server: a request parser without input or output, and replies.

The parser is fed bytes and hands out whole requests: keep-alive, pipelining, bodies with a
Content-Length or in chunks, and `Expect: 100-continue`. Whatever it cannot read becomes an
`HttpError` with the status to answer, never another exception.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_HEAD = 64 * 1024
"""Bytes a request line with its headers may have."""
MAX_BODY = 64 * 1024 * 1024
"""Bytes a request body may have."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
JSON_TYPE = "application/json"

_MAX_DIGITS = 16  # of a number of bytes, long before Python's own limit on digits
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class HttpError(Exception):
    """A request that cannot be read, with the status to answer before closing.

    Attributes:
        status: the HTTP status that says so.
    """

    def __init__(self, status: int, message: str) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status


class HttpRequest(NamedTuple):
    """One whole request; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    keep_alive: bool

    @property
    def path(self) -> str:
        """The target without its query and without slashes at the end."""
        return self.target.partition("?")[0].rstrip("/")


class _Head(NamedTuple):
    method: str
    target: str
    headers: dict[str, str]
    keep_alive: bool
    length: int
    """Bytes of body to come; -1 where the body is chunked."""


class RequestParser:
    """Turn the bytes of one connection into requests, one at a time.

    A request is read only when asked for, so that a client that pipelines is held back by the
    caller, not buffered as parsed requests.
    """

    __slots__ = ("_buffer", "_chunks", "_head", "_owes_continue")

    def __init__(self) -> None:
        """Start with an empty buffer."""
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._chunks = bytearray()
        self._owes_continue = False

    @property
    def buffered(self) -> int:
        """Bytes received and not yet handed out."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add bytes that arrived."""
        self._buffer += data

    def take_continue(self) -> bool:
        """Say once per request whether the client waits for `100 Continue` before its body."""
        owed, self._owes_continue = self._owes_continue, False
        return owed

    def next_request(self) -> HttpRequest | None:
        """Hand out the next whole request, or None where more bytes are needed.

        Raises:
            HttpError: the bytes are no readable HTTP/1.1 request, or pass a limit.
        """
        head = self._head
        if head is None:
            head = self._next_head()
            if head is None:
                return None
            self._head = head
            self._owes_continue = "100-continue" in head.headers.get("expect", "").lower()
        body = self._chunked_body() if head.length < 0 else self._plain_body(head.length)
        if body is None:
            return None
        self._head = None
        self._owes_continue = False
        return HttpRequest(head.method, head.target, head.headers, body, head.keep_alive)

    def _next_head(self) -> _Head | None:
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):  # RFC 9112 2.2: some clients send a stray empty line
            del buffer[:2]
        end = buffer.find(b"\r\n\r\n", 0, MAX_HEAD)
        if end < 0:
            if len(buffer) >= MAX_HEAD:
                raise HttpError(431, f"the request head is longer than {MAX_HEAD} bytes")
            return None
        text = buffer[:end].decode("latin-1")
        del buffer[: end + 4]
        return _parse_head(text)

    def _plain_body(self, length: int) -> bytes | None:
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _chunked_body(self) -> bytes | None:
        buffer = self._buffer
        while (line_end := buffer.find(b"\r\n", 0, MAX_HEAD)) >= 0:
            size = _chunk_size(bytes(buffer[:line_end]))
            if len(self._chunks) + size > MAX_BODY:
                raise HttpError(413, f"the request body is longer than {MAX_BODY} bytes")
            if size == 0:
                return self._end_of_chunks(line_end)
            start, stop = line_end + 2, line_end + 2 + size
            if len(buffer) < stop + 2:
                return None
            if buffer[stop : stop + 2] != b"\r\n":
                raise HttpError(400, "a chunk of the request body is not as long as it says")
            self._chunks += buffer[start:stop]
            del buffer[: stop + 2]
        if len(buffer) >= MAX_HEAD:
            raise HttpError(400, "a chunk of the request body says no size")
        return None

    def _end_of_chunks(self, line_end: int) -> bytes | None:
        """Skip the trailer section, which ends in an empty line, and hand out the body."""
        if self._buffer.startswith(b"\r\n", line_end + 2):
            stop = line_end + 4
        else:
            end = self._buffer.find(b"\r\n\r\n", line_end + 2)
            if end < 0:
                if len(self._buffer) >= MAX_HEAD:
                    raise HttpError(431, f"the trailers are longer than {MAX_HEAD} bytes")
                return None
            stop = end + 4
        del self._buffer[:stop]
        body = bytes(self._chunks)
        self._chunks.clear()
        return body


def _parse_head(text: str) -> _Head:
    lines = text.split("\r\n")
    start = lines[0].split(" ")
    if len(start) != 3 or not start[2].startswith("HTTP/1."):  # noqa: PLR2004 - RFC 9112 section 3
        raise HttpError(400, "the first line is not an HTTP/1.1 request line")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise HttpError(400, "a header line is not of the form 'name: value'")
        name = name.lower()
        value = value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    connection = headers.get("connection", "").lower()
    alive = "keep-alive" in connection if start[2] == "HTTP/1.0" else "close" not in connection
    return _Head(start[0], start[1], headers, alive, _body_length(headers))


def _body_length(headers: Mapping[str, str]) -> int:
    coding = headers.get("transfer-encoding")
    length = headers.get("content-length")
    if coding is not None:
        if length is not None:
            raise HttpError(400, "the request has both a Content-Length and a Transfer-Encoding")
        if coding.lower() != "chunked":
            raise HttpError(501, "the only transfer coding known here is 'chunked'")
        return -1
    if length is None:
        return 0
    if not (length.isascii() and length.isdigit()) or len(length) > _MAX_DIGITS:
        raise HttpError(400, "the Content-Length is not a number of bytes")
    if int(length) > MAX_BODY:
        raise HttpError(413, f"the request body is longer than {MAX_BODY} bytes")
    return int(length)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or digits.strip(b"0123456789abcdefABCDEF") or len(digits) > _MAX_DIGITS:
        raise HttpError(400, "a chunk of the request body says no size")
    return int(digits, 16)


def response_head(
    status: int, length: int, *, headers: Mapping[str, str] | None = None, keep_alive: bool = True
) -> bytes:
    """Render a status line with headers for a body of `length` bytes.

    The content type is JSON unless `headers` name another.
    """
    fields = {"Content-Type": JSON_TYPE}
    if headers:
        if any(name.lower() == "content-type" for name in headers):
            fields.clear()
        fields.update(headers)
    fields["Content-Length"] = str(length)
    if not keep_alive:
        fields["Connection"] = "close"
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}\r\n{lines}\r\n".encode("latin-1")
