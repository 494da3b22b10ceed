"""Records from long and wide tables of every format, and what is wrong with them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from trueup.errors import DataError
from trueup.signal.column import Column
from trueup.signal.model import SignalRecord
from trueup.signal.read import open_signals

if TYPE_CHECKING:
    from pathlib import Path

AT = "2026-01-05T09:30:00+01:00"
T = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
LONG: dict[str, Any] = {"unit_id": "a", "name": "thumbs", "value": 1, "event_at": AT,
                        "known_at": AT}  # fmt: skip


def one(rows: object, **options: Any) -> SignalRecord:
    [record] = open_signals(rows, **options)
    return record


def refusal(rows: object, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        open_signals(rows, **options).check()
    return str(caught.value)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    elif path.suffix == ".csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    else:
        pd.DataFrame(rows).to_parquet(path)
    return path


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_a_long_table_is_the_same_in_every_format(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"signals{suffix}", [LONG, {**LONG, "unit_id": "b", "value": 0}])

    first, second = open_signals(path)

    assert first == SignalRecord(unit_id="a", name="thumbs", value=1, event_at=T, known_at=T)
    assert (second.unit_id, second.value) == ("b", 0)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_a_wide_table_is_the_same_in_every_format(tmp_path: Path, suffix: str) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "a", "output": "x", "thumbs": "up", "thumbs_at": AT, "retries": 0,
         "retries_at": AT},
        {"id": "b", "output": "y", "thumbs": None, "thumbs_at": None, "retries": 2,
         "retries_at": AT},
    ]  # fmt: skip
    source = open_signals(write(tmp_path / f"items{suffix}", rows))

    found = [(record.unit_id, record.name, record.value) for record in source]

    assert found == [("a", "thumbs", 1), ("a", "retries", 0), ("b", "retries", 2)]
    assert source.columns == {"thumbs": "thumbs", "retries": "retries"}
    assert sum(source.survey.left_out.values()) == 1


def test_columns_of_other_names_are_declared() -> None:
    row = {"answer_no": 7, "rating": 4, "rated": AT, "seen": "yes"}
    columns = Column(value="rating", known_at="rated", exposed="seen")

    record = one(
        [row],
        fields={"item_id": "answer_no"},
        signals={"stars": columns},
        values={"stars": (1, 5)},
    )

    assert (record.unit_id, record.value, record.exposed) == ("7", 0.75, True)


def test_an_edit_rate_is_computed_of_two_texts() -> None:
    row = {"id": "a", "output": "It takes 14 days.", "sent": "It takes 30 days.", "sent_at": AT}
    columns = Column(before="output", after="sent", known_at="sent_at")

    record = one([row], signals={"edit_rate": columns})

    assert record.value == pytest.approx(4 / 34)
    assert open_signals([row], signals={"edit_rate": columns}).columns == {"sent": "edit_rate"}


def test_of_an_answer_in_messages_the_words_alone_are_compared() -> None:
    row = {
        "id": "a",
        "output": [{"role": "assistant", "content": "Yes."}],
        "sent": "Yes.",
        "sent_at": AT,
    }
    columns = Column(before="output", after="sent", known_at="sent_at")

    assert one([row], signals={"edit_rate": columns}).value == 0


def test_that_something_arrived_may_say_all() -> None:
    rows = [{"id": "a", "copied_at": AT}, {"id": "b", "copied_at": None}]

    assert one(rows, signals={"copied": Column(known_at="copied_at")}).value == 1


def test_a_widget_that_was_shown_and_left_alone_is_a_record_without_value() -> None:
    row = {"id": "a", "thumbs": None, "thumbs_shown": True, "thumbs_at": AT}

    record = one([row])

    assert (record.value, record.exposed) == (None, True)


def test_rows_name_sessions_traces_and_groups_too() -> None:
    rows = [
        {"name": "resolved", "value": 1, "known_at": AT, "session_id": "s", "item_id": None},
        {"name": "resolved", "value": 0, "known_at": AT, "session_id": "s", "item_id": "i"},
        {"name": "resolved", "value": 0, "known_at": AT, "unit_kind": "user", "item_id": "u"},
    ]

    found = [(record.unit_kind, record.unit_id) for record in open_signals(rows)]

    assert found == [("session", "s"), ("item", "i"), ("group", "u")]


def test_one_time_alone_is_event_and_arrival_and_that_is_said() -> None:
    source = open_signals([{"unit_id": "a", "name": "thumbs", "value": 1, "timestamp": AT}])

    [record] = source

    assert (record.event_at, record.known_at) == (T, T)
    assert "when they happened" in source.survey.notes[0]


def test_rows_of_one_signal_need_no_column_for_its_name() -> None:
    row = {"item_id": "a", "value": 3, "known_at": AT}

    assert one([row], signal="seconds").name == "seconds"


def test_records_without_a_time_of_arrival_take_that_of_the_export() -> None:
    row = {"id": "a", "csat": 4}

    record = one([row], signals={"csat": "csat"}, known_at="2026-02-01T00:00:00Z")

    assert record.known_at == datetime(2026, 2, 1, tzinfo=UTC)


def test_naive_times_are_refused_unless_a_zone_is_declared() -> None:
    row = {**LONG, "known_at": "2026-01-05 09:30:00", "event_at": None}

    assert "does not say in which time zone" in refusal([row])
    assert one([row], timezone="Europe/Berlin").known_at == T


def test_what_is_dated_in_the_future_is_left_out_and_counted() -> None:
    source = open_signals(
        [LONG, {**LONG, "known_at": "2026-03-01T00:00:00Z"}],
        now=datetime(2026, 2, 1, tzinfo=UTC),
    )

    assert len(list(source)) == 1
    assert source.survey.left_out == {"dated in the future": 1}
    assert source.survey.first == {"dated in the future": "list, row 2"}


def test_an_event_after_its_arrival_is_mended_and_counted() -> None:
    source = open_signals([{**LONG, "event_at": "2026-01-09T00:00:00Z"}])

    [record] = source

    assert record.event_at == record.known_at
    assert "1 with the event dated after its arrival" in source.survey.notes[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": "meh"}, "signals.jsonl, line 2: thumbs: 'meh' is no number"),
        ({"unit_id": ""}, "line 2: this record names no unit"),
        ({"name": None}, "line 2: this record names no signal"),
        ({"known_at": "soon"}, "line 2: 'soon' is no timestamp"),
        ({"unit_kind": "sesion"}, "line 2: unit_kind is 'sesion'. Did you mean 'session'?"),
        ({"exposed": "perhaps"}, "line 2: exposed is 'perhaps', neither true nor false"),
        ({"revision": -1}, "line 2: revision is '-1'"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    path = write(tmp_path / "signals.jsonl", [LONG, {**LONG, **change}])

    assert said in refusal(path)


def test_a_declared_column_that_is_not_there_is_met_with_the_closest() -> None:
    rows = [{"id": "a", "thumbs": 1, "thumbs_at": AT}]

    assert "Did you mean 'thumbs'?" in refusal(rows, signals={"up": "thumb"})
    assert "Did you mean 'known_at'?" in refusal([LONG], fields={"known_at": "knwn_at"})
    assert "Did you mean 'known_at'?" in refusal([LONG], fields={"know_at": "known_at"})


def test_tables_that_say_too_little_are_refused_with_what_is_missing() -> None:
    assert "no column says that it is a signal" in refusal([{"id": "a", "output": "x"}])
    assert "no column names units" in refusal([{"name": "thumbs", "value": 1, "known_at": AT}])
    assert "no column holds the value" in refusal([{"id": "a", "known_at": AT}], signal="csat")
    assert "nothing says when it arrived" in refusal([{"id": "a", "thumbs": 1}])
    assert "has no column after" in refusal([{"id": "a"}], signals={"e": Column(before="id")})
    assert "names say what a platform" in refusal([LONG], names={"thumbs": "up"})


def test_a_source_of_nothing_says_so() -> None:
    assert "there are no signals in it" in refusal([])
    assert "left out (1 no value" in refusal([{**LONG, "value": None}])


def test_a_wide_table_may_have_columns_that_are_called_as_those_of_a_long_one() -> None:
    row = {"id": "a", "name": "bot", "score": 0.4, "thumbs": 1, "thumbs_at": AT, "edited": "no"}

    assert [(r.unit_id, r.name) for r in open_signals([row])] == [("a", "thumbs")]


def test_a_long_table_may_have_an_event_with_its_time() -> None:
    row = {"unit_id": "a", "event": "copied", "event_at": AT, "value": 1}

    assert one([row]).name == "copied"


def test_a_source_is_read_as_often_as_it_is_asked_for() -> None:
    source = open_signals([LONG])

    assert list(source) == list(source)
    assert source.survey.records == 1
