"""The facade: what `import trueup` offers takes whatever holds items, rubrics and judges."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import re
import signal
import threading
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest

import trueup
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.rubric.load import parse_rubric
from trueup.store.store import Store
from trueup.testing import FaultServer, Reply, ScriptedJudge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trueup.item.model import Item
    from trueup.rubric.model import Rubric

RUBRIC = """\
name: reply
task: The assistant replies to a customer about a form.
criteria:
  - id: answered
    check: {not_empty: true}
  - id: step
    ask: Does the reply name the button to press?
  - id: padded
    ask: Does the reply repeat itself?
    weight: -1
"""
FRAME = ["item_id", "criterion", "judge", "instrument", "replicate", "outcome", "reason", "value",
         "level", "explanation"]  # fmt: skip
ITEMS = ["item_id", "score", "low", "high", "outcome"]
ROWS: list[dict[str, Any]] = [
    {"id": f"i{n}", "input": f"Question {n}?", "output": f"Press Save, {n}."} for n in range(12)
]
JUDGE = ScriptedJudge()


@pytest.fixture
def rubric() -> Rubric:
    return parse_rubric(RUBRIC)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a workspace with a rubric, a judge and a file of items."""
    (tmp_path / "rubrics").mkdir()
    (tmp_path / "judges").mkdir()
    (tmp_path / "rubrics" / "reply.yaml").write_text(RUBRIC, "utf-8")
    code = "from trueup.testing import ScriptedJudge\n\njudge = ScriptedJudge()\n"
    (tmp_path / "judges" / "drawn.py").write_text(code, "utf-8")
    pd.DataFrame(ROWS).to_json(tmp_path / "items.jsonl", orient="records", lines=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


SOURCES: dict[str, Callable[[], object]] = {
    "dicts": lambda: ROWS,
    "items": lambda: [trueup.Item(**row) for row in ROWS],
    "tuple": lambda: tuple(ROWS),
    "generator": lambda: (row for row in ROWS),
    "iterator of items": lambda: iter([trueup.Item(**row) for row in ROWS]),
    "data frame": lambda: pd.DataFrame(ROWS),
    "arrow table": lambda: pa.Table.from_pylist(ROWS),
    "arrow stream": lambda: pa.Table.from_pylist(ROWS).to_reader(),
    "path as text": lambda: "items.jsonl",
}


@pytest.mark.parametrize("source", SOURCES)
def test_items_come_from_whatever_holds_them(here: Path, rubric: Rubric, source: str) -> None:
    assert here.is_dir()
    expected = trueup.score(ROWS, rubric=rubric, judge=JUDGE)
    found = trueup.score(SOURCES[source](), rubric=rubric, judge=JUDGE)

    pd.testing.assert_frame_equal(found.frame(), expected.frame())
    pd.testing.assert_frame_equal(found.items(), expected.items())


def test_rubric_and_judge_are_objects_names_or_paths(here: Path, rubric: Rubric) -> None:
    expected = trueup.score(ROWS, rubric=rubric, judge=JUDGE).items()
    for rubric_ in ("reply", "rubrics/reply.yaml", here / "rubrics" / "reply.yaml", rubric):
        for judge in ("drawn", "judges/drawn.py", here / "judges" / "drawn.py", JUDGE):
            found = trueup.score(ROWS, rubric=rubric_, judge=judge)
            pd.testing.assert_frame_equal(found.items(), expected)


def polite(item: Item, rubric: Rubric) -> Mapping[str, Any]:
    assert rubric.name == "reply"
    return {"step": "Save" in str(item.output), "padded": None}


async def politely(item: Item, rubric: Rubric) -> Mapping[str, Any]:
    await asyncio.sleep(0)
    return polite(item, rubric)


@pytest.mark.parametrize("function", [polite, politely])
def test_a_plain_or_async_function_is_a_judge(rubric: Rubric, function: Any) -> None:
    frame = trueup.score(ROWS, rubric=rubric, judge=function).frame()

    assert set(frame.loc[frame.criterion == "step", "value"]) == {1.0}
    assert set(frame.loc[frame.criterion == "padded", "outcome"]) == {"abstained"}
    assert set(frame.loc[frame.criterion != "answered", "judge"]) == {function.__name__}


def test_code_alone_needs_no_judge_and_a_question_needs_one(here: Path, rubric: Rubric) -> None:
    checks = parse_rubric("name: c\ntask: t\ncriteria:\n  - {id: a, check: {pattern: Save}}\n")

    assert trueup.score(ROWS, rubric=checks).summary()["score"]["estimate"] == 1.0
    with pytest.raises(trueup.JudgeError, match="step, padded"):
        trueup.score(ROWS, rubric=rubric, store="new.db")
    assert not (here / "new.db").exists()


@pytest.mark.parametrize("place", ["t.db", "sqlite:///t.db"])
def test_a_store_that_is_named_is_kept_and_known_again(
    here: Path, rubric: Rubric, place: str
) -> None:
    first = trueup.score(ROWS, rubric=rubric, judge=JUDGE, store=place)
    first.close()
    judge = ScriptedJudge()
    again = trueup.score(ROWS, rubric=rubric, judge=judge, store=place)

    assert (here / "t.db").is_file()
    assert judge.requests == 0
    assert again.summary()["cost"]["reused"] == 36
    again.close()


def test_an_open_store_stays_open_and_memory_is_of_one_run(rubric: Rubric) -> None:
    with Store.open() as store:
        trueup.score(ROWS, rubric=rubric, judge=JUDGE, store=store).close()
        gc.collect()
        assert trueup.score(ROWS, rubric=rubric, judge=JUDGE, store=store).run == 2
    assert trueup.score(ROWS, rubric=rubric, judge=JUDGE).run == 1


def test_frames_have_the_documented_columns_and_types(rubric: Rubric) -> None:
    scores = trueup.score(ROWS, rubric=rubric, judge=ScriptedJudge(faults={"refused": 0.3}))
    frame, items = scores.frame(), scores.items()

    assert list(frame.columns) == FRAME
    assert list(items.columns) == ITEMS
    assert (frame.dtypes["value"], frame.dtypes["replicate"]) == ("float64", "int64")
    assert all(items.dtypes[name] == "float64" for name in ("score", "low", "high"))
    assert len(frame) == 36
    assert len(items) == 12
    refused = frame[frame.outcome == "refused"]
    assert len(refused)
    assert refused.value.isna().all()
    open_ = items[items.outcome == "refused"]
    assert open_.score.isna().all()
    assert (open_.low < open_.high).all()


@pytest.mark.parametrize("limit", [1, 5, 100])
def test_summary_counts_what_the_frames_hold(rubric: Rubric, limit: int) -> None:
    scores = trueup.score(ROWS, rubric=rubric, judge=JUDGE, limit=limit, replicates=2)
    told, items = scores.summary(), scores.items()

    assert told["items"]["n"] == len(items) == min(limit, 12)
    assert told["score"]["estimate"] == pytest.approx(items.score.mean())
    assert told["calibration"] == "uncalibrated"
    assert len(scores.frame()) == 3 * 2 * len(items)


def test_score_works_inside_a_running_loop_and_ascore_is_awaited(rubric: Rubric) -> None:
    async def both() -> tuple[pd.DataFrame, pd.DataFrame]:
        inside = trueup.score(ROWS, rubric=rubric, judge=JUDGE)
        awaited = await trueup.ascore(ROWS, rubric=rubric, judge=JUDGE)
        return inside.frame(), awaited.frame()

    pd.testing.assert_frame_equal(*asyncio.run(both()))


def test_score_and_ascore_take_the_same() -> None:
    assert inspect.signature(trueup.score) == inspect.signature(trueup.ascore)


def test_a_rubric_that_is_no_name_path_or_rubric_is_told_how_to_give_one() -> None:
    with pytest.raises(TypeError, match=r"not as dict: .*parse_rubric"):
        trueup.load_rubric({"name": "r"})  # type: ignore[arg-type] # what is tested


def test_an_error_inside_a_running_loop_is_the_callers(rubric: Rubric) -> None:
    async def wrong() -> object:
        return trueup.score([], rubric=rubric, judge=JUDGE)

    with pytest.raises(trueup.DataError, match="no items"):
        asyncio.run(wrong())


def test_ctrl_c_inside_a_running_loop_ends_the_run(rubric: Rubric, tmp_path: Path) -> None:
    asked = threading.Event()

    async def slow(item: Item, rubric: Rubric) -> Mapping[str, Any]:
        del item, rubric
        asked.set()
        await asyncio.sleep(600)
        return {}

    def press_ctrl_c() -> None:
        asked.wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    async def interrupted() -> None:
        threading.Thread(target=press_ctrl_c).start()
        with pytest.raises(KeyboardInterrupt):
            trueup.score(ROWS, rubric=rubric, judge=slow, store=tmp_path / "t.db")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        loop = (
            asyncio.new_event_loop()
        )  # asyncio.run would take SIGINT for itself; notebooks do not
        loop.run_until_complete(interrupted())
        loop.close()
    finally:
        signal.signal(signal.SIGINT, before)
    assert not [thread for thread in threading.enumerate() if thread.name == "trueup"]
    with Store.open(tmp_path / "t.db") as store:
        assert [run["status"] for run in store.runs()] == ["interrupted"]


def test_several_threads_score_at_once_into_one_store(rubric: Rubric, tmp_path: Path) -> None:
    found: dict[int, pd.DataFrame] = {}

    def score(seed: int) -> None:
        scores = trueup.score(
            ROWS, rubric=rubric, judge=ScriptedJudge(seed=seed), store=tmp_path / "t.db"
        )
        found[seed] = scores.items()
        scores.close()

    threads = [threading.Thread(target=score, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for seed, items in found.items():
        alone = trueup.score(ROWS, rubric=rubric, judge=ScriptedJudge(seed=seed)).items()
        pd.testing.assert_frame_equal(items, alone)
    assert len(found) == 4


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"limit": 0}, ValueError), ({"replicates": 0}, ValueError), ({"concurrency": 0}, ValueError),
     ({"limit": -1}, ValueError), ({"jugde": JUDGE}, TypeError), ({"judge": 3}, trueup.JudgeError),
     ({"judge": ScriptedJudge}, trueup.JudgeError), ({"rubric": "nope"}, trueup.WorkspaceError),
     ({"budget": {"dolars": 1}}, trueup.ConfigError), ({"budget": -1}, trueup.ConfigError),
     ({"field_map": {"ouput": "x"}}, trueup.DataError), ({"timezone": "Mars"}, trueup.DataError),
     ({"store": "rubrics"}, trueup.StoreError)],
    ids=lambda part: str(part)[:40],
)  # fmt: skip
def test_a_wrong_argument_is_told_before_anything_is_written(
    here: Path, rubric: Rubric, wrong: dict[str, Any], error: type[Exception]
) -> None:
    judge = ScriptedJudge()
    options: dict[str, Any] = {"rubric": rubric, "judge": judge, "store": "t.db", **wrong}
    with pytest.raises(error):
        trueup.score(ROWS, **options)

    assert judge.requests == 0
    assert not (here / "t.db").exists()


def every_kind(request: dict[str, Any]) -> Reply:
    """Answer by item and question alone, in each of the ways that endpoints do."""
    text = request["messages"][-1]["content"]
    number = int(re.findall(r"Press Save, (\d+)", text)[-1]) + ("repeat itself" in text)
    given = {"evidence": ["Press Save"], "explanation": f"It is {number}.",
             "answer": ("met", "unmet", "cannot_tell")[number % 3],
             "cannot_tell_reason": "undecidable"}  # fmt: skip
    whole = json.dumps(given)
    return (
        Reply(content=whole),
        Reply(refusal="I would rather not."),
        Reply(content=f"Well: {whole}"),
        Reply(content=whole[:30], finish_reason="length"),
        Reply(content="", finish_reason="content_filter"),
        Reply(content=whole),
        Reply(status=400, content="no such parameter: thought"),
    )[number % 7]


def asking(url: str, transport: str, **said: object) -> LLMJudge:
    body = {"kind": "llm", "model": "openai/tiny", "api_base": url, "transport": transport}
    return LLMJudge(LLMSpec.model_validate({**body, "repairs": 0, **said}), name="tiny")


def test_both_transports_find_the_same_in_the_same_answers(rubric: Rubric) -> None:
    with FaultServer(answer=every_kind) as server:
        direct, litellm = (
            trueup.score(ROWS, rubric=rubric, judge=asking(server.url, transport)).frame()
            for transport in ("direct", "litellm")
        )

    told = {"scored", "abstained", "refused", "unparsable", "truncated", "filtered", "failed"}
    assert set(direct.outcome) == told
    pd.testing.assert_frame_equal(direct, litellm)


@pytest.mark.parametrize("transport", ["direct", "litellm"])
def test_an_endpoint_that_is_not_there_ends_the_run_long_before_the_deadline(
    rubric: Rubric, transport: str
) -> None:
    with FaultServer() as gone:
        url = gone.url

    with pytest.raises(trueup.JudgeUnavailable, match="cannot be reached"):
        trueup.score(ROWS, rubric=rubric, judge=asking(url, transport, deadline=60))
