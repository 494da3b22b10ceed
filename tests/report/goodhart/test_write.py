"""The ending says how a report is written; JUnit has the verdict and each alarm as a case."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from tests.report.goodhart import material
from trueup.errors import ConfigError
from trueup.report.goodhart.junit import junit
from trueup.report.goodhart.model import GoodhartReport
from trueup.report.goodhart.write import WRITERS, write_report

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.goodhart.look import Verdict

STARTS = {".html": "<!doctype html>", ".md": "<!-- trueup-goodhart", ".json": "{",
          ".xml": "<?xml"}  # fmt: skip


@pytest.mark.parametrize("ending", WRITERS)
def test_each_ending_has_its_form(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"report{ending}"
    write_report(material.report(), path)

    assert path.read_text("utf-8").startswith(STARTS[ending])
    assert list(tmp_path.iterdir()) == [path]


def test_another_ending_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.html, \.md, \.json, \.xml"):
        write_report(material.report(), tmp_path / "report.pdf")


@pytest.mark.parametrize("ending", WRITERS)
def test_broken_characters_break_no_file(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    write_report(material.poisoned(material.report(), "a\ud800b\ufffe"), path)

    assert "ud800b" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("verdict", "state"),
    [("gaming", "failure"), ("inconclusive", "skipped"), ("unidentified", "skipped"),
     ("improvement", None), ("judge_flat", None)],
)  # fmt: skip
def test_the_verdict_is_a_case_that_fails_is_skipped_or_passes(
    verdict: Verdict, state: str | None
) -> None:
    root = ET.fromstring(junit(material.report(verdict)))  # noqa: S314 - our own
    (case,) = [one for one in root.iter("testcase") if one.attrib["name"] == "verdict"]

    assert [one.tag for one in case] == ([state] if state else [])
    assert all(one.attrib["message"] for one in case)


def test_an_open_alarm_fails_and_an_accepted_one_passes() -> None:
    root = ET.fromstring(junit(material.report()))  # noqa: S314 - our own
    cases = {one.attrib["name"]: [child.tag for child in one] for one in root.iter("testcase")}
    (suite,) = root.iter("testsuite")

    assert cases == {"verdict": ["failure"], "alarm a-7f3c": ["failure"], "alarm a-11d0": []}
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("3", "2")


def test_a_report_without_a_look_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least one look"):
        GoodhartReport(product="x", looks=(), spec=material.spec())
