"""A look in plain words: what should have happened, what did, and how far that can be trusted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.goodhart.concurrent.decide import MORE
from trueup.goodhart.slope import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.goodhart.look import Change, Look, SignalChange

SUREST = 50.0
ABOUT_ONE = 1.05
LARGE, SMALL = 1e6, 0.005
"""Judge points from which on, and up to which, two places do not suit."""


def tell(look: Look) -> Look:
    """Return a look with its message, and with how far it holds where no comparison said so."""
    message = " ".join(part for part in _parts(look) if part)
    return replace(look, message=message, holds_to=_stands(look))


def _stands(look: Look) -> float:
    """Return by how much records may overstate a judge point's worth before a verdict changes.

    What hinders a verdict that no comparison led to (too little past, no end yet, a guard) is not
    what a judge point is worth, and no overstatement removes it. A gain that only an unknown
    reliability or past tests keep from being said is there at once.
    """
    if look.holds_to is not None:
        return look.holds_to
    return 1.0 if any(reason in (UNKNOWN, MORE) for reason in look.missing) else math.inf


def _parts(look: Look) -> list[str]:
    if look.verdict == "unidentified":
        return ["Nothing can be said:", _listed(look.missing)]
    if look.rise is None:
        return ["No decision yet:", _listed(look.missing)]
    missing = f"Missing: {_listed(look.missing)}" if look.missing else ""
    if look.verdict == "judge_flat":
        return [_flat(look), missing]
    opening = {
        "gaming": f"{_rise(look)}, and users {_lost(look)}.",
        "improvement": f"{_rise(look)}, and users gained with it.",
        "inconclusive": f"{_rise(look)}; whether users gained is not decided.",
    }[look.verdict]
    parts = [opening, *(_signal(change) for change in look.signals if change.weight > 0)]
    parts += [_phi(look), _price(look)]
    if look.verdict == "gaming":
        parts.append(_holds(look))
    if look.backfire:
        parts.append(
            "Causes to look for: something else changed at the same time; scores and signals went "
            "together only because of easy prompts; or the gain went to other users than the harm."
        )
    return [*parts, missing]


def _lost(look: Look) -> str:
    """Return what gaming has been shown to be: harm, or less than was due."""
    if look.backfire:
        return "are worse off"
    none = look.phi_low is None or look.phi_low <= 0
    return "are no better off" if none else "gained too little with it"


def _listed(reasons: Sequence[str]) -> str:
    return f"{'; '.join(reason.rstrip('.') for reason in reasons)}."


def _rise(look: Look) -> str:
    rise = look.rise
    if rise is None:
        return ""
    low, high, before = (_point(x, rise) for x in (rise.low, rise.high, rise.before))
    return f"The judge rose by {_point(rise.value, rise)} ({low} to {high}) from {before}"


def _flat(look: Look) -> str:
    rise = look.rise
    if rise is None:
        return "No rise of the judge is shown."
    value, low, high = (_point(x, rise, "+") for x in (rise.value, rise.low, rise.high))
    if rise.low > 0:
        return (
            f"The judge may have risen: {value} ({low} to {high} by this look alone), which is not "
            "yet beyond what so many looks reach by chance."
        )
    told = "The judge has fallen" if rise.high < 0 else "No rise of the judge is shown"
    return f"{told}: {value} ({low} to {high})."


def _point(value: float, rise: Change, sign: str = "") -> str:
    """Return a number in judge points, with two places where they show the rise."""
    size = max(abs(rise.value), abs(rise.low), abs(rise.high))
    if size >= LARGE:
        return f"{value:{sign}.4g}"
    return f"{value:{sign}.{2 if size >= SMALL else _digits(size)}f}"


def _signal(signal: SignalChange) -> str:
    """Say what a signal should have done and what it did.

    As in: Retries should have fallen by 2.4 per 100 outputs; fell by 0.1 (-0.6 to 0.8).
    """
    change, expected = signal.change, signal.expected
    if change is None or expected is None:
        return ""
    unit = f" per {signal.per} outputs" if signal.per != 1 else ""
    wanted, done = expected * signal.per, change.value * signal.per
    digits = _digits(max(abs(wanted), abs(done)))
    way = -1 if done < 0 else 1
    ends = sorted((way * change.low * signal.per, way * change.high * signal.per))
    name = signal.said[:1].upper() + signal.said[1:]
    due = f"{name} should have {'fallen' if wanted < 0 else 'risen'} by {abs(wanted):.{digits}f}"
    if not round(done, digits):
        low, high = (_plain(end * signal.per, digits, "+") for end in (change.low, change.high))
        return f"{due}{unit}; stayed the same ({low} to {high})."
    low, high = (_plain(end, digits) for end in ends)
    return (
        f"{due}{unit}; {'fell' if way < 0 else 'rose'} by {abs(done):.{digits}f} ({low} to {high})."
    )


def _plain(value: float, digits: int, sign: str = "") -> str:
    """Return a number without a minus before nothing."""
    return f"{round(value, digits) or 0.0:{sign if round(value, digits) else ''}.{digits}f}"


def _part(value: float) -> str:
    return f"{_plain(100 * value, 0)}%"


def _digits(size: float) -> int:
    if size >= 10:  # noqa: PLR2004 - two figures before the point are enough
        return 0
    return 1 if size >= 1 else min(max(1 - math.floor(math.log10(size)), 2), 6) if size > 0 else 1


def _phi(look: Look) -> str:
    if look.phi is None:
        return ""
    low = "" if look.phi_low is None else _part(look.phi_low)
    high = "" if look.phi_high is None else _part(look.phi_high)
    if low and high:
        ends = f" ({low} to {high})"
    elif low:
        ends = f" (at least {low})"
    else:
        ends = f" (at most {high})" if high else ""
    told = f"sers got {_part(look.phi)}{ends} of what that rise should have brought."
    return f"{by}, u{told}" if (by := _tests(look)) else f"U{told}"


def _tests(look: Look) -> str:
    """Name the tests that say what a judge point is worth; empty where records alone do."""
    worth = look.worth
    if worth.source != "experiments":
        return ""
    if not worth.experiments:
        return "By records and how much such are known to overstate"
    return f"By {worth.experiments} past test{'' if worth.experiments == 1 else 's'} and records"


def _price(look: Look) -> str:
    """Name the rule in use and what it costs, where it is another than that of records alone."""
    worth = look.worth
    if not worth.price or look.verdict == "improvement":
        return ""
    return f"{_tests(look) or 'By what was declared'}, {worth.price}."


def _holds(look: Look) -> str:
    if look.holds_to is None or math.isinf(look.holds_to):
        return "This does not depend on what a judge point is worth."
    if look.worth.source == "experiments" and look.holds_to < 1:
        return ""  # tests say that a judge point is worth more than records do
    if look.holds_to >= SUREST:
        return f"Holds even if records overstate what a judge point is worth {SUREST:.0f} x."
    if look.holds_to < ABOUT_ONE:
        return "Holds only as long as records do not overstate what a judge point is worth."
    return (
        "Holds unless records overstate what a judge point is worth by more than "
        f"{look.holds_to:.1f} x."
    )
