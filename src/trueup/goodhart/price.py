"""What the rule in use costs: how much further users must fall short for it to say gaming.

Records alone say gaming where users' gain lies below a boundary. Another rule has a boundary of its
own for the same rise and the same errors. Both distances from the share c of what was due are known
at a look, and so is their ratio: nothing is simulated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from trueup.goodhart.spec import WatchSpec

ALIKE = 0.05
"""A shortfall that differs by less is the same."""
HALF = 0.5
"""A `worth` above this part of what is expected leaves little to find."""
DOUBLINGS = 40
HALVINGS = 30


def price(*, records: float, rule: float, due: float, c: float, worth: float = 1.0) -> str:
    """Return what a rule costs, as the shortfall it takes over that which records alone take.

    Args:
        records: Highest gain at which records alone say gaming, in judge points.
        rule: Highest gain at which the rule in use does.
        due: What the judge's rise should have brought, by records.
        c: Share of it that divides gaming from improvement.
        worth: A judge point's worth by what decides, over what records say.

    Returns:
        A part of a sentence; empty where both are alike, the rule takes less, or nothing was due.

    >>> price(records=0.05, rule=0.02, due=0.2, c=0.5)
    'gaming takes 1.6 x the shortfall that records alone would: users at 10% of what was due or \
less, not at 25%'
    """
    shortfall = c * due - records
    if due <= 0 or shortfall <= 0 or worth <= 0:
        return ""
    times = (c * due - rule) / shortfall
    if times - 1 < ALIKE:
        return ""
    return (
        f"gaming takes {times:.1f} x the shortfall that records alone would: users at "
        f"{rule / due / worth:.0%} of what was due or less, not at {records / due / worth:.0%}"
    )


def highest(passes: Callable[[float], bool], start: float, step: float) -> float | None:
    """Return the highest gain at which a rule says gaming, None where none is low enough.

    Args:
        passes: Whether it does at a gain; what it does at one, it does at every lower one.
        start: Where to begin.
        step: By how much to go on at first.
    """
    if step <= 0:
        return None
    way = 1 if passes(start) else -1
    near, far = start, start + way * step
    for _ in range(DOUBLINGS):
        if passes(far) != (way > 0):
            break
        near, far, step = far, far + way * 2 * step, 2 * step
    else:
        return None
    low, high = (near, far) if way > 0 else (far, near)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if passes(middle) else (low, middle)
    return low


def worth_note(
    spec: WatchSpec, *, expected: float, rise: float, experiments: int, decides: bool = True
) -> tuple[str, ...]:
    """Return that a declared `worth` is too large to tell gaming from a gain, where it is.

    Users who got most of what was due may still have gained less than that.

    Args:
        spec: What was declared.
        expected: What the rise should have brought the primary signal, up is good.
        rise: The judge's, in points.
        experiments: Past tests that this is expected by; 0 for records alone.
        decides: Whether `worth` has a part in the verdict.
    """
    if spec.worth is None or spec.first is None or expected <= 0 or spec.worth <= HALF * expected:
        return ()
    tests = f"{experiments} past test{'s' if experiments != 1 else ''} and records"
    what = (
        f"the declared worth of {spec.worth:.3g} is more than half of the {expected:.3g} in "
        f"{spec.first.said} that {tests if experiments else 'records'} expect of a judge rise of "
        f"{rise:.2f}"
    )
    if not decides:
        return (f"{what}; past tests decide here, and it has no part in the verdict",)
    why = (
        f"users who got most of it can miss {spec.worth:.3g}, so that gaming is nearly implied by "
        f"the declaration; declare at most {HALF * expected:.2g}"
    )
    return (f"{what}: {why}",)
