"""One row -> one item."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from trueup.errors import DataError
from trueup.item.build import ItemBuilder
from trueup.item.fields import FieldError, FieldMap, guess_fields
from trueup.item.model import Item
from trueup.item.rows import Rows


def build(row: dict[str, Any], **declared: str) -> Item:
    fields = guess_fields(tuple(row), [row], declared=FieldMap(**declared))
    return ItemBuilder(rows_with(*row), fields)(row, 7)


def rows_with(*columns: str, closed: bool = True) -> Rows:
    return Rows(
        name="rows.jsonl",
        format="JSON lines",
        unit="line",
        columns=columns,
        sample=(),
        start=lambda: iter(()),
        closed=closed,
    )


@pytest.mark.parametrize(
    ("value", "there"), [("", False), (None, False), ("gold", True), (0, True), (False, True)]
)
def test_empty_metadata_is_absent_wherever_it_comes_from(value: object, *, there: bool) -> None:
    nested = build({"id": 1, "output": "a", "metadata": {"plan": value}})
    flat = build({"id": 1, "output": "a", "plan": value})

    assert ("metadata.plan" in nested.present()) is there
    assert ("metadata.plan" in flat.present()) is there


def test_every_field_is_filled() -> None:
    row = {
        "id": 7,
        "input": "Why?",
        "output": "Because.",
        "reference": "It is so.",
        "context": ["a", "b"],
        "metadata": '{"plan": "gold"}',
        "timestamp": "2026-01-05T09:30:00Z",
        "product": "billing",
        "version": 3,
        "arm": "b",
        "segment": "new",
        "group": 12,
        "session_id": "s",
        "trace_id": "t",
        "purpose": "Production",
        "p_logged": "0.5",
        "p_judged": 1,
        "tokens": 12,
    }

    assert build(row) == Item(
        id="7",
        input="Why?",
        output="Because.",
        reference="It is so.",
        context="a\n\nb",
        metadata={"tokens": 12, "plan": "gold"},
        timestamp=datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
        product="billing",
        version="3",
        arm="b",
        segment="new",
        group="12",
        session_id="s",
        trace_id="t",
        purpose="prod",
        p_logged=0.5,
        p_judged=1.0,
    )


@pytest.mark.parametrize("output", [None, float("nan")])
def test_a_missing_output_is_a_fault_and_no_text(output: object) -> None:
    item = build({"id": 1, "output": output})

    assert (item.output, item.fault) == ("", "missing_output")


def test_an_empty_output_is_an_output() -> None:
    item = build({"id": 1, "output": ""})

    assert (item.output, item.fault) == ("", None)


@pytest.mark.parametrize("field", ["input", "output", "reference", "context"])
def test_broken_characters_in_any_text_are_a_fault(field: str) -> None:
    item = build({"id": 1, "output": "fine", field: "a\ud800"})

    assert getattr(item, field) == "a\ufffd"
    assert item.fault == "invalid_utf8"


def test_broken_characters_in_metadata_are_replaced_and_no_fault() -> None:
    item = build({"id": 1, "output": "fine", "note": "a\ud800", "tags": ["\udcff"]})

    assert item.metadata == {"note": "a\ufffd", "tags": ["\ufffd"]}
    assert item.fault is None


def test_a_missing_output_outranks_broken_characters() -> None:
    assert build({"id": 1, "input": "\ud800", "output": None}).fault == "missing_output"


def test_columns_that_no_field_takes_are_metadata() -> None:
    item = build({"id": 1, "output": "a", "n": 1, "gap": None, "nan": float("nan"), "blank": ""})

    assert item.metadata == {"n": 1}


def test_a_metadata_column_is_merged_and_loses_no_entry() -> None:
    item = build({"id": 1, "output": "a", "plan": "x", "metadata": {"plan": "y", "tier": 2}})

    assert item.metadata == {"plan": "x", "metadata.plan": "y", "tier": 2}


@pytest.mark.parametrize("text", ["free text", "[1, 2]", "{broken"])
def test_a_metadata_column_that_is_no_mapping_is_kept(text: str) -> None:
    kept = build({"id": 1, "output": "a", "metadata": text}).metadata["metadata"]

    assert kept == ([1, 2] if text == "[1, 2]" else text)


def test_a_path_reads_inside_a_column_and_leaves_the_rest() -> None:
    row = {"id": 1, "vars": {"question": "Why?", "lang": {"code": "en", "n": 1}}, "output": "a"}
    item = build(row, input="vars.question", segment="vars.lang.code")

    assert (item.input, item.segment) == ("Why?", "en")
    assert item.metadata == {"vars": {"lang": {"n": 1}}}


def test_a_path_may_number_the_elements_of_a_list() -> None:
    row = {"id": 1, "raw": {"choices": [{"message": {"content": "Yes"}}]}}
    item = build(row, output="raw.choices.0.message.content")

    assert item.output == "Yes"
    assert item.metadata == {"raw": {"choices": [{"message": {"content": "Yes"}}]}}


@pytest.mark.parametrize("cell", [None, {}, "text", {"question": None}])
def test_a_path_that_leads_nowhere_is_a_missing_value(cell: object) -> None:
    assert build({"id": 1, "vars": cell, "output": "a"}, input="vars.question").input == ""


def test_one_column_may_fill_two_fields() -> None:
    item = build({"id": 1, "output": "a", "session_id": "s"}, group="session_id")

    assert (item.group, item.session_id, item.metadata) == ("s", "s", {})


def test_a_field_that_is_declared_away_is_metadata() -> None:
    item = build({"id": 1, "output": "a", "version": "x"}, version="")

    assert (item.version, item.metadata) == (None, {"version": "x"})


def test_a_conversation_is_split_and_what_follows_is_kept() -> None:
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "No."},
    ]
    item = build({"id": 1, "messages": turns})

    assert item.input == (turns[0],)
    assert item.output == "Yes?"
    assert item.metadata == {"messages_after": [turns[2]]}


def test_a_conversation_without_an_answer_lacks_its_output() -> None:
    fields = FieldMap(id="id", input="chat", output="chat")
    item = ItemBuilder(rows_with("id", "chat"), fields)({"id": 1, "chat": [{"role": "user"}]}, 1)

    assert item.fault == "missing_output"
    assert item.input == ({"role": "user"},)


def test_a_conversation_that_is_plain_text_is_refused() -> None:
    with pytest.raises(FieldError, match=r"rows.jsonl, line 7: the conversation is no list"):
        build({"id": 1, "chat": "Hi"}, input="chat", output="chat")


def test_ids_are_made_from_the_content_where_there_are_none() -> None:
    builder = ItemBuilder(rows_with("q", "a"), FieldMap(input="q", output="a"))
    rows = [{"q": "x", "a": "y"}, {"q": "x", "a": "y"}, {"q": "x", "a": "z"}, {"q": "x", "a": "y"}]
    ids = [builder(row, n).id for n, row in enumerate(rows)]

    assert len(ids[0]) == 16
    assert ids[1:] == [f"{ids[0]}#2", ids[2], f"{ids[0]}#3"]
    assert ids[2] != ids[0]
    assert "#" not in ids[2]


def test_made_ids_depend_on_nothing_but_the_text() -> None:
    first = ItemBuilder(rows_with("a"), FieldMap(output="a"))({"a": "y", "n": 1}, 1)
    second = ItemBuilder(rows_with("b"), FieldMap(output="b"))({"b": "y", "n": 2}, 9)

    assert first.id == second.id == "758f17fc5769e1a6"


@pytest.mark.parametrize("id_", [None, "", float("nan")])
def test_an_empty_id_among_ids_is_refused_with_its_row(id_: object) -> None:
    with pytest.raises(
        FieldError, match=r"rows.jsonl, line 7: the id is empty.*--map id="
    ) as caught:
        build({"id": id_, "output": "a"})

    assert caught.value.field == "id"


@pytest.mark.parametrize("value", [0, -0.1, 1.01, "often", True, [1], float("inf")])
def test_what_is_no_probability_is_refused(value: object) -> None:
    with pytest.raises(FieldError, match=r"line 7: p_logged is .* no probability in \(0, 1\]") as e:
        build({"id": 1, "output": "a", "p_logged": value})

    assert e.value.field == "p_logged"


def test_an_unknown_purpose_gets_a_suggestion() -> None:
    with pytest.raises(FieldError, match=r"unknown purpose 'prood'. Did you mean 'prod'"):
        build({"id": 1, "output": "a", "purpose": "prood"})


@pytest.mark.parametrize("value", [None, "", float("nan")])
def test_empty_cells_of_optional_fields_are_nothing(value: object) -> None:
    names = ("timestamp", "purpose", "p_logged", "group", "arm", "reference")
    item = build({"id": 1, "output": "a", **dict.fromkeys(names, value)})

    assert item == Item(id="1", output="a")


def test_the_message_about_a_timestamp_names_its_row() -> None:
    with pytest.raises(DataError, match=r"rows.jsonl, line 7: timestamp '2026-01-05' does not"):
        build({"id": 1, "output": "a", "timestamp": "2026-01-05"})


def test_a_canonical_column_that_turns_up_late_fills_its_field() -> None:
    fields = FieldMap(id="id", output="output")
    builder = ItemBuilder(rows_with("id", "output", closed=False), fields)
    item = builder({"id": 1, "output": "a", "reference": "b", "response": "c"}, 1)

    assert (item.reference, item.metadata) == ("b", {"response": "c"})


def test_a_late_column_fills_no_field_that_is_declared_away() -> None:
    fields = FieldMap(id="id", output="output", arm="")
    builder = ItemBuilder(rows_with("id", "output", closed=False), fields)
    item = builder({"id": 1, "output": "a", "arm": 1}, 1)

    assert (item.arm, item.metadata) == (None, {"arm": 1})
