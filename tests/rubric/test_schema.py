"""The JSON Schema of rubric files says what the loader says."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.strategies import as_yaml, documents
from trueup.rubric.load import RubricProblems, parse_rubric
from trueup.rubric.schema import rubric_schema

SCHEMA = rubric_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
HEAD = "name: r\ntask: Replies.\n"
EARNS = "criteria:\n- {id: earns, ask: Does it?}\n"

GOOD = [
    HEAD + EARNS,
    HEAD + "version: 1.10\nlanguage: no\npass_bar: 0.8\nmissing: renormalise\n" + EARNS,
    HEAD + EARNS + "- {id: a, ask: Q?, weight: 0, gate: true}",
    HEAD + EARNS + "- {id: a, ask: Q?, weight: -2, when: It was asked., if_empty: unmet}",
    HEAD + EARNS + "- {id: 7, ask: Q?, gate: false, needs: [input, metadata.plan]}",
    HEAD + EARNS + "- {id: a, ask: Q?, scale: {1: x, 2: y, 3: {text: z}}, gate: {min: 2}}",
    HEAD + EARNS + "- {id: a, ask: Q?, scale: {1: {value: 0}, 2: {text: y, value: 1}}}",
    HEAD + EARNS + "- {id: a, ask: Q?, choices: {no: 0, 1.10: {text: y, value: 0.5}}}",
    HEAD + EARNS + "- {id: a, ask: Q?, examples: [{output: 42, answer: met, why: So.}]}",
    HEAD + EARNS + "- {id: a, check: {pattern: 'clause \\d+', where: metadata.plan}}",
    HEAD + EARNS + "- {id: a, check: {contains: [1.10, no], case: true}, met: x, gate: true}",
    HEAD + EARNS + "- {id: a, check: {count: {unit: words, min: 1, max: 9}, json: true}}",
    HEAD + EARNS + "- {id: a, check: {equals: {field: reference}, grounded: [urls, quotes]}}",
]
BAD = [
    "[]",
    "name: r\n" + EARNS,
    HEAD,
    HEAD + "criteria: []",
    HEAD + "criteria: {a: {ask: Q?}}",
    HEAD + "criteria: [{ask: Q?}]",
    HEAD + "criteria: [{id: a}]",
    HEAD + "criteria: [{id: a, ask: Q?, weight: -1}]",
    HEAD + "criteria: [{id: a, ask: Q?, weight: 0}]",
    HEAD + "pass_bar: 80\n" + EARNS,
    HEAD + "missing: bond\n" + EARNS,
    HEAD + "language: English!\n" + EARNS,
    HEAD + "version:\n" + EARNS,
    HEAD + "nme: x\n" + EARNS,
    *(
        HEAD + EARNS + f"- {{id: a, {inside}}}"
        for inside in (
            "ask: ' '",
            "ask: Q?, id2: b",
            "ask: Q?, weight: '3'",
            "ask: Q?, weight: 2000000",
            "ask: Q?, implicit: yes",
            "ask: Q?, needs: context",
            "ask: Q?, needs: [contxt]",
            "ask: Q?, needs: [metadata.]",
            "ask: Q?, examples: [{output: x}]",
            "ask: Q?, examples: [{output: x, answer: met, whi: y}]",
            "ask: Q?, scale: {1: x}",
            "ask: Q?, scale: {1: 0, 2: 1}",
            "ask: Q?, scale: {1: {text: x, value: 2}, 2: {value: 0}}",
            "ask: Q?, scale: {1: {value: 0.1}, 2: y}",
            "ask: Q?, scale: {1: x, cannot_tell: y}",
            "ask: Q?, scale: {1: x, 2: y}, gate: true",
            "ask: Q?, scale: {1: x, 2: y}, met: z",
            "ask: Q?, scale: {1: x, 2: y}, choices: {a: 0, b: 1}",
            "ask: Q?, choices: {a: 1, b: fine}",
            "ask: Q?, choices: {a: 1, b: {text: x}}",
            "ask: Q?, choices: {a: 0, b: 1}, gate: true",
            "ask: Q?, gate: {}",
            "ask: Q?, gate: maybe",
            "ask: Q?, gate: true, weight: -1",
            "ask: Q?, check: {json: true}, when: It was asked.",
            "check: {}",
            "check: {where: context}",
            "check: {where: contxt, json: true}",
            "check: {patern: x}",
            "check: {pattern: ''}",
            "check: {contains: []}",
            "check: {json: false}",
            "check: {max_words: many}",
            "check: {max_words: -1}",
            "check: {count: {unit: word, max: 2}}",
            "check: {count: {unit: words}}",
            "check: {count: {unit: words, max: 1, exactly: 1}}",
            "check: {equals: {fild: reference}}",
            "check: {grounded: dates}",
        )
    ),
]
ONLY_THE_LOADER_SEES = [
    HEAD + EARNS + "- {id: earns, ask: Q?}",
    HEAD + EARNS + "- {id: a, ask: Q?, if_empty: maybe}",
    HEAD + EARNS + "- {id: a, ask: Q?, scale: {1: x, 2: y}, gate: {min: 3}}",
    HEAD + EARNS + "- {id: a, check: {pattern: '('}}",
    HEAD + EARNS + "- {id: a, check: {min_words: 3, max_words: 2}}",
]


def as_json(text: str) -> Any:
    """Return a YAML text as an editor sees it: JSON, so that every key is text."""
    return _worded(YAML(typ="safe", pure=True).load(text))


def _worded(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _worded(entry) for key, entry in value.items()}
    return [_worded(entry) for entry in value] if isinstance(value, list) else value


def loads(text: str) -> bool:
    try:
        parse_rubric(text)
    except RubricProblems:
        return False
    return True


def test_it_is_a_schema_without_an_address() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert not SCHEMA["$id"].startswith("http")
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_every_key_has_a_description() -> None:
    shapes = [SCHEMA, *SCHEMA["$defs"].values()]
    bare = [
        (shape.get("title"), key)
        for shape in shapes
        for key, entry in shape["properties"].items()
        if not entry.get("description")
    ]

    assert len(shapes) == 9
    assert bare == []


def test_every_example_in_it_fits_its_own_key() -> None:
    wrong = []
    for shape in [SCHEMA, *SCHEMA["$defs"].values()]:
        for key, entry in shape["properties"].items():
            one = Draft202012Validator({**entry, "$defs": SCHEMA["$defs"]})
            wrong += [(key, e) for e in entry.get("examples", ()) if not one.is_valid(e)]

    assert wrong == []


@pytest.mark.parametrize("text", GOOD)
def test_schema_and_loader_take_what_is_right(text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(as_json(text))] == []
    assert loads(text)


@pytest.mark.parametrize("text", BAD)
def test_schema_and_loader_refuse_what_is_wrong(text: str) -> None:
    assert not VALIDATOR.is_valid(as_json(text))
    assert not loads(text)


@pytest.mark.parametrize("text", ONLY_THE_LOADER_SEES)
def test_the_loader_sees_what_no_schema_can_say(text: str) -> None:
    assert VALIDATOR.is_valid(as_json(text))
    assert not loads(text)


@settings(max_examples=50)
@given(documents())
def test_they_agree_on_every_document_in_order(document: dict[str, Any]) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert loads(as_yaml(document))


SPOILERS = st.sampled_from([None, "", " ", "word", 7, -1, 0.5, True, [], ["word"], {}, {"a": "b"}])


@settings(max_examples=50)
@given(st.data(), documents())
def test_what_the_schema_refuses_the_loader_refuses_too(
    data: st.DataObject, document: dict[str, Any]
) -> None:
    spoilt = copy.deepcopy(document)
    criterion = data.draw(st.sampled_from(spoilt["criteria"]))
    part = data.draw(st.sampled_from([spoilt, criterion, criterion.get("check", criterion)]))
    key = data.draw(st.sampled_from([*sorted(part), "wieght", "gate", "scale", "met", "check"]))
    if data.draw(st.booleans()):
        part[key] = data.draw(SPOILERS)
    else:
        part.pop(key, None)

    if not VALIDATOR.is_valid(spoilt):
        assert not loads(as_yaml(spoilt))
