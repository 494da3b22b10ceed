"""What a judge file of kind `llm` may say.

Model, deployment, sampling and the way of asking decide the answers and are part of the
instrument. Addresses, limits, prices and deadlines are not: changing them asks nothing again.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from trueup.judge.secret import no_variable
from trueup.judge.transport.base import Endpoint, Limits, Price, Rung

_MOST_TOKENS = 600
"""The cap on an answer to one criterion, where the file gives none."""
_MORE_TOKENS = 300
"""What each further criterion of a call adds to it."""


def _variable(name: str) -> str:
    """Refuse what names no variable, without repeating it: it may be the key itself."""
    if why := no_variable(name):
        msg = f"{why}: name the variable that holds the key, such as OPENAI_API_KEY"
        raise ValueError(msg)
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Batch(_Strict):
    """Several criteria in one call."""

    batch: Annotated[int, Field(ge=2)]


class PriceSpec(_Strict):
    """Dollars for a million tokens."""

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]
    cached: Annotated[float, Field(ge=0)] | None = None

    def plain(self) -> Price:
        """Return the price; cached tokens cost as much as others unless told otherwise."""
        cached = self.input if self.cached is None else self.cached
        return Price(input=self.input, output=self.output, cached=cached)


class LLMSpec(_Strict):
    """A judge that asks a language model."""

    kind: Literal["llm"]
    name: str | None = None
    model: Annotated[str, Field(min_length=1, description="With provider: openai/gpt-4o-mini")]
    transport: Literal["litellm", "direct"] = "litellm"
    api_base: str | None = None
    deployment: str | None = None
    api_key_env: Annotated[str, AfterValidator(_variable)] | None = None
    headers: dict[str, str] = {}

    calls: Literal["per_criterion", "per_item"] | Batch = "per_criterion"
    explain: Literal["before", "after", "none"] = "before"
    value: Literal["stated", "expected"] = "stated"
    samples: PositiveInt = 1
    shuffle_options: Annotated[int, Field(ge=2)] | None = None
    criteria_order: Literal["fixed", "rotated"] = "fixed"
    use_reference: bool = True
    structured: Rung | Literal["auto"] = "auto"

    temperature: Annotated[float, Field(ge=0, le=2)] | None = 0.0
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: int | None = None
    max_tokens: PositiveInt | None = _MOST_TOKENS
    reasoning_effort: str | None = None

    max_item_tokens: PositiveInt = 60_000
    concurrency: PositiveInt = 32
    requests_per_minute: PositiveFloat | None = None
    tokens_per_minute: PositiveFloat | None = None
    timeout: PositiveFloat = 60.0
    deadline: PositiveFloat = 300.0
    repairs: Annotated[int, Field(ge=0, le=5)] = 1
    price: PriceSpec | None = None

    @model_validator(mode="after")
    def _value_comes_first(self) -> Self:
        """Refuse expected values after an explanation, which has made up the model's mind."""
        if self.value == "expected" and self.explain == "before":
            msg = "value: expected needs the value before any explanation: explain: after, or none"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _has_criteria_to_rotate(self) -> Self:
        """Refuse a rotation where there is nothing to rotate."""
        if self.criteria_order == "rotated" and self.group(2) == 1:
            msg = (
                "criteria_order: rotated does nothing where each call asks one criterion: set "
                "calls: per_item or {batch: K}, with value: stated, or leave criteria_order out"
            )
            raise ValueError(msg)
        return self

    @property
    def asks(self) -> int:
        """How often each question is put for one finding."""
        return self.samples * (self.shuffle_options or 1)

    @property
    def lettered(self) -> bool:
        """Whether answers are single letters, given by the place they are shown at."""
        return self.value == "expected" or self.shuffle_options is not None

    def sampling(self, criteria: int) -> dict[str, Any]:
        """Return the sampling parameters that are sent; what is None is not sent.

        Args:
            criteria: How many the call asks. A cap that the file does not give grows with them.
        """
        names = ("temperature", "top_p", "seed", "max_tokens", "reasoning_effort")
        sent = {name: getattr(self, name) for name in names}
        if "max_tokens" not in self.model_fields_set:
            sent["max_tokens"] = _MOST_TOKENS + _MORE_TOKENS * (criteria - 1)
        return {name: value for name, value in sent.items() if value is not None}

    def endpoint(self) -> Endpoint:
        """Return where the model is reached."""
        return Endpoint(
            model=self.model,
            api_base=self.api_base,
            deployment=self.deployment,
            api_key_env=self.api_key_env,
            headers=self.headers,
            transport=self.transport,
            limits=Limits(
                concurrency=self.concurrency,
                requests_per_minute=self.requests_per_minute,
                tokens_per_minute=self.tokens_per_minute,
                timeout=self.timeout,
                deadline=self.deadline,
                repairs=self.repairs,
            ),
            price=None if self.price is None else self.price.plain(),
        )

    def declared_deployment(self) -> str:
        """Return what stands for the endpoint: its name, else host and path of its address."""
        if self.deployment:
            return self.deployment
        if not self.api_base:
            return ""
        parts = urlsplit(self.api_base)
        host = parts.netloc.rsplit("@", 1)[-1].lower()
        return f"{host}{parts.path.rstrip('/')}"

    def group(self, count: int) -> int:
        """Return how many criteria go into one call, of `count`."""
        if self.value == "expected":
            return 1
        if isinstance(self.calls, Batch):
            return self.calls.batch
        return 1 if self.calls == "per_criterion" else max(count, 1)
