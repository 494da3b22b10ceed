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
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        asyncio.run(_serve(_server(options), options.ttl))
    except (OSError, OverflowError, ValueError) as error:
        parser.error(str(error))
    return 0


def _probability_option(fault: Fault) -> str:
    return f"--p{fault}" if fault[0].isdigit() else f"--p-{fault}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trueup.testing.faultserver",
        description="Answer OpenAI chat completions on 127.0.0.1, with faults. "
        "GET /stats, POST /reset and POST /config are there for the caller.",
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free port (default)")
    parser.add_argument("--ttl", type=float, default=300.0, help="seconds to live (default 300)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="before each answer")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other fates")
    parser.add_argument("--retry-after", type=float, default=1.0, help="seconds, default 1")
    parser.add_argument("--drip-seconds", type=float, default=5.0, help="in all, default 5")
    parser.add_argument("--huge-megabytes", type=float, default=32.0, help="default 32")
    parser.add_argument("--prefix-cache", action="store_true", help="report cached_tokens")
    for name, text in (
        ("--sticky", "a fault that stays with a text"),
        ("--lacks", "a fault for all it concerns"),
    ):
        parser.add_argument(
            name, action="append", default=[], choices=list(Fault), metavar="FAULT", help=text
        )
    odds = parser.add_argument_group("probabilities of faults")
    for fault in Fault:
        odds.add_argument(
            _probability_option(fault), dest=f"p_{fault}", type=float, metavar="P", help=fault
        )
    return parser


def _server(options: argparse.Namespace) -> FaultServer:
    from trueup.testing.faultserver import FaultServer  # noqa: PLC0415 - it imports this module

    given = {fault: getattr(options, f"p_{fault}") for fault in Fault}
    return FaultServer(
        faults={fault: odd for fault, odd in given.items() if odd is not None},
        latency=options.latency_ms / 1000,
        seed=options.seed,
        sticky=options.sticky,
        lacks=options.lacks,
        retry_after=options.retry_after,
        drip_seconds=options.drip_seconds,
        huge_megabytes=options.huge_megabytes,
        prefix_cache=options.prefix_cache,
        record=False,
        port=options.port,
    )


async def _serve(server: FaultServer, ttl: float) -> None:
    loop = asyncio.get_running_loop()
    until = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows: the process is ended as it is
            loop.add_signal_handler(number, until.set)
    loop.call_later(ttl, until.set)
    await server.serve(lambda url: print(url, flush=True), until=until)  # noqa: T201 - the caller reads it
