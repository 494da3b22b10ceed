"""Budget: hard caps in dollars, tokens and calls, held before anything is spent.

Each request reserves what it may at most cost and settles what it did cost. A reservation that
does not fit waits for others to be settled; when none is left to wait for, nothing more is asked:
the run stops cleanly and can be resumed with more.
"""

from __future__ import annotations

import asyncio
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
            raise ConfigError(what, where="budget", mend="Take it out")
        for name, cap in caps.items():
            if cap is not None and not cap > 0:
                what = f"the most {name} must be more than 0, not {cap}"
                raise ConfigError(what, where="budget", mend="Leave it out for no cap")
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
        self._held = 0
        self._settled = asyncio.Event()
        self._dearest = 0.5
        """The most tokens a byte was seen to take, from a cautious start; never more than 1."""
        self._longest = 0
        """The most tokens an answer was seen to take."""

    async def reserve(self, call: Call, price: Price | None) -> Held | None:
        """Hold what a request may cost; None where it does not fit, whatever others turn out."""
        if not self.budget.capped:
            self.calls += 1
            return Held(self, 0, 0.0)
        size = sum(len(message["content"].encode("utf-8", "replace")) for message in call.messages)
        while not self.empty:
            asked = int(size * self._dearest) + 50
            answer = max(int(call.sampling.get("max_tokens") or _OUTPUT_TOKENS), self._longest)
            dollars = (asked * price.input + answer * price.output) / 1e6 if price else 0.0
            if self._fits(asked + answer, dollars):
                self.calls += 1
                self.tokens += asked + answer
                self.dollars += dollars
                self._held += 1
                return Held(self, asked + answer, dollars, size)
            if self._held and (self.budget.calls is None or self.calls < self.budget.calls):
                self._settled.clear()
                await self._settled.wait()
            else:
                self.empty = True
                self._settled.set()
        return None

    def _fits(self, tokens: int, dollars: float) -> bool:
        caps = (
            (self.calls + 1, self.budget.calls),
            (self.tokens + tokens, self.budget.tokens),
            (self.dollars + dollars, self.budget.dollars),
        )
        return all(cap is None or wanted <= cap for wanted, cap in caps)

    def replace(self, held: Held, tokens: int, dollars: float) -> None:
        """Put what was used in the place of what was held, and let those who wait try again."""
        self.tokens += tokens - held.tokens
        self.dollars += dollars - held.dollars
        self._held -= 1
        self._settled.set()

    def learn(self, size: int, reply: Reply) -> None:
        """Remember what a byte and an answer took at most, so that later reservations hold."""
        self._longest = max(self._longest, reply.output_tokens)
        if size:
            self._dearest = min(1.0, max(reply.input_tokens / size, self._dearest))


class Held:
    """A reservation, to be ended in one of three ways."""

    __slots__ = ("_purse", "_size", "dollars", "tokens")

    def __init__(self, purse: Purse, tokens: int, dollars: float, size: int = 0) -> None:
        self.tokens = tokens
        self.dollars = dollars
        self._purse = purse
        self._size = size

    def settle(self, reply: Reply, dollars: float | None) -> None:
        """Put what the call did cost in the place of what was held."""
        self._purse.learn(self._size, reply)
        self._purse.replace(self, reply.input_tokens + reply.output_tokens, dollars or 0.0)

    def release(self) -> None:
        """Give the tokens and dollars back: the server refused. The call itself stays counted."""
        self._purse.replace(self, 0, 0.0)

    def keep(self) -> None:
        """Count all that was held as used: what never came back may have been charged."""
        self._purse.replace(self, self.tokens, self.dollars)
