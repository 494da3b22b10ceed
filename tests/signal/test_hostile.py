"""Whatever stands in a cell: a record with a finite value, a reason, or one clear error."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signal.test_exports import (
    amplitude,
    attributes,
    langfuse,
    langsmith,
    metric,
    phoenix,
    score,
    span,
)
from tests.signal.test_read import LONG
from trueup.errors import DataError
from trueup.signal.read import open_signals

CELLS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
WIDE = {"id": "a", "thumbs": 1, "thumbs_at": LONG["known_at"], "thumbs_shown": True}
ROWS = {
    "long": LONG,
    "wide": WIDE,
    "Langfuse": langfuse(),
    "LangSmith": langsmith(),
    "Phoenix": phoenix(),
    "Amplitude": score("user"),
    "an event of Amplitude": amplitude("Copied", message_id="m"),
    "PostHog": metric("thumbs", 1),
    "OpenTelemetry": span(attributes=attributes(thumbs=True)),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_cell_makes_a_record_a_reason_or_one_error(row: dict[str, Any], data: Any) -> None:
    changed = {**row, data.draw(st.sampled_from(sorted(row))): data.draw(CELLS)}
    try:
        source = open_signals([changed, changed])
        records = list(source)
    except DataError:
        return  # any other exception is a bug

    assert all(r.value is None or math.isfinite(r.value) for r in records)
    assert all(r.known_at.tzinfo is not None and r.event_at <= r.known_at for r in records)
    assert len(records) == source.survey.records


@settings(max_examples=60, deadline=None)
@given(CELLS)
def test_any_part_inside_an_event_does_too(cell: Any) -> None:
    rows = [
        metric("thumbs", cell),
        score("user", **{"[Agent] Target Type": cell, "[Agent] Target ID": cell}),
        phoenix(result=cell),
        {"resourceSpans": [{"scopeSpans": cell}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": cell, "events": cell}]}]}]},
        langfuse(subject=cell, metadata=cell),
        langsmith(feedback_source=cell),
    ]
    outcomes = []
    for row in rows:
        try:
            outcomes.append(len(list(open_signals([row], names={"t": "thumbs"}))))
        except DataError:
            outcomes.append(-1)

    assert all(-1 <= outcome <= 1 for outcome in outcomes)
