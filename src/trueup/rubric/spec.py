"""A rubric as it stands in a YAML file (pydantic): every key, its shape and what it is for.

Only shapes are held here; what one key asks of another is in `consistency`. The descriptions are
what an editor shows beside a key, by way of the JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias, get_args

from pydantic import Field

from trueup.errors import did_you_mean
from trueup.rubric.check_spec import CheckSpec, Spec
from trueup.rubric.model import Missing
from trueup.rubric.scalar import (
    SHARE,
    Flag,
    Prose,
    Reads,
    Scalar,
    Share,
    Slug,
    Text,
    Weight,
    as_flag,
    as_share,
    as_text,
    fault,
    one_of,
)

NEEDS = ("input", "context", "reference", "history", "tools")
MET, UNMET = "met", "unmet"


def _level(value: Scalar) -> LevelSpec:
    if value.number is not None:
        raise fault(f"@ has the number {value.text} for a text",
                    f"Write {{text: ..., value: {value.text}}}")  # fmt: skip
    return LevelSpec.model_construct(text="" if value.null else value.text.strip(), value=None)


def _choice(value: Scalar) -> ChoiceSpec:
    if value.number is None:
        raise fault(f"@ has no value but {value!r}", "Write a number in [0, 1], or {text, value}")
    return ChoiceSpec.model_construct(text="", value=as_share(value))


def _gate(value: Scalar) -> GateSpec | None:
    return BARE_GATE if as_flag(value) else None


def _need(value: Scalar) -> str:
    text = as_text(value)
    prefix, _, key = text.partition(".")
    if text in NEEDS or (prefix == "metadata" and key.strip()):
        return text
    if text == "output":
        raise fault("@ names 'output', which every judge is shown", "Leave it out")
    if prefix == "metadata":
        raise fault("@ names no metadata key", "Write metadata.KEY")
    raise fault(
        f"@ names {text!r}, which no item has", did_you_mean(text, (*NEEDS, "metadata.KEY"))
    )


_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"

Language: TypeAlias = Annotated[
    str, Field(pattern=_LANGUAGE), Reads(as_text, {"type": "string", "pattern": _LANGUAGE})
]
Need: TypeAlias = Annotated[
    str,
    Reads(_need, {"type": "string", "pattern": rf"^({'|'.join(NEEDS)}|metadata\.\s*\S.*)$"}),
]


class GateSpec(Spec):
    """The lowest level that passes."""

    min: Text = Field(description="Key of the lowest level that passes.", examples=["2"])


BARE_GATE = GateSpec.model_construct(min=MET)
"""What `gate: true` becomes; told apart from `{min: met}` by identity."""


class LevelSpec(Spec):
    """A level of a scale."""

    text: Prose = Field("", description="What a reader sees at this level.")
    value: Share | None = Field(
        None,
        description="Worth in [0, 1]; declared for all levels or for none. Default: evenly from "
        "0 for the first level to 1 for the last.",
        examples=[0.5],
    )


class ChoiceSpec(Spec):
    """One of several answers without an order."""

    text: Prose = Field("", description="What a reader sees where this is the answer.")
    value: Share = Field(description="Worth in [0, 1].", examples=[0.5])


class ExampleSpec(Spec):
    """A labelled example that the judge is shown."""

    output: Text = Field(description="The output that was judged.")
    answer: Text = Field(
        description="The right answer: met, unmet, or the key of a level.", examples=["unmet"]
    )
    input: Text | None = Field(None, description="What the output answered.")
    context: Text | None = Field(None, description="The material the output should rest on.")
    why: Prose | None = Field(None, description="One sentence: why this is the right answer.")


Level: TypeAlias = Annotated[
    LevelSpec, Reads(_level, {"type": ["string", "boolean", "null"]}, beside=True)
]
Choice: TypeAlias = Annotated[ChoiceSpec, Reads(_choice, SHARE, beside=True)]
Gate: TypeAlias = Annotated[GateSpec | None, Reads(_gate, {"type": "boolean"}, beside=True)]


class CriterionSpec(Spec):
    """One question about an item; answered met or unmet unless it has a scale or choices."""

    id: Slug = Field(
        description="Name that labels and the ledger hang on: keep it for as long as the question "
        "means the same, and take a new one where it means something else.",
        examples=["grounded"],
    )
    ask: Prose | None = Field(
        None,
        description="The question, answered by what the output says. May be left out for a check.",
        examples=["Does every factual claim follow from the policy excerpt?"],
    )
    met: Prose | None = Field(
        None,
        description="What a reader sees where the answer is yes.",
        examples=["Each amount and date in the reply can be found in the excerpt."],
    )
    unmet: Prose | None = Field(
        None,
        description="What a reader sees where the answer is no; put the hard case here.",
        examples=["At least one amount or date cannot be found there, or contradicts it."],
    )
    weight: Weight = Field(
        1.0,
        description="Share in the score; negative where `met` is the bad case and costs points; 0 "
        "only on a gate.",
        examples=[3, -1],
    )
    gate: Gate = Field(
        None,
        description="true: unmet makes the whole score 0. On a scale or choices {min: LEVEL}.",
        examples=[True, {"min": 2}],
    )
    when: Prose | None = Field(
        None,
        description="Condition on the item; where it does not hold, the criterion does not apply.",
        examples=["The customer asked for an action."],
    )
    needs: tuple[Need, ...] = Field(
        (),
        description="Material without which the question cannot be answered: input, context, "
        "reference, history, tools, metadata.KEY. Absent in an item: no call is made.",
        examples=[["context"]],
    )
    examples: tuple[ExampleSpec, ...] = Field(
        (),
        description="Labelled examples that the judge is shown; never from the test split.",
        examples=[
            [{"output": "Fees are 3 euros.", "answer": "unmet", "why": "The excerpt says 2."}]
        ],
    )
    scale: dict[str, Level] | None = Field(
        None,
        min_length=2,
        description="Levels from worst to best: key -> text, or {text, value}.",
        examples=[{"1": "curt or chatty", "2": "acceptable", "3": "exactly right"}],
    )
    choices: dict[str, Choice] | None = Field(
        None,
        min_length=2,
        description="Answers without an order: key -> value in [0, 1], or {text, value}.",
        examples=[{"delivered": 1, "deflected": 0.5, "refused": 0}],
    )
    check: CheckSpec | None = Field(
        None,
        description="Decided by code, without a judge: met where every test holds.",
        examples=[{"pattern": r"clause \d+"}, {"max_words": 120}],
    )
    if_empty: Text | None = Field(
        None,
        description="Level that an item with an empty output is given by code. Default: abstained.",
        examples=["unmet"],
    )
    implicit: Flag = Field(
        default=False,
        description="Whether what the output only implies counts as said (default false).",
    )
    guard: Flag = Field(
        default=False,
        description="A guard against a return of an old failure: nearly all items pass, and the "
        "linter does not mind.",
    )
    generic: Flag = Field(
        default=False,
        description="Not about this task in particular, and the linter does not mind.",
    )


class RubricSpec(Spec):
    """Criteria about one task, and how they make a score."""

    name: Slug = Field(description="Short name of the rubric.", examples=["billing-reply"])
    version: Prose = Field(
        "1", description="Your own mark of the edition; text, so 1.10 stays 1.10.", examples=[3]
    )
    task: Prose = Field(
        description="One or two sentences: what the system that is judged does, and from what.",
        examples=["The assistant answers a customer's billing question from the policy excerpt."],
    )
    description: Prose | None = Field(None, description="For readers; no judge is shown it.")
    language: Language = Field(
        "en", description="Language the criteria are written in.", examples=["en", "pt-BR"]
    )
    validated: Prose = Field(
        "not validated",
        description="What this rubric's verdicts were compared with people on.",
    )
    pass_bar: Share | None = Field(
        None, description="Score from which an output is called good.", examples=[0.8]
    )
    missing: Annotated[str, one_of(get_args(Missing))] = Field(
        "bound",
        description="What a criterion without a value does to the score: bound (default) takes "
        "its worst and best value, renormalise leaves its weight out. A gate is never left out.",
    )
    criteria: tuple[CriterionSpec, ...] = Field(min_length=1, description="The questions.")
