"""Replay: recorded verdicts, given again."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import JudgeError
from trueup.item.model import Item
from trueup.judge.protocol import Request
from trueup.judge.replay import Replay
from trueup.rubric.model import Criterion, Level, Rubric
from trueup.testing import check_judge

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.judge.verdict import Finding

LEVELS = (Level("unmet", "", 0.0), Level("met", "", 1.0))
SCALE = (Level("1", "", 0.0), Level("2", "", 0.25), Level("3", "", 1.0))
RUBRIC = Rubric(
    name="r",
    task="t",
    criteria=(Criterion("a", "A?", LEVELS), Criterion("s", "S?", SCALE, kind="scale")),
)


def record(folder: Path, *lines: object) -> Path:
    path = folder / "verdicts.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", "utf-8")
    return path


def hear(judge: Replay, item: str = "i", *, replicate: int = 0) -> dict[str, Finding]:
    request = Request(
        id="q",
        rubric=RUBRIC,
        criteria=("a", "s"),
        candidates=(Item(id=item, output="x"),),
        replicate=replicate,
    )

    async def listen() -> dict[str, Finding]:
        return {c: f async for _, v in judge.judge([request]) for c, f in v.findings.items()}

    return asyncio.run(listen())


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"criterion": "a", "value": 0.7}, ("scored", 0.7, "met", "")),
        ({"criterion": "a", "value": 0.7, "level": "unmet"}, ("scored", 0.7, "unmet", "")),
        ({"criterion": "a", "level": "met", "outcome": "scored"}, ("scored", 1.0, "met", "")),
        ({"criterion": "s", "level": "2"}, ("scored", 0.25, "2", "")),
        ({"criterion": "s", "level": 2}, ("scored", 0.25, "2", "")),
        ({"criterion": "a", "value": 2}, ("unparsable", None, None, "value_out_of_range")),
        ({"criterion": "a", "level": "yes"}, ("unparsable", None, None, "unknown_level")),
        ({"criterion": "a", "value": 1, "level": "9"}, ("unparsable", None, None, "unknown_level")),
        ({"criterion": "a", "outcome": "refused", "reason": "r"}, ("refused", None, None, "r")),
        ({"criterion": "a", "outcome": "abstained"}, ("abstained", None, None, "recorded")),
    ],
)
def test_a_line_is_given_again(
    tmp_path: Path, line: dict[str, Any], expected: tuple[str, float | None, str | None, str]
) -> None:
    judge = Replay(record(tmp_path, {"item_id": "i", **line}))
    found = hear(judge)[line["criterion"]]

    assert (found.outcome, found.value, found.level, found.reason) == expected


def test_results_of_a_run_can_be_replayed(tmp_path: Path) -> None:
    row = {
        "item_id": "i", "criterion": "a", "judge": "j", "instrument": "00", "replicate": 0,
        "outcome": "scored", "reason": "", "value": 1.0, "level": "met", "explanation": "quoted",
    }  # fmt: skip
    other = {**row, "criterion": "s", "outcome": "abstained", "reason": "cannot_tell",
             "value": None, "level": None}  # fmt: skip
    found = hear(Replay(record(tmp_path, row, other)))

    assert (found["a"].value, found["a"].explanation) == (1.0, "quoted")
    assert (found["s"].outcome, found["s"].reason) == ("abstained", "cannot_tell")


def test_what_was_not_recorded_is_an_abstention(tmp_path: Path) -> None:
    judge = Replay(
        record(tmp_path, {"id": 7, "criterion": "a", "value": 1, "decided_by": "person"})
    )

    assert hear(judge, "7")["a"].decided_by == "person"
    for finding in (
        hear(judge, "7")["s"],
        hear(judge, "8")["a"],
        hear(judge, "7", replicate=1)["a"],
    ):
        assert (finding.outcome, finding.reason) == ("abstained", "not_recorded")


def test_replicates_are_kept_apart(tmp_path: Path) -> None:
    lines = [{"item_id": "i", "criterion": "a", "replicate": n, "value": n} for n in (0, 1)]
    judge = Replay(record(tmp_path, *lines))

    assert [hear(judge, replicate=n)["a"].value for n in (0, 1)] == [0.0, 1.0]


def test_an_answer_to_another_wording_does_not_count(tmp_path: Path) -> None:
    same = {"item_id": "i", "criterion": "a", "value": 1, "question": RUBRIC.by_id["a"].question}
    other = {"item_id": "i", "criterion": "s", "value": 1, "question": "0123456789abcdef"}
    found = hear(Replay(record(tmp_path, same, other)))

    assert found["a"].value == 1.0
    assert (found["s"].outcome, found["s"].reason) == ("abstained", "question_changed")


def test_the_version_is_the_content(tmp_path: Path) -> None:
    line = {"item_id": "i", "criterion": "a", "value": 1}
    first = Replay(record(tmp_path, line))
    version = first.version
    second = Replay(record(tmp_path, {**line, "value": 0}))

    assert first.version == version != second.version
    assert second.instrument(RUBRIC, "a")["recording"] == second.version


def test_a_replay_answers_by_id_and_keeps_the_contract(tmp_path: Path) -> None:
    judge = Replay(record(tmp_path, {"item_id": "item-1", "criterion": "answers", "value": 1}))

    assert judge.capabilities.by_id
    assert judge.name == "verdicts"
    check_judge(judge)


def test_blank_lines_equal_lines_and_a_mark_at_the_start_do_no_harm(tmp_path: Path) -> None:
    line = json.dumps({"item_id": "i", "criterion": "a", "value": 1})

    assert hear(Replay(record(tmp_path, "\ufeff" + line, "", line)))["a"].value == 1.0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{"], "verdicts.jsonl:1: the line is no JSON"),
        (["[" * 100_000], ":1: the line is no JSON"),
        (["", "[]"], ":2: the line is no JSON object"),
        ([{"criterion": "a", "value": 1}], "lacks `item_id` or `criterion`"),
        ([{"item_id": True, "criterion": "a", "value": 1}], "lacks `item_id`"),
        ([{"item_id": "i", "criterion": "a"}], "has no value, level or outcome"),
        ([{"item_id": "i", "criterion": "a", "outcome": "scored"}], "`scored` without a value"),
        ([{"item_id": "i", "criterion": "a", "outcome": "ok", "value": 1}], "'ok' is not known"),
        ([{"item_id": "i", "criterion": "a", "value": "high"}], "the value 'high' is no number"),
        ([{"item_id": "i", "criterion": "a", "value": True}], "the value 'True' is no number"),
        ([{"item_id": "i", "criterion": "a", "value": 1, "decided_by": "me"}], "'me' is not known"),
        ([{"item_id": "i", "criterion": "a", "value": 1, "replicate": "x"}], "no whole number"),
        (
            [{"item_id": "i", "criterion": "a", "value": n} for n in (0, 1)],
            ":2: item 'i', 'a' stands there twice, and differs",
        ),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, lines: list[object], said: str) -> None:
    judge = Replay(record(tmp_path, *lines))

    with pytest.raises(JudgeError) as refused:
        hear(judge)
    assert said in str(refused.value)


def test_a_number_too_long_to_hold_is_out_of_range(tmp_path: Path) -> None:
    line = f'{{"item_id": "i", "criterion": "a", "value": {"9" * 400}}}'

    assert hear(Replay(record(tmp_path, line)))["a"].reason == "value_out_of_range"


def test_a_missing_recording_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(JudgeError, match="there is no such recording"):
        Replay(tmp_path / "none.jsonl")
