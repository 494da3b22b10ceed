"""A report as a comment: its marker, its figures, and nothing in it that calls or runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.report.goodhart import material
from trueup.report.goodhart.markdown import markdown, marker

if TYPE_CHECKING:
    from trueup.goodhart.look import Verdict

HOSTILE = "</details><script>x</script> @someone #12 [a](http://127.0.0.1) | `x` ~~y~~\x1b"


@pytest.mark.parametrize("verdict", material.KINDS)
def test_a_comment_begins_with_its_marker_and_the_verdict(verdict: Verdict) -> None:
    report = material.report(verdict)
    lines = markdown(report).splitlines()

    assert lines[0] == marker(report) == "<!-- trueup-goodhart support-assistant -->"
    assert "Support assistant: " in lines[2]
    assert verdict.replace("_", " ") in lines[4]


def test_figures_and_looks_are_tables() -> None:
    text = markdown(material.report())

    assert "| retries per 100 outputs | lower | \u22124.3 (\u22124.7 to \u22123.9) |" in text
    assert text.count("| gaming |") == 6
    assert "`????????!!!!!!`" in text


def test_a_comment_is_shorter_than_what_a_forge_takes() -> None:
    many = ("word " * 200,) * 400

    text = markdown(material.report(explanations=many))
    assert len(text) < 65_536
    assert "The rest is in the HTML report." in text


def test_hostile_text_is_no_markup_and_calls_nobody() -> None:
    text = markdown(material.poisoned(material.report(), HOSTILE))

    assert "<script>" not in text
    assert text.count("</details>") == 1
    assert "@someone" not in text
    assert "](http" not in text
    assert "\x1b" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in rows} == {6}
