"""Field maps: what is guessed, declared and refused."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from trueup.errors import DataError
from trueup.item.fields import (
    FieldError,
    FieldMap,
    check_columns,
    field_map,
    guess_fields,
    parse_map,
    splits,
)
from trueup.item.model import Item
from trueup.item.names import ALIASES, resembles


def test_every_alias_belongs_to_one_field_only() -> None:
    names = [alias for tiers in ALIASES.values() for tier in tiers for alias in tier]

    assert sorted(set(names)) == sorted(names)


def test_every_field_that_a_column_can_fill_is_one_of_an_item() -> None:
    assert set(ALIASES) == {field.name for field in dataclasses.fields(Item)} - {"fault"}


@pytest.mark.parametrize(
    "spelling", ["actual_output", "Actual-Output", "ACTUAL OUTPUT", "actualOutput"]
)
def test_case_and_separators_of_names_do_not_matter(spelling: str) -> None:
    assert guess_fields([spelling]).get("output") == spelling


def test_the_canonical_name_goes_before_an_alias() -> None:
    fields = guess_fields(["output", "response", "Output"])

    assert fields.get("output") == "output"


def test_two_spellings_of_the_canonical_name_are_ambiguous() -> None:
    with pytest.raises(FieldError, match=r"output could be any of the columns Output, OUTPUT"):
        guess_fields(["Output", "OUTPUT"])


def test_two_aliases_are_ambiguous_and_the_sentence_says_what_to_type() -> None:
    with pytest.raises(DataError) as caught:
        guess_fields(["id", "response", "answer"], where="replies.csv")

    text = str(caught.value)
    assert text.startswith("replies.csv: output could be any of the columns response, answer")
    assert "--map output=response" in text
    assert 'field_map={"output": "response"}' in text
    assert isinstance(caught.value, FieldError)
    assert caught.value.field == "output"


def test_a_declared_column_settles_what_is_ambiguous() -> None:
    fields = guess_fields(["response", "answer"], declared=FieldMap(output="answer"))

    assert fields.get("output") == "answer"


def test_a_declared_column_is_guessed_for_nothing_else() -> None:
    fields = guess_fields(["question", "user_id"], declared=FieldMap(version="user_id"))

    assert fields.get("group") is None


def test_an_empty_declaration_leaves_the_field_without_a_column() -> None:
    fields = guess_fields(["output", "version"], declared=FieldMap(version=""))

    assert fields.get("version") == ""
    assert "version" in fields


def test_the_id_of_an_output_goes_before_the_id_of_a_question() -> None:
    assert guess_fields(["prompt_id", "span_id", "output"]).get("id") == "span_id"


def test_of_two_id_columns_the_one_whose_values_differ_is_taken() -> None:
    rows = [{"run_id": "r", "span_id": str(n), "output": "a"} for n in range(3)]

    assert guess_fields(["run_id", "span_id", "output"], rows).get("id") == "span_id"


def test_traces_that_differ_serve_as_ids_where_there_is_no_other() -> None:
    rows = [{"trace_id": str(n), "output": "a"} for n in range(3)]
    fields = guess_fields(["trace_id", "output"], rows)

    assert (fields.get("id"), fields.get("trace_id")) == ("trace_id", "trace_id")
    assert guess_fields(["trace_id", "output"], rows[:1] * 2).get("id") is None


def test_a_mapping_with_one_text_among_other_entries_is_looked_into() -> None:
    rows = [{"response": {"output": "Paid.", "tokenUsage": {"total": 3}, "cached": False}}]

    assert guess_fields(["response"], rows).get("output") == "response.output"


def test_a_mapping_with_several_texts_is_taken_whole() -> None:
    rows = [{"inputs": {"question": "Why?", "policy": "Pay in 14 days."}}]

    assert guess_fields(["inputs"], rows).get("input") == "inputs"


def test_a_mapping_with_a_single_entry_is_taken_whole() -> None:
    assert guess_fields(["inputs"], [{"inputs": {"question": "Why?"}}]).get("input") == "inputs"


def test_messages_with_an_answer_are_input_and_output() -> None:
    rows = [
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]}
    ]
    fields = guess_fields(["messages"], rows)

    assert splits(fields)
    assert (fields.get("input"), fields.get("output")) == ("messages", "messages")


def test_messages_without_an_answer_are_no_output() -> None:
    rows = [{"messages": [{"role": "user", "content": "Hi"}]}]

    assert guess_fields(["messages"], rows).get("output") is None


def test_messages_beside_an_output_are_the_input() -> None:
    fields = guess_fields(["messages", "response"])

    assert (fields.get("input"), fields.get("output")) == ("messages", "response")
    assert not splits(fields)


def test_messages_are_not_split_against_a_declared_input() -> None:
    assert guess_fields(["messages", "q"], declared=FieldMap(input="q")).get("output") is None


def test_declarations_are_parsed() -> None:
    fields = parse_map(["output=answer", " input = vars.question ", "arm="])

    assert fields == {"input": "vars.question", "output": "answer", "arm": ""}


@pytest.mark.parametrize(
    ("declarations", "says"),
    [
        (["output"], "--map output: there is no '='. *|Write FIELD=COLUMN"),
        (["outpt=answer"], "'outpt' is no field of an item. Did you mean 'output'"),
        (["output=a", "output=b"], "output is mapped twice"),
    ],
)
def test_a_wrong_declaration_is_refused(declarations: list[str], says: str) -> None:
    with pytest.raises(DataError, match=says):
        parse_map(declarations)


def test_a_declared_column_that_is_not_there_gets_a_suggestion() -> None:
    with pytest.raises(
        DataError, match=r"no column 'anwser' to map output to. Did you mean 'answer'"
    ):
        check_columns(FieldMap(output="anwser"), ["id", "answer"])


def test_a_declared_path_needs_its_first_column_only() -> None:
    check_columns(FieldMap(input="vars.question"), ["vars"])

    with pytest.raises(DataError, match=r"'var\.question'"):
        check_columns(FieldMap(input="var.question"), ["vars"])


def test_a_column_with_a_dot_in_its_name_goes_before_a_path() -> None:
    fields = guess_fields(["context.span_id", "attributes.output.value"])

    assert (fields.get("id"), fields.get("output")) == (
        "context.span_id",
        "attributes.output.value",
    )


def test_a_mapping_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(DataError, match=r"'respons' is no field of an item"):
        field_map({"respons": "x"})


def test_a_field_error_survives_raising_across_processes() -> None:
    sent = pickle.dumps(FieldError("no id", field="id", where="a.csv", mend="Add it"))
    error = pickle.loads(sent)  # noqa: S301 - our own

    assert str(error) == "a.csv: no id. Add it"


@pytest.mark.parametrize(
    ("columns", "peer"),
    [
        (["input", "actual_output", "expected_output"], "DeepEval"),
        (["user_input", "response", "retrieved_contexts", "reference"], "Ragas"),
        (["inputs", "outputs", "expectations"], "MLflow"),
        (["inputs", "outputs", "reference_outputs"], "openevals"),
        (["question", "__expected"], "promptfoo"),
        (["__expected1", "topic"], "promptfoo"),
        (["vars", "response", "success"], "promptfoo"),
        (["id", "input", "target", "choices", "metadata"], "Inspect"),
        (["name", "inputs", "expected_output"], "pydantic-evals"),
        (["input", "output", "expected"], "Braintrust or autoevals"),
        (["submission", "reference_submission"], "autorubric"),
        (["prompt_id", "response", "judge_score", "oracle_label"], "CJE"),
        (["id", "traceId", "input", "output", "startTime"], "Langfuse"),
        (["inputs", "outputs", "run_type"], "LangSmith"),
        (["id", "input", "output"], "trueup"),
        (["a", "b"], None),
    ],
)
def test_the_tool_behind_a_file_is_recognised(columns: list[str], peer: str | None) -> None:
    assert resembles(columns) == peer
