"""A server on 127.0.0.1 that speaks OpenAI chat completions and fails on demand.

For testing whatever calls a language model, over a real socket, with no dependency and no key:

    with FaultServer(faults={Fault.RATE_LIMIT: 0.05, Fault.DRIP: 0.01}) as server:
        run_what_calls_a_model(base_url=server.url)
    assert server.counts["429"] > 0

As a process of its own, for tests that kill or measure the caller:

    python -m trueup.testing.faultserver --port 0 --latency-ms 20 --p429 0.05 --ttl 300
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Self

from trueup.testing._command import main
from trueup.testing._endpoint import Endpoint
from trueup.testing._faults import Fault, FaultPlan, FaultRule, Odds, UnknownFault
from trueup.testing._ledger import Ledger, RecordedRequest, concealed
from trueup.testing._replies import Answer, Reply, prompt_text
from trueup.testing._running import HOST, ServerThread, serve

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Collection

__all__ = [
    "Answer",
    "Fault",
    "FaultRule",
    "FaultServer",
    "Odds",
    "RecordedRequest",
    "Reply",
    "UnknownFault",
    "concealed",
    "prompt_text",
]


class FaultServer:
    """Answer chat completions on a port of the operating system's choice, with chosen faults.

    Use it as a context manager (`with` or `async with`): it then runs in a thread of its own with
    its own event loop, and closing it ends whatever hangs. It can be started again after that.

    Without `answer`, a request's JSON schema is filled with a valid object that depends on the
    prompt alone, and a request without a schema gets `{}`.
    """

    def __init__(
        self,
        *,
        answer: Answer | None = None,
        faults: Odds | FaultRule | None = None,
        latency: float = 0.0,
        seed: int = 0,
        sticky: Collection[str] = (),
        lacks: Collection[str] = (),
        retry_after: float = 1.0,
        drip_seconds: float = 5.0,
        huge_megabytes: float = 32.0,
        prefix_cache: bool = False,
        record: bool = True,
        log_limit: int = 1000,
        port: int = 0,
    ) -> None:
        """Check every option; nothing listens yet.

        Args:
            answer: from the parsed request to the content (text or object) or a `Reply`. It runs
                in the server's thread and must not block.
            faults: a fault -> its probability, or a rule from the request and the number of times
                its text was asked before to a fault or None. A model named `fault-<value>` always
                gets that fault.
            latency: seconds between a chat completion and the first byte of its answer.
            seed: another seed, other fates.
            sticky: those of `faults` that stay with a text once drawn, so that no retry helps.
            lacks: faults that every request gets which they apply to, before any draw: what this
                endpoint does not support.
            retry_after: seconds that Retry-After asks for.
            drip_seconds: seconds a dripping body takes in all.
            huge_megabytes: megabytes of an enormous body.
            prefix_cache: report `cached_tokens`, the longest prefix shared with earlier prompts.
            record: keep requests in `log`.
            log_limit: how many requests `log` keeps, the latest ones.
            port: where to listen; 0 lets the operating system choose.

        Raises:
            UnknownFault: a fault's name is no fault's.
            TypeError: an option is of another type.
            ValueError: an option is out of its range.
        """
        self._ledger = Ledger(limit=log_limit if record else 0)
        self._endpoint = Endpoint(answer, self._ledger, self._configure_from_json)
        self._endpoint.plan = FaultPlan(
            faults,
            latency=latency,
            seed=seed,
            sticky=sticky,
            lacks=lacks,
            retry_after=retry_after,
            drip_seconds=drip_seconds,
            huge_megabytes=huge_megabytes,
            prefix_cache=prefix_cache,
        )
        self._port = port
        self._thread: ServerThread | None = None

    def configure(self, **changes: Any) -> None:  # noqa: ANN401 - each is checked by its user
        """Change options while the server runs; the next request sees them.

        Nothing is forgotten: counts, and how often each text was asked, go on.

        Raises:
            TypeError: an option does not exist, cannot change after the start, or is of another
                type.
            ValueError: an option is out of its range. Nothing is changed then.
        """
        known = [option.name for option in fields(FaultPlan) if option.init]
        if unknown := ", ".join(sorted(changes.keys() - known)):
            raise TypeError(
                f"FaultServer cannot change {unknown}; it can change {', '.join(known)}."
            )
        self._endpoint.plan = replace(self._endpoint.plan, **changes)

    def _configure_from_json(self, changes: dict[str, Any]) -> None:
        """Apply what a client posted to `/config`, where latency is in milliseconds."""
        if "latency_ms" in changes:
            changes = {**changes, "latency": changes["latency_ms"] / 1000}
            del changes["latency_ms"]
        self.configure(**changes)

    @property
    def url(self) -> str:
        """The base URL for a client, as in `http://127.0.0.1:PORT/v1`.

        Raises:
            RuntimeError: the server is not running.
        """
        if self._thread is None:
            raise RuntimeError(
                "The fault server is not running; use it in a with statement or call start()."
            )
        return _url(self._thread.port)

    @property
    def requests(self) -> int:
        """Chat-completion requests received."""
        return self._ledger.requests

    @property
    def counts(self) -> Counter[str]:
        """How many answers began, by what they were: `ok`, a fault's value, another status.

        `disconnected` counts clients that left before their answer began, `bad-request` what was
        no chat completion, `answer-error` exceptions out of `answer` or the fault rule.
        """
        return self._ledger.counts

    @property
    def log(self) -> list[RecordedRequest]:
        """The latest requests, oldest first."""
        return self._ledger.log

    @property
    def in_flight(self) -> int:
        """Requests received and not yet answered in full."""
        return self._ledger.in_flight

    @property
    def peak_in_flight(self) -> int:
        """The most requests in flight at once; of use where there is latency."""
        return self._ledger.peak

    def reset(self) -> None:
        """Forget all requests: counts, log, how often each text was asked, cached prefixes."""
        self._endpoint.reset()

    def start(self) -> Self:
        """Listen, in a thread of its own.

        Raises:
            RuntimeError: the server is running already.
            OSError: the port cannot be had.
        """
        if self._thread is not None:
            raise RuntimeError(
                "The fault server is running already; close it first, or make another one."
            )
        self._thread = ServerThread(self._endpoint, self._port)
        return self

    def close(self) -> None:
        """End every connection and the thread; a server that does not run is left as it is."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.end()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    async def __aenter__(self) -> Self:
        """Start, in a thread and loop of its own as with `with`."""
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: object) -> None:
        """Close without holding up the caller's loop."""
        await asyncio.to_thread(self.close)

    async def serve(self, ready: Callable[[str], None], *, until: asyncio.Event) -> None:
        """Serve in the running event loop, without a thread, until an event is set.

        Args:
            ready: told the base URL as soon as clients may connect.
            until: ends it.

        Raises:
            OSError: the port cannot be had.
        """
        await serve(self._endpoint, self._port, ready=lambda port: ready(_url(port)), until=until)


def _url(port: int) -> str:
    return f"http://{HOST}:{port}/v1"


if __name__ == "__main__":
    sys.exit(main())
