"""The JSON Schema of a rubric file, for editors: completion, hovering, red underlines.

It is made from the same classes that read the file, so that the two cannot drift apart. What no
schema can say (ids are unique, an answer is one of the levels, a pattern compiles) only the
loader says.
"""

from __future__ import annotations

from typing import Any

from trueup.rubric.consistency import CANNOT_TELL, MAX_KEY
from trueup.rubric.spec import NEEDS, RubricSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTITY = "urn:trueup:rubric"


def rubric_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a rubric file.

    A YAML reader that makes numbers of unquoted numbers is expected, so text may be a number or
    a flag too: what stands in the file is then meant as it is written.
    """
    body = RubricSpec.model_json_schema()
    schema = {"$schema": DIALECT, "$id": IDENTITY, "title": "trueup rubric", **_tidy(body)}
    schema["properties"]["criteria"]["contains"] = _EARNS
    criterion = schema["$defs"]["CriterionSpec"]
    criterion["allOf"] = _CRITERION
    for name in ("scale", "choices"):
        criterion["properties"][name]["propertyNames"] = _LEVEL_KEY
    criterion["properties"]["scale"]["anyOf"] = _VALUES
    need = criterion["properties"]["needs"]["items"]
    criterion["properties"]["needs"]["items"] = {"anyOf": [{"enum": list(NEEDS)}, need]}
    schema["$defs"]["CheckSpec"]["anyOf"] = [
        {"required": [test]}
        for test in schema["$defs"]["CheckSpec"]["properties"]
        if test not in {"where", "case"}
    ]
    return schema


def _tidy(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    """Return a schema without the nulls and titles that pydantic writes for Python's sake."""
    if isinstance(value, list):
        return [_tidy(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    kept = {key: entry for key, entry in value.items() if (key, entry) != ("default", None)}
    if isinstance(kept.get("title"), str):
        del kept["title"]
    options = kept.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        rest = [option for option in options if option != {"type": "null"}]
        kept["anyOf"] = rest
        if len(rest) == 1:
            del kept["anyOf"]
            kept = {**rest[0], **kept}
    return {key: _tidy(entry) for key, entry in kept.items()}


def _has(name: str) -> dict[str, Any]:
    return {"required": [name]}


_LEVEL_KEY = {"pattern": r"^\S(.*\S)?$", "maxLength": MAX_KEY, "not": {"const": CANNOT_TELL}}
_VALUED = {"type": "object", "required": ["value"]}
_VALUES = [{"additionalProperties": _VALUED}, {"additionalProperties": {"not": _VALUED}}]
_LEVELLED = {"anyOf": [_has("scale"), _has("choices")]}
_GATED = {"required": ["gate"], "properties": {"gate": {"not": {"const": False}}}}
_EARNS = {
    "description": "At least one criterion has a positive weight.",
    "anyOf": [
        {"not": _has("weight")},
        {"properties": {"weight": {"exclusiveMinimum": 0}}},
    ],
}
_CRITERION = [
    {"description": "A criterion asks something, or is decided by code.",
     "anyOf": [_has("ask"), _has("check")]},
    {"description": "At most one of scale, choices and check.",
     "not": {"anyOf": [{"required": ["scale", "choices"]}, {"required": ["scale", "check"]},
                       {"required": ["choices", "check"]}]}},
    {"description": "met and unmet belong to yes-or-no questions, a bare gate too.",
     "if": _LEVELLED,
     "then": {"not": {"anyOf": [_has("met"), _has("unmet")]},
              "properties": {"gate": {"not": {"const": True}}}}},
    {"description": "A condition needs a judge.", "not": {"required": ["when", "check"]}},
    {"description": "What an empty output means is for a judge's question.",
     "not": {"required": ["if_empty", "check"]}},
    {"description": "A gate states what must hold; only a gate may weigh nothing.",
     "if": _GATED,
     "then": {"properties": {"weight": {"minimum": 0}}},
     "else": {"properties": {"weight": {"not": {"const": 0}}}}},
]  # fmt: skip
