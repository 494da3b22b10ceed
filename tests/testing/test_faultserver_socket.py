"""The fault server seen from a raw socket: cuts, hangs, drips, odd clients, a clean end."""

from __future__ import annotations

import gc
import json
import socket
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from trueup.testing.faultserver import Fault, FaultServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from trueup.testing.faultserver import Reply

PATH = "/v1/chat/completions"


def payload(model: str = "judge", text: str = "hello") -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": text}]}).encode()


def request(body: bytes, *headers: str, method: str = "POST", path: str = PATH) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def connect(server: FaultServer) -> socket.socket:
    port = int(server.url.removesuffix("/v1").rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def read_reply(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one reply and not a byte more; the body is short where the connection ends early."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        assert byte, f"the connection ended inside the head {head!r}"
        head += byte
    first, *lines = head.decode().split("\r\n")[:-2]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = b""
    while len(body) < int(headers.get("content-length", "0")):
        data = client.recv(int(headers["content-length"]) - len(body))
        if not data:
            break
        body += data
    return int(first.split(" ")[1]), headers, body


def talk(server: FaultServer, data: bytes) -> tuple[int, dict[str, str], bytes]:
    with closing(connect(server)) as client:
        client.sendall(data)
        return read_reply(client)


def content(reply: tuple[int, dict[str, str], bytes]) -> Any:
    return json.loads(reply[2])["choices"][0]["message"]["content"]


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait for what another thread is about to do, for ten seconds at most."""
    for _ in range(1000):
        if condition():
            return True
        time.sleep(0.01)
    return False


def echo(body: dict[str, Any]) -> str | Reply:
    return str(body["messages"][-1]["content"])


def test_cut_body_ends_half_way_through_the_promised_length() -> None:
    with FaultServer() as server:
        status, headers, body = talk(server, request(payload("fault-cut-body")))

    assert status == 200
    assert 0 < len(body) == int(headers["content-length"]) // 2


def test_cut_early_ends_before_any_byte() -> None:
    with FaultServer() as server, closing(connect(server)) as client:
        client.sendall(request(payload("fault-cut-early")))
        try:
            received = client.recv(100)
        except ConnectionResetError:
            received = b""

    assert received == b""


def test_hang_sends_nothing_and_ends_when_the_server_closes() -> None:
    server = FaultServer().start()
    clients = [connect(server) for _ in range(5)]
    for client in clients:
        client.sendall(request(payload("fault-hang")))
    assert eventually(lambda: server.counts["hang"] == 5)
    assert server.in_flight == server.peak_in_flight == 5
    clients[0].settimeout(0.1)
    with pytest.raises(TimeoutError):
        clients[0].recv(1)
    server.close()

    assert server.in_flight == 0
    for client in clients:
        with closing(client):
            client.settimeout(10)
            try:
                assert client.recv(1) == b""
            except ConnectionResetError:
                continue


def test_a_hanging_request_whose_client_leaves_is_no_longer_in_flight() -> None:
    with FaultServer() as server:
        client = connect(server)
        client.sendall(request(payload("fault-hang")))
        assert eventually(lambda: server.in_flight == 1)
        client.close()
        assert eventually(lambda: server.in_flight == 0)


def test_drip_sends_a_part_and_pauses() -> None:
    with FaultServer(drip_seconds=600) as server, closing(connect(server)) as client:
        client.sendall(request(payload("fault-drip")))
        received = client.recv(1000)
        while not received.partition(b"\r\n\r\n")[2]:
            received += client.recv(1000)
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1000)

    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert body.startswith(b"{")
    assert not body.endswith(b"}")


def test_drip_ends_in_the_right_answer_and_keeps_the_connection() -> None:
    with (
        FaultServer(drip_seconds=0.05, answer=echo) as server,
        closing(connect(server)) as client,
    ):
        for text in ("one", "two"):
            client.sendall(request(payload("fault-drip", text)))
            assert content(read_reply(client)) == text
        assert eventually(lambda: server.in_flight == 0)


def test_a_huge_body_waits_for_a_client_that_does_not_read() -> None:
    with FaultServer(huge_megabytes=4000) as server, closing(connect(server)) as client:
        client.sendall(request(payload("fault-huge")))
        assert eventually(lambda: server.counts["huge"] == 1)

        assert read_stats(server)["requests"] == 1


def test_a_huge_body_arrives_whole() -> None:
    with FaultServer(huge_megabytes=40) as server, closing(connect(server)) as client:
        client.sendall(request(payload("fault-huge")))
        assert len(content(read_reply(client))) >= 40_000_000
        client.sendall(request(payload()))
        assert read_reply(client)[0] == 200


def read_stats(server: FaultServer) -> Any:
    return json.loads(talk(server, request(b"", method="GET", path="/stats"))[2])


def test_a_connection_serves_many_requests() -> None:
    with FaultServer(answer=echo) as server, closing(connect(server)) as client:
        for number in range(50):
            client.sendall(request(payload(text=str(number))))
            assert content(read_reply(client)) == str(number)


@pytest.mark.parametrize("latency", [0.0, 0.002])
def test_pipelined_requests_are_answered_in_their_order(latency: float) -> None:
    with FaultServer(answer=echo, latency=latency) as server, closing(connect(server)) as client:
        client.sendall(b"".join(request(payload(text=str(number))) for number in range(30)))

        assert [content(read_reply(client)) for _ in range(30)] == [str(n) for n in range(30)]


def test_a_client_that_pipelines_without_reading_is_held_back_and_loses_nothing() -> None:
    with FaultServer(answer=echo) as server, closing(connect(server)) as client:
        bodies = [request(payload(text=f"{number} {'x' * 60_000}")) for number in range(800)]
        sender = threading.Thread(target=client.sendall, args=(b"".join(bodies),))
        sender.start()
        sender.join(timeout=0.3)
        assert sender.is_alive()
        answers = [content(read_reply(client)) for _ in range(800)]
        sender.join()

    assert [answer.split(" ")[0] for answer in answers] == [str(n) for n in range(800)]


def test_connection_close_is_honoured() -> None:
    with FaultServer() as server, closing(connect(server)) as client:
        client.sendall(request(payload(), "Connection: close"))
        status, headers, _ = read_reply(client)

        assert (status, headers["connection"]) == (200, "close")
        assert client.recv(1) == b""


def test_a_request_may_come_a_byte_at_a_time() -> None:
    with FaultServer(answer=echo) as server, closing(connect(server)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request(payload(text="slow")):
            client.sendall(bytes([byte]))

        assert content(read_reply(client)) == "slow"


@pytest.mark.parametrize(
    ("garbage", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -4\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000, 431),
    ],
)
def test_garbage_is_answered_with_an_error_and_harms_no_other_client(
    garbage: bytes, status: int
) -> None:
    with FaultServer(answer=echo) as server, closing(connect(server)) as other:
        assert talk(server, garbage)[0] == status

        other.sendall(request(payload(text="fine")))
        assert content(read_reply(other)) == "fine"
        assert server.requests == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"messages": 3}',
        b"[" * 100_000,
        b'{"messages": [], "response_format": {"json_schema": {"schema": {"enum": []}}}}',
    ],
)
def test_bodies_that_are_no_chat_completion_are_a_400(body: bytes) -> None:
    with FaultServer() as server:
        assert talk(server, request(body))[0] == 400
        assert server.counts == {"bad-request": 1}


def test_odd_messages_are_answered() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "b"}}, 3]
    messages: list[Any] = [None, 4, {"role": "user"}, {"role": "user", "content": parts}]
    body = json.dumps({"model": None, "messages": messages}).encode()
    lone_surrogate = rb'{"model": "\ud800", "messages": [{"role": "user", "content": "\ud800"}]}'
    with FaultServer() as server:
        assert talk(server, request(body))[0] == 200
        assert talk(server, request(lone_surrogate))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", PATH, 405), ("GET", "/", 404), ("POST", "/stats", 405), ("POST", "/v1/x", 404)],
)
def test_other_paths_and_methods_are_refused(method: str, path: str, status: int) -> None:
    with FaultServer() as server:
        assert talk(server, request(b"", method=method, path=path))[0] == status
        assert server.requests == 0


def test_clients_that_leave_before_their_answer_are_counted() -> None:
    with FaultServer(latency=600) as server:
        client = connect(server)
        client.sendall(request(payload()))
        assert eventually(lambda: server.in_flight == 1)
        client.close()
        assert eventually(lambda: server.counts["disconnected"] == 1)
        assert server.in_flight == 0


@pytest.mark.parametrize("fault", [None, Fault.HANG, Fault.DRIP, Fault.HUGE])
def test_closing_ends_what_is_under_way_and_leaves_nothing_open(fault: Fault | None) -> None:
    options: dict[str, Any] = {"drip_seconds": 600, "huge_megabytes": 4000}
    if fault is None:
        options["latency"] = 600
    server = FaultServer(**options).start()
    port = int(server.url.removesuffix("/v1").rpartition(":")[2])
    clients = [connect(server) for _ in range(20)]
    for client in clients:
        client.sendall(request(payload(f"fault-{fault}" if fault else "judge")))
    assert eventually(lambda: server.in_flight == 20)
    server.close()
    for client in clients:
        client.close()
    gc.collect()  # an unclosed socket or transport would warn here, and warnings are errors

    assert server.in_flight == 0
    assert "trueup-fault-server" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)


def test_closing_while_clients_connect_leaves_nothing_open() -> None:
    for _ in range(20):
        server = FaultServer().start()
        clients = [connect(server) for _ in range(5)]
        server.close()
        for client in clients:
            client.close()
    gc.collect()

    assert "trueup-fault-server" not in {thread.name for thread in threading.enumerate()}
