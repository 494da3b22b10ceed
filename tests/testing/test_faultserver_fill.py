"""The default answer: values that JSON schemas accept, the same ones for the same prompt."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from trueup.testing._fill import fill_schema

NODE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/node"}},
    "required": ["name"],
}
SCHEMAS: list[dict[str, Any]] = [
    {},
    {"type": "null"},
    {"type": "boolean"},
    {"type": ["null", "integer"]},
    {"const": {"a": [1]}},
    {"enum": [None, 3, "x"]},
    {"type": "integer", "minimum": 3, "maximum": 5},
    {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
    {"type": "integer", "maximum": -4},
    {"type": "number", "minimum": 0, "maximum": 1},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
    {"type": "number", "multipleOf": 0.5, "minimum": 2.2},
    {"type": "string", "minLength": 7},
    {"type": "string", "maxLength": 1},
    {"type": "string", "pattern": "^v[0-9]$", "examples": ["v1"]},
    {"type": "string", "format": "date-time"},
    {"type": "array", "items": {"type": "boolean"}},
    {"type": "array", "items": {"enum": ["a"]}, "minItems": 3},
    {"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "minItems": 2},
    {"anyOf": [{"type": "string"}, {"type": "null"}]},
    {"oneOf": [{"const": "a"}, {"const": "b"}], "description": "either"},
    {"allOf": [{"properties": {"a": {"const": 1}}}, {"required": ["a"], "type": "object"}]},
    {"properties": {"a": True, "b": {"type": "object"}}, "required": ["a", "b"]},
    {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
    {
        "$defs": {"a/b": {"type": "array", "items": {"$ref": "#"}}},
        "type": "object",
        "properties": {"list": {"$ref": "#/$defs/a~1b"}},
        "required": ["list"],
    },
    {
        "$defs": {
            "tree": {
                "type": "object",
                "properties": {"left": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}},
                "required": ["left"],
            }
        },
        "$ref": "#/$defs/tree",
    },
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_the_filled_value_satisfies_its_schema(schema: dict[str, Any]) -> None:
    for number in range(10):
        value = fill_schema(schema, b"prompt %d" % number)

        jsonschema.validate(value, schema)


def test_choices_depend_on_the_prompt_and_on_the_place() -> None:
    schema = {
        "type": "object",
        "properties": {name: {"enum": ["met", "unmet"]} for name in "abcdefgh"},
    }
    one, again, two = (fill_schema(schema, key) for key in (b"one", b"one", b"two"))

    assert one == again
    assert one != two
    assert isinstance(one, dict)
    assert set(one.values()) == {"met", "unmet"}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"$ref": "#/$defs/gone"}, "has no '#/\\$defs/gone'"),
        ({"$ref": "#"}, "refers to itself"),
        (
            {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
            "no short value",
        ),
        ({"type": "array", "minItems": 10**9}, "lower minItems"),
        (
            {
                "type": "array",
                "minItems": 400,
                "items": {"type": "array", "minItems": 400},
            },
            "minItems",
        ),
    ],
)
def test_schemas_without_a_short_value_are_refused(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fill_schema(schema, b"")
