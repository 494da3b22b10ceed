"""A comment on a pull request: the same facts, and judged text that does nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.report.calibration import material
from trueup.report.calibration.markdown import comment, marker
from trueup.report.page.escape import block, inline, slug
from trueup.report.safe import visible

ALLOWED = {"h3", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "strong", "code",
           "details", "summary", "pre"}  # fmt: skip
HOSTILE = [
    "<script>alert(1)</script>", "</pre></details><img src=x onerror=alert(1)>", "`code` ``",
    "[x](javascript:alert(1))", "![x](http://127.0.0.1/x.png)", "<!-- -->", "-->", "| a | b |\n|-|",
    "# head", "- list", "1. list", "> quote", "***bold***", "~~~\nfence\n~~~", "\\| \\\\|",
    "/close\n/merge", "&lt;b&gt; &amp;", "http://127.0.0.1:9/ www.example.com <http://127.0.0.1>",
    "@someone @team/name #12 !34 :tada: $x$", "\n\n    indented\n\n---\n\n===", "{{ x }} {% y %}",
]  # fmt: skip


class Tags(HTMLParser):
    """Collects the tags and the text of rendered Markdown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [one for one in attrs if one[0] != "style"]

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(text: str) -> Tags:
    return Tags(MarkdownIt("commonmark").enable("table").enable("strikethrough").render(text))


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ")]


def test_a_marker_that_a_job_can_find_comes_first() -> None:
    first = comment(material.calibration()).splitlines()[0]

    assert first == marker(material.calibration())
    assert first == "<!-- trueup-calibration billing-reply sim-judge -->"


def test_the_table_has_a_row_a_criterion_with_intervals() -> None:
    shown = rows(comment(material.calibration()))

    assert len(shown) == 1 + 5
    assert shown[2].split(" | ")[1:4] == ["74% [69, 79]", "87%", "93% [90, 96]"]
    assert "**judge drifted since W45**" in shown[2]


def test_gate_alarms_absences_and_what_is_next_are_told() -> None:
    shown = rendered(comment(material.calibration())).text

    assert "Calibration of billing-reply: gate failed" in shown
    assert "What moved" in shown
    assert "apology: no TPR, TNR, alpha or corrected rate" in shown
    assert "Label next: 20 items with trueup label." in shown


def test_disagreements_are_collapsed_and_only_the_first_are_shown() -> None:
    text = comment(material.calibration())

    assert text.count("<details>") == text.count("</details>") == 4
    assert "next-step: 3 of 5 disagreements" in rendered(text).text
    assert text.count("<pre>") == 2 + 3 + 1 + 2


@pytest.mark.parametrize("hostile", HOSTILE)
def test_judged_text_stays_text(hostile: str) -> None:
    text = comment(material.poisoned(material.calibration(), hostile))
    found = rendered(text)

    assert found.tags <= ALLOWED
    assert found.attributes == []
    assert {row.count("|") for row in rows(text)} == {10}
    assert not re.search(r"@\w|#\d|!\d|:\w+:|://|www\.", found.text)
    assert not re.search(r"^/\w", text, re.MULTILINE)
    words = re.sub(r"\s+", "", hostile)
    assert words in re.sub(r"\s+", "", found.text.replace("\u200b", ""))


@given(st.text(st.characters(), max_size=80))
def test_any_text_is_read_back_from_a_sentence_and_from_a_block(text: str) -> None:
    sentence = rendered(f"- {inline(text)}")
    preformatted = rendered(f"x\n\n{block(text)}\n\ny")

    assert sentence.tags <= {"ul", "li"}
    assert preformatted.tags == {"p", "pre"}
    assert sentence.text.replace("\u200b", "").strip() == visible(" ".join(text.split())).strip()
    shown = preformatted.text.replace("\u200b", "")
    assert visible(text).strip() in shown


@pytest.mark.parametrize("word", ["W" * 5000, "<&" * 2500, "word " * 1000])
def test_a_comment_is_short_enough_for_github(word: str) -> None:
    many = material.many(200)
    long = replace(many, criteria=material.poisoned(many.criteria, word))
    text = comment(long)

    assert len(text) < 65_536
    assert text.endswith("The rest is in the HTML report.\n")
    assert rendered(text).tags <= ALLOWED


def test_a_name_for_a_comment_has_no_character_that_ends_one() -> None:
    assert slug("Billing -->\n<b> reply") == "billing-b-reply"
    assert slug("\u05e9") == "unnamed"
