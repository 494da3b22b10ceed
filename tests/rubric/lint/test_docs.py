"""The reference page of the linter says what the registry says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.rubric.lint import RULES
from trueup.rubric.lint.thresholds import ASK_WORDS, MOST_JUDGED, PENALTIES_SHARE, PENALTY_SHARE

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "lint.md").read_text(encoding="utf-8")


def test_the_table_holds_every_rule_as_the_registry_describes_it() -> None:
    expected = [
        f"| `{rule.id}` | {rule.severities} | {rule.detects} | {rule.mend} "
        f"| {'English' if rule.words else 'every'} |"
        for rule in RULES
    ]
    section = PAGE.split("## The rules")[1].split("\n## ")[0]

    assert [line for line in section.splitlines() if line.startswith("| `")] == expected


def test_the_corpus_is_as_large_as_the_page_says(corpus: Mapping[str, Any]) -> None:
    said = re.search(r"corpus of (\d+) good criteria.*? and (\d+) flawed ones", PAGE)

    assert said is not None
    assert [int(said[1]), int(said[2])] == [len(corpus["good"]), len(corpus["bad"])]


def test_descriptions_name_the_numbers_that_the_rules_compare_with() -> None:
    described = {rule.id: f"{rule.severities} {rule.detects}" for rule in RULES}

    assert f"{ASK_WORDS} words" in described["wording-size"]
    assert f"more than {MOST_JUDGED} judged" in described["wording-size"]
    assert f"{PENALTIES_SHARE:.0%}".replace("%", " %") in described["penalty-toothless"]
    assert f"{PENALTY_SHARE:.0%}".replace("%", " %") in described["penalty-toothless"]
