"""Exports of platforms: what users gave is taken, and no judge's score ever is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from trueup.errors import DataError
from trueup.signal.read import SignalSource, open_signals
from trueup.signal.tool.shape import BY_PERSON, BY_PROGRAM, NO_UNIT, TEXT, Names

if TYPE_CHECKING:
    from pathlib import Path

BY_MODEL = "made by a model or an automatic evaluator"
AT = "2026-01-05T09:00:00Z"
T = datetime(2026, 1, 5, 9, tzinfo=UTC)


def taken(rows: object, **options: Any) -> list[tuple[str, str, str, float | None]]:
    return [
        (record.unit_kind, record.unit_id, record.name, record.value)
        for record in open_signals(rows, **options)
    ]


def read(rows: object, **options: Any) -> SignalSource:
    source = open_signals(rows, **options)
    list(source)
    return source


# --- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["user-feedback", "thumbs", "userRating", "csat", "copied"])
def test_some_names_say_that_users_gave_it(name: str) -> None:
    assert Names({}).admits(name)


@pytest.mark.parametrize(
    "name",
    ["quality", "llm-feedback", "judge_thumbs", "auto_feedback", "helpfulness", "evalFeedback", ""],
)
def test_other_names_do_not_unless_they_are_declared(name: str) -> None:
    assert not Names({}).admits(name)
    assert Names({"thumbs": name}).admits(name)


def test_one_name_cannot_be_two_signals() -> None:
    with pytest.raises(DataError, match="named as a and as b"):
        Names({"a": "x", "b": "x"})


# --- Langfuse --------------------------------------------------------------------------------


def langfuse(**others: Any) -> dict[str, Any]:
    return {"id": "1", "traceId": "t", "observationId": None, "sessionId": None,
            "name": "user-feedback", "value": 1, "stringValue": None, "dataType": "NUMERIC",
            "source": "API", "timestamp": AT, "updatedAt": "2026-01-06T09:00:00Z",
            **others}  # fmt: skip


def test_langfuse_scores_of_users_are_signals() -> None:
    rows = [
        langfuse(),
        langfuse(observationId="o", name="thumbs", dataType="BOOLEAN", value=0),
        langfuse(traceId=None, sessionId="s", name="csat", value=4),
        langfuse(name="feedback", dataType="CATEGORICAL", value=1, stringValue="down"),
    ]

    source = read(rows)

    assert source.source_format == "Langfuse"
    assert taken(rows) == [
        ("trace", "t", "user-feedback", 1),
        ("item", "o", "thumbs", 0),
        ("session", "s", "csat", 4),
        ("trace", "t", "feedback", 0),
    ]


def test_langfuse_scores_are_known_as_they_are_since_they_were_changed() -> None:
    [record] = open_signals([langfuse()])

    assert (record.event_at, record.known_at) == (T, datetime(2026, 1, 6, 9, tzinfo=UTC))


def test_langfuse_judges_and_annotators_give_no_signals() -> None:
    rows = [
        langfuse(),
        langfuse(source="EVAL"),
        langfuse(source="EVAL", name="thumbs"),
        langfuse(evaluatorId="e-1"),
        langfuse(source="ANNOTATION"),
        langfuse(source=None),
        langfuse(name="helpfulness"),
        langfuse(dataType="TEXT", value="great"),
        langfuse(traceId=None),
    ]

    source = read(rows)

    assert source.survey.records == 1
    assert source.survey.left_out == {
        BY_MODEL: 3,
        BY_PERSON: 1,
        "without a source, so that it may be a judge's": 1,
        BY_PROGRAM: 1,
        TEXT: 1,
        NO_UNIT: 1,
    }


def test_langfuse_names_that_are_declared_are_taken_of_programs_and_never_of_judges() -> None:
    rows = [langfuse(name="helpfulness"), langfuse(name="helpfulness", source="EVAL", traceId="u")]

    assert taken(rows, names={"thumbs": "helpfulness"}) == [("trace", "t", "thumbs", 1)]


def test_langfuse_exports_to_blob_storage_have_naive_times_in_utc(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    row = {"id": "1", "trace_id": "t", "observation_id": "", "session_id": "", "source": "API",
           "name": "user_feedback", "data_type": "NUMERIC", "value": 0, "string_value": "",
           "timestamp": "2026-01-05 09:00:00.000000",
           "created_at": "2026-01-05 09:00:00.000000",
           "updated_at": "2026-01-05 09:00:00.000000"}  # fmt: skip
    path.write_text(json.dumps(row), "utf-8")

    [record] = open_signals(path)

    assert (record.unit_id, record.value, record.known_at) == ("t", 0, T)


# --- LangSmith -------------------------------------------------------------------------------


def langsmith(kind: str = "api", key: str = "user_score", **others: Any) -> dict[str, Any]:
    return {"id": "1", "run_id": "r", "trace_id": "t", "key": key, "score": 1, "value": None,
            "created_at": "2026-01-05T09:00:00", "modified_at": "2026-01-05T09:00:00",
            "feedback_source": {"type": kind, "metadata": {}}, **others}  # fmt: skip


def test_langsmith_feedback_of_users_is_a_signal() -> None:
    rows = [
        langsmith(),
        langsmith("app", "thumbs", score=None, value="thumbs_down"),
        langsmith(key="score"),
        langsmith("app", "correctness"),
    ]

    source = read(rows)

    assert taken(rows) == [("item", "r", "user_score", 1), ("item", "r", "thumbs", 0)]
    assert source.survey.left_out == {BY_PROGRAM: 1, BY_PERSON: 1}


def test_langsmith_evaluators_give_no_signals_whatever_they_call_them() -> None:
    rows = [
        langsmith(),
        langsmith("model"),
        langsmith("auto_eval"),
        langsmith(feedback_source={"type": "api", "metadata": {"__run": {"run_id": "e"}}}),
    ]

    source = read(rows, names={"thumbs": "user_score"})

    assert source.survey.records == 1
    assert source.survey.left_out == {BY_MODEL: 3}


def test_langsmith_tables_have_a_column_for_every_part_of_the_source() -> None:
    row = {**langsmith(), "feedback_source.type": "api"}
    del row["feedback_source"]

    assert taken(pd.DataFrame([row])) == [("item", "r", "user_score", 1)]


# --- Phoenix ---------------------------------------------------------------------------------


def phoenix(kind: str = "HUMAN", name: str = "correctness", **others: Any) -> dict[str, Any]:
    return {"span_id": "s", "name": name, "annotator_kind": kind, "source": "API",
            "result": {"score": 1, "label": "good", "explanation": None}, "created_at": AT,
            "updated_at": AT, **others}  # fmt: skip


def test_phoenix_annotations_of_users_are_signals() -> None:
    rows = [
        phoenix(),
        phoenix(name="thumbs", result={"label": "thumbs-down"}),
        phoenix("CODE", "edited"),
        phoenix("CODE", "has_json"),
        phoenix(source="APP"),
        phoenix(source="APP", name="user feedback"),
        phoenix("LLM", "thumbs"),
    ]

    source = read(rows)

    assert [name for _, _, name, _ in taken(rows)] == [
        "correctness", "thumbs", "edited", "user feedback",
    ]  # fmt: skip
    assert taken(rows)[1] == ("item", "s", "thumbs", 0)
    assert source.survey.left_out == {BY_PROGRAM: 1, BY_PERSON: 1, BY_MODEL: 1}


def test_phoenix_frames_name_the_span_in_their_index_and_have_flat_results() -> None:
    frame = pd.DataFrame(
        [
            {"annotation_name": "thumbs", "annotator_kind": kind, "result.score": 0.0,
             "result.label": "down", "created_at": AT, "updated_at": AT}
            for kind in ("HUMAN", "LLM")
        ],
        index=pd.Index(["s1", "s2"], name="span_id"),
    )  # fmt: skip

    assert taken(frame) == [("item", "s1", "thumbs", 0)]


def test_phoenix_spans_carry_their_annotations_in_a_list() -> None:
    inside = [phoenix(name="thumbs"), phoenix("LLM", "thumbs")]
    rows = [{"context.span_id": "s9", "annotations": inside}]

    assert taken(rows) == [("item", "s9", "thumbs", 1)]


# --- Amplitude -------------------------------------------------------------------------------


def amplitude(event: str, **properties: Any) -> dict[str, Any]:
    return {"event_type": event, "user_id": "user-1", "uuid": "u",
            "event_time": "2026-01-05 09:00:00.000000",
            "server_upload_time": "2026-01-05 10:00:00.000000",
            "event_properties": properties}  # fmt: skip


def score(source: str | None, **others: Any) -> dict[str, Any]:
    return amplitude(
        "[Agent] Score",
        **{"[Agent] Score Name": "user-feedback", "[Agent] Score Value": 0,
           "[Agent] Target ID": "m", "[Agent] Target Type": "message",
           "[Agent] Evaluation Source": source, **others},
    )  # fmt: skip


def test_amplitude_scores_of_users_and_copies_are_signals() -> None:
    rows = [
        score("user"),
        score("user", **{"[Agent] Target Type": "session", "[Agent] Target ID": "c"}),
        amplitude("[Agent] AI Response", **{"[Agent] Message ID": "m", "[Agent] Was Copied": True}),
    ]

    assert taken(rows) == [
        ("item", "m", "user-feedback", 0),
        ("session", "c", "user-feedback", 0),
        ("item", "m", "copied", 1),
    ]
    [first, *_] = open_signals(rows)
    assert (first.event_at, first.known_at.hour, first.exposed) == (T, 10, True)


def test_amplitude_judging_gives_no_signals_where_users_may_have_overruled_it_either() -> None:
    rows = [
        score("user"),
        score("ai"),
        score("llm_judge"),
        score("code"),
        score("reviewer"),
        score(None),
        amplitude("[Agent] Evaluator Result", **{"[Agent] Score Value": 1}),
        amplitude("[Agent] Session Record", **{"[Agent] User Score": 1}),
        amplitude("Page Viewed"),
    ]

    source = read(rows, names={"thumbs": "user-feedback"})

    assert source.survey.records == 1
    assert source.survey.left_out == {
        BY_MODEL: 3,
        BY_PERSON: 1,
        "without a source, so that it may be a judge's": 1,
        "of the platform's own judging, in which users may have overruled the judge": 2,
        "an event that is not named as a signal": 1,
    }


def test_amplitude_sessions_that_were_abandoned_are_about_the_session() -> None:
    rows = [
        amplitude("[Agent] Session End", **{"[Agent] Session ID": "c", "[Agent] Trace ID": "t",
                                            "[Agent] Abandonment Turn": 2}),
    ]  # fmt: skip
    names = {"abandoned": "[Agent] Session End.[Agent] Abandonment Turn"}

    assert taken(rows, names=names) == [("session", "c", "abandoned", 2)]


def test_amplitude_events_of_a_product_are_taken_where_they_are_named() -> None:
    rows = [
        amplitude("Answer Copied", message_id="m"),
        amplitude("Answer Rated", message_id="m", stars=5),
        amplitude("Upgraded"),
    ]
    names = {"copied": "Answer Copied", "stars": "Answer Rated.stars", "upgraded": "Upgraded"}

    assert taken(rows, names=names, values={"stars": (1, 5)}) == [
        ("item", "m", "copied", 1),
        ("item", "m", "stars", 1),
        ("group", "user-1", "upgraded", 1),
    ]


# --- PostHog ---------------------------------------------------------------------------------


def posthog(event: str, **properties: Any) -> dict[str, Any]:
    return {"uuid": "u", "event": event, "distinct_id": "d", "timestamp": AT, "created_at": AT,
            "properties": {"$ai_trace_id": "t", **properties}}  # fmt: skip


def metric(name: str, value: Any) -> dict[str, Any]:
    return posthog("$ai_metric", **{"$ai_metric_name": name, "$ai_metric_value": value})


def test_posthog_metrics_are_signals_where_their_name_says_users_gave_them() -> None:
    rows = [
        metric("feedback", "good"),
        metric("thumbs", "false"),
        metric("accuracy", "0.9"),
        posthog("$ai_feedback", **{"$ai_feedback_text": "Nice"}),
        posthog("$ai_evaluation", **{"$ai_evaluation_result": True}),
        posthog("$pageview"),
    ]

    source = read(rows)

    assert taken(rows) == [("trace", "t", "feedback", 1), ("trace", "t", "thumbs", 0)]
    assert source.survey.left_out == {
        BY_PROGRAM: 1, TEXT: 1, BY_MODEL: 1, "an event that is not named as a signal": 1,
    }  # fmt: skip


def test_posthog_thumbs_of_a_survey_need_to_be_named_as_2_is_down() -> None:
    rows = [
        metric("thumbs", 1),
        posthog("survey shown", **{"$survey_id": "s1"}),
        posthog("survey sent", **{"$survey_id": "s1", "$survey_response": 2}),
        posthog("survey sent", **{"$survey_id": "s1", "$survey_response_1": "It was wrong"}),
    ]

    unnamed = read(rows)
    named = list(
        open_signals(rows[1:], names={"helped": "s1"}, values={"helped": {"1": 1, "2": 0}})
    )

    assert unnamed.survey.records == 1
    assert sum(unnamed.survey.left_out.values()) == 3
    assert [(record.value, record.exposed, record.revision) for record in named] == [
        (None, True, 0),
        (0, True, 1),
    ]


def test_posthog_parquet_has_its_properties_as_text(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    row = metric("thumbs", "1")
    frame = pd.DataFrame([{**row, "properties": json.dumps(row["properties"])}])
    frame["timestamp"] = pd.to_datetime(frame["timestamp"])
    frame.to_parquet(path)

    assert taken(path) == [("trace", "t", "thumbs", 1)]


def test_posthog_words_that_nobody_declared_are_refused_with_their_row() -> None:
    with pytest.raises(DataError, match="row 1: feedback: 'dismissed' is no number"):
        read([metric("feedback", "dismissed")])


# --- OpenTelemetry ---------------------------------------------------------------------------

NANO = str(int(T.timestamp()) * 10**9)


def attributes(**given: Any) -> list[dict[str, Any]]:
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
    return [
        {"key": key, "value": {kinds[type(value)]: str(value) if type(value) is int else value}}
        for key, value in given.items()
    ]


def span(**others: Any) -> dict[str, Any]:
    one = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "chat", "startTimeUnixNano": NANO,
           "endTimeUnixNano": NANO, **others}  # fmt: skip
    return {"resourceSpans": [{"scopeSpans": [{"scope": {}, "spans": [one]}]}]}


def result(name: str, **others: Any) -> list[dict[str, Any]]:
    return attributes(**{"gen_ai.evaluation.name": name, **others})


def test_opentelemetry_evaluations_are_signals_only_where_users_gave_them() -> None:
    def event(name: str) -> dict[str, Any]:
        given = result(name, **{"gen_ai.evaluation.score.value": 1.0})
        return {"name": "gen_ai.evaluation.result", "timeUnixNano": NANO, "attributes": given}

    rows = [span(events=[event("Relevance"), event("user_feedback")]), span()]

    source = read(rows)

    assert taken(rows) == [("item", "cd" * 8, "user_feedback", 1)]
    assert source.survey.left_out == {
        BY_PROGRAM: 1, "a span or log record without feedback": 1,
    }  # fmt: skip
    assert next(iter(source)).known_at == T


def test_opentelemetry_log_records_carry_evaluations_too() -> None:
    record = {"timeUnixNano": NANO, "observedTimeUnixNano": NANO,
              "eventName": "gen_ai.evaluation.result", "traceId": "", "spanId": "",
              "attributes": result("thumbs", **{"gen_ai.evaluation.score.label": "down",
                                                "gen_ai.response.id": "chatcmpl-1"})}  # fmt: skip
    row = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}

    assert taken([row]) == [("item", "chatcmpl-1", "thumbs", 0)]


def test_opentelemetry_annotations_are_about_the_span_that_is_linked_to() -> None:
    def annotated(kind: str, prefix: str = "") -> list[dict[str, Any]]:
        start = f"{prefix}annotations.0.annotation."
        return attributes(**{f"{start}name": "thumbs", f"{start}score": 1,
                             f"{start}annotator_kind": kind, "session.id": "s"})  # fmt: skip

    link = [{"traceId": "12" * 16, "spanId": "34" * 8}]
    rows = [
        span(attributes=annotated("HUMAN"), links=link),
        span(attributes=annotated("HUMAN", "trace.")),
        span(attributes=annotated("HUMAN", "session.")),
        span(attributes=annotated("LLM"), links=link),
    ]

    assert taken(rows) == [
        ("item", "34" * 8, "thumbs", 1),
        ("trace", "ab" * 16, "thumbs", 1),
        ("session", "s", "thumbs", 1),
    ]
    assert read(rows).survey.left_out == {BY_MODEL: 1}


def test_opentelemetry_attributes_are_signals_where_they_are_named() -> None:
    rows = [span(attributes=attributes(**{"app.thumbs": True, "llm.score": 0.3}))]

    assert taken(rows, names={"thumbs": "app.thumbs"}) == [("item", "cd" * 8, "thumbs", 1)]


def test_opentelemetry_files_may_be_one_object_or_lines(tmp_path: Path) -> None:
    row = span(attributes=attributes(**{"app.thumbs": True}))
    whole, lines = tmp_path / "traces.json", tmp_path / "lines.json"
    whole.write_text(json.dumps(row, indent=2), "utf-8")
    lines.write_text(f"{json.dumps(row)}\n{json.dumps(row)}\n", "utf-8")

    assert len(taken(whole, names={"thumbs": "app.thumbs"})) == 1
    assert len(taken(lines, names={"thumbs": "app.thumbs"})) == 2
    with pytest.raises(DataError, match="no such file"):
        open_signals(tmp_path / "gone.json")


# --- of all ----------------------------------------------------------------------------------


def test_a_declared_field_goes_before_what_the_platform_says() -> None:
    rows = [langfuse(metadata={"message": "m-1"})]

    assert taken(rows, fields={"item_id": "metadata.message"}) == [
        ("item", "m-1", "user-feedback", 1)
    ]


def test_an_export_of_nothing_but_judges_says_so() -> None:
    with pytest.raises(DataError, match=r"left out .1 made by a model") as caught:
        open_signals([langfuse(source="EVAL")]).check()

    assert "a judge's scores are verdicts" in str(caught.value)
