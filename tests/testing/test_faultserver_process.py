"""The fault server as a process of its own, with statistics, reset and configuration over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trueup.testing
from trueup.testing._command import main
from trueup.testing.faultserver import Fault, FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(trueup.testing.__path__[0]).parents[1]


@contextmanager
def process(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start the server; give its address without the path, and end it."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "trueup.testing.faultserver", *options],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            yield url.removesuffix("/v1"), server
        finally:
            server.kill()


def call(url: str, body: Any = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - our own server
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def ask(url: str, text: str = "hello", **fields: Any) -> tuple[int, Any]:
    body = {"model": "judge", "messages": [{"role": "user", "content": text}], **fields}
    return call(f"{url}/v1/chat/completions", body)


def test_the_process_answers_counts_and_forgets() -> None:
    with process("--port", "0", "--ttl", "120", "--p500", "1") as (url, _):
        assert ask(url)[0] == 500
        assert ask(url, model="fault-429")[0] == 429
        _, stats = call(f"{url}/stats")
        assert stats["requests"] == 2
        assert stats["counts"] == {"500": 1, "429": 1}
        assert (stats["in_flight"], stats["peak_in_flight"]) == (0, 1)
        assert stats["cpu_seconds"] > 0

        assert call(f"{url}/reset", {}) == (200, {})
        assert call(f"{url}/stats")[1]["requests"] == 0


def test_a_server_is_configured_over_http_while_it_runs() -> None:
    with FaultServer(lacks={Fault.NO_TEMPERATURE}) as server:
        url = server.url.removesuffix("/v1")
        assert ask(url, temperature=0)[0] == 400
        assert call(f"{url}/config", {"faults": {"503": 1}, "lacks": [], "latency_ms": 1})[0] == 200
        assert call(f"{url}/config", {"faults": {"401": 1}, "prefix_cache": True})[0] == 200
        assert ask(url, temperature=0)[0] == 401

        for wrong in (
            {"faults": {"sunspots": 1}},
            {"faults": ["429"]},
            {"seed": "x"},
            {"port": 1},
            [1],
            {"latency_ms": "x"},
        ):
            status, answer = call(f"{url}/config", wrong)
            assert status == 400
            assert answer["error"]["message"]
        assert ask(url)[0] == 401
        assert call(f"{url}/reset", {}) == (200, {})
        assert server.requests == 0


def test_the_command_prints_its_url_first_and_ends_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--ttl", "0", "--p429", "0.1", "--sticky", "429"]) == 0

    assert capsys.readouterr().out.startswith("http://127.0.0.1:")


def test_the_process_ends_by_itself() -> None:
    with process("--ttl", "0.2") as (_, server):
        _, errors = server.communicate(timeout=60)

        assert (server.returncode, errors) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to handle")
def test_the_process_ends_quietly_when_told_to() -> None:
    with process("--ttl", "120") as (url, server):
        ask(url)
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=60)

        assert (server.returncode, errors) == (0, "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--p429", "2"], "from 0 to 1"),
        (["--sticky", "sunspots"], "invalid choice"),
        (["--latency-ms", "-1"], "latency"),
        (["--port", "99999"], "port must be"),
    ],
)
def test_bad_options_are_usage_errors(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(options)

    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_help_names_every_kind_of_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out

    for option in ("--p429-date", "--p-cut-body", "--latency-ms", "--prefix-cache", "--ttl"):
        assert option in shown
