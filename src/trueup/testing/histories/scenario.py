"""What can be set in a simulated history: traffic, users, judge, signals, and what is true.

Effects are in standard deviations of latent reply quality within a segment, unless said otherwise.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Kind = Literal["none", "improvement", "boundary", "gaming"]

LIMIT = 0.5
"""Below this part of the expected gain a judge's rise counts as gamed."""
_NOTHING = 1e-9
_SHARES = (
    "active", "holdback", "repeats", "abstains", "thumbs_rate", "retry_seen", "edit_seen",
    "user_share", "thumbs_up", "retry_rate", "edit_rate", "shock_rho",
)  # fmt: skip
EASE = 0.8
"""How much a unit of prompt ease moves a confounded judge: .64 of the variance between replies that
the judge sees is then ease, the rest quality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of the traffic."""

    name: str
    share: float
    quality: float = 0.0
    """Its mean quality: judge and users see it."""
    judge: float = 0.0
    """What the judge adds to its replies, without reason."""
    users: float = 0.0
    """What its users' signals add, without the judge."""
    length: float = 0.0
    """What it adds to the log length."""
    later: float | None = None
    """Its share from the onset on, where the mix changes."""
    answers: float = 1.0
    """By what its users' readiness to rate is multiplied from the onset on."""


SEGMENTS = (
    Segment(name="chat", share=0.5, quality=0.1),
    Segment(name="code", share=0.2, quality=-0.1, judge=0.35, users=-0.1, length=0.2),
    Segment(name="writing", share=0.3, quality=-0.1, length=0.1),
)


@dataclass(frozen=True, slots=True)
class Release:
    """One version in a sequence: how far above the first it is."""

    real: float = 0.0
    """Gain that judge and users both see."""
    gamed: float = 0.0
    """Gain that only the judge sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A made-up product with a judge and users, and what happens to it at the onset.

    Every field is free: `dataclasses.replace(SCENARIOS["gaming"], items=500)` is another scenario.
    """

    name: str = "null"
    reference: int = 12
    """Weeks before monitoring begins."""
    monitored: int = 26
    items: int = 3000
    """Replies a week."""
    growth: float = 0.0
    """Relative growth of the traffic from the first to the last week."""
    gaps: tuple[int, ...] = ()
    """Weeks without traffic, counted from 0."""
    start: dt.date = dt.date(2026, 1, 5)
    """First day of the first week; a Monday keeps to ISO weeks."""
    days: float = 7.0
    """Days in what is called a week here: releases may live shorter."""

    real: float = 0.0
    """Gain that judge and users both see."""
    gamed: float = 0.0
    """Gain that only the judge sees."""
    onset: int = 0
    """First week in which it acts, counted from the first monitored one."""
    ramp: int = 1
    """Weeks over which it grows to its size: 1 is a step."""
    releases: tuple[Release, ...] = ()
    """One version for every week, in place of `real` and `gamed`; `simulate_releases` draws it."""

    segments: tuple[Segment, ...] = SEGMENTS
    users: int = 2000
    active: float = 0.5
    """Chance that a user is there in a given week: users bring their replies in clusters."""
    heavy: float = 0.5
    """Spread of the users' traffic: standard deviation of its logarithm."""
    user_share: float = 0.1
    """Part of the variance of quality (and of prompt ease) that lies between users."""
    mood: float = 0.0
    """Standard deviation of lasting differences between users in how they signal."""
    holdback: float = 0.0
    """Share of users, drawn at random, that are kept on the first version."""
    arms: tuple[str, str] = ("main", "holdback")
    """What the arms are called: with the change, and without."""

    reliability: float = 0.55
    """Correlation of two judge calls on one reply within a segment, without ease and length."""
    levels: bool = True
    """Whole points from 1 to 5; else a continuous score of the same mean and reliability."""
    repeats: float = 0.05
    """Share of the judged replies that are judged a second time."""
    sticky: float = 0.0
    """Standard deviation of judge error that a second call repeats."""
    overstatement: float = 1.0
    """By what factor record slopes overstate what a judge gain brings users: above 1, the ease of
    a prompt moves judge and signals together, and no version changes it."""
    judge_drift: float = 0.0
    """Judge points that the judge itself adds from the onset on, on every reply and anchor."""
    anchors: int = 0
    """Frozen outputs that are judged anew each week."""
    abstains: float = 0.0
    """Share of replies, the worst ones, that the judge leaves without a score from the onset on."""
    judged: float = 1.0
    """Share of the replies that are judged, or their number a week where above 1."""
    judged_tilt: float = 0.0
    """How much more often long replies are judged: log probability per log length."""

    user_shock: float = 0.0
    """Standard deviation of weekly shocks to all signals."""
    judge_shock: float = 0.0
    """Standard deviation of weekly shocks to the judge."""
    shock_rho: float = 0.6
    """Their autocorrelation from one week to the next."""
    season: float = 0.0
    """What is added to all signals in the weeks `season_weeks`."""
    season_weeks: tuple[int, int] = (8, 15)
    """First and one past the last, counted from the first monitored week."""

    thumbs_rate: float = 0.02
    """Share of replies that are rated."""
    thumbs_up: float = 0.6
    thumbs_slope: float = 0.5
    """Probit slope of thumbs up on quality."""
    answer_shift: float = 1.0
    """By what the unhappy users' readiness to rate is multiplied from the onset on."""
    retry_seen: float = 1.0
    retry_rate: float = 0.3
    retry_slope: float = 0.48
    """Probit slope of no retry on quality."""
    retry_again: float = 0.0
    """Chance that a retry is followed by one more; 0 keeps the signal to 0 and 1."""
    edit_seen: float = 0.3
    edit_rate: float = 0.35
    """Mean edit rate."""
    edit_slope: float = 0.38
    """Slope of the edit rate's probit on quality."""
    edit_noise: float = 0.7
    """Standard deviation of the probit's noise."""
    delay: float = 2.0
    """Mean days, exponential, until a signal arrives."""
    zeros_timed: bool = True
    """Whether the absence of a retry has an arrival time."""

    length_spread: float = 0.5
    """Standard deviation of log length within a segment."""
    length_shift: float = 0.0
    """What the onset adds to log length."""
    length_effect: float = 0.0
    """What one unit of log length adds in the judge's eyes, at all times."""
    markup_shift: float = 0.0
    """What the onset adds to the mean number of markup signs (3)."""
    markup_effect: float = 0.0
    """What one more markup sign adds in the judge's eyes, at all times."""

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated.

        Raises:
            ValueError: a count, share or correlation is out of its range.
        """
        for name in _SHARES:
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"Scenario {self.name}: {name} is {value}; give 0 to 1.")
        if not 0 < self.reliability < 1:
            raise ValueError(f"Scenario {self.name}: reliability must lie between 0 and 1.")
        if self.overstatement < 1:
            raise ValueError(f"Scenario {self.name}: overstatement must be at least 1.")
        if min(self.items, self.users, self.ramp, self.weeks) < 1:
            raise ValueError(f"Scenario {self.name}: items, users, ramp, weeks must be 1 or more.")
        if self.releases and len(self.releases) != self.weeks:
            raise ValueError(f"Scenario {self.name}: give one release for each week, or none.")

    @property
    def weeks(self) -> int:
        """All weeks, reference and monitored."""
        return self.reference + self.monitored

    @property
    def versions(self) -> tuple[str, ...]:
        """Names of the versions, the first one first."""
        return tuple(f"v{i + 1}" for i in range(len(self.releases) or 2))

    @property
    def gained(self) -> float:
        """What judge and users see of the change, or of the last release beside the first."""
        if self.releases:
            return self.releases[-1].real - self.releases[0].real
        return self.real

    @property
    def apparent(self) -> float:
        """What only the judge sees of it, through surface features or not."""
        surface = self.length_shift * self.length_effect + self.markup_shift * self.markup_effect
        if self.releases:
            return self.releases[-1].gamed - self.releases[0].gamed
        return self.gamed + surface

    @property
    def phi(self) -> float | None:
        """Part of the judge's rise that users get; None where no version raises the judge."""
        rise = self.gained + self.apparent
        return self.gained / rise if rise > _NOTHING else None

    @property
    def truth(self) -> Kind:
        """What a detector with the limit `LIMIT` for phi ought to find."""
        phi = self.phi
        if phi is None:
            return "none"
        if abs(phi - LIMIT) < _NOTHING:
            return "boundary"
        return "improvement" if phi > LIMIT else "gaming"

    @property
    def ease_in_judge(self) -> float:
        """What a unit of prompt ease adds in the judge's eyes."""
        return EASE if self.overstatement > 1 else 0.0

    @property
    def ease_in_signals(self) -> float:
        """What a unit of prompt ease adds to the signals.

        With quality of variance 1 - a^2, and ease a in the judge and b in the signals, the slope
        of signals on the judge's lasting part is 1 - a^2 + a b times the causal one; this is the b
        that makes it `overstatement`.
        """
        a = self.ease_in_judge
        return (self.overstatement - 1 + a * a) / a if a else 0.0

    def grown(self, week: float) -> float:
        """Return which part of the change acts in a week, from 0 to 1."""
        return min(max(week - self.reference - self.onset + 1, 0) / self.ramp, 1.0)
