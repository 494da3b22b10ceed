"""Simulated sequences of releases: each version lives for some days, gains add up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from trueup.testing.histories.history import simulate_arrays, to_frame
from trueup.testing.histories.scenario import LIMIT, Release, Scenario
from trueup.testing.histories.table import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from trueup.testing.histories.scenario import Kind

_BASE = Scenario(
    name="releases", reference=0, items=1500, judged=300, repeats=0.5, user_shock=0.05,
    judge_shock=0.03,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """A product that ships versions one after the other."""

    count: int = 12
    real: float = 0.0
    """What each release adds that judge and users both see."""
    gamed: float = 0.0
    """What each release adds that only the judge sees."""
    since: int = 1
    """First release, counted from 0, that adds anything gamed."""
    wander: float = 0.02
    """Standard deviation of what a release adds beside that, up or down, and really."""
    scenario: Scenario = field(default=_BASE)
    """The product; its `items` and `judged` are per release, `days` is how long one lives, and
    `holdback` the share of users that stay on the first."""

    @property
    def phi(self) -> float | None:
        """Part of the judge's rise that users get; None where no release adds anything."""
        rise = self.real + self.gamed
        return self.real / rise if rise > 0 else None

    @property
    def truth(self) -> Kind:
        """What a detector ought to find."""
        if self.phi is None:
            return "none"
        if self.phi == LIMIT:
            return "boundary"
        return "improvement" if self.phi > LIMIT else "gaming"


_STRONG = replace(_BASE, user_shock=0.12, judge_shock=0.08)
_HELD = replace(_BASE, holdback=0.1)
_TABLE: dict[str, dict[str, Any]] = {
    "null": {},
    "gain": {"real": 0.035},
    "boundary": {"real": 0.0175, "gamed": 0.0175},
    "gaming": {"gamed": 0.035},
    "gaming_late": {"gamed": 0.07, "since": 7},
    "partial": {"real": 0.007, "gamed": 0.028},
}

RELEASES: Mapping[str, Releases] = MappingProxyType(
    {
        f"{name}{suffix}": Releases(scenario=scenario, **fields)
        for suffix, scenario in (("", _BASE), ("_shocks", _STRONG), ("_holdback", _HELD))
        for name, fields in _TABLE.items()
    }
)
"""Sequences of twelve releases by name, each with mild shocks, with strong ones (`_shocks`), and
with a tenth of the users kept on the first release (`_holdback`)."""


def draw_releases(releases: Releases, rng: np.random.Generator) -> Scenario:
    """Return the scenario with every release's gains drawn."""
    since = np.arange(releases.count) >= max(releases.since, 1)
    steps = releases.real + releases.wander * rng.standard_normal(releases.count)
    steps[0] = 0.0
    real, gamed = np.cumsum(steps).tolist(), np.cumsum(releases.gamed * since).tolist()
    return replace(
        releases.scenario,
        reference=0,
        monitored=releases.count,
        releases=tuple(Release(*gains) for gains in zip(real, gamed, strict=True)),
    )


def simulate_releases(
    releases: Releases | str = "null",
    seed: int | np.random.Generator = 0,
    *,
    hidden: bool = False,
) -> pd.DataFrame:
    """Return the records of releases in sequence, with columns as `simulate_history` gives them.

    Args:
        releases: What to simulate; a name stands for that of `RELEASES`.
        seed: Equal seeds give equal frames.
        hidden: Whether to add `week` (the release, from 0) and the true `quality`.

    >>> frame = simulate_releases("gaming", seed=1)
    >>> frame.version.nunique(), len(frame), round(int(frame.judge.notna().sum()) / 12, -2)
    (12, 18000, 300.0)
    """
    found = releases
    if isinstance(found, str):
        found = named(found, RELEASES, "sequence of releases")
    rng = np.random.default_rng(seed)
    scenario = draw_releases(found, rng)
    return to_frame(simulate_arrays(scenario, rng), scenario, hidden=hidden)
