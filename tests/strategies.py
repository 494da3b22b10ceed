"""Hypothesis strategies: rubrics, values for their criteria, and rubric files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st

from trueup.rubric.model import Criterion, Level, Rubric

if TYPE_CHECKING:
    from collections.abc import Mapping

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")  # a slow machine is no finding

SHARES = st.integers(0, 20).map(lambda n: n / 20)
WEIGHTS = st.integers(1, 20).map(lambda n: n / 2)
WORDS = st.sampled_from(["reply", "amount", "no", "1.10", "état", "刪除", "a: b", "# c", "- d"])
PROSE = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@st.composite
def levels(draw: st.DrawFn) -> tuple[Level, ...]:
    """Draw the levels of a binary, or of a scale or choices with declared values."""
    if draw(st.booleans()):
        return (Level("unmet", "", 0.0), Level("met", "", 1.0))
    worths = draw(st.lists(SHARES, min_size=2, max_size=4))
    return tuple(Level(f"l{n}", "", worth) for n, worth in enumerate(worths))


@st.composite
def criteria(draw: st.DrawFn, name: str = "c") -> Criterion:
    """Draw a criterion: a penalty, a gate, conditional, or none of these."""
    drawn = draw(levels())
    bottom = min(level.value for level in drawn)
    bars = [level.key for level in drawn if level.value > bottom]
    gate = draw(st.sampled_from([None, None, *bars]))
    weight = draw(WEIGHTS)
    if gate is None and draw(st.integers(0, 3)) == 0:
        weight = -weight
    elif gate is not None and draw(st.integers(0, 3)) == 0:
        weight = 0.0
    return Criterion(
        id=name,
        ask="Does it?",
        levels=drawn,
        kind="binary" if len(drawn) == 2 and drawn[0].key == "unmet" else "choices",
        weight=weight,
        gate=gate,
        when=draw(st.sampled_from([None, None, "The customer asked."])),
    )


@st.composite
def rubrics(draw: st.DrawFn, most: int = 5) -> Rubric:
    """Draw a rubric of 1 to `most` criteria of which one has a positive weight."""
    size = draw(st.integers(1, most))
    drawn = [draw(criteria(f"c{n}")) for n in range(size)]
    if not any(criterion.weight > 0 for criterion in drawn):
        binary = (Level("unmet", "", 0.0), Level("met", "", 1.0))
        drawn.append(Criterion(id="earns", ask="Does it?", levels=binary))
    return Rubric(name="drawn", task="Replies.", criteria=tuple(drawn))


def level_values(criterion: Criterion) -> st.SearchStrategy[float]:
    """Draw the value of one of a criterion's levels."""
    return st.sampled_from(sorted(set(criterion.values.values())))


@st.composite
def values(draw: st.DrawFn, rubric: Rubric) -> dict[str, float | None]:
    """Draw a value in [0, 1] for each criterion, most of them a level's."""
    return {
        criterion.id: draw(st.one_of(level_values(criterion), SHARES))
        for criterion in rubric.criteria
    }


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the plain data of a rubric file that is in order."""
    size = draw(st.integers(1, 4))
    entries = [draw(_entries(f"c{n}")) for n in range(size)]
    entries.append({"id": "earns", "ask": "Does it?"})
    head: dict[str, Any] = {"name": "drawn", "task": draw(PROSE), "criteria": entries}
    extras: Mapping[str, st.SearchStrategy[Any]] = {
        "version": st.one_of(PROSE, st.integers(0, 9), st.just(1.5)),
        "description": PROSE,
        "language": st.sampled_from(["en", "no", "pt-BR"]),
        "validated": PROSE,
        "pass_bar": SHARES,
        "missing": st.sampled_from(["bound", "renormalise"]),
    }
    return {**head, **_some(draw, extras)}


def as_yaml(document: object) -> str:
    """Return plain data as a rubric file; JSON is YAML."""
    return json.dumps(document, ensure_ascii=False, indent=1)


@st.composite
def _entries(draw: st.DrawFn, name: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": name, "ask": draw(PROSE)}
    kind = draw(st.sampled_from(["binary", "scale", "choices", "check"]))
    keys = ["unmet", "met"]
    if kind == "scale":
        worth = st.one_of(PROSE, PROSE.map(lambda text: {"text": text}))
        keys = [str(n) for n in range(1, draw(st.integers(2, 4)) + 1)]
        entry["scale"] = {key: draw(worth) for key in keys}
    elif kind == "choices":
        choice = st.one_of(SHARES, st.fixed_dictionaries({"text": PROSE, "value": SHARES}))
        keys = ["no", "1.10", "deflected"]
        entry["choices"] = {"no": 0, "1.10": draw(choice), "deflected": 1}
    elif kind == "check":
        entry["check"] = draw(_checks())
    else:
        entry |= _some(draw, {"met": PROSE, "unmet": PROSE})
    answer = st.sampled_from(keys)
    example = st.fixed_dictionaries({"output": PROSE, "answer": answer}, optional={"why": PROSE})
    extras: dict[str, st.SearchStrategy[Any]] = {
        "weight": st.one_of(WEIGHTS, WEIGHTS.map(lambda weight: -weight)),
        "needs": st.lists(st.sampled_from(["input", "context", "metadata.plan"]), max_size=2),
        "examples": st.lists(example, max_size=2),
        "implicit": st.booleans(),
        "guard": st.booleans(),
        "generic": st.booleans(),
    }
    if kind != "check":
        extras |= {"when": PROSE, "if_empty": answer}
    entry |= _some(draw, extras)
    if entry.get("weight", 1) > 0 and draw(st.booleans()):
        entry["gate"] = True if kind in {"binary", "check"} else {"min": keys[-1]}
    return entry


def _checks() -> st.SearchStrategy[dict[str, Any]]:
    texts = st.one_of(WORDS, st.lists(WORDS, min_size=1, max_size=2), st.integers(0, 9))
    tests = st.sampled_from(
        [
            {"pattern": r"clause \d+"},
            {"absent": "(?i)as an ai"},
            {"equals": {"field": "reference"}},
            {"count": {"unit": "words", "max": 9}},
            {"grounded": ["numbers", "urls"]},
            {"json": True, "not_empty": True},
            {"min_words": 3, "max_words": 3},
        ]
    )
    literal = texts.map(lambda text: {"contains": text, "where": "metadata.plan"})
    return st.one_of(tests, literal)


def _some(draw: st.DrawFn, extras: Mapping[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    chosen = draw(st.sets(st.sampled_from(sorted(extras)), max_size=3))
    return {key: draw(extras[key]) for key in sorted(chosen)}
