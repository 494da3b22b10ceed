"""Goodhart reports of every kind. Simulated: every figure and text is made up."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from trueup.goodhart.look import Change, Look, SignalChange, Worth
from trueup.goodhart.spec import Signal, WatchSpec
from trueup.report.goodhart.model import Alarm, GoodhartReport
from trueup.report.goodhart.picture import Level, Line, Picture, SignalLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.goodhart.look import Verdict

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)
REFERENCE, WEEKS, WAITING = 12, 26, 2
KINDS: tuple[Verdict, ...] = (
    "gaming", "improvement", "inconclusive", "judge_flat", "unidentified",
)  # fmt: skip
_FIXED = frozenset({"verdict", "design", "kind", "state", "better", "source", "within", "period",
                    "starts", "horizon"})  # fmt: skip
"""Fields whose text is chosen by trueup, or has one form."""
_OPEN = frozenset({"inconclusive", "unidentified"})
_PHI: dict[Verdict, tuple[float, float | None, float | None] | None] = {
    "gaming": (0.08, -0.05, 0.21),
    "improvement": (1.09, 0.91, 1.30),
    "inconclusive": (0.52, 0.1, None),
    "judge_flat": None,
    "unidentified": None,
}
_MESSAGES: dict[Verdict, str] = {
    "gaming": "The judge rose by 0.22 (0.20 to 0.23) from 3.36, and users are no better off.",
    "improvement": "The judge rose by 0.22 (0.20 to 0.23) from 3.36, and users gained with it.",
    "inconclusive": "The judge rose by 0.22 (0.20 to 0.23) from 3.36; not decided.",
    "judge_flat": "No rise of the judge is shown: +0.01 (-0.01 to +0.04).",
    "unidentified": "Nothing can be said: 9 periods of history.",
}

_T = TypeVar("_T")


def spec(**known: Any) -> WatchSpec:
    shown: dict[str, Any] = {
        "time": "timestamp",
        "judge": "judge",
        "signals": [Signal("thumbs"), Signal("retries", better="lower")],
        "design": "weekly",
    }
    return WatchSpec(**{**shown, **known})


def signal(name: str = "retries", **known: Any) -> SignalChange:
    shown: dict[str, Any] = {
        "said": name, "better": "lower" if name == "retries" else "higher", "per": 100,
        "change": Change(value=-0.005, low=-0.012, high=0.001, before=0.31),
        "expected": -0.043, "expected_low": -0.047, "expected_high": -0.039, "slope": -0.2,
        "count": 700, "weight": 0.5,
    }  # fmt: skip
    return SignalChange(name=name, **{**shown, **known})


def look(verdict: Verdict, at: int = 13, **known: Any) -> Look:
    start = START + (REFERENCE + at) * WEEK
    phi = _PHI[verdict]
    rise = Change(value=0.22, low=0.20, high=0.23, before=3.36)
    if verdict == "judge_flat":
        rise = Change(value=0.01, low=-0.01, high=0.04, before=3.36)
    quiet = verdict == "unidentified"
    shown: dict[str, Any] = {
        "design": "weekly", "period": at, "why": "asked for", "start": start, "end": start + WEEK,
        "label": start.date().isoformat(), "message": _MESSAGES[verdict],
        "phi": phi and phi[0], "phi_low": phi and phi[1], "phi_high": phi and phi[2],
        "holds_to": None if quiet else 1.9, "rise": None if quiet else rise,
        "since": None if quiet else 0,
        "signals": () if quiet else (
            signal("thumbs", dropped="thumbs are given for 3% of outputs, 1% before", weight=0),
            signal(),
        ),
        "worth": Worth(source="records", rule="must hold if records overstate it 2 x"),
        "missing": ("more weeks of retries",) if verdict in _OPEN else (),
        "notes": ("12 records are dated in the future and were left out",),
        "detail": {"gamed": 1.2},
    }  # fmt: skip
    return Look(verdict=verdict, **{**shown, **known})


def looks(last: Verdict) -> tuple[Look, ...]:
    """Return fourteen looks that end with a verdict, those before it undecided."""
    found = [look("inconclusive", at, phi=None, phi_low=None, phi_high=None, rise=None, signals=())
             for at in range(8)]  # fmt: skip
    return (*found, *(look(last, at) for at in range(8, 14)))


def line(values: Sequence[float | None], half: float) -> Line:
    return Line(
        mean=tuple(values),
        low=tuple(None if v is None else v - half for v in values),
        high=tuple(None if v is None else v + half for v in values),
    )


def picture(gained: float = 0.02, **known: Any) -> Picture:
    """Return a judge that rises by .22 after the reference, and users who gain so much."""
    wave = [0.01 * (-1) ** at for at in range(WEEKS)]
    judge = [w + 0.22 * (at >= REFERENCE) for at, w in enumerate(wave)]
    users = [
        None if at >= WEEKS - WAITING else -2 * w + gained * (at >= REFERENCE)
        for at, w in enumerate(wave)
    ]
    retries = [None if u is None else 0.31 - 0.2 * u for u in users]
    last = WEEKS - WAITING - 1
    starts = tuple(START + at * WEEK for at in range(WEEKS))
    shown: dict[str, Any] = {
        "kind": "stream",
        "labels": tuple(start.date().isoformat() for start in starts),
        "starts": starts,
        "reference": REFERENCE,
        "judge": line(judge, 0.03),
        "expected": line(judge, 0.04),
        "users": line(users, 0.06),
        "judge_after": Level(first=REFERENCE, last=last, value=0.22, low=0.2, high=0.23),
        "after": Level(first=REFERENCE, last=last, value=gained, low=gained - 0.03,
                       high=gained + 0.03),
        "signals": (
            SignalLine(name="retries", said="retries", better="lower", per=100,
                       realised=line(retries, 0.012),
                       expected=line([0.31 - 0.2 * j for j in judge], 0.008)),
        ),
        "since": REFERENCE,
        "alarm": REFERENCE + 8,
        "waiting": WAITING,
    }  # fmt: skip
    return Picture(**{**shown, **known})


def report(verdict: Verdict = "gaming", **known: Any) -> GoodhartReport:
    alarms = (
        Alarm(id="a-7f3c", since="2026-05-25"),
        Alarm(id="a-11d0", since="2025-11-03", state="accepted", reason="a holiday week",
              by="the on-call person", at=START),
    )  # fmt: skip
    shown: dict[str, Any] = {
        "product": "Support assistant",
        "looks": looks(verdict),
        "spec": spec(),
        "picture": picture(0.24 if verdict == "improvement" else 0.02),
        "explanations": ("length explains 83% of the judge's rise",),
        "alarms": alarms if verdict == "gaming" else (),
        "instrument": "helpfulness v3",
        "simulated": True,
        "generated_at": dt.datetime(2026, 9, 28, 6, tzinfo=dt.UTC),
    }
    if verdict == "unidentified":
        shown["picture"] = None
    return GoodhartReport(**{**shown, **known})


def poisoned(value: _T, text: str) -> _T:
    """Return a report with a text in place of every text that may come from outside."""
    made: Any = value
    if isinstance(made, str):
        return text  # type: ignore[return-value] # a text for a text
    if isinstance(made, tuple | list):
        return type(made)(poisoned(one, text) for one in made)  # type: ignore[return-value] # as it was
    if isinstance(made, WatchSpec):
        signals = [replace(one, label=text) for one in made.signals]
        return replace(made, judge=text, signals=signals)  # type: ignore[return-value] # as it was
    if is_dataclass(made):
        changed = {
            one.name: poisoned(getattr(made, one.name), text)
            for one in fields(made)
            if one.name not in _FIXED
        }
        return replace(made, **changed)  # type: ignore[type-var,return-value] # as it was
    return value
