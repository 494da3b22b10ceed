"""Rubrics for the linter's tests, built by hand: the loader would refuse some of the bad ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from ruamel.yaml import YAML

from trueup.rubric.model import Criterion, Example, Level, Place, Rubric

if TYPE_CHECKING:
    from collections.abc import Mapping

TASK = "The assistant answers a customer's question about an order, a bill or a booking."
DOWNSIDE = Criterion(
    id="other-customer",
    ask="Does the reply show data of another customer?",
    levels=(
        Level("unmet", "Nothing in it belongs to anybody but the customer.", 0.0),
        Level("met", "A name, number or order in it is somebody else's.", 1.0),
    ),
    weight=-0.5,
)
"""What an entry gets beside it, so that only its own flaw shows."""

FIELDS = ("weight", "gate", "when", "check", "implicit", "generic", "guard", "if_empty")


class Build(Protocol):
    """Make a rubric from an entry."""

    def __call__(self, entry: Mapping[str, Any], **rubric: Any) -> Rubric: ...


def criterion(entry: Mapping[str, Any], *, name: str, line: int) -> Criterion:
    """Return the criterion that an entry describes."""
    given = {key: entry[key] for key in FIELDS if key in entry}
    levels = _levels(entry)
    kind = next((k for k in ("scale", "choices", "check") if k in entry), "binary")
    if given.get("gate") is True:
        given["gate"] = "met"
    return Criterion(
        id=entry.get("id", name),
        ask=entry.get("ask", ""),
        levels=levels,
        kind=kind,  # type: ignore[arg-type] # one of the four names above
        needs=tuple(entry.get("needs", ())),
        examples=tuple(Example(**example) for example in entry.get("examples", ())),
        place=Place("corpus.yaml", line, 1),
        **given,
    )


def _levels(entry: Mapping[str, Any]) -> tuple[Level, ...]:
    if "scale" in entry:
        texts = list(entry["scale"].items())
        top = len(texts) - 1
        return tuple(Level(str(k), str(t or ""), n / top) for n, (k, t) in enumerate(texts))
    if "choices" in entry:
        return tuple(
            Level(key, choice["text"], choice["value"])
            if isinstance(choice, dict)
            else Level(key, "", choice)
            for key, choice in entry["choices"].items()
        )
    return (Level("unmet", entry.get("unmet", ""), 0.0), Level("met", entry.get("met", ""), 1.0))


def build_rubric(entry: Mapping[str, Any], **rubric: Any) -> Rubric:
    """Return the rubric of an entry: its criterion, what stands beside it, and a downside."""
    criteria = [criterion(entry, name="entry", line=10)]
    criteria += [
        criterion(
            {"generic": entry.get("generic", False), **other}, name=f"other-{at}", line=20 + 10 * at
        )
        for at, other in enumerate(entry.get("beside", ()))
    ]
    if not entry.get("alone"):
        criteria.append(DOWNSIDE)
    given: dict[str, Any] = {
        "name": "corpus",
        "task": entry.get("task", TASK),
        "criteria": tuple(criteria),
        "pass_bar": entry.get("pass_bar"),
        "language": entry.get("language", "en"),
    }
    return Rubric(**(given | rubric))


@pytest.fixture(scope="session")
def build() -> Build:
    return build_rubric


@pytest.fixture(scope="session")
def corpus() -> Mapping[str, Any]:
    text = (Path(__file__).parent / "corpus.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = YAML(typ="safe", pure=True).load(text)
    return loaded
