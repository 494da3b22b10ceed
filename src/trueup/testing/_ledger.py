"""What the fault server remembers of its requests, readable from any thread."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueup.testing._replies import JsonObject

_MAX_BYTES = 64 * 1024 * 1024
_SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "api-key", "x-api-key", "cookie"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One chat-completion request as it came."""

    body: JsonObject
    """The parsed body."""
    headers: dict[str, str]
    """Headers under lower-case names; keys and cookies are replaced by `concealed`."""
    time: float
    """When it came, in seconds since the epoch."""
    before: int
    """How often the same model had been asked the same text before."""
    fate: str
    """What it was to be answered: `ok`, a fault's value, another status."""


def concealed(secret: str) -> str:
    """Return what stands in the log for a secret: comparable, and of no use to a reader."""
    return f"sha256:{sha256(secret.encode()).hexdigest()[:12]}"


def shown_headers(headers: dict[str, str]) -> dict[str, str]:
    """Copy headers with every secret concealed; the scheme of an authorization stays readable."""
    shown = dict(headers)
    for name in _SECRET_HEADERS & headers.keys():
        scheme, space, secret = headers[name].rpartition(" ")
        shown[name] = f"{scheme}{space}{concealed(secret)}"
    return shown


class Ledger:
    """Counts and a bounded log; every method may be called from any thread.

    Attributes:
        limit: How many requests the log keeps, the latest ones.
        requests: Chat-completion requests received.
        in_flight: Requests received and not yet answered in full.
        peak: The most requests that were in flight at once.
    """

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        self.in_flight = 0
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Begin anew; what is in flight stays in flight."""
        with self._lock:
            self.requests = 0
            self.peak = self.in_flight
            self._counts: Counter[str] = Counter()
            self._log: deque[tuple[int, RecordedRequest]] = deque()
            self._bytes = 0

    def received(self) -> None:
        """Count a request that has come in whole."""
        with self._lock:
            self.requests += 1
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)

    def answered(self, label: str) -> None:
        """Count an answer that begins to be sent."""
        with self._lock:
            self._counts[label] += 1

    def finished(self) -> None:
        """Count a request out: its answer is sent, or its client gone."""
        with self._lock:
            self.in_flight -= 1

    def record(self, size: int, recorded: RecordedRequest) -> None:
        """Keep a request of so many bytes; forget the oldest past the bounds on both."""
        with self._lock:
            self._log.append((size, recorded))
            self._bytes += size
            while len(self._log) > self.limit or (self._bytes > _MAX_BYTES and len(self._log) > 1):
                self._bytes -= self._log.popleft()[0]

    @property
    def counts(self) -> Counter[str]:
        """A copy of the counts of what was answered."""
        with self._lock:
            return Counter(self._counts)

    @property
    def log(self) -> list[RecordedRequest]:
        """A copy of the requests kept, oldest first."""
        with self._lock:
            return [recorded for _, recorded in self._log]

    def stats(self) -> dict[str, Any]:
        """Return every number at one instant."""
        with self._lock:
            return {
                "requests": self.requests,
                "in_flight": self.in_flight,
                "peak_in_flight": self.peak,
                "counts": dict(self._counts),
            }
