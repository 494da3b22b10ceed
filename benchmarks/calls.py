"""Part 1: what a call costs, through trueup and through others, in one run side by side."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.clients.work import CRITERION
from benchmarks.meter import Goal, cores, environment, median, pin, run, table
from benchmarks.peers import PEERS, python_of
from benchmarks.server import answer
from trueup.testing.faultserver import FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.meter import Ended

IN_FLIGHT = 64
LATENCY = 0.2
CEILING = IN_FLIGHT / LATENCY
"""Items a second that no client can exceed with so many in flight at that latency."""

_DIRECT, _LITELLM = "trueup, direct", "trueup, litellm"
_FLOOR, _STACK = "bare aiohttp", "litellm + instructor"
_HEAD = (
    "client", "items", "CPU ms/item", "x aiohttp", "items/s", "CPU ms/item at 200 ms",
    "items/s at 200 ms", "of ceiling", "process CPU s", "peak MB", "request kB",
)  # fmt: skip
_RUBRIC = {
    "name": "order",
    "task": "The assistant explains how an order is refunded.",
    "criteria": [{"id": "order", "ask": CRITERION}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One way of asking."""

    name: str
    module: str
    slow: bool = True
    """Whether it takes more than about 3 ms an item, and so gets fewer of them."""
    transport: str = ""
    python: str = sys.executable


_CLIENTS = (
    Client(name=_FLOOR, module="bare_aiohttp", slow=False),
    Client(name=_DIRECT, module="trueup_client", slow=False, transport="direct"),
    Client(name="bare litellm", module="bare_litellm"),
    Client(name=_STACK, module="litellm_instructor"),
    Client(name=_LITELLM, module="trueup_client", transport="litellm"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    fast: int
    slow: int
    repetitions: int

    def of(self, client: Client) -> int:
        """Return how many items a client is given."""
        return self.slow if client.slow else self.fast


def measure(size: Size, *, venvs: Path | None) -> list[Goal]:
    """Measure every client, print the figures and return the goals.

    Args:
        size: How much.
        venvs: Where the peers' environments are kept; None leaves the peers out.
    """
    clients = [*_CLIENTS]
    if venvs is not None:
        clients += [
            Client(name=name, module=f"peer_{name}", python=python_of(name, venvs))
            for name in PEERS
        ]
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        bench = _Bench(Path(name), size)
        sent = bench.prepare(clients)
        urls = {wait: stack.enter_context(served(wait)) for wait in (0.0, LATENCY)}
        for repetition in range(size.repetitions):
            print(f"repetition {repetition + 1} of {size.repetitions} ...", flush=True)
            for wait, url in urls.items():
                for client in clients:
                    bench.measure(client, url, wait)
        return _report(clients, bench.found, sent, size)


class _Bench:
    """The folder with what clients share, and what was found."""

    def __init__(self, folder: Path, size: Size) -> None:
        self._folder = folder
        self._size = size
        self.found: dict[tuple[str, float], list[Ended]] = defaultdict(list)
        (folder / "rubric.yaml").write_text(json.dumps(_RUBRIC))
        (folder / "requests.jsonl").touch()

    def prepare(self, clients: Sequence[Client]) -> dict[str, float]:
        """Run every client once, which compiles its bytecode; return the bytes of its requests.

        trueup goes first: what it sends is what the bare clients are given to send.
        """
        sent = {}
        for client in sorted(clients, key=lambda one: one.name != _DIRECT):
            count = self._size.fast if client.name == _DIRECT else IN_FLIGHT
            with FaultServer(answer=answer, log_limit=count) as server:
                self._run(client, server.url, count)
                bodies = [json.dumps(request.body) for request in server.log]
            sent[client.name] = sum(map(len, bodies)) / len(bodies)
            if client.name == _DIRECT:
                (self._folder / "requests.jsonl").write_text("\n".join(bodies))
        return sent

    def measure(self, client: Client, url: str, wait: float) -> None:
        """Measure one client once."""
        self.found[client.name, wait].append(self._run(client, url, self._size.of(client)))

    def _run(self, client: Client, url: str, count: int) -> Ended:
        judge = f"{client.transport or 'no'}-judge.yaml"
        if client.transport:
            self._write_judge(judge, client.transport, url)
        work = {
            "url": url,
            "folder": str(self._folder),
            "judge": judge,
            "count": count,
            "in_flight": IN_FLIGHT,
        }
        module = f"benchmarks.clients.{client.module}"
        ended = run(["-m", module, json.dumps(work)], python=client.python, cwd=self._folder)
        for store in self._folder.glob("store-*"):
            store.unlink()
        return ended

    def _write_judge(self, name: str, transport: str, url: str) -> None:
        judge = {
            "kind": "llm",
            "model": "openai/bench",
            "api_base": url,
            "transport": transport,
            "concurrency": IN_FLIGHT,
        }
        (self._folder / name).write_text(json.dumps(judge))


@contextmanager
def served(wait: float) -> Iterator[str]:
    """Serve on the other core; yield the address."""
    arguments = [sys.executable, "-m", "benchmarks.server", str(wait), "3600"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment())
    pin(process.pid, cores()[1])
    try:
        yield process.stdout.readline().strip() if process.stdout else ""
    finally:
        process.terminate()
        process.wait()


def _report(
    clients: Sequence[Client],
    found: Mapping[tuple[str, float], Sequence[Ended]],
    sent: Mapping[str, float],
    size: Size,
) -> list[Goal]:
    figures = {client.name: _figures(client.name, found) for client in clients}
    rows: list[Sequence[object]] = [_HEAD]
    for client in sorted(clients, key=lambda one: figures[one.name]["cpu"]):
        f = figures[client.name]
        ratio = _ratio(client.name, _FLOOR, found)
        rows.append([
            client.name, size.of(client), f"{f['cpu']:.3f}", f"{ratio:.1f}",
            f"{f['rate']:.0f}", f"{f['cpu_late']:.3f}", f"{f['rate_late']:.0f}",
            f"{f['rate_late'] / CEILING:.0%}", f"{f['process']:.1f}", f"{f['peak']:.0f}",
            f"{sent[client.name] / 1000:.1f}",
        ])  # fmt: skip
    for line in table(rows):
        print(line)
    direct = _ratio(_DIRECT, _FLOOR, found)
    litellm = _ratio(_LITELLM, _STACK, found)
    share = figures[_DIRECT]["rate_late"] / CEILING
    return [
        Goal("CPU of a call, direct, over bare aiohttp", direct, 4.2, " x"),
        Goal("of the ceiling at 200 ms, direct", share, 0.85, at_least=True),
        Goal("CPU of a call, litellm, over litellm + instructor", litellm, 1.2, " x"),
    ]


def _ratio(name: str, other: str, found: Mapping[tuple[str, float], Sequence[Ended]]) -> float:
    """Return how much dearer one client's call is than another's, of the same repetition."""
    pairs = zip(found[name, 0.0], found[other, 0.0], strict=True)
    return median(_each(one, "cpu") / _each(two, "cpu") for one, two in pairs)


def _each(ended: Ended, figure: str) -> float:
    return float(ended.said[figure] / ended.said["count"])


def _figures(name: str, found: Mapping[tuple[str, float], Sequence[Ended]]) -> dict[str, float]:
    """Return medians over the repetitions."""
    at_once, late = found[name, 0.0], found[name, LATENCY]

    def of(runs: Sequence[Ended], figure: str) -> float:
        return median(_each(ended, figure) for ended in runs)

    return {
        "cpu": of(at_once, "cpu") * 1000,
        "rate": 1 / of(at_once, "wall"),
        "cpu_late": of(late, "cpu") * 1000,
        "rate_late": 1 / of(late, "wall"),
        "process": median(ended.cpu for ended in at_once),
        "peak": median(ended.said["peak_mb"] for ended in at_once),
    }
