"""Budget: hard caps in dollars, tokens and calls, held before anything is spent.

Each attempt reserves what it may at most cost and settles what it did cost. When a reservation
does not fit, nothing more is asked: the run stops cleanly and can be resumed with more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.errors import ConfigError

if TYPE_CHECKING:
    from trueup.judge.transport.base import Call, Price, Reply

_OUTPUT_TOKENS = 1000
"""What is reserved for an answer whose length is not capped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Caps for one run; None means no cap."""

    dollars: float | None = None
    tokens: int | None = None
    calls: int | None = None

    @classmethod
    def of(cls, value: float | Mapping[str, float] | Budget | None) -> Budget:
        """Return a budget from a number of dollars, a mapping, or nothing.

        Raises:
            ConfigError: An unknown name, or a cap that is not positive.
        """
        if isinstance(value, Budget):
            return value
        caps = dict(value) if isinstance(value, Mapping) else {"dollars": value}
        unknown = caps.keys() - {"dollars", "tokens", "calls"}
        if unknown:
            what = f"a budget knows dollars, tokens and calls, not {', '.join(sorted(unknown))}"
            raise ConfigError(what, where="budget")
        for name, cap in caps.items():
            if cap is not None and not cap > 0:
                raise ConfigError(f"{name} must be more than 0, not {cap}", where="budget")
        tokens, calls = caps.get("tokens"), caps.get("calls")
        return cls(
            dollars=caps.get("dollars"),
            tokens=None if tokens is None else int(tokens),
            calls=None if calls is None else int(calls),
        )

    @property
    def capped(self) -> bool:
        """Whether there is any cap."""
        return not (self.dollars is None and self.tokens is None and self.calls is None)


class Purse:
    """What a run has spent and reserved under its budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.dollars = 0.0
        self.tokens = 0
        self.calls = 0
        self.empty = False
        """Whether a reservation has failed: from then on nothing is asked."""
        self._dearest = 0.5
        """The most tokens a character was seen to take, from a cautious start."""

    def reserve(self, call: Call, price: Price | None) -> Held | None:
        """Hold what a call may cost; None where it does not fit."""
        if self.empty:
            return None
        if not self.budget.capped:
            self.calls += 1
            return Held(self, 0, 0.0)
        characters = sum(len(message["content"]) for message in call.messages)
        answer = int(call.sampling.get("max_tokens") or _OUTPUT_TOKENS)
        asked = int(characters * self._dearest) + 50
        dollars = (asked * price.input + answer * price.output) / 1e6 if price else 0.0
        caps = (
            (self.calls + 1, self.budget.calls),
            (self.tokens + asked + answer, self.budget.tokens),
            (self.dollars + dollars, self.budget.dollars),
        )
        if any(cap is not None and wanted > cap for wanted, cap in caps):
            self.empty = True
            return None
        self.calls += 1
        self.tokens += asked + answer
        self.dollars += dollars
        return Held(self, asked + answer, dollars, characters)

    def learn(self, characters: int, tokens: int) -> None:
        """Remember how many tokens a character took, so that later reservations fit better."""
        if characters and tokens:
            self._dearest = min(1.0, max(tokens / characters, self._dearest * 0.9))


class Held:
    """A reservation: settle it with the reply, or release it where nothing was used."""

    __slots__ = ("_characters", "_dollars", "_purse", "_tokens")

    def __init__(self, purse: Purse, tokens: int, dollars: float, characters: int = 0) -> None:
        self._purse = purse
        self._tokens = tokens
        self._dollars = dollars
        self._characters = characters

    def settle(self, reply: Reply, dollars: float | None) -> None:
        """Put what the call did cost in the place of what was held."""
        self._purse.tokens += reply.input_tokens + reply.output_tokens - self._tokens
        self._purse.dollars += (dollars or 0.0) - self._dollars
        self._purse.learn(self._characters, reply.input_tokens)

    def release(self) -> None:
        """Give the tokens and dollars back: no reply came. The call itself stays counted."""
        self._purse.tokens -= self._tokens
        self._purse.dollars -= self._dollars
