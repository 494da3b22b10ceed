"""Call, Reply and Transport: what is asked of a model, what came back, and who carries it.

    TransportFault                 one attempt got no usable reply
    ├── RateLimited                429; may carry Retry-After           tried again
    ├── ServerFault                5xx, a broken or cut body            tried again
    ├── Unreachable                no connection at all                 tried again
    ├── TimedOut                   no whole reply within the deadline   tried again
    ├── Filtered                   the provider refused the content     final: `filtered`
    ├── TooLong                    beyond the model's context           final: `truncated`
    ├── Rejected                   any other 4xx                        final: `failed`
    ├── Unsupported                a parameter the endpoint lacks       the call is made without
    └── Forbidden                  401, 403: the key                    ends the run

A transport makes one attempt. It neither retries nor waits for its turn: that is the runner's.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.judge.verdict import Outcome

Rung: TypeAlias = Literal["schema", "object", "text"]
"""How the answer's shape is asked for: JSON schema, JSON object, or words alone."""

RUNGS: tuple[Rung, ...] = ("schema", "object", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Dollars for a million tokens."""

    input: float
    output: float
    cached: float

    def of(self, reply: Reply) -> float:
        """Return what a reply cost, in dollars."""
        fresh = max(reply.input_tokens - reply.cached_tokens, 0)
        spent = fresh * self.input + reply.cached_tokens * self.cached
        return (spent + reply.output_tokens * self.output) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How hard an endpoint may be driven; no part of any instrument."""

    concurrency: int = 32
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout: float = 60.0
    """Seconds for one attempt."""
    deadline: float = 300.0
    """Seconds for a call with all its attempts."""
    repairs: int = 1
    """How often an answer that cannot be read is asked for once more in the same run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where and how a model is reached."""

    model: str
    """With its provider's prefix, as litellm writes it: `openai/gpt-4o-mini`."""
    api_base: str | None = field(default=None, repr=False)
    """May hold credentials; `bare` of it is what messages show."""
    deployment: str | None = None
    """A logical name that stays when the server moves."""
    api_key_env: str | None = None
    """The environment variable that holds the key; the key itself is kept nowhere."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    transport: Literal["litellm", "direct"] = "litellm"
    limits: Limits = Limits()
    price: Price | None = None
    """What the judge file declares; None to look the model up where a price is needed."""

    @property
    def lane(self) -> tuple[object, ...]:
        """What shares connections, limits and the knowledge of what the endpoint can do."""
        headers = tuple(sorted(self.headers.items()))
        return (self.transport, self.api_base, self.model, self.api_key_env, headers)

    @property
    def wire_model(self) -> str:
        """The model's name as an OpenAI-compatible server knows it."""
        return self.model.split("/", 1)[1] if "/" in self.model else self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One question to a model: everything that decides the answer."""

    criteria: tuple[str, ...]
    """The criterion ids that the reply should answer."""
    messages: tuple[Mapping[str, str], ...]
    schema: Mapping[str, Any]
    """JSON Schema of the answer."""
    fixed: bytes = b""
    """Hash of everything but the last message, replicate and occasion; made where it is empty.
    Calls about many items share it, and so it is worked out once."""
    schema_name: str = "verdict"
    endpoint: Endpoint
    sampling: Mapping[str, Any] = field(default_factory=dict)
    """temperature, top_p, seed, max_tokens, reasoning_effort, ...; absent means not sent."""
    logprobs: int = 0
    """How many alternatives a token; 0 for none."""
    replicate: int = 0
    occasion: str = ""
    nonce: str = ""
    """Must be echoed on the text rung; derived from the messages, so that it is stable."""
    structured: Rung | Literal["auto"] = "auto"
    about: bytes = b""
    """Hash of the judged texts, so that what was said of them can be forgotten with them."""
    deployment: str = ""
    """What stands for the endpoint in the key: its deployment name, or host and path."""

    def key(self) -> bytes:
        """Return the 16-byte key under which the reply is stored.

        Over the rendered request, the logical deployment, replicate and occasion; not over the
        server's address where a deployment has a name, and never over a credential.
        """
        fixed = self.fixed or self.fixed_hash()
        asked = (
            f"{self.replicate}/{len(self.occasion)}/{self.occasion}/" + self.messages[-1]["content"]
        )
        return hashlib.sha256(fixed + asked.encode("utf-8", "surrogatepass")).digest()[:16]

    def fixed_hash(self) -> bytes:
        """Return the hash of everything but the last message, replicate and occasion."""
        body = [
            self.messages[:-1],
            self.schema,
            self.endpoint.model,
            self.deployment,
            self.sampling,
            self.logprobs,
            self.structured,
        ]
        text = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model answered to one call, as it came."""

    text: str
    """The message's content; empty where there was none."""
    finish_reason: str = "stop"
    refusal: str = ""
    rung: Rung = "schema"
    model: str = ""
    fingerprint: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    logprobs: tuple[Mapping[str, Any], ...] = ()
    """For each token of the content: `token`, `logprob` and `top_logprobs`."""
    dropped: tuple[str, ...] = ()
    """Sampling parameters that the endpoint does not take and that were left out."""
    has_choice: bool = True
    """False where the endpoint answered with an empty list of choices."""


class TransportFault(Exception):
    """One attempt got no usable reply."""

    retry: ClassVar[bool] = False
    outcome: ClassVar[Outcome] = "failed"
    reason: ClassVar[str] = "failed"

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        """Seconds that the server asked to wait."""


class RateLimited(TransportFault):
    """The server asked to slow down."""

    retry: ClassVar[bool] = True
    reason: ClassVar[str] = "rate_limited"


class ServerFault(TransportFault):
    """The server failed, or its reply was cut or broken."""

    retry: ClassVar[bool] = True
    reason: ClassVar[str] = "server_fault"


class Unreachable(TransportFault):
    """No connection could be made."""

    retry: ClassVar[bool] = True
    reason: ClassVar[str] = "unreachable"


class TimedOut(TransportFault):
    """No whole reply came within the deadline."""

    retry: ClassVar[bool] = True
    reason: ClassVar[str] = "timed_out"


class Filtered(TransportFault):
    """The provider's content filter refused the request."""

    outcome: ClassVar[Outcome] = "filtered"
    reason: ClassVar[str] = "content_filter"


class TooLong(TransportFault):
    """The request does not fit the model's context."""

    outcome: ClassVar[Outcome] = "truncated"
    reason: ClassVar[str] = "context_length"


class Rejected(TransportFault):
    """The server rejected the request for another reason."""

    reason: ClassVar[str] = "rejected"


class Unsupported(TransportFault):
    """The endpoint lacks a parameter that the request used."""

    reason: ClassVar[str] = "unsupported"

    def __init__(self, message: str = "", *, parameter: str) -> None:
        super().__init__(message)
        self.parameter = parameter
        """`response_format`, `temperature`, `seed`, ..."""


class Forbidden(TransportFault):
    """The server refused the key."""

    reason: ClassVar[str] = "forbidden"


class Transport(Protocol):
    """Carries one call to a model and brings back its reply."""

    name: str

    async def send(self, call: Call, *, rung: Rung, drop: frozenset[str], timeout: float) -> Reply:  # noqa: ASYNC109 - a bound on the whole attempt, given to the client library too
        """Make one attempt on the given rung, without the dropped parameters.

        Raises:
            TransportFault: No usable reply; the subclass says why.
        """
        ...

    async def ready(self) -> None:
        """Do what takes long and is needed once, before a call's time begins to run."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
