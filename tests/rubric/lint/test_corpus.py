"""The linter against criteria that it must flag and criteria that it must leave alone."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.rubric.lint import RULES, LintFinding, lint
from trueup.rubric.lint.words import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.rubric.lint.conftest import Build

FALSE_ALARMS = {
    ("code-can-decide", "warn"): 1,
    ("compound", "warn"): 1,
    ("judge-talk", "warn"): 1,
    ("length", "warn"): 1,
    ("needs-evidence", "warn"): 1,
}
"""What the rules say of the good criteria today, for the last block of the corpus: a change that
moves a figure has to change it here."""

MISSED: set[str] = set()
"""Bad criteria that their rule does not find today."""


def remarks(build: Build, entry: Mapping[str, Any]) -> list[LintFinding]:
    good = "rule" not in entry
    rubric = build({"generic": good, **entry})
    previous = build(entry["previous"]) if "previous" in entry else None
    found = lint(rubric, previous=previous)
    return [remark for remark in found if remark.criterion != "other-customer"]


def test_the_corpus_is_large_enough_on_both_sides(corpus: Mapping[str, Any]) -> None:
    assert len(corpus["good"]) >= 60
    assert len(corpus["bad"]) >= 60


def test_every_good_criterion_holds_the_trap_that_it_names(corpus: Mapping[str, Any]) -> None:
    for entry in corpus["good"]:
        rest = " ".join(str(value) for key, value in entry.items() if key != "trap")

        assert entry["trap"] in rest


def test_every_bad_criterion_is_found_by_its_rule(build: Build, corpus: Mapping[str, Any]) -> None:
    missed = {
        entry["ask"]
        for entry in corpus["bad"]
        if not any(
            remark.rule == entry["rule"]
            and remark.severity == entry.get("severity", remark.severity)
            for remark in remarks(build, entry)
        )
    }

    assert missed == MISSED


def test_every_rule_has_bad_criteria(corpus: Mapping[str, Any]) -> None:
    about_its_own_run = {"language", "ignore"}

    assert {entry["rule"] for entry in corpus["bad"]} | about_its_own_run == {r.id for r in RULES}


def test_good_criteria_get_less_than_one_warning_in_three(
    build: Build, corpus: Mapping[str, Any]
) -> None:
    loud = sum(
        remark.severity != "info" for entry in corpus["good"] for remark in remarks(build, entry)
    )

    assert loud < len(corpus["good"]) / 3


def test_false_alarms_are_the_known_ones(build: Build, corpus: Mapping[str, Any]) -> None:
    counts = Counter(
        (remark.rule, remark.severity)
        for entry in corpus["good"]
        for remark in remarks(build, entry)
    )

    assert dict(counts) == FALSE_ALARMS


def test_every_remark_says_why_and_how_to_mend_it(build: Build, corpus: Mapping[str, Any]) -> None:
    for entry in (*corpus["good"], *corpus["bad"]):
        for remark in remarks(build, entry):
            assert remark.why.endswith(".")
            assert remark.mend.endswith((".", "?"))


def test_a_remark_has_a_severity_that_its_rule_declares(
    build: Build, corpus: Mapping[str, Any]
) -> None:
    declared = {rule.id: rule.severities for rule in RULES}
    for entry in corpus["bad"]:
        for remark in remarks(build, entry):
            assert remark.severity in declared[remark.rule]


def test_every_word_list_is_used() -> None:
    folder = Path(str(files("trueup.rubric.lint")))
    code = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
    lists = (folder / "lists" / "en.yaml").read_text(encoding="utf-8")
    names = re.findall(r"^(\w+):", lists, re.MULTILINE)

    assert names
    assert [name for name in names if not re.search(rf"[\"']{name}[\"']", code)] == []


def test_every_word_is_text() -> None:
    lists = load("en").lists
    words = [w for group in lists.values() for w in group]

    assert [word for word in words if not isinstance(word, str)] == []
