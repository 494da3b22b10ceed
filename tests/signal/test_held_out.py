"""Held out: no judge, rubric, check, fit or import of labels gets to see a signal."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trueup
from trueup.api import fit, score
from trueup.errors import DataError, RubricError
from trueup.item.model import Item
from trueup.rubric.load import parse_rubric
from trueup.runner.calibration.calibrate import calibrate
from trueup.runner.heldout import (
    refuse_answers,
    refuse_fields,
    refuse_rubric,
    signal_in,
    withheld,
)
from trueup.runner.labelling.imports import import_labels
from trueup.runner.plan import plan_scoring
from trueup.signal.model import SignalRecord
from trueup.store.signals import add_signals
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.model import Rubric

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
HELD = {"thumbs": "thumbs", "userverdict": "thumbs"}
ITEMS = [
    {"id": str(n), "input": "?", "output": f"Answer {n}", "thumbs": n % 2, "channel": "chat"}
    for n in range(4)
]


@pytest.fixture
def store() -> Iterator[Store]:
    record = SignalRecord(unit_id="1", name="thumbs", value=1, event_at=T0, known_at=T0)
    with Store.open() as opened:
        add_signals(opened, [record], source="test", columns={"user_verdict": "thumbs"})
        yield opened


def rubric(criterion: str) -> Rubric:
    return parse_rubric(f"name: r\ntask: t\ncriteria:\n  - {criterion}\n")


PLAIN = rubric("{id: polite, ask: Is the reply polite?}")


def kind(_item: Item, rubric: Rubric) -> dict[str, int]:
    return {criterion.id: 1 for criterion in rubric.criteria}


def test_names_are_found_whatever_their_case_and_at_the_end_of_a_path() -> None:
    found = [signal_in(name, HELD) for name in ("Thumbs", "user-verdict", "user.thumbs", "thumb")]

    assert found == ["thumbs", "thumbs", "thumbs", None]


@pytest.mark.parametrize(
    "criterion",
    [
        "{id: c, ask: Is it?, needs: [metadata.thumbs]}",
        "{id: c, ask: Is it?, needs: [input, metadata.User_Verdict]}",
        "{id: c, ask: Is it?, check: {pattern: '1', where: metadata.thumbs}}",
        "{id: c, ask: Is it?, check: {equals: {field: metadata.thumbs}}}",
    ],
)
def test_a_rubric_that_asks_for_a_signal_is_refused(store: Store, criterion: str) -> None:
    asking = rubric(criterion)

    with pytest.raises(RubricError, match=r"criterion c looks at metadata.*, the signal thumbs"):
        refuse_rubric(asking, HELD)
    with pytest.raises(RubricError, match="held out from judges"):
        score(ITEMS, rubric=asking, judge=kind, store=store)
    assert store.runs() == [], "nothing was begun"


def test_other_metadata_may_be_asked_for(store: Store) -> None:
    asking = rubric("{id: c, ask: Is it?, check: {pattern: chat, where: metadata.channel}}")

    scores = score(ITEMS, rubric=asking, store=store)

    assert {row["value"] for row in scores.rows()} == {1}


def test_a_judge_that_looks_at_all_metadata_is_shown_no_signal(store: Store) -> None:
    seen: list[Item] = []

    def judge(item: Item, _rubric: Rubric) -> dict[str, int]:
        seen.append(item)
        return {"polite": 1}

    score([{**row, "user": {"thumbs": 1, "plan": "pro"}} for row in ITEMS], rubric=PLAIN,
          judge=judge, store=store)  # fmt: skip

    assert {key for item in seen for key in item.metadata} == {"channel", "user"}
    assert seen[0].metadata["user"] == {"plan": "pro"}


def test_metadata_without_signals_is_left_as_it_is() -> None:
    item = Item(id="a", output="x", metadata={"channel": "chat", "tags": [{"a": 1}]})

    assert withheld(item, HELD) is item
    assert withheld(item, {}) is item


def test_signals_are_withheld_at_any_depth() -> None:
    item = Item(id="a", output="x", metadata={"log": [{"thumbs": 1, "n": 2}], "user.thumbs": 1})

    assert withheld(item, HELD).metadata == {"log": [{"n": 2}]}


@pytest.mark.parametrize("field", ["input", "output", "reference", "context"])
def test_no_text_of_an_item_is_filled_from_a_signal(store: Store, field: str) -> None:
    fields = {"output": "output", field: "thumbs"}
    sentence = f"{field} is read from 'thumbs', the signal thumbs, which is held out from judges"

    with pytest.raises(DataError, match=sentence):
        score(ITEMS, rubric=PLAIN, judge=kind, store=store,
              field_map=fields)  # fmt: skip
    with pytest.raises(DataError, match=sentence):
        fit(ITEMS, [{"item_id": "1", "criterion": "polite", "value": "met"}], rubric=PLAIN,
            criterion="polite", store=store, field_map=fields)  # fmt: skip


def test_groups_and_segments_may_be_of_any_column() -> None:
    refuse_fields({"output": "answer", "segment": "thumbs"}, HELD)


def test_a_plan_of_a_run_refuses_what_the_run_would(tmp_path: Path) -> None:
    place = tmp_path / "store.db"
    record = SignalRecord(unit_id="1", name="thumbs", value=1, event_at=T0, known_at=T0)
    with Store.open(place) as opened:
        add_signals(opened, [record], source="test")

    with pytest.raises(DataError, match="context is read from 'thumbs'"):
        plan_scoring(ITEMS, rubric=PLAIN, judge=kind, store=place,
             field_map={"context": "thumbs"})  # fmt: skip


def test_a_calibration_refuses_it_too(store: Store) -> None:
    items = [{**row, "timestamp": "2026-01-06T09:00:00Z"} for row in ITEMS]

    with pytest.raises(DataError, match="context is read from 'thumbs'"):
        calibrate(items, rubric=PLAIN, judge=kind, store=store, week="2026-W02",
                  field_map={"context": "thumbs"})  # fmt: skip
    assert store.runs() == []


@pytest.mark.parametrize(
    "fields", [{"value": "thumbs"}, {"criterion.polite": "thumbs"}, {"value": "user_verdict"}]
)
def test_no_judge_is_fitted_to_a_signal(store: Store, fields: dict[str, str]) -> None:
    labels = [{"item_id": row["id"], "thumbs": row["thumbs"], "user_verdict": 1} for row in ITEMS]

    with pytest.raises(DataError, match="a signal is no label"):
        fit(ITEMS, labels, rubric=PLAIN, criterion="polite", store=store, field_map=fields)
    with pytest.raises(DataError, match="a signal is no label"):
        import_labels(store, labels, rubric=PLAIN, fields=fields, by="test")


def test_labels_of_a_criterion_that_is_called_like_a_signal_are_labels() -> None:
    refuse_answers({"criterion": "name", "value": "answer", "item_id": "id"}, HELD)


def test_nothing_is_refused_before_there_are_signals() -> None:
    asking = rubric("{id: c, ask: Is it?, needs: [metadata.thumbs]}")
    given: dict[str, Any] = {"rubric": asking, "judge": kind}

    assert {row["value"] for row in score(ITEMS, **given).rows()} == {1}


def test_no_room_of_judges_rubrics_or_fits_reads_signals() -> None:
    """Values of signals are read by those who compare them with judges, and by nobody else."""
    source = Path(trueup.__file__).parent
    closed = ("signal_reading", "signal_table")
    readers = set()
    for path in source.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        modules = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        table = any(
            isinstance(n, ast.Attribute) and n.attr == "signal"
            and isinstance(n.value, ast.Name) and n.value.id == "schema"
            for n in ast.walk(tree)
        )  # fmt: skip
        if table or any(module.endswith(closed) for module in modules):
            readers.add(str(path.relative_to(source)))

    refused = {"judge", "rubric", "item", "label", "agreement", "testing"}
    own = {f"store/{name}.py" for name in ("signals", "migrate", *closed)}
    assert own <= readers
    assert not {path for path in readers if path.split("/")[0] in refused}
    assert not readers & {"api.py", "runner/fit.py", "runner/score.py", "runner/triage.py"}
