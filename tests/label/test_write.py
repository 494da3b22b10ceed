"""Labels to files: every field comes back, and a tool's form holds what the tool can hold."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.label.material import label
from trueup.errors import ConfigError
from trueup.label.cells import answer
from trueup.label.model import DESIGNS, SPLITS, UNIT_KINDS, Label, standing
from trueup.label.read import read_labels
from trueup.label.write import FORMS, write_labels

if TYPE_CHECKING:
    from trueup.label.model import Design, UnitKind

TEXT = st.text("aZ0 '=-+@,;\"\n\t[{é刪.", min_size=1, max_size=8)
ANSWERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT.filter(lambda text: not text.strip().startswith(("[{", '{"')))
    .map(answer)
    .filter(lambda found: isinstance(found, str)),
)
T = TypeVar("T")

FLAGS = st.one_of(st.none(), st.booleans())
KINDS: st.SearchStrategy[UnitKind] = st.sampled_from(UNIT_KINDS)
LABEL_DESIGNS: st.SearchStrategy[Design | None] = st.one_of(st.none(), st.sampled_from(DESIGNS))


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.one_of(st.none(), strategy)


LABELS = st.builds(
    Label,
    item_id=TEXT,
    criterion=TEXT,
    value=st.one_of(st.none(), ANSWERS),
    annotator=maybe(TEXT.map(str.strip).filter(bool)),
    labelled_at=maybe(st.datetimes(min_value=datetime(1990, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001 - hypothesis adds the zone
    question=maybe(st.text("0123456789abcdef", min_size=16, max_size=16)),
    unit_kind=KINDS,
    split=maybe(st.sampled_from(SPLITS)),
    design=LABEL_DESIGNS,
    probability=maybe(st.floats(1e-9, 1)),
    saw_judge=FLAGS,
    prelabelled=FLAGS,
    note=maybe(TEXT),
    group=maybe(TEXT),
)


@settings(max_examples=60)
@given(labels=st.lists(LABELS, min_size=1, max_size=4), form=st.sampled_from(["jsonl", "csv"]))
def test_every_field_comes_back_from_rows(labels: list[Label], form: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"labels.{form}"

        assert write_labels(labels, path, form=form) == len(labels)
        assert read_labels(path) == labels


@settings(max_examples=60)
@given(
    labels=st.lists(LABELS, min_size=1, max_size=4),
    form=st.sampled_from(["label-studio", "langfuse", "langsmith"]),
)
def test_every_field_of_what_stands_comes_back_from_tools(labels: list[Label], form: str) -> None:
    # a choice that is a number in text is a number, as in any file
    labels = [replace(one, value="met" if one.value is None else one.value) for one in labels]
    held = standing(labels)
    stream = StringIO()
    write_labels(labels, stream, form=form)
    found = read_labels(json.loads(stream.getvalue()))

    assert sorted(found, key=repr) == sorted(held, key=repr)


def test_a_withdrawal_is_kept_in_rows_and_is_gone_in_tools() -> None:
    labels = [label("met", annotator="p"), label(None, annotator="p"), label("met", annotator="q")]
    rows, tool = StringIO(), StringIO()

    assert write_labels(labels, rows) == 3
    assert write_labels(labels, tool, form="langfuse") == 1
    assert json.loads(rows.getvalue().splitlines()[1]) == {
        "item_id": "a", "criterion": "grounded", "value": None, "annotator": "p", "withdrawn": True,
    }  # fmt: skip


def test_a_field_that_comes_up_late_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    labels = [label("met", item_id=str(n)) for n in range(1200)] + [label("met", note="n")]
    write_labels(labels, path)

    assert read_labels(path) == labels


def test_no_cell_of_a_csv_begins_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    write_labels([label("=1+1", "@x", annotator="-p", note="+n")], path, form="csv")

    assert path.read_text().splitlines()[1].startswith("a,'@x,'=1+1,'-p,")


def test_cells_of_other_csv_files_are_read_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("item_id,criterion,value\n'=a,grounded,met\n")

    assert read_labels(path)[0].item_id == "'=a"


def test_an_unknown_form_is_met_with_the_closest_one() -> None:
    with pytest.raises(ConfigError, match=r"not written as 'labelstudio'. Did you mean 'label-st"):
        write_labels([], StringIO(), form="labelstudio")
    assert FORMS == ("jsonl", "csv", "label-studio", "argilla", "langfuse", "langsmith")


def test_a_file_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the labels cannot be written"):
        write_labels([label("met")], tmp_path / "no" / "labels.jsonl")
    assert list(tmp_path.iterdir()) == []
