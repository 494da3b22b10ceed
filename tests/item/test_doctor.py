"""The doctor: what it sees, allows and misses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from trueup.errors import DataError
from trueup.item.doctor import Diagnosis, diagnose
from trueup.item.names import recognise
from trueup.item.read import open_items

if TYPE_CHECKING:
    from pathlib import Path


def ability(diagnosis: Diagnosis, name: str) -> Any:
    [found] = [one for one in diagnosis.abilities if one.name.endswith(name)]
    return found


def logs(n: int = 64, **more: Any) -> list[dict[str, Any]]:
    """Simulated production logs: eight versions, sixteen users, weekly timestamps."""
    return [
        {
            "id": f"r{k}",
            "question": "Why was I charged?",
            "response": f"You were charged for month {k}." + "!" * k,
            "contexts": ["Charges are monthly."],
            "ground_truth": "Monthly charge.",
            "created_at": f"2026-{k % 12 + 1:02d}-05T09:30:00Z",
            "user_id": k % 16,
            "release": f"v{k % 8}",
            "p_logged": 0.5,
            "thumbs_up": k % 2,
            "judge_score": 0.5,
            "human_label": "met",
            **more,
        }
        for k in range(n)
    ]


def test_a_complete_log_allows_everything() -> None:
    found = diagnose(logs())

    assert [one.name for one in found.abilities if not one.possible] == []
    assert all(one.mend is None for one in found.abilities)
    assert found.problems == ()
    assert (found.rows, found.groups, found.versions, found.weeks) == (64, 16, 8, 12)
    assert found.signal_columns == ("thumbs_up",)
    assert found.judge_columns == ("judge_score",)
    assert found.label_columns == ("human_label",)
    assert found.present["context"] == found.present["p_logged"] == 1.0
    assert found.first is not None
    assert found.first.isoformat() == "2026-01-05T09:30:00+00:00"
    assert any("64 of 64 items have p_logged" in note for note in found.notes)


def test_a_bare_file_allows_scoring_and_every_lack_has_a_mend() -> None:
    found = diagnose([{"id": 1, "output": "a"}])

    assert [one.name for one in found.abilities if one.possible] == ["scoring"]
    for one in found.abilities[1:]:
        assert one.mend
        assert one.because
    assert "--map context=COLUMN" in ability(found, "`needs: [context]`").mend
    assert "at least 30 items" in ability(found, "embedded judge").mend
    assert "--map timestamp=COLUMN" in ability(found, "over time").mend
    assert "a second arm or version and a group" in ability(found, "concurrent design").because
    assert "it lacks timestamps and signals" in ability(found, "weekly design").because
    assert "0 of the 8 versions" in ability(found, "releases design").because


def test_a_diagnosis_is_json() -> None:
    body = json.loads(json.dumps(diagnose(logs(3)).to_dict(), allow_nan=False))

    assert body["fields"]["output"] == "response"
    assert body["lengths"]["output"] == {"median": 30, "p95": 31, "longest": 31}
    assert body["abilities"][0]["possible"] is True
    assert body["first"] == "2026-01-05T09:30:00+00:00"
    assert set(body) == set(Diagnosis.__dataclass_fields__)


def test_lengths_are_quantiles_of_characters() -> None:
    rows = [{"id": n, "output": "x" * n} for n in range(1, 101)]

    assert diagnose(rows).lengths["output"] == (50, 95, 100)


def test_repeats_and_faults_and_empty_outputs_are_counted() -> None:
    rows = [
        {"id": 1, "input": "q", "output": "same"},
        {"id": 2, "input": "q", "output": "same"},
        {"id": 3, "input": "r", "output": "same"},
        {"id": 4, "input": "q", "output": " "},
        {"id": 5, "input": "q", "output": None},
        {"id": 6, "input": "q", "output": "a\ud800"},
        {"id": 7, "input": "q", "output": "nan"},
        {"id": 7, "input": "q", "output": "b"},
    ]
    found = diagnose(rows)

    assert (found.repeated_outputs, found.repeated_items, found.repeated_ids) == (2, 1, 1)
    assert found.empty_outputs == 1
    assert found.faults == {"missing_output": 1, "invalid_utf8": 1}
    text = "\n".join(found.notes)
    assert "1 of 8 outputs are empty" in text
    assert "1 of 8 items have no output; they are counted as `missing_output`" in text
    assert "1 of 8 outputs are nothing but a word like nan" in text
    assert "1 of 8 items repeat an earlier one" in text
    assert "1 of 8 items have the id of an earlier one (column 'id')" in found.problems[0]
    assert "6 of 8 items" in ability(diagnose(rows, fields={"id": ""}), "scoring").because


@pytest.mark.parametrize(
    ("rows", "what", "mend"),
    [
        (logs(2, id="a"), "1 of 2 items have the id of an earlier one", "--map id="),
        (logs(created_at="2026-01-05 09:30"), "does not say in which time zone", "--timezone"),
        (logs(answer="b"), "output could be any of the columns response, answer", "--map output"),
        ([], "there are no items in it", "Add at least one"),
    ],
)
def test_what_stops_a_run_takes_every_ability_away_with_its_reason(
    rows: list[dict[str, Any]], what: str, mend: str
) -> None:
    found = diagnose(rows)
    scoring, *others = found.to_dict()["abilities"]

    assert what in found.problems[0]
    assert what in scoring["because"]
    assert mend in scoring["mend"]
    assert not any(one["possible"] for one in (scoring, *others))
    assert all(one["mend"] for one in others)


def test_an_ability_that_waits_still_says_what_is_there() -> None:
    found = ability(diagnose(logs(64, id="a")), "`needs: [context]`")

    assert found.because.startswith("64 of 64 items have a context; but what stops scoring")
    assert found.mend == "Mend what stops scoring first"


def test_ids_that_are_made_are_said() -> None:
    found = diagnose([{"output": "a"}])

    assert found.ids_derived
    assert "No column holds an id, so ids are made from input and output" in found.notes[0]


def test_messages_are_seen() -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]
    found = diagnose([{"id": 1, "messages": turns}])

    assert found.messages == {"input": 1.0}
    assert found.fields == {"id": "id", "input": "messages", "output": "messages"}
    assert found.unmapped == ()


def test_a_timestamp_without_a_zone_is_a_problem_and_the_rest_is_read() -> None:
    rows = [{"id": 1, "output": "a", "created_at": "2026-01-05T09:30:00", "user_id": 1}] * 2
    rows[1] = {**rows[1], "id": 2, "user_id": 2}
    found = diagnose(rows)

    assert "row 1: timestamp '2026-01-05T09:30:00' does not say" in found.problems[0]
    assert (found.rows, found.groups) == (2, 2)
    assert ability(found, "over time").mend == "Mend the problem with its timestamp first"
    assert diagnose(rows, timezone="Europe/Berlin").problems == ()


def test_several_problems_are_reported_together() -> None:
    row = {"output": "a", "id": "", "timestamp": "2026-01-05", "p_judged": 2, "purpose": "x"}
    found = diagnose([row])

    said = "\n".join(found.problems)
    for part in ("the id is empty", "timestamp '2026-01-05'", "p_judged is '2'", "purpose 'x'"):
        assert part in said
    assert found.rows == 1


def test_an_ambiguous_output_is_a_problem_that_names_the_columns() -> None:
    found = diagnose([{"id": 1, "response": "a", "answer": "b"}])

    assert "output could be any of the columns response, answer" in found.problems[0]
    assert found.rows == 1
    assert found.columns == ("id", "response", "answer")
    assert not ability(found, "scoring").possible


def test_a_missing_output_is_a_problem_and_the_rest_is_read() -> None:
    found = diagnose([{"id": 1, "outptu": "a", "timestamp": "2026-01-05T09:30:00Z", "label": 1}])

    assert "no column holds the output; the columns are: id, outptu" in found.problems[0]
    assert (found.rows, found.weeks, found.label_columns) == (1, 1, ("label",))
    assert found.notes == ()
    assert "Say which: `--map output=COLUMN`" in ability(found, "scoring").mend


def test_a_conversation_that_cannot_be_split_is_a_problem() -> None:
    row = {"id": 1, "chat": "Hi", "group": 7}
    found = diagnose([row], fields={"input": "chat", "output": "chat"})

    assert "the conversation is no list of messages" in found.problems[0]
    assert found.groups == 1


def test_a_problem_that_no_declaration_can_avoid_raises() -> None:
    source = open_items([{"id": 1, "output": "a", "timestamp": "2026-01-05"}])

    with pytest.raises(DataError, match="does not say in which time zone"):
        diagnose(source)


def test_a_declared_column_mends_an_ambiguity() -> None:
    found = diagnose([{"id": 1, "response": "a", "answer": "b"}], fields={"output": "answer"})

    assert found.problems == ()
    assert found.unmapped == ("response",)


def test_a_place_inside_a_column_is_suggested() -> None:
    found = diagnose(
        [{"id": 1, "output": "a", "inputs": {"question": "q", "context": "c", "user_id": 2}}]
    )

    assert (
        ability(found, "`needs: [context]`").mend
        == "'inputs.context' may be it: `--map context=inputs.context`"
    )
    assert "--map group=inputs.user_id" in ability(found, "respect users").mend


def test_a_session_is_suggested_as_a_group() -> None:
    found = diagnose([{"id": 1, "output": "a", "conversation_id": "c"}])

    assert "--map group=conversation_id" in ability(found, "respect users").mend


@pytest.mark.parametrize("make", [iter, lambda rows: pa.Table.from_pylist(rows).to_reader()])
def test_a_stream_is_diagnosed_whole(make: Any) -> None:
    rows = [{"id": str(n), "output": "a", "timestamp": "2026-01-05"} for n in range(150)]
    found = diagnose(make(rows))

    assert found.rows == 150
    assert len(found.problems) == 1


def test_an_empty_source_is_a_problem() -> None:
    found = diagnose([])

    assert found.rows == 0
    assert "there are no items in it" in found.problems[0]


def test_a_csv_with_empty_cells_is_told_what_csv_cannot_say(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,output\n1,""\n')

    assert "a CSV cannot tell an empty reply from a missing one" in diagnose(path).notes[0]


def test_what_cannot_be_opened_raises(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no such file"):
        diagnose(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("thumbs_up", "signals"), ("userFeedback", "signals"), ("edit_distance", "signals"),
        ("retried", "signals"), ("user_rating", "signals"), ("CSAT", "signals"),
        ("label", "labels"), ("oracle_label", "labels"), ("human_score", "labels"),
        ("annotator", "labels"), ("rating", "labels"),
        ("judge_score", "judge_scores"), ("score", "judge_scores"), ("llm_label", "judge_scores"),
        ("reward", "judge_scores"), ("eval.score", "judge_scores"),
        ("tokens", None), ("credit", None), ("method", None), ("scoreboard", None),
    ],
)  # fmt: skip
def test_columns_are_recognised_by_whole_words(column: str, kind: str | None) -> None:
    found = recognise([column])._asdict()

    assert [name for name, columns in found.items() if columns] == ([kind] if kind else [])
