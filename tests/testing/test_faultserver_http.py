"""The request parser: the same requests however their bytes arrive."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.testing._http import HttpError, HttpRequest, RequestParser

STREAM = (
    b"POST /v1/chat/completions?x=1 HTTP/1.1\r\nContent-Length: 5\r\n"
    b"X-Two: a\r\nx-two: b\r\n\r\nhello"
    b"\r\nPOST /a/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"
    b"POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
    b"GET /c HTTP/1.0\r\n\r\nGET /d HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
)


def parse(*pieces: bytes) -> list[HttpRequest]:
    parser = RequestParser()
    requests = []
    for piece in pieces:
        parser.feed(piece)
        while (request := parser.next_request()) is not None:
            requests.append(request)
    assert parser.buffered == 0
    return requests


def test_a_stream_of_requests_is_told_apart() -> None:
    requests = parse(STREAM)

    assert [request.path for request in requests] == [
        "/v1/chat/completions",
        "/a",
        "/b",
        "/c",
        "/d",
    ]
    assert [request.body for request in requests] == [b"hello", b"abc0123456789", b"", b"", b""]
    assert [request.keep_alive for request in requests] == [True, True, False, False, True]
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
    parser = RequestParser()
    parser.feed(data)
    request: object = None
    with suppress(HttpError):
        request = parser.next_request()

    assert request is None or isinstance(request, HttpRequest)


def test_continue_is_owed_once_and_only_until_the_body_is_there() -> None:
    parser = RequestParser()
    parser.feed(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert parser.next_request() is None
    assert parser.take_continue()
    assert not parser.take_continue()
    parser.feed(b"ok")

    assert parser.next_request() is not None
    assert not parser.take_continue()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"1" * 70_000, 400),
        (b"0\r\nX: " + b"1" * 70_000, 431),
        (b"11111111111111111\r\n", 400),
        (b"-1\r\n", 400),
        (b"\r\n", 400),
    ],
)
def test_chunks_without_a_sane_end_are_refused(data: bytes, status: int) -> None:
    parser = RequestParser()
    parser.feed(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
    with pytest.raises(HttpError) as caught:
        parser.next_request()

    assert caught.value.status == status
