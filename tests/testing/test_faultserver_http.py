"""The request parser: the same requests however their bytes arrive."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trueup.testing._http import HttpError, HttpRequest, take_request

STREAM = (
    b"POST /v1/chat/completions?x=1 HTTP/1.1\r\nContent-Length: 5\r\n"
    b"X-Two: a\r\nx-two: b\r\n\r\nhello"
    b"\r\nPOST /a/ HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
    b"GET /c HTTP/1.0\r\n\r\nGET /d HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
)


def parse(*pieces: bytes) -> list[HttpRequest]:
    buffer = bytearray()
    requests = []
    for piece in pieces:
        buffer += piece
        while (request := take_request(buffer)) is not None:
            requests.append(request)
    assert not buffer
    return requests


def test_a_stream_of_requests_is_told_apart() -> None:
    requests = parse(STREAM)

    assert [request.path for request in requests] == ["/v1/chat/completions", "/a", "/c", "/d"]
    assert [request.body for request in requests] == [b"hello", b"abc", b"", b""]
    assert [request.keep_alive for request in requests] == [True, False, False, True]
    assert requests[0].headers["x-two"] == "a, b"


def test_requests_may_come_a_byte_at_a_time() -> None:
    assert parse(*(bytes([byte]) for byte in STREAM)) == parse(STREAM)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_requests_do_not_depend_on_where_the_stream_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]

    pieces = [STREAM[start:stop] for start, stop in pairwise(edges)]
    assert parse(*pieces) == parse(STREAM)


@given(st.binary(max_size=300))
def test_random_bytes_give_requests_or_an_http_error_and_nothing_else(data: bytes) -> None:
    request: object = None
    with suppress(HttpError):
        request = take_request(bytearray(data))

    assert request is None or isinstance(request, HttpRequest)
