"""A rubric as plain data and back, so that a store knows what a run was asked."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from trueup.rubric.model import Criterion, Example, Level, Rubric


def to_dict(rubric: Rubric) -> dict[str, Any]:
    """Return all that a rubric means as JSON-plain data; where it was written is left out."""
    body = asdict(rubric)
    for name in ("path", "ignores"):
        del body[name]
    for criterion in body["criteria"]:
        del criterion["place"]
    return body


def from_dict(body: dict[str, Any]) -> Rubric:
    """Return the rubric that `to_dict` was given."""
    criteria = []
    for entry in body["criteria"]:
        fields = dict(entry)
        fields["levels"] = tuple(Level(**level) for level in entry["levels"])
        fields["examples"] = tuple(Example(**example) for example in entry["examples"])
        fields["needs"] = tuple(entry["needs"])
        criteria.append(Criterion(**fields))
    return Rubric(**{**body, "criteria": tuple(criteria)})
