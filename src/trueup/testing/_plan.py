"""Decide which fault a request gets, the same one in every run and in any order."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b

from trueup.testing._faults import Fault, applies
from trueup.testing._replies import JsonObject

FaultRule = Callable[[JsonObject, int], Fault | None]
"""From the parsed request, and how often its text was asked before, to a fault or None."""
Odds = Mapping[Fault, float] | Mapping[str, float]
"""A fault, or its value, -> its probability."""

MODEL_PREFIX = "fault-"

_MAX_TEXTS = 1 << 18
_ROUNDING = 1e-9


class UnknownFault(ValueError):
    """A fault was asked for by a name that no fault has."""


def fault_named(name: str) -> Fault:
    """Return the fault of this name.

    Raises:
        UnknownFault: no fault has it; the message lists those there are.
    """
    try:
        return Fault(name)
    except ValueError:
        raise UnknownFault(f"There is no fault {name!r}; take one of {', '.join(Fault)}.") from None


class AskedBefore:
    """Count how often each text was asked, for the last quarter of a million texts or so."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        """Start with nothing asked."""
        self._counts: OrderedDict[bytes, int] = OrderedDict()

    def ask(self, key: bytes) -> int:
        """Return how often this text was asked before, and count it."""
        before = self._counts.get(key, 0)
        self._counts[key] = before + 1
        self._counts.move_to_end(key)
        if len(self._counts) > _MAX_TEXTS:
            self._counts.popitem(last=False)
        return before


class FaultPlan:
    """Choose a request's fault from its model's name, lasting limits, a rule, or probabilities.

    Probabilities are met by a hash of the seed, the request's text and the number of times it was
    asked before: a retry draws anew, and neither order nor concurrency changes anything.
    """

    __slots__ = ("_lacks", "_odds", "_rule", "_seed", "_sticky")

    def __init__(
        self,
        faults: Odds | FaultRule | None,
        *,
        seed: int = 0,
        sticky: Collection[str] = (),
        lacks: Collection[str] = (),
    ) -> None:
        """Check and keep the plan.

        Args:
            faults: a fault's name -> its probability, or a rule.
            seed: another seed, other fates.
            sticky: those of `faults` that, once drawn, stay with a text whatever its retries.
            lacks: faults every request gets that they apply to, as of an endpoint without
                JSON schema support.

        Raises:
            UnknownFault: a name is no fault's.
            ValueError: probabilities are no probabilities, or `sticky` names what is not drawn.
            TypeError: `faults` is neither a mapping nor a function, or the seed no whole number.
        """
        self._rule = faults if callable(faults) else None
        if not (faults is None or callable(faults) or isinstance(faults, Mapping)):
            raise TypeError(
                f"FaultServer: faults is {type(faults).__name__}; give a mapping or a function."
            )
        if not isinstance(seed, int):
            raise TypeError(f"FaultServer: seed is {seed!r}; give a whole number.")
        drawn = () if faults is None or callable(faults) else faults.items()
        odds = {fault_named(name): _probability(name, value) for name, value in drawn}
        if sum(odds.values()) > 1 + _ROUNDING:
            raise ValueError(
                f"The probabilities of all faults sum to {sum(odds.values()):g}; 1 is the most."
            )
        kept = {fault_named(name) for name in sticky}
        if kept - odds.keys():
            names = ", ".join(sorted(kept - odds.keys()))
            raise ValueError(
                f"Sticky faults without a probability: {names}; give each one in `faults`."
            )
        self._seed = seed
        self._lacks = tuple(fault_named(name) for name in lacks)
        self._sticky = tuple((fault, odds.pop(fault)) for fault in sorted(kept))
        # A text that drew no sticky fault draws again, so what is left is scaled to the rest.
        rest = 1 - sum(odd for _, odd in self._sticky)
        self._odds = tuple((fault, odd / rest if rest > 0 else 0.0) for fault, odd in odds.items())

    def fate(self, request: JsonObject, key: bytes, before: int) -> Fault | None:
        """Return the request's fault, or None where it is to be answered.

        Args:
            request: the parsed body.
            key: a hash of the request's model and text.
            before: how often this text was asked before.

        Raises:
            UnknownFault: the model's name asks for a fault there is none of.
        """
        model = request.get("model")
        name = model.rpartition("/")[2] if isinstance(model, str) else ""
        if name.startswith(MODEL_PREFIX):
            fault: Fault | None = fault_named(name.removeprefix(MODEL_PREFIX))
        else:
            lacking = (fault for fault in self._lacks if applies(fault, request))
            fault = next(lacking, None) or self._chosen(request, key, before)
        return fault if fault is not None and applies(fault, request) else None

    def _chosen(self, request: JsonObject, key: bytes, before: int) -> Fault | None:
        if self._rule is not None:
            fault = self._rule(request, before)
            return None if fault is None else Fault(fault)
        if self._sticky:
            fault = _drawn(self._sticky, self._draw(key, -1))
            if fault is not None:
                return fault
        return _drawn(self._odds, self._draw(key, before)) if self._odds else None

    def _draw(self, key: bytes, nth: int) -> float:
        text = b"%d|%d|" % (self._seed, nth)
        return int.from_bytes(blake2b(text + key, digest_size=8).digest(), "big") / 2**64


def _probability(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(
            f"The probability of fault {name!s} is {value!r}; give a number from 0 to 1."
        )
    return value


def _drawn(odds: tuple[tuple[Fault, float], ...], draw: float) -> Fault | None:
    reached = 0.0
    for fault, odd in odds:
        reached += odd
        if draw < reached:
            return fault
    return None
