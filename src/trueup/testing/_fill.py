"""Fill a JSON schema with a valid value that depends on nothing but the prompt.

The fault server's default answer. Where a schema leaves a choice (an enum, a boolean, a bounded
number) the choice is a hash of the prompt and of the place in the schema, so that different items
get different answers and every run gets the same ones.
"""

from __future__ import annotations

import math
from functools import reduce
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Schema = dict[str, Any]

_OPTIONAL_DEPTH = 8  # below it only what is required, so that recursive schemas come to an end
_MAX_DEPTH = 64
_MAX_VALUES = 100_000  # a hostile or mistaken schema must not fill the memory
_COMPOSED = ("$ref", "anyOf", "oneOf", "allOf")
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def fill_schema(schema: Mapping[str, Any], key: bytes) -> object:
    """Return a short value that satisfies `schema`.

    Arrays have `minItems` entries and strings are as short as allowed. `const` and `enum` are
    honoured, `$ref` is followed inside the schema, and the first alternative of `anyOf` and
    `oneOf` is taken. A `pattern` is met only through the schema's own `default` or `examples`,
    and `uniqueItems` is not looked at.

    Args:
        schema: the JSON schema.
        key: up to 64 bytes that stand for the prompt; the same key gives the same value.

    Raises:
        ValueError: no short value satisfies the schema, or a `$ref` points nowhere.
    """
    return _Filler(dict(schema), key).value(dict(schema), "", 0)


class _Filler:
    def __init__(self, root: Schema, key: bytes) -> None:
        self._root = root
        self._key = key
        self._left = _MAX_VALUES

    def value(self, schema: Schema | bool, path: str, depth: int) -> object:  # noqa: FBT001, PLR0911 - JSON Schema has boolean schemas, and a case per type
        self._left -= 1
        if depth > _MAX_DEPTH or self._left < 0:
            raise ValueError(
                f"The JSON schema has no short value at {path[:80]!r}; end its recursion there."
            )
        if not isinstance(schema, dict):
            return "ok"
        schema = self._flat(schema, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][self._pick(path, len(schema["enum"]))]
        kind = schema.get("type") or ("object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((name for name in kind if name != "null"), "null")
        match kind:
            case "object":
                return self._object(schema, path, depth)
            case "array":
                return self._array(schema, path, depth)
            case "boolean":
                return self._pick(path, 2) == 1
            case "integer" | "number":
                return self._number(schema, path, whole=kind == "integer")
            case "null":
                return None
            case _:
                return _string(schema)

    def _flat(self, schema: Schema, depth: int) -> Schema:
        """Follow `$ref`, take one alternative and merge `allOf`, until none of them is left."""
        for _ in range(_MAX_DEPTH):
            name = next((name for name in _COMPOSED if name in schema), None)
            if name is None:
                return schema
            rest = {key: part for key, part in schema.items() if key != name}
            match name:
                case "$ref":
                    schema = {**self._resolve(schema[name]), **rest}
                case "allOf":
                    parts = (self._flat(part, depth) for part in schema[name])
                    schema = reduce(lambda merged, part: _merged(part, merged), parts, rest)
                case _:
                    schema = _merged(_alternative(schema[name], depth), rest)
        raise ValueError(
            "The JSON schema refers to itself without end; give one of its references a type."
        )

    def _resolve(self, ref: str) -> Schema:
        target: Any = self._root
        for step in ref.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, dict) or name not in target:
                raise ValueError(f"The JSON schema has no {ref!r}; define what it refers to.")
            target = target[name]
        return target if isinstance(target, dict) else {}

    def _object(self, schema: Schema, path: str, depth: int) -> Schema:
        fields: Schema = schema.get("properties", {})
        if depth > _OPTIONAL_DEPTH:
            required = schema.get("required", ())
            fields = {name: part for name, part in fields.items() if name in required}
        return {
            name: self.value(part, f"{path}/{name}", depth + 1) for name, part in fields.items()
        }

    def _array(self, schema: Schema, path: str, depth: int) -> list[object]:
        first: list[Schema] = schema.get("prefixItems", [])
        count = int(schema.get("minItems", 0))
        each = schema.get("items", {})
        if count > self._left:
            raise ValueError(
                f"The JSON schema asks for {count} entries at {path[:80]!r}; lower minItems."
            )
        parts = [first[at] if at < len(first) else each for at in range(count)]
        return [self.value(part, f"{path}/{at}", depth + 1) for at, part in enumerate(parts)]

    def _number(self, schema: Schema, path: str, *, whole: bool) -> float:
        step = schema.get("multipleOf") or (1 if whole else None)
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        low = (0 if high is None else min(0, high)) if low is None else low
        high = max(low, 1) if high is None else high
        if step is None:
            spread = (1 + self._pick(path, 999)) / 1000  # strictly inside: bounds may be exclusive
            return low if low == high else float(low + (high - low) * spread)
        bottom, top = math.ceil(low / step), math.floor(high / step)
        bottom += bottom * step == schema.get("exclusiveMinimum")
        top -= top * step == schema.get("exclusiveMaximum") and top > bottom
        return (bottom + self._pick(path, max(1, top - bottom + 1))) * step

    def _pick(self, path: str, count: int) -> int:
        if count == 1:
            return 0
        digest = blake2b(path.encode("utf-8", "replace"), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big") % count


def _alternative(options: list[Schema], depth: int) -> Schema:
    nulls = [option for option in options if option.get("type") == "null"]
    return nulls[0] if nulls and depth > _OPTIONAL_DEPTH else options[0]


def _merged(one: Schema, two: Schema) -> Schema:
    merged = {**one, **two}
    if "properties" in one and "properties" in two:
        merged["properties"] = {**one["properties"], **two["properties"]}
    if "required" in one and "required" in two:
        merged["required"] = [*one["required"], *two["required"]]
    return merged


def _string(schema: Schema) -> str:
    if "pattern" in schema or "default" in schema:
        for text in (schema.get("default"), *schema.get("examples", ())):
            if isinstance(text, str):
                return text
    text = _FORMATS.get(schema.get("format", ""), "ok")
    return text.ljust(min(schema.get("minLength", 0), _MAX_VALUES), ".")[: schema.get("maxLength")]
