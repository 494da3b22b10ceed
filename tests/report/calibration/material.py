"""A calibration of five criteria over eight weeks. Simulated: every figure and text is made up.

`grounded` is steady, with a week without labels; `next-step` has a judge that drifted; `apology`
has too few labels; `padding` was reworded; `tone` is a scale whose judge got a new prompt.
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal, TypeVar

from trueup.runner.calibration.result import (
    Absent,
    Agreement,
    AnchorMoved,
    Bridge,
    Calibration,
    CriterionResult,
    Curve,
    Disagreement,
    Drift,
    Evidence,
    Figure,
    Labels,
    Opening,
    PassRate,
    Point,
    Reliability,
    Sampled,
    ToLabel,
)

WEEKS = tuple(f"2026-W{number}" for number in range(40, 48))
NO_LABELS = "no label of this week"
NOBODY = "nobody called an item unmet"
_FIXED = frozenset({"week", "gate", "kind", "state", "cause", "verdict", "sitting", "made_at"})
"""Fields whose text is chosen by trueup, or has one form."""

_T = TypeVar("_T")


def figure(estimate: float, n: int, method: str = "simulated") -> Figure:
    half = 1.96 * math.sqrt(max(estimate * (1 - estimate), 0.01) / n)
    return Figure(estimate=estimate, low=max(estimate - half, 0), high=min(estimate + half, 1), n=n,
                  method=method)  # fmt: skip


def point(at: int, **known: Any) -> Point:
    """Return a week; where nothing else is said, one with 40 labels and no news."""
    n = known.pop("n_labels", 40)
    classes = known.pop("classes", True)
    wave = (0, 0.02, -0.01, 0.015, -0.02, 0.01, -0.005, 0.005)[at]
    usual = {"rate": 0.78, "tpr": 0.92, "tnr": 0.84, "alpha": 0.72}
    rate, tpr, tnr, alpha = (known.pop(name, share) for name, share in usual.items())
    none = Absent(why=NO_LABELS)
    shown: dict[str, Any] = {
        "instrument": "a1b2c3d4e5f60718", "question": "00aa11bb22cc33dd", "n_anchors": 60,
        "judged": figure(known.pop("judged", rate + 0.05) + wave, 2000, "share of verdicts"),
        "corrected": figure(rate + wave, 260, "PPI++") if n else none,
        "tpr": figure(min(tpr + wave, 1), 30) if n and classes else none,
        "tnr": figure(tnr - wave, 12) if n and classes else none,
        "alpha": figure(alpha + wave, 80) if n else none,
        "people": figure(0.79 - wave, 90) if n else none,
        "ceiling": figure(0.92, 40) if n else none,
        "anchors": figure(0.95 + wave / 2, 60, "share of anchors"),
        "surface": figure(0.14 + wave, 400, "cross-validated"),
    }  # fmt: skip
    return Point(week=WEEKS[at], n_labels=n, **{**shown, **known})


def weeks(*, changes: dict[int, dict[str, Any]] | None = None, **all_of: Any) -> tuple[Point, ...]:
    return tuple(point(at, **{**all_of, **(changes or {}).get(at, {})}) for at in range(8))


def agreement(**known: Any) -> Agreement:
    shown: dict[str, Any] = {
        "n_pairs": 312, "sittings": WEEKS,
        "tpr": figure(0.93, 236, "Wilson"), "tnr": figure(0.83, 76, "Wilson"),
        "accuracy": figure(0.9, 312, "Wilson"),
        "alpha": figure(0.73, 312, "Krippendorff, bootstrap over items"),
        "people": figure(0.79, 290, "Krippendorff, bootstrap over items"),
        "ceiling": figure(0.92, 290, "leave one annotator out"),
        "at_ceiling": figure(0.9, 290, "the judge in that annotator's place"),
        "level": "nominal", "levels": ("met", "unmet"), "confusion": ((219, 13), (17, 63)),
    }  # fmt: skip
    return Agreement(**{**shown, **known})


def disagreement(number: int,
                 kind: Literal["false pass", "false fail", "other level", "people differ"],
                 judge: str, people: str, **known: Any) -> Disagreement:  # fmt: skip
    shown: dict[str, Any] = {
        "explanation": "The reply names a date and a button, which a customer can act on.",
        "notes": ("The button does not exist on the free plan.",),
        "input": "I was charged twice in October. What should I do now?",
        "context": "Charges can be disputed for 60 days; the free plan has no button for it.",
        "output": "I am sorry about that. Open Billing, choose the second charge of 14 October and "
                  "press Dispute; the amount is held back until a colleague has looked at it.",
    }  # fmt: skip
    return Disagreement(
        item_id=f"t-{4000 + 37 * number}",
        sitting=WEEKS[-1 - number % 4],
        kind=kind,
        judge=judge,
        people=people,
        **{**shown, **known},
    )


def criterion(name: str, ask: str, **known: Any) -> CriterionResult:
    """Return a criterion; where nothing else is said, a binary one that stands still."""
    shown: dict[str, Any] = {
        "kind": "binary", "penalty": False, "gate": False, "question": "00aa11bb22cc33dd",
        "judge": "sim-judge", "instrument": "a1b2c3d4e5f60718",
        "observed": ("sim-judge-2026-09-30",), "agreement": agreement(),
        "pass_rate": pass_rate(0.78, 0.83),
        "curve": Absent(why="this judge gives no probabilities"),
        "surface": figure(0.14, 2000, "cross-validated"), "disagreements": (), "weeks": weeks(),
        "drift": Drift(state="steady", cause=None, since=None, found=None,
                       sentence="Nothing has left its bounds in eight weeks.",
                       evidence=stands()),
        "stale": 0, "flipped": (), "bars": (), "anchors_moved": (), "bridged": None,
    }  # fmt: skip
    return CriterionResult(id=name, ask=ask, **{**shown, **known})


def pass_rate(corrected: float, judge: float) -> PassRate:
    return PassRate(
        judge=figure(judge, 2000, "share of verdicts"),
        labels_only=figure(corrected + 0.01, 40, "Wilson"),
        corrected=figure(corrected, 260, "PPI++ on the logit scale"),
        why="The labels are a random sample of the scored items, so prediction-powered inference.",
    )


def stands() -> tuple[Evidence, ...]:
    return (
        Evidence(cause="judge", verdict="stands", estimate=0.01, low=-0.03, high=0.05,
                 sentence="Verdicts on anchors moved by no more than 5 points."),
        Evidence(cause="raters", verdict="stands", estimate=-0.01, low=-0.07, high=0.05,
                 sentence="People agree with each other as often as before."),
    )  # fmt: skip


def grounded() -> CriterionResult:
    bins = ((0.06, 0.09, 31), (0.24, 0.3, 22), (0.51, 0.47, 19), (0.78, 0.7, 58), (0.96, 0.95, 182))
    curve = Curve(
        bins=tuple(Reliability(said=said, found=found, low=figure(found, n).low,
                               high=figure(found, n).high, n=n) for said, found, n in bins),
        brier=figure(0.08, 312, "Brier score"), error=figure(0.03, 312, "five bins of equal width"),
    )  # fmt: skip
    return criterion(
        "grounded", "Does every factual claim follow from the policy excerpt?", gate=True,
        curve=curve, pass_rate=pass_rate(0.81, 0.86),
        weeks=weeks(rate=0.8, changes={3: {"n_labels": 0}}),
        disagreements=(disagreement(1, "false pass", "met", "unmet, 2 of 3"),
                       disagreement(2, "false fail", "unmet", "met", notes=())),
    )  # fmt: skip


def next_step() -> CriterionResult:
    late = {"rate": 0.74, "judged": 0.88, "tnr": 0.55, "alpha": 0.46}
    evidence = (
        Evidence(cause="judge", verdict="moved", estimate=0.16, low=0.08, high=0.25,
                 sentence="On the same 60 anchors 16 more in a hundred verdicts differ from the "
                          "usual ones, and the endpoint answers with sim-judge-2026-11-02."),
        Evidence(cause="rubric", verdict="stands", estimate=None, low=None, high=None,
                 sentence="The question is the same, letter by letter."),
        Evidence(cause="raters", verdict="stands", estimate=-0.01, low=-0.06, high=0.04,
                 sentence="People agree with each other as often as before, to within 6 points."),
        Evidence(cause="traffic", verdict="stands", estimate=0.02, low=-0.01, high=0.05,
                 sentence="No segment's share moved by more than 5 points."),
        Evidence(cause="system", verdict="unknown", estimate=-0.03, low=-0.14, high=0.08,
                 sentence="While the judge moves, the labels alone say too little."),
    )  # fmt: skip
    return criterion(
        "next-step", "Does the reply say what the customer should do next?",
        observed=("sim-judge-2026-09-30", "sim-judge-2026-11-02"),
        agreement=agreement(tnr=figure(0.62, 84, "Wilson"), alpha=figure(0.52, 312),
                            at_ceiling=figure(0.81, 290, "the judge in that annotator's place"),
                            confusion=((214, 32), (14, 52))),
        pass_rate=replace(pass_rate(0.74, 0.87), warnings=("The judge moved within the window.",)),
        weeks=weeks(changes={5: {**late, "anchors": figure(0.86, 60)},
                             6: {**late, "anchors": figure(0.81, 60)},
                             7: {**late, "anchors": figure(0.79, 60)}}),
        drift=Drift(state="moved", cause="judge", since="2026-W45", found="2026-W46",
                    sentence="The judge has passed more replies that people fail since 2026-W45, "
                             "the week in which the endpoint began to answer with another model.",
                    evidence=evidence),
        disagreements=(
            disagreement(3, "false pass", "met", "unmet"),
            disagreement(4, "false pass", "met", "unmet, 2 of 3",
                         output="Thank you for your patience. We will be in touch. " * 12,
                         notes=("Nothing to do, only to wait.", "No date, no address.")),
            disagreement(5, "false fail", "unmet", "met",
                         explanation="No step is stated; the reply only repeats the policy."),
            disagreement(6, "false pass", "met", "unmet", explanation="", notes=()),
            disagreement(8, "people differ", "met", "met (1 of 2)"),
        ),
        bars=("TNR is 62% [52, 72], below the bar of 75%.",),
        anchors_moved=(
            AnchorMoved(item_id="a-12", now="met", before="unmet", weeks=7, trusted="unmet"),
            AnchorMoved(item_id="a-31", now="met", before="unmet", weeks=7, trusted=None),
        ),
    )  # fmt: skip


def apology() -> CriterionResult:
    few = Absent(why="6 labels, and 30 are the least")
    return criterion(
        "apology", "Does the reply apologise where the company was at fault?",
        agreement=few,
        pass_rate=PassRate(judge=figure(0.9, 600, "share of verdicts"), labels_only=few,
                           corrected=few, why="Too few labels to correct anything."),
        weeks=tuple(point(at, n_labels=0, judged=0.88, corrected=few, alpha=few)
                    for at in (5, 6, 7)),
        surface=Absent(why="too few scores"),
        drift=Drift(state="unknown", cause=None, since=None, found=None,
                    sentence="Three weeks of data; a change can be seen from the ninth on."),
    )  # fmt: skip


def padding() -> CriterionResult:
    new = {"question": "99ff88ee77dd66cc", "instrument": "0f1e2d3c4b5a6978", "rate": 0.21}
    return criterion(
        "padding", "Does the reply repeat itself or add filler?", penalty=True,
        question=new["question"], instrument=new["instrument"], pass_rate=pass_rate(0.21, 0.26),
        agreement=agreement(n_pairs=154, tpr=figure(0.8, 41), tnr=figure(0.94, 113),
                            alpha=figure(0.69, 154), confusion=((33, 7), (8, 106))),
        weeks=weeks(rate=0.34, changes=dict.fromkeys((4, 5, 6, 7), new)),
        drift=Drift(state="moved", cause="rubric", since="2026-W44", found="2026-W44",
                    sentence="The question was reworded in 2026-W44, and its figures begin anew."),
        stale=158, flipped=("t-4111", "t-4185", "t-4333", "t-4407"),
        disagreements=(disagreement(7, "false pass", "met", "unmet"),),
    )  # fmt: skip


def tone() -> CriterionResult:
    none = Absent(why=NOBODY)
    return criterion(
        "tone", "How fitting is the register?", kind="scale",
        agreement=agreement(tpr=none, tnr=none, level="ordinal", levels=("1", "2", "3"),
                            confusion=((31, 9, 1), (12, 118, 20), (2, 17, 102)),
                            alpha=figure(0.66, 312), people=figure(0.7, 290)),
        weeks=weeks(classes=False, alpha=0.66, changes={
            at: {"instrument": "old", "alpha": 0.58, "classes": False} for at in (0, 1)
        }),
        bridged=Bridge(week=WEEKS[1], instrument="old", judged=figure(0.8, 2000),
                       link=figure(0.03, 60)),
        disagreements=(disagreement(8, "other level", "3", "2, 2 of 3"),
                       disagreement(9, "other level", "1", "2")),
    )  # fmt: skip


def calibration(**known: Any) -> Calibration:
    shown: dict[str, Any] = {
        "sitting": "2026-W47", "run": 12, "made_at": "2026-11-20T06:00:00+00:00",
        "rubric": "billing-reply", "rubric_version": "3", "judge": "sim-judge",
        "store": ".trueup/store.db", "ledger": "ledger.jsonl", "recorded": True,
        "sampled": Sampled(source="logs/2026-W47.jsonl", n=2000, n_scored=1984, n_anchors=60,
                           outcomes={"scored": 1984, "abstained": 11, "failed": 5},
                           cost={"calls": 10300, "input_tokens": 8240000, "output_tokens": 515000,
                                 "cached_tokens": 6100000, "dollars": 3.17, "seconds": 412.0,
                                 "reused": 0}),
        "labels": Labels(n=1404, n_new=40, n_items=312, annotators=("anna", "bo", "cem"),
                         design="random", split=None,
                         notes=("2 labels are for items that were never scored.",)),
        "criteria": (grounded(), next_step(), apology(), padding(), tone()),
        "yearly_rate": 0.05,
        "next": tuple(ToLabel(item_id=f"t-{7000 + 13 * n}", probability=0.02 + 0.001 * n, people=2,
                              why="judge and surface features differ" if n % 3 else "at random")
                      for n in range(20)),
        "plan": "24 more labels of apology give its first figures; 120 more halve every interval.",
        "openings": (Opening(at="2026-11-13T09:30:00+00:00", by="anna", n=125),),
        "gate": "failed",
        "reasons": ("next-step: the judge drifted in 2026-W45.",
                    "next-step: TNR is 62% [52, 72], below the bar of 75%."),
    }  # fmt: skip
    return Calibration(**{**shown, **known})


def many(count: int) -> Calibration:
    """Return a calibration of many criteria, each with ten disagreements."""
    makers = (grounded, next_step, apology, padding, tone)
    made = []
    for n in range(count):
        one = makers[n % len(makers)]()
        several = tuple(disagreement(i, "false pass", "met", "unmet") for i in range(10))
        made.append(replace(one, id=f"{one.id}-{n + 1}", disagreements=several))
    return calibration(criteria=tuple(made))


def poisoned(value: _T, text: str) -> _T:
    """Return the same with a text in the place of every text that is from outside."""
    if isinstance(value, str):
        return text  # type: ignore[return-value]  # a str for a str
    if isinstance(value, tuple):
        return tuple(poisoned(part, text) for part in value)  # type: ignore[return-value]  # likewise
    if is_dataclass(value) and not isinstance(value, type):
        changed = {field.name: poisoned(getattr(value, field.name), text)
                   for field in fields(value) if field.name not in _FIXED}  # fmt: skip
        return replace(value, **changed)
    return value
