"""How much of a raw change is another mix of segments (Simpson's paradox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.goodhart.explain.path import Path
    from trueup.goodhart.explain.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """One mean's change, as it comes and at the mix before; raw units, up is up.

    Attributes:
        said: What it is the mean of.
        raw: Change of the plain mean.
        held: Change at the mix before.
        mix: What the changed mix adds: raw minus held.
        mix_low: Lower end of its 95 % interval.
        mix_high: Upper end.
        sentence: The same in words.
    """

    said: str
    raw: float
    held: float
    mix: float
    mix_low: float
    mix_high: float
    sentence: str


def mixes(window: Window) -> tuple[Mix, ...]:
    """Return the judge's and every signal's raw change beside the one at a fixed mix."""
    if len(window.segments) < 2:  # noqa: PLR2004 - one alone has no mix
        return ()
    found = [_mix("judge", window.path("w", "wj"), window.path("w", "wj", raw=True), per=1)]
    for k, signal in enumerate(window.spec.signals):
        names = f"m{k}", f"s{k}"
        held = window.path(*names, ripe=True, like=names[0])
        raw = window.path(*names, ripe=True, raw=True)
        found.append(_mix(signal.said, held, raw, per=signal.per or 100))
    return tuple(one for one in found if one is not None)


def _mix(said: str, held: Path, raw: Path, *, per: int) -> Mix | None:
    standard, plain, added = held.moved(), raw.moved(), (raw + held * -1.0).moved()
    if standard is None or plain is None or added is None:
        return None
    unit = f" per {per} outputs" if per != 1 else ""
    what = "The raw mean of the judge" if said == "judge" else f"The raw mean of {said}"
    way = "rose" if plain.value >= 0 else "fell"
    text = f"{what} {way} by {abs(plain.value) * per:.2f}{unit}"
    toward = added.value if plain.value >= 0 else -added.value
    if added.low <= 0 <= added.high:
        text += "; no part of that is clearly a changed mix of segments."
    elif toward > 0:
        text += f", of which {toward * per:.2f} is a changed mix of segments."
    else:
        text += (
            f", and a changed mix of segments hides {-toward * per:.2f} more: at the mix before it "
            f"{'rose' if standard.value >= 0 else 'fell'} by {abs(standard.value) * per:.2f}."
        )
    return Mix(
        said=said, raw=plain.value, held=standard.value, mix=added.value,
        mix_low=added.low, mix_high=added.high, sentence=text,
    )  # fmt: skip
