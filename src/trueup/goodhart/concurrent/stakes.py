"""What the rule in use costs at a look at an A/B, and whether `worth` is declared too large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.goodhart.price import price, worth_note

if TYPE_CHECKING:
    from trueup.goodhart.concurrent.difference import Contrast, Difference
    from trueup.goodhart.look import Worth
    from trueup.goodhart.spec import WatchSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakes:
    """How low users' gain has to be for a rule to say gaming.

    Attributes:
        found: The arms' difference.
        contrast: Gain against what was due.
        spec: What was declared.
        critical: The t value that must be passed.
    """

    found: Difference
    contrast: Contrast
    spec: WatchSpec
    critical: float

    def of(self, rule: float | None, *, worth: float = 1.0) -> str:
        """Return what a rule costs that says gaming up to a gain; empty where that is not known.

        Args:
            rule: That gain.
            worth: A judge point's worth by what decides, over what records say.
        """
        if rule is None:
            return ""
        c = self.spec.c
        return price(records=self._up_to(c), rule=rule, due=self.contrast.due, c=c, worth=worth)

    def of_declared(self) -> str:
        """Return what `overstate` and `worth` cost, a gain being taken to come to all signals."""
        bounds = [self._up_to(self.spec.c / self.spec.overstate)]
        k = self._primary()
        if self.spec.worth is not None and k is not None:
            most = self.spec.worth - self.critical * self.found.signals[k].error
            bounds.append(most / self.found.expected(k).value * self.contrast.due)
        return self.of(min(bounds))

    def note(self, worth: Worth, *, decides: bool) -> tuple[str, ...]:
        """Return that `worth` is declared too large, where it is.

        Args:
            worth: Where the worth of a judge point is taken from.
            decides: Whether the declared one has a part in the verdict.
        """
        k = self._primary()
        if k is None:
            return ()
        overstated = 1.0 if worth.overstatement is None else worth.overstatement[0]
        return worth_note(
            self.spec, expected=self.found.expected(k).value / overstated,
            rise=self.found.judge.value, experiments=worth.experiments, decides=decides,
        )  # fmt: skip

    def _up_to(self, share: float) -> float:
        """Return the highest gain that lies demonstrably below a share of what was due."""
        due = self.contrast.due - self.found.bias.up
        return share * due - self.critical * self.contrast.error(share)

    def _primary(self) -> int | None:
        """Return the number of the signal that matters most, None where it never followed."""
        first = self.spec.first
        names = [signal.name for signal in self.spec.signals]
        k = names.index(first.name) if first else 0
        known = self.found.slopes[k].informs and self.found.expected(k).value > 0
        return k if known else None
