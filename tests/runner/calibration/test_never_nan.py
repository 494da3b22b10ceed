"""Whatever small world comes in: no figure is NaN or infinite, in any form of the report."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.runner.calibration.material import EVERY, WEEKS, outputs, wrong_numbers
from trueup.report.calibration.terminal import render
from trueup.report.calibration.write import WRITERS, write_report
from trueup.report.console import PlainConsole
from trueup.runner.calibration.calibrate import calibrate
from trueup.runner.calibration.result import Figure
from trueup.store.store import Store
from trueup.testing import ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.item.model import Item
    from trueup.rubric.model import Criterion
    from trueup.runner.calibration.result import Calibration

NOT_A_NUMBER = re.compile(r"(?<![\w-])(nan|inf|infinity)(?!\w)", re.IGNORECASE)
KEYS = {c.id: [*c.values] for c in EVERY.criteria if c.kind != "check"}
ANSWERS = st.one_of(
    st.sampled_from(["met", "unmet", "1", "2", "3", "delivered", "deflected", "refused"]),
    st.sampled_from([None, float("nan"), float("inf"), -1, 0.5, 0.2, 1.0, 0.0, "?"]),
)


@dataclass(frozen=True)
class World:
    """A few items, what a judge says of them, and what people do."""

    n: int
    answers: Mapping[tuple[str, str], object]
    labels: list[dict[str, Any]]
    options: dict[str, Any]
    fields: dict[str, Any]

    def calibrate(self, store: Store, week: str) -> Calibration:
        items = outputs(week, self.n, rubric=EVERY, **self.fields)
        said = [{**label, "item_id": f"{week}-{label['item_id']}"} for label in self.labels]
        judge = ScriptedJudge(self._answer)
        return calibrate(items, rubric=EVERY, judge=judge, labels=said, store=store, week=week,
                         **self.options)  # fmt: skip

    def _answer(self, item: Item, criterion: Criterion) -> object:
        return self.answers.get((item.id.rpartition("-")[2], criterion.id), "abstains")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    n = draw(st.integers(1, 7))
    places = [(str(item), name) for item in range(n) for name in KEYS]
    constant = draw(st.none() | ANSWERS)
    answers = {place: draw(ANSWERS) if constant is None else constant for place in places}
    labels = []
    for item, name in draw(st.lists(st.sampled_from(places), unique=True, max_size=12)):
        for who in draw(st.sets(st.sampled_from("abc"), min_size=1)):
            value = draw(st.sampled_from([*KEYS[name], "cannot_tell"]))
            labels.append({"item_id": item, "criterion": name, "annotator": who, "value": value})
    group, segment = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    options = {
        "label_design": draw(st.sampled_from(
            [None, "random", "stratified", "case_control", "other_period"])),
        "sample": draw(st.none() | st.integers(1, 7)),
        "label_next": (draw(st.integers(0, 9)), 1),
        "bars": draw(st.sampled_from([{}, {"tpr": 0.5, "alpha": 0.9}])),
        "seed": draw(st.integers(0, 3)),
    }  # fmt: skip
    fields = {"group": lambda i: f"g{i % group}", "segment": lambda i: f"s{i % segment}"}
    return World(n, answers, labels, options, fields if draw(st.booleans()) else {})


def texts_of(found: Calibration) -> Iterator[tuple[str, str]]:
    """Yield every form of the report, that for a terminal too."""
    with TemporaryDirectory() as folder:
        for suffix in WRITERS:
            path = Path(folder) / f"report{suffix}"
            write_report(found, path)
            yield suffix, path.read_text("utf-8")
    console = PlainConsole()
    with console.capture() as shown:
        for part in render(found):
            console.print(part)
    yield "terminal", shown.get()


def check(found: Calibration) -> None:
    told = found.to_dict()
    assert list(wrong_numbers(told)) == []
    json.dumps(told, allow_nan=False)
    for place, figure in figures(found):
        assert figure.low <= figure.estimate <= figure.high, (place, figure)
        assert figure.n >= 0, place
    for suffix, text in texts_of(found):
        assert not NOT_A_NUMBER.search(text), (suffix, NOT_A_NUMBER.search(text))
        if suffix == ".xml":
            ET.fromstring(text)  # noqa: S314 - what we wrote
        if suffix == ".json":
            assert json.loads(text) == json.loads(json.dumps(told))


def figures(value: object, place: str = "") -> Iterator[tuple[str, Figure]]:
    """Yield every figure in a result with where it stands."""
    if isinstance(value, Figure):
        yield place, value
    elif isinstance(value, tuple):
        for at, inner in enumerate(value):
            yield from figures(inner, f"{place}[{at}]")
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from figures(getattr(value, name), f"{place}.{name}")


@pytest.mark.filterwarnings("error")
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a world takes too long to be shrunk
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(first=worlds(), second=worlds())
def test_small_worlds_never_make_a_number_that_is_none(first: World, second: World) -> None:
    with Store.open(None) as store:
        for week, world in zip(WEEKS, (first, second, first), strict=False):
            found = world.calibrate(store, week)
        check(found)


def test_a_history_that_is_all_one_value_is_no_trouble() -> None:
    with Store.open(None) as store:
        for week in WEEKS[:11]:
            world = World(6, {(str(i), n): "met" for i in range(6) for n in ("kind", "safe")},
                          [], {"label_next": (2, 2)}, {})  # fmt: skip
            found = world.calibrate(store, week)
    check(found)


def test_the_search_finds_what_must_not_be_there() -> None:
    assert list(wrong_numbers({"a": [1.0, {"b": float("nan")}], "c": (float("-inf"),)})) == [
        ".a[1].b is nan", ".c[0] is -inf"
    ]  # fmt: skip
    assert NOT_A_NUMBER.search("alpha is NaN [0, 1]")
    assert not NOT_A_NUMBER.search("information about finance: inferred, nano")
