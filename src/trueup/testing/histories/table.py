"""The scenario table: what a Goodhart detector is tried on, by name.

The first group is the table that the acceptance limits speak of; the second adds what its limits
leave out: overstated slopes, a drifting judge, moving coverage, judged samples, clustering.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from trueup.errors import did_you_mean
from trueup.testing.histories.scenario import SEGMENTS, Scenario, Segment

if TYPE_CHECKING:
    from collections.abc import Mapping

Case = TypeVar("Case")

_MIXED = tuple(
    replace(s, later={"code": 0.55, "chat": 0.28, "writing": 0.17}[s.name]) for s in SEGMENTS
)
_MOVING = tuple(
    replace(s, answers=factor) for s, factor in zip(SEGMENTS, (1.2, 0.9, 0.8), strict=True)
)
_FOUR = tuple(
    Segment(name=name, share=0.25, quality=quality, judge=judge)
    for name, quality, judge in (
        ("billing", 0.2, 0.0), ("returns", -0.3, 0.1), ("technical", -0.1, 0.3), ("other", 0.2, 0.0)
    )
)  # fmt: skip

_GAIN = {"real": 0.30}
_GAMING = {"gamed": 0.30}
_SHOCKS = {"user_shock": 0.12, "judge_shock": 0.08}
_SEASON = {"season": -0.25}
_SPARSE = {"thumbs_rate": 0.003, "retry_seen": 0.0, "edit_seen": 0.0}
_DELAY = {"delay": 10.0}
_MIX = {"segments": _MIXED}
_ASKED = {"answer_shift": 1.8}
_DRIFT = {"judge_drift": 0.25, "anchors": 40}
_COVERAGE = {"abstains": 0.08}
_SAMPLE = {"judged": 0.1, "repeats": 0.5}
_FEW = {"judged": 300.0, "repeats": 0.5}
_CLUSTERED = {"users": 200, "user_share": 0.3, "active": 0.4, "heavy": 1.0, "mood": 0.5}
_RHO = {**_SHOCKS, "shock_rho": 0.5}

_TABLE: dict[str, dict[str, Any]] = {
    "null": {},
    "null_shocks": _SHOCKS,
    "null_season": _SEASON,
    "null_delay": _DELAY,
    "mix_shift": _MIX,
    "fb_shift": _ASKED,
    "gain": _GAIN,
    "gain_small": {"real": 0.12},
    "gain_ramp": {**_GAIN, "ramp": 8},
    "gain_shocks": {**_GAIN, **_SHOCKS},
    "gain_season": {**_GAIN, **_SEASON},
    "gain_sparse": {**_GAIN, **_SPARSE},
    "gain_delay": {**_GAIN, **_DELAY},
    "gain_fb_shift": {**_GAIN, **_ASKED},
    "gain_confound": {**_GAIN, "overstatement": 1.4},
    "gain_mix": {**_GAIN, **_MIX},
    "boundary": {"real": 0.15, "gamed": 0.15},
    "gaming": _GAMING,
    "gaming_small": {"gamed": 0.12},
    "gaming_ramp": {**_GAMING, "ramp": 8},
    "gaming_late": {**_GAMING, "onset": 10},
    "gaming_shocks": {**_GAMING, **_SHOCKS},
    "gaming_sparse": {**_GAMING, **_SPARSE},
    "gaming_delay": {**_GAMING, **_DELAY},
    "gaming_mix": {**_GAMING, **_MIX},
    "partial": {"real": 0.06, "gamed": 0.24},
    "verbosity": {"length_shift": 0.5, "length_effect": 0.6},
    "backfire": {"real": -0.10, "gamed": 0.40},
}

_MORE: dict[str, dict[str, Any]] = {
    "null_segments": {"segments": _FOUR},
    "null_rho_3": {**_RHO, "shock_rho": 0.3},
    "null_rho_5": _RHO,
    "null_rho_7": {**_RHO, "shock_rho": 0.7},
    "gain_rho_5": {**_GAIN, **_RHO},
    "gaming_rho_5": {**_GAMING, **_RHO},
    "gain_overstated_2": {**_GAIN, "overstatement": 2.3},
    "gain_overstated_3": {**_GAIN, "overstatement": 3.0},
    "gain_overstated_4": {**_GAIN, "overstatement": 4.1},
    "gain_small_overstated_3": {"real": 0.12, "overstatement": 3.0},
    "gaming_overstated_2": {**_GAMING, "overstatement": 2.3},
    "gaming_overstated_3": {**_GAMING, "overstatement": 3.0},
    "judge_drift": _DRIFT,
    "gain_judge_drift": {**_GAIN, **_DRIFT},
    "gaming_anchors": {**_GAMING, "anchors": 40},
    "coverage_change": _COVERAGE,
    "gain_coverage_change": {**_GAIN, **_COVERAGE},
    "judged_sample": _SAMPLE,
    "gain_judged_sample": {**_GAIN, **_SAMPLE},
    "gaming_judged_sample": {**_GAMING, **_SAMPLE},
    "gaming_judged_few": {**_GAMING, **_FEW},
    "gain_judged_tilted": {**_GAIN, **_SAMPLE, "judged_tilt": 1.0},
    "clustered": _CLUSTERED,
    "gain_clustered": {**_GAIN, **_CLUSTERED},
    "gaming_clustered": {**_GAMING, **_CLUSTERED},
    "answers_move": {"segments": _MOVING},
    "gain_holdback": {**_GAIN, "holdback": 0.1},
    "gaming_holdback": {**_GAMING, "holdback": 0.1},
    "gaming_shocks_holdback": {**_GAMING, **_SHOCKS, "holdback": 0.5},
    "gain_season_holdback": {**_GAIN, "season": -0.25, "season_weeks": (0, 8), "holdback": 0.5},
}

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {name: Scenario(name=name, **fields) for name, fields in (_TABLE | _MORE).items()}
)
"""Every scenario by name; `TABLE` names those of the acceptance limits."""

TABLE: tuple[str, ...] = tuple(_TABLE)


def named(name: str, known: Mapping[str, Case], kind: str) -> Case:
    """Return a case by name.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in known:
        raise ValueError(f"There is no {kind} {name!r}. {did_you_mean(name, known)}")
    return known[name]
