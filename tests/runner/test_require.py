"""What a run needs is asked for before anything is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trueup.api import load_judge, score
from trueup.errors import CredentialsError
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.rubric.load import parse_rubric
from trueup.runner.require import require_keys

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.item.model import Item
    from trueup.rubric.model import Rubric

PANEL = """\
kind: panel
members:
  - {kind: llm, model: openai/one, api_base: "http://127.0.0.1:9/v1"}
  - kind: llm
    model: openai/two
    api_key_env: KEY_THAT_IS_NOT_SET
"""


def test_a_missing_key_of_a_panels_member_is_told_with_its_line(
    tmp_path: Path, rubric: Rubric
) -> None:
    file = tmp_path / "both.yaml"
    file.write_text(PANEL, "utf-8")

    with pytest.raises(CredentialsError, match=r"both\.yaml:6: .*KEY_THAT_IS_NOT_SET"):
        require_keys(rubric, load_judge(file))


def test_a_missing_key_of_a_judge_that_is_from_no_file_is_told_with_its_name(
    tmp_path: Path, rubric: Rubric, items: list[Item]
) -> None:
    spec = LLMSpec(kind="llm", model="openai/m", api_key_env="KEY_THAT_IS_NOT_SET")
    store = tmp_path / "made" / "trueup.db"

    with pytest.raises(CredentialsError, match=r"strict: .*KEY_THAT_IS_NOT_SET"):
        score(items, rubric=rubric, judge=LLMJudge(spec, name="strict"), store=store)

    assert not store.parent.exists()


def test_a_key_is_needed_only_where_one_is_named_and_something_is_asked(
    rubric: Rubric, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = parse_rubric("name: n\ntask: t\ncriteria: [{id: a, check: {not_empty: true}}]\n")
    local = LLMJudge(LLMSpec(kind="llm", model="openai/m"), name="local")
    keyed = LLMJudge(LLMSpec(kind="llm", model="openai/m", api_key_env="SOME_KEY"), name="keyed")
    monkeypatch.delenv("SOME_KEY", raising=False)

    require_keys(rubric, local)
    require_keys(checks, keyed)
    monkeypatch.setenv("SOME_KEY", "there")
    require_keys(rubric, keyed)

    monkeypatch.delenv("SOME_KEY")
    with pytest.raises(CredentialsError):
        require_keys(rubric, keyed)
