"""The `check` of a criterion as it stands in a rubric file (pydantic; shapes and their texts)."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import regex
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from trueup.rubric.count import UNITS
from trueup.rubric.grounded import KINDS
from trueup.rubric.scalar import (
    LITERAL,
    Flag,
    Only,
    Reads,
    Scalar,
    Verbatim,
    Whole,
    as_literal,
    as_text,
    fault,
    one_of,
)

FIELDS = ("output", "input", "context", "reference")
MAX_PATTERN = 10_000


class Spec(BaseModel):
    """What the mappings of a rubric file have in common: fixed once read, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _field(value: Scalar) -> str:
    text = as_text(value)
    prefix, _, key = text.partition(".")
    if prefix != "metadata":
        return str(one_of((*FIELDS, "metadata.KEY")).read(value))
    if not key:
        raise fault("@ names no metadata key", "Write metadata.KEY")
    return text


def _texts(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever stands there
    if isinstance(value, list) and not value:
        raise fault("@ is an empty list", "Write the texts to look for, or delete the key")
    return (as_literal(value),) if isinstance(value, Scalar) else value


def _kinds(value: Any) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, list) and not value:
        raise fault("@ is an empty list", f"Write one of {', '.join(KINDS)}")
    return (value,) if isinstance(value, Scalar) else value


def _pattern(value: Scalar) -> str:
    pattern = as_literal(value)
    if len(pattern) > MAX_PATTERN:
        raise fault(f"@ is a pattern of {len(pattern)} characters", f"At most {MAX_PATTERN}")
    try:
        regex.compile(pattern)
    except (regex.error, ValueError, OverflowError, RecursionError) as error:
        mend = "Mend the regular expression; single quotes keep its backslashes"
        raise fault(f"@ is no regular expression: {error}", mend) from None
    return pattern


def _one_or_more(schema: dict[str, Any]) -> WithJsonSchema:
    several = {"type": "array", "items": schema, "minItems": 1}
    return WithJsonSchema({"anyOf": [schema, several]})


_FIELD = {"type": "string", "pattern": rf"^({'|'.join(FIELDS)}|metadata\.(.|\n)+)$"}

Pattern: TypeAlias = Annotated[str, Reads(_pattern, {**LITERAL, "maxLength": MAX_PATTERN})]
Texts: TypeAlias = Annotated[tuple[Verbatim, ...], BeforeValidator(_texts), _one_or_more(LITERAL)]
Where: TypeAlias = Annotated[str, Reads(_field, _FIELD)]
Kind: TypeAlias = Annotated[str, one_of(KINDS)]
Kinds: TypeAlias = Annotated[
    tuple[Kind, ...], BeforeValidator(_kinds), _one_or_more({"enum": list(KINDS)})
]


class CountSpec(Spec):
    """How many of something there must be."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [bound]} for bound in ("min", "max", "exactly")],
            "not": {"required": ["exactly"],
                    "anyOf": [{"required": ["min"]}, {"required": ["max"]}]},
        }
    )  # fmt: skip

    unit: Annotated[str, one_of(tuple(UNITS))] = Field(
        description="What is counted.", examples=["sentences", "bullets"]
    )
    min: Whole | None = Field(None, description="The smallest number that passes.", examples=[1])
    max: Whole | None = Field(None, description="The largest number that passes.", examples=[3])
    exactly: Whole | None = Field(None, description="The only number that passes.", examples=[3])

    @model_validator(mode="after")
    def _bounded(self) -> CountSpec:
        if self.exactly is not None and (self.min is not None or self.max is not None):
            raise fault("@ has `exactly` beside `min` or `max`", "Keep one of the two")
        if self.exactly is None and self.min is None and self.max is None:
            raise fault("@ has no bound", "Add min, max or exactly")
        _ordered(self.min, self.max, "min", "max")
        return self


class FieldSpec(Spec):
    """Another field of the item."""

    field: Where = Field(
        description="The field to compare with: input, context, reference or metadata.KEY.",
        examples=["reference"],
    )


class TextSpec(FieldSpec):
    """A text in the place of a field: what `equals: some text` becomes."""

    text: str


def _equals(value: Scalar) -> TextSpec:
    return TextSpec.model_construct(field="", text=as_literal(value))


Equals: TypeAlias = Annotated[FieldSpec, Reads(_equals, LITERAL, beside=True)]


class CheckSpec(Spec):
    """A criterion that code decides: met where every test given here holds."""

    where: Where = Field(
        "output",
        description="The field that is looked at: output (default), input, context, reference or "
        "metadata.KEY. An item without it leaves the criterion undecided.",
        examples=["output", "metadata.language"],
    )
    case: Flag = Field(
        default=False,
        description="Whether contains, excludes, starts_with, ends_with and equals tell capital "
        "letters from small ones (default false).",
        examples=[True],
    )
    pattern: Pattern | None = Field(
        None,
        description="A regular expression that must be found. Flags stand inline: (?i) for any "
        "case, (?m) for ^ and $ at every line.",
        examples=[r"(?i)clause \d+"],
    )
    absent: Pattern | None = Field(
        None,
        description="A regular expression that must not be found.",
        examples=[r"(?i)as an ai( language)? model"],
    )
    contains: Texts | None = Field(
        None,
        description="A text, or several, that must all occur.",
        examples=["14 days", ["refund", "receipt"]],
    )
    excludes: Texts | None = Field(
        None, description="A text, or several, none of which may occur.", examples=["guarantee"]
    )
    starts_with: Verbatim | None = Field(
        None, description="How the text must begin, white space aside.", examples=["Dear"]
    )
    ends_with: Verbatim | None = Field(
        None, description="How the text must end, white space aside.", examples=["Your team"]
    )
    equals: Equals | None = Field(
        None,
        description="The whole text, white space aside: a text, or {field: reference}.",
        examples=["yes", {"field": "reference"}],
    )
    not_empty: Only | None = Field(
        None, description="true: there must be more than white space.", examples=[True]
    )
    json_: Only | None = Field(
        None,
        alias="json",
        description="true: the whole text must be one JSON value.",
        examples=[True],
    )
    min_words: Whole | None = Field(None, description="The fewest words.", examples=[20])
    max_words: Whole | None = Field(None, description="The most words.", examples=[120])
    count: CountSpec | None = Field(
        None,
        description="How many sentences, bullets, links or the like there must be.",
        examples=[{"unit": "bullets", "max": 5}],
    )
    grounded: Kinds | None = Field(
        None,
        description="What must all occur in the item's context, reference or input too: numbers, "
        "urls, emails or quotes. Thousands separators, currency signs, trailing zeros and case "
        "make no difference.",
        examples=["numbers", ["numbers", "quotes"]],
    )

    @model_validator(mode="after")
    def _tests(self) -> CheckSpec:
        if not self.model_fields_set - {"where", "case"}:
            raise fault("@ has no test", f"Add one of {', '.join(TESTS)}")
        _ordered(self.min_words, self.max_words, "min_words", "max_words")
        return self

    def plain(self) -> dict[str, Any]:
        """Return the check as JSON-plain data, what says nothing left out."""
        body = self.model_dump(
            mode="json", by_alias=True, exclude_defaults=True, exclude={"equals"}
        )
        if isinstance(self.equals, TextSpec):
            body["equals"] = self.equals.text
        elif self.equals is not None:
            body["equals"] = {"field": self.equals.field}
        return body


TESTS = tuple(
    info.alias or name
    for name, info in CheckSpec.model_fields.items()
    if name not in {"where", "case"}
)


def _ordered(low: int | None, high: int | None, low_name: str, high_name: str) -> None:
    if low is not None and high is not None and low > high:
        what = f"@ has {low_name} {low} above {high_name} {high}"
        raise fault(what, "No text can pass: swap or mend the two")
