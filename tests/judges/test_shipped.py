"""The judges that ship: each loads, keeps the contract, and says what it should."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.load import load_judge
from trueup.judge.panel import Panel
from trueup.judge.protocol import Judge, Request
from trueup.registry import find
from trueup.rubric.model import Criterion, Level, Rubric
from trueup.testing import check_judge

if TYPE_CHECKING:
    from trueup.judge.verdict import Finding

JUDGES = Path(__file__).resolve().parents[2] / "judges"
FILES = sorted(path for path in JUDGES.iterdir() if path.suffix in {".yaml", ".py"})
LEVELS = (Level("unmet", "", 0.0), Level("met", "", 1.0))
IDS = ("not-cut-off", "no-placeholder", "no-machine-marks", "repeats")
RUBRIC = Rubric(name="form", task="t", criteria=tuple(Criterion(i, f"{i}?", LEVELS) for i in IDS))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_shipped_judge_keeps_the_contract(path: Path) -> None:
    judge = load_judge(path, find=find)

    assert judge.name == path.stem
    check_judge(judge)
    check_judge(judge, rubric=RUBRIC)


def test_no_shipped_file_holds_a_key_and_hosted_models_name_its_variable() -> None:
    mini = load_judge(JUDGES / "gpt-mini.yaml")
    local = load_judge(JUDGES / "local.yaml")

    assert isinstance(mini, LLMJudge)
    assert isinstance(local, LLMJudge)
    assert mini.spec.api_key_env == "OPENAI_API_KEY"
    assert local.spec.api_key_env is None
    assert local.spec.api_base == "http://127.0.0.1:8000/v1"


def test_two_of_three_needs_two_votes_of_three_makers() -> None:
    panel = load_judge(JUDGES / "two-of-three.yaml", find=find)

    assert isinstance(panel, Panel)
    assert (panel.aggregate, panel.quorum) == ("majority", 2)
    makers = {m.spec.model.split("/")[0] for m in panel.members if isinstance(m, LLMJudge)}
    assert len(makers) == len(panel.members) == 3


@pytest.fixture(scope="module")
def rules() -> Judge:
    return load_judge(JUDGES / "surface-rules.py")


def ask(judge: Judge, criterion: str, output: str) -> Finding:
    item = Item(id="i", output=output)
    request = Request(id="q", rubric=RUBRIC, criteria=(criterion,), candidates=(item,))

    async def listen() -> Finding:
        _, verdict = await anext(judge.judge([request]))
        return verdict.findings[criterion]

    return asyncio.run(listen())


@pytest.mark.parametrize(
    ("criterion", "output", "level"),
    [
        ("not-cut-off", "It leaves on Friday.", "met"),
        ("not-cut-off", 'She said "on Friday!"\n', "met"),
        ("not-cut-off", "\u660e\u5929\u5230\u3002", "met"),
        ("not-cut-off", "We offer three sizes, small,", "unmet"),
        ("not-cut-off", "It weighs (", "unmet"),
        ("not-cut-off", "the deliv-", "unmet"),
        ("not-cut-off", "Run this:\n```\nls\n", "unmet"),
        ("not-cut-off", "Run this:\n```\nls\n```", "met"),
        ("not-cut-off", "- red\n- blue", None),
        ("not-cut-off", "42", None),
        ("no-placeholder", "Dear Ms Example, thank you.", "met"),
        ("no-placeholder", "Dear [Name], thank you.", "unmet"),
        ("no-placeholder", "Dear [customer name],", "unmet"),
        ("no-placeholder", "Dear {{first_name}},", "unmet"),
        ("no-placeholder", "TODO: ask the depot", "unmet"),
        ("no-placeholder", "Lorem ipsum dolor", "unmet"),
        ("no-placeholder", "<insert date>", "unmet"),
        ("no-placeholder", "See [company page](https://example.com) and [1].", "met"),
        ("no-machine-marks", "a < b and c > d [inst]ead", "met"),
        ("no-machine-marks", "<think>hm</think> Yes.", "unmet"),
        ("no-machine-marks", "Yes.<|im_end|>", "unmet"),
        ("no-machine-marks", "[INST] hello", "unmet"),
        ("repeats", "We will call you back today. We will call you  back today.", "met"),
        ("repeats", "Yes. Yes. Yes.", None),
        ("repeats", "We will call you back today. Tomorrow we will not call.", None),
    ],
)
def test_a_surface_rule_decides_what_it_is_sure_of(
    rules: Judge, criterion: str, output: str, level: str | None
) -> None:
    found = ask(rules, criterion, output)

    assert found.level == level
    assert found.outcome == ("scored" if level else "abstained")
    assert found.decided_by == "rule"


def test_a_surface_rule_says_what_it_saw(rules: Judge) -> None:
    assert "[Name]" in ask(rules, "no-placeholder", "Dear [Name],").explanation
    assert ask(rules, "not-cut-off", "red,").explanation == "it breaks off after 'red,'"
    told = ask(
        rules, "repeats", "It comes to you on Friday. It comes to you on Friday!"
    ).explanation
    assert told == "2 times: it comes to you on friday"


def test_surface_rules_take_any_text_in_reasonable_time(rules: Judge) -> None:
    for text in ("[" * 200_000, "<|" * 100_000, "." * 200_000, "{{" * 100_000, "```" * 60_001):
        for criterion in IDS:
            assert ask(rules, criterion, text).outcome in {"scored", "abstained"}
