"""What reports look like: complete, in words, and within the width of the terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from trueup.item.doctor import diagnose
from trueup.report import doctor, item, plan, runs, scores
from trueup.report.console import PlainConsole, indented
from trueup.runner.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

FIGURE = {"estimate": 0.5, "low": 0.25, "high": 0.75, "n": 8, "n_groups": 8, "method": "wilson"}
NONE = {"estimate": None, "low": None, "high": None, "n": 0, "n_groups": 0, "method": None}
CRITERION = {"id": "step", "gate": False, "weight": 1.0, "mean": FIGURE, "reasons": {},
             "outcomes": {"scored": 8}}  # fmt: skip
SUMMARY: dict[str, Any] = {
    "run": 3, "status": "done", "rubric": {"name": "reply", "version": "2"}, "judge": "mini",
    "occasion": "", "store": "t.db", "items": {"n": 8, "outcomes": {"scored": 8}},
    "score": {**FIGURE, "low_bound": 0.5, "high_bound": 0.5}, "criteria": [CRITERION],
    "calibration": "uncalibrated", "cost": None,
}  # fmt: skip
COST = {"calls": 1, "input_tokens": 1200, "output_tokens": 30, "cached_tokens": 0, "dollars": None,
        "seconds": 2.34, "reused": 0}  # fmt: skip


def text_of(parts: Iterable[RenderableType], *, width: int = 80) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, markup=False, soft_wrap=True)
    for part in parts:
        console.print(part)
    return file.getvalue()


def test_a_summary_names_its_rubric_judge_interval_and_that_it_is_uncalibrated() -> None:
    shown = text_of(scores.render(SUMMARY))

    assert shown.startswith("reply (version 2), judge mini, 8 items, uncalibrated\n")
    assert "step       0.50   0.25 to 0.75       8" in shown
    assert shown.endswith("run 3 in t.db\n")
    assert "whatever the missing values are" not in shown


def test_gates_penalties_and_weights_are_marked() -> None:
    marked = [
        {**CRITERION, "id": "a", "gate": True},
        {**CRITERION, "id": "b", "weight": -2.5},
        {**CRITERION, "id": "c", "weight": 3.0},
        {**CRITERION, "id": "d", "weight": 0.0},
    ]
    shown = text_of(scores.render({**SUMMARY, "criteria": marked}))

    for words in ("a  gate ", "b  penalty -2.5 ", "c  weight 3 ", "\nd  "):
        assert words in shown


def test_missing_values_are_told_by_outcome_and_reason_and_as_bounds() -> None:
    part = {**CRITERION, "mean": NONE, "outcomes": {"failed": 3, "not_attempted": 5},
            "reasons": {"not_attempted: not_reached": 5, "failed: timed_out": 2,
                        "failed: rejected": 1}}  # fmt: skip
    shown = text_of(scores.render({
        **SUMMARY, "criteria": [part], "items": {"n": 8, "outcomes": {"failed": 8}},
        "score": {**NONE, "low_bound": 0.0, "high_bound": 1.0},
    }))  # fmt: skip

    assert "3 failed, 5 not attempted" in shown
    assert "step: not attempted (not_reached 5), failed (timed_out 2, rejected 1)" in shown
    assert "No item got a score." in shown
    assert "between 0.00 and 1.00" in shown


@pytest.mark.parametrize("status", ["budget", "interrupted", "failed", "running"])
def test_a_run_that_did_not_end_says_how_to_go_on(status: str) -> None:
    assert "Run again" in text_of(scores.render({**SUMMARY, "status": status}))


@pytest.mark.parametrize(
    ("status", "over"), [("budget", "Over all 9 the"), ("interrupted", "Over the 9 that were")]
)
def test_the_headline_of_a_run_that_ended_early_says_that_its_means_are_of_the_first(
    status: str, over: str
) -> None:
    summary = {**SUMMARY, "status": status, "items": {"n": 9, "outcomes": {"scored": 8}},
               "score": {**FIGURE, "low_bound": 0.44, "high_bound": 0.56}}  # fmt: skip
    shown = text_of(scores.render(summary), width=400)
    heading, told, *rest = shown.splitlines()

    assert heading.endswith(", 9 items, means of what came first, uncalibrated")
    assert "8 of 9 items have a score: those settled first, no sample of all." in told
    assert over in told
    assert "the mean is between 0.44 and 0.56" in told
    assert "the mean is between" not in "".join(rest)


def test_a_stop_after_which_nothing_is_open_leaves_the_means_as_they_are() -> None:
    shown = text_of(scores.render({**SUMMARY, "status": "budget"}))

    assert "what came first" not in shown
    assert "Stopped: the budget is used up. Run again" in shown


@pytest.mark.parametrize(
    ("cost", "line"),
    [(None, "run 3 in t.db"),
     (COST, "1 call, 1,200 tokens in, 30 out, 2.3 s; run 3 in t.db"),
     ({**COST, "calls": 0, "reused": 1}, "2.3 s, 1 finding known before; run 3 in t.db"),
     ({**COST, "calls": 9, "cached_tokens": 900, "dollars": 1.5, "seconds": 4000},
      "9 calls, 1,200 tokens in (75% cached), 30 out, $1.5000, 1 h 6 min; run 3 in t.db"),
     ({**COST, "input_tokens": 0, "cached_tokens": 5},
      "1 call, 0 tokens in, 30 out, 2.3 s; run 3 in t.db"),
     ({**COST, "cached_tokens": 9000},
      "1 call, 1,200 tokens in (100% cached), 30 out, 2.3 s; run 3 in t.db")],
)  # fmt: skip
def test_what_a_run_cost_is_one_line(cost: dict[str, Any] | None, line: str) -> None:
    assert scores.cost_line({**SUMMARY, "cost": cost}) == line


def test_a_plan_with_nothing_to_ask_is_short_and_one_without_a_price_says_so() -> None:
    nothing = Plan(items=2, criteria=1, known=2, by_code=0, to_judge=0, calls=0, known_calls=0,
                   input_tokens=0, cacheable_tokens=0, output_tokens=0, dollars=0.0,
                   dollars_uncached=0.0, priced="nothing to ask")  # fmt: skip
    costly = Plan(items=2, criteria=1, known=0, by_code=0, to_judge=2, calls=2, known_calls=1,
                  input_tokens=1000, cacheable_tokens=500, output_tokens=200, dollars=None,
                  dollars_uncached=None, priced="unknown for openai/x")  # fmt: skip

    assert "tokens" not in text_of(plan.render(nothing))
    assert "Nothing was asked." in text_of(plan.render(nothing))
    shown = text_of(plan.render(costly))
    assert "The price is unknown for openai/x" in shown
    assert "50%" in shown


def test_runs_are_listed_with_an_occasion_where_any_has_one() -> None:
    row: dict[str, Any] = {
        "id": 1, "started_at": "2026-11-23T02:37:12+00:00", "status": "done", "judge": "j",
        "rubric": '{"name": "reply"}', "source": "i.jsonl", "n_items": 1200, "occasion": "",
    }  # fmt: skip
    everyday = text_of(runs.render(runs.rows([row])))
    sitting = text_of(runs.render(runs.rows([row, {**row, "id": 2, "occasion": "w47"}])))

    assert "2026-11-23 02:37" in everyday
    assert "1,200" in everyday
    assert "occasion" not in everyday
    assert sitting.index("w47") < sitting.index("1    2026")
    assert "no run yet" in text_of(runs.render([]))


def test_an_items_finding_shows_the_value_that_was_scored_beside_its_level() -> None:
    finding = {"criterion": "step", "replicate": 0, "outcome": "scored", "reason": "answered",
               "decided_by": "judge", "value": 0.359, "level": "unmet", "explanation": "",
               "evidence": []}  # fmt: skip
    check = {**finding, "criterion": "bare", "value": 1.0, "level": None}
    found = {"item_id": "i1", "run": 1, "outcome": "scored", "text": None,
             "findings": [finding, check],
             "score": {"value": 0.4, "low": 0.4, "high": 0.4}}  # fmt: skip
    shown = text_of(item.render(found))

    assert "criterion  outcome  level  value" in shown
    assert "step       scored   unmet   0.36" in shown
    assert "bare       scored           1.00" in shown


def test_an_items_finding_shows_reason_explanation_and_quotations() -> None:
    finding = {"criterion": "step", "replicate": 0, "outcome": "abstained", "reason": "undecidable",
               "decided_by": "judge", "value": None, "level": None, "explanation": "Both hold.",
               "evidence": ["Press Save", "a", "b", "c"]}  # fmt: skip
    found = {"item_id": "i1", "run": 1, "outcome": "abstained", "text": None, "findings": [finding],
             "score": {"value": None, "low": 0.2, "high": 0.8}}  # fmt: skip
    shown = text_of(item.render(found))

    assert "undecidable: Both hold." in shown
    assert "\u201cPress Save\u201d" in shown
    assert "\u201cc\u201d" not in shown
    assert "score between 0.200 and 0.800" in shown
    assert "its text was forgotten" in shown
    assert "replicate" not in shown


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_a_file_allows_fits_the_terminal(width: int) -> None:
    found = diagnose([{"id": "a", "output": "x", "group": "g", "stars": 3}])
    shown = text_of(doctor.render(found), width=width)

    assert max(map(len, shown.splitlines())) <= width
    assert "1 row" in shown
    assert "1 rows" not in shown


def test_prose_is_wrapped_between_words_and_indented() -> None:
    shown = text_of([indented("word " * 30, by=4)], width=40)

    assert all(line.startswith("    word") for line in shown.splitlines())
    assert "wor\n" not in shown


def test_the_console_lets_no_control_character_through(capsys: pytest.CaptureFixture[str]) -> None:
    PlainConsole().print("[red]\x1b[2Jx\r")

    assert capsys.readouterr().out == "[red]\\u001b[2Jx\n"
