"""The fault server as a process: `python -m trueup.testing.faultserver`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from trueup.testing._faults import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.testing.faultserver import FaultServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the time to live is over, or SIGTERM or SIGINT; print the base URL first.

    Args:
        arguments: the command line without the program's name; None takes the process's own.

    Returns:
        The exit status: 0, or 2 where the options or the port are no good.
    """
    from trueup.testing.faultserver import FaultServer  # noqa: PLC0415 - it imports this module

    parser = _parser()
    options = vars(parser.parse_args(arguments))
    ttl, latency = options.pop("ttl"), options.pop("latency_ms") / 1000
    odds = {fault: options.pop(f"p_{fault}") for fault in Fault}
    faults = {fault: odd for fault, odd in odds.items() if odd is not None}
    try:
        server = FaultServer(faults=faults, latency=latency, record=False, **options)
        asyncio.run(_serve(server, ttl))
    except (OSError, OverflowError, ValueError) as error:
        parser.error(str(error))
    return 0


def _parser() -> argparse.ArgumentParser:
    """Return a parser whose options are `FaultServer`'s arguments, where not named in `main`."""
    parser = argparse.ArgumentParser(
        prog="python -m trueup.testing.faultserver",
        description="Answer OpenAI chat completions on 127.0.0.1, with faults. "
        "GET /stats, POST /reset and POST /config are there for the caller.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="0: any free port (default)")
    add("--ttl", type=float, default=300.0, help="seconds to live (default 300)")
    add("--latency-ms", type=float, default=0.0, help="before each answer")
    add("--seed", type=int, default=0, help="another seed, other fates")
    add("--retry-after", type=float, default=1.0, help="seconds, default 1")
    add("--drip-seconds", type=float, default=5.0, help="in all, default 5")
    add("--huge-megabytes", type=float, default=32.0, help="default 32")
    add("--prefix-cache", action="store_true", help="report cached_tokens")
    for name, text in (
        ("--sticky", "a fault that stays with a text"),
        ("--lacks", "a fault for all it concerns"),
    ):
        add(name, action="append", default=[], choices=list(Fault), metavar="FAULT", help=text)
    group = parser.add_argument_group("probabilities of faults")
    for fault in Fault:
        name = f"--p{fault}" if fault[0].isdigit() else f"--p-{fault}"
        group.add_argument(name, dest=f"p_{fault}", type=float, metavar="P", help=fault)
    return parser


async def _serve(server: FaultServer, ttl: float) -> None:
    loop = asyncio.get_running_loop()
    until = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows: the process is ended as it is
            loop.add_signal_handler(number, until.set)
    loop.call_later(ttl, until.set)
    await server.serve(lambda url: print(url, flush=True), until=until)  # noqa: T201 - the caller reads it
