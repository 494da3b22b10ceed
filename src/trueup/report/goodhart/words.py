"""How a look is said, in the words of every form of the report."""

from __future__ import annotations

import math
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from trueup.goodhart.concurrent.looks import planned_looks
from trueup.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Final

    from trueup.goodhart.look import Change, Look, SignalChange, Verdict
    from trueup.goodhart.spec import WatchSpec
    from trueup.report.goodhart.model import Alarm, GoodhartReport
    from trueup.report.goodhart.picture import SignalLine

NONE: Final = "\u2013"
_MINUS = "\u2212"
_SUREST = 50.0
_TENS = 10
_STANDING = re.compile(r"(The alarm|Alarm \S+) of .{1,200}? is open\. ")
_SIMULATED = "Simulated records: nothing here happened."


class Kind(NamedTuple):
    """How a verdict is called, and the sign that stands for it."""

    sign: str
    word: str
    meaning: str


KINDS: Mapping[Verdict, Kind] = {
    "gaming": Kind("!", "gaming", "users got far less than the judge's rise promised"),
    "improvement": Kind("+", "improvement", "users gained with the judge"),
    "inconclusive": Kind("?", "inconclusive", "not decided yet"),
    "judge_flat": Kind("=", "judge flat", "no rise of the judge is shown"),
    "unidentified": Kind("~", "unidentified", "the data cannot tell"),
}


class Row(NamedTuple):
    """A signal's row: what it should have done, and did."""

    said: str
    unit: str
    better: str
    should: str
    should_range: str
    did: str
    did_range: str
    note: str


def standing(look: Look) -> bool:
    """Tell whether a look says `gaming` for an earlier alarm alone, and not by what it found.

    What keeps an alarm standing says so at the head of the look's message.
    """
    return look.alarm is not None and _STANDING.match(look.message) is not None


def headline(look: Look) -> str:
    """Return a look in one sentence without a number, for who reads nothing else."""
    return _HEADLINES.get(_case(look), _HEADLINES[look.verdict])


_HEADLINES: Mapping[str, str] = {
    "gaming": "Judge scores rose, and users are no better off.",
    "gaming: worse": "Judge scores rose, and users are worse off.",
    "gaming: less": "Judge scores rose far more than users gained.",
    "gaming: standing": "An earlier alarm of gaming stands; this look alone would not raise it.",
    "improvement": "Judge scores rose, and users gained with them.",
    "judge_flat": "No rise of judge scores is shown.",
    "judge_flat: fallen": "Judge scores have fallen.",
    "judge_flat: perhaps": "Judge scores may have risen; that is not clear yet.",
    "inconclusive": "Judge scores rose; whether users gained is not decided yet.",
    "inconclusive: early": "It is too early to tell.",
    "unidentified": "These data cannot tell whether users gained.",
}


def _case(look: Look) -> str:
    """Return which of a verdict's headlines is meant."""
    rise, case = look.rise, ""
    if look.verdict == "gaming":
        less = look.phi_low is not None and look.phi_low > 0
        case = "worse" if look.backfire else "less" if less else ""
        case = "standing" if standing(look) else case
    elif look.verdict == "judge_flat":
        if rise is not None and (rise.high < 0 or rise.low > 0):
            case = "fallen" if rise.high < 0 else "perhaps"
    elif look.verdict == "inconclusive":
        case = "early" if rise is None or rise.low <= 0 else ""
    return f"{look.verdict}: {case}"


def title(report: GoodhartReport) -> str:
    """Return what the report is about, with what it says."""
    return f"{report.product}: {KINDS[report.last.verdict].word}"


def points(value: float, *, digits: int = 2) -> str:
    """Return a difference with its sign and a true minus; never a negative zero.

    >>> points(0.216), points(-0.001), points(1.5, digits=1)
    ('+0.22', '0.00', '+1.5')
    """
    if not math.isfinite(value):
        return NONE
    written = f"{value:+.{digits}f}"
    if float(written) == 0:
        written = f"{0:.{digits}f}"
    return written.replace("-", _MINUS)


def amount(value: float, *, digits: int) -> str:
    """Return a figure with a true minus."""
    return f"{value:,.{digits}f}".replace("-", _MINUS) if math.isfinite(value) else NONE


def percent(value: float) -> str:
    """Return a share in whole percent, with a true minus."""
    if not math.isfinite(value):
        return NONE
    whole = round(100 * value)
    return f"{whole}%".replace("-", _MINUS)


def rise_words(rise: Change | None) -> tuple[str, str]:
    """Return the judge's change and its interval."""
    if rise is None:
        return NONE, ""
    return points(rise.value), f"{points(rise.low)} to {points(rise.high)}"


def phi_words(look: Look) -> tuple[str, str]:
    """Return the realised part and its interval, as far as that has ends."""
    if look.phi is None or not math.isfinite(look.phi):
        return NONE, ""
    low, high = look.phi_low, look.phi_high
    if low is not None and high is not None:
        ends = f"{percent(low)} to {percent(high)}"
    elif low is not None:
        ends = f"at least {percent(low)}"
    else:
        ends = f"at most {percent(high)}" if high is not None else "without ends"
    return percent(look.phi), ends


def holds_words(look: Look) -> str:
    """Return by how much records may overstate a judge point's worth, for a table."""
    if look.holds_to is None or math.isnan(look.holds_to):
        return NONE
    if look.verdict not in ("gaming", "improvement"):  # nothing is said that could stop holding
        return NONE
    if math.isinf(look.holds_to):
        return "any"
    return f">{_SUREST:.0f} x" if look.holds_to >= _SUREST else f"{look.holds_to:.1f} x"


def row(one: SignalChange) -> Row:
    """Return a signal's row, in its own unit."""
    unit = f"per {one.per} outputs" if one.per != 1 else "per output"
    known = [value for value in (one.expected, one.change.value if one.change else None)
             if value is not None]  # fmt: skip
    digits = digits_for(max((abs(value) * one.per for value in known), default=0.0))

    def written(value: float | None) -> str:
        return NONE if value is None else points(value * one.per, digits=digits)

    def ranged(low: float | None, high: float | None) -> str:
        return "" if low is None or high is None else f"{written(low)} to {written(high)}"

    note = one.dropped or ("" if one.weight > 0 else "no part in the decision")
    return Row(
        said=one.said,
        unit=unit,
        better=one.better,
        should=written(one.expected),
        should_range=ranged(one.expected_low, one.expected_high),
        did=written(one.change.value if one.change else None),
        did_range=ranged(one.change.low, one.change.high) if one.change else "",
        note=note,
    )


def digits_for(size: float) -> int:
    """Return how many decimals tell a size with two or three figures."""
    if not math.isfinite(size) or size <= 0:
        return 1
    if size >= _TENS:
        return 1
    return 1 if size >= 1 else min(max(1 - math.floor(math.log10(size)), 2), 6)


def set_aside(report: GoodhartReport) -> Iterator[str]:
    """Yield what the latest look left out or corrected, a sentence each, none twice."""
    look = report.last
    said = []
    for note in (*look.notes, *map(_dropped, look.signals)):
        if note and note not in said and note not in look.missing:
            said.append(note)
    yield from map(sentence, said)


def _dropped(one: SignalChange) -> str:
    """Return why a signal has no part, with its name; empty where it has one."""
    if not one.dropped or one.said in one.dropped:
        return one.dropped or ""
    return f"{one.said}: {one.dropped}"


def sentence(text: str) -> str:
    """Return a text as a sentence."""
    text = text.strip()
    if not text:
        return ""
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def basis(report: GoodhartReport) -> Iterator[tuple[str, str]]:
    """Yield what the verdict rests on: a name and a sentence each."""
    look, spec = report.last, report.spec
    yield "design", f"{look.design}{f': {look.why}' if look.why else ''}"
    yield "instrument", judge_words(report)
    yield "scores", f"column {spec.judge}"
    yield "signals", ", ".join(signal.said for signal in spec.signals) or "none"
    yield "what a judge point is worth", _worth(look)
    yield "false alarms", _alpha(spec, look.design)
    holds = holds_words(look)
    if holds != NONE:
        told = "the verdict does not depend on what a judge point is worth"
        if holds != "any":
            told = f"the verdict changes once records overstate a judge point's worth by {holds}"
        if look.holds_to is not None and 0 < look.holds_to < 1:
            told = (
                f"the verdict takes a judge point to be worth {1 / look.holds_to:.1f} x what "
                "records say, or more"
            )
        yield "holds to", told


def judge_words(report: GoodhartReport) -> str:
    """Return which judge, on which rubric, measured the scores, or that nothing names them."""
    return report.instrument or f"not named by the records (column '{report.spec.judge}')"


def _worth(look: Look) -> str:
    worth = look.worth
    parts = {"records": "from the records", "none": "not known",
             "experiments": f"from {worth.experiments} past A/Bs and releases"}  # fmt: skip
    told = [parts[worth.source]]
    if worth.overstatement is not None:
        value, low, high = worth.overstatement
        told.append(f"records overstate it {value:.1f} x ({low:.1f} to {high:.1f})")
    told += [part for part in (worth.rule, worth.price) if part]
    return "; ".join(told)


def _alpha(spec: WatchSpec, design: str) -> str:
    looks = planned_looks(spec) if design == "concurrent" else spec.looks(design)
    over = "over all looks, however many" if looks is None else f"over {counted(looks, 'look')}"
    return f"at most {spec.alpha:.0%} {over}, taken together"


def span_words(report: GoodhartReport) -> str:
    """Return from when to when looks were had."""
    names = [look.called for look in report.looks]
    if not names:
        return ""
    return names[0] if names[0] == names[-1] else f"{names[0]} to {names[-1]}"


def alarm_words(alarm: Alarm) -> str:
    """Return how an alarm stands, in a sentence."""
    if alarm.state == "open":
        return f"Alarm {alarm.id} of {alarm.since} is open."
    by = f" by {alarm.by}" if alarm.by else ""
    at = f" on {alarm.at.date().isoformat()}" if alarm.at else ""
    why = f": {alarm.reason}" if alarm.reason else ""
    return f"Alarm {alarm.id} of {alarm.since} was accepted{by}{at}{why}."


def accept_words(alarm: Alarm) -> str:
    """Return the command that accepts an alarm."""
    place = f" --store {shlex.quote(alarm.store)}" if alarm.store else ""
    return f'trueup goodhart --ack {alarm.id} --reason "..."{place}'


def simulated_words(report: GoodhartReport) -> str:
    """Return that records are made up; empty where they are not."""
    return _SIMULATED if report.simulated else ""


def bare_row(line: SignalLine) -> Row:
    """Return the row of a signal that no comparison has been made of."""
    unit = f"per {line.per} outputs" if line.per != 1 else "per output"
    return Row(said=line.said, unit=unit, better=line.better, should=NONE, should_range="",
               did=NONE, did_range="", note=line.dropped or "")  # fmt: skip
