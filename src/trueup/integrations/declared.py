"""What stands in for a reward that there is not, in trainers that know no missing one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from trueup.errors import ConfigError, NoReward
from trueup.reward import Reward

if TYPE_CHECKING:
    from trueup.reward import Abstain

OnAbstain: TypeAlias = Literal["raise", "constant"]
"""`raise` NoReward, or hand out a declared `constant`."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A policy that somebody wrote down on purpose.

    Raises:
        ConfigError: There is no such policy, or its constant is missing, or of no use.
    """

    on_abstain: OnAbstain
    constant: float | None

    def __post_init__(self) -> None:
        if self.on_abstain not in ("raise", "constant"):
            what = f"on_abstain is {self.on_abstain!r}"
            raise ConfigError(what, mend="It is raise, or constant with constant=NUMBER")
        if (self.on_abstain == "constant") != (self.constant is not None):
            what = f"on_abstain is {self.on_abstain!r} and constant is {self.constant!r}"
            raise ConfigError(
                what, mend="Give a constant with on_abstain='constant', and only then"
            )
        if self.constant is not None and not math.isfinite(self.constant):
            raise ConfigError(f"constant is {self.constant!r}", mend="Give a finite number")

    def value(self, result: Reward | Abstain) -> float:
        """Return the reward, or what is declared for none.

        Raises:
            NoReward: There is none, and nothing is declared.
        """
        if isinstance(result, Reward):
            return result.value
        if self.constant is None:
            raise NoReward(result.message, where=result.reason, mend=_MEND)
        return self.constant


_MEND = "Mend the judge, or declare what such outputs get: on_abstain='constant', constant=..."
"""Said where a trainer shows nothing but the exception."""
