"""Just enough HTTP/1.1 for a test server: requests out of bytes, and the heads of replies.

Connections may be kept alive and requests pipelined; bodies come with a Content-Length. Whatever
cannot be read becomes an `HttpError` with the status to answer.
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

_MAX_DIGITS = 16  # of a number of bytes, long before Python's own limit on digits
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class HttpError(Exception):
    """A request that cannot be read, with the status to answer before closing."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class HttpRequest(NamedTuple):
    """One whole request."""

    method: str
    path: str
    """The target without its query and without slashes at the end."""
    headers: dict[str, str]
    """Names are in lower case."""
    body: bytes
    keep_alive: bool


def take_request(buffer: bytearray) -> HttpRequest | None:
    """Take a whole request off the front of a buffer; None where more bytes are needed.

    Raises:
        HttpError: The bytes are no readable HTTP/1.1 request, or pass a limit.
    """
    while buffer.startswith(b"\r\n"):  # RFC 9112 2.2: some clients send a stray empty line
        del buffer[:2]
    end = buffer.find(b"\r\n\r\n", 0, MAX_HEAD)
    if end < 0:
        if len(buffer) >= MAX_HEAD:
            raise HttpError(431, f"the request head is longer than {MAX_HEAD} bytes")
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    start = first.split(" ")
    if len(start) != 3 or not start[2].startswith("HTTP/1."):  # noqa: PLR2004 - RFC 9112 section 3
        raise HttpError(400, "the first line is not an HTTP/1.1 request line")
    headers = _headers(lines)
    length = _body_length(headers)
    if len(buffer) < end + 4 + length:
        return None
    body = bytes(buffer[end + 4 : end + 4 + length])
    del buffer[: end + 4 + length]
    connection = headers.get("connection", "").lower()
    alive = "keep-alive" in connection if start[2] == "HTTP/1.0" else "close" not in connection
    return HttpRequest(start[0], start[1].partition("?")[0].rstrip("/"), headers, body, alive)


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise HttpError(400, "a header line is not of the form 'name: value'")
        name = name.lower()
        value = value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _body_length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise HttpError(501, "no transfer coding is known here; send a Content-Length")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or len(length) > _MAX_DIGITS:
        raise HttpError(400, "the Content-Length is not a number of bytes")
    if int(length) > MAX_BODY:
        raise HttpError(413, f"the request body is longer than {MAX_BODY} bytes")
    return int(length)


def response_head(
    status: int, length: int, *, headers: Mapping[str, str] | None = None, keep_alive: bool = True
) -> bytes:
    """Render a status line with headers for a body of `length` bytes.

    The content type is JSON unless `headers` name another.
    """
    given = "".join(f"{name}: {value}\r\n" for name, value in headers.items()) if headers else ""
    if not any(name.lower() == "content-type" for name in headers or ()):
        given += "Content-Type: application/json\r\n"
    if not keep_alive:
        given += "Connection: close\r\n"
    start = f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}"
    return f"{start}\r\n{given}Content-Length: {length}\r\n\r\n".encode("latin-1")
