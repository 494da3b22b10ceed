"""The page stands for itself: nothing remote, nothing active, and everything from outside text."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.report.calibration import material
from trueup.report.calibration.html import page
from trueup.runner.calibration.result import Absent, Calibration

VOID = {"meta", "link", "input", "br", "img"}
HOSTILE = (
    "<script>alert(1)</script></style></title>\"'><img src=http://127.0.0.1/x>{{ 7*7 }}\x1b\u202e"
)


class Page(HTMLParser):
    """Collects elements and the texts in them, and holds that every one is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def count(self, tag: str, class_: str = "") -> int:
        return sum(
            tag == name and (not class_ or class_ in (attrs.get("class") or "").split())
            for name, attrs in self.elements
        )


def read(calibration: Calibration) -> Page:
    return Page(page(calibration))


def test_the_gate_and_its_reasons_come_first() -> None:
    shown = read(material.calibration()).text

    assert shown.startswith("billing-reply, 2026-W47: gate failed")
    assert shown.index("Gate failed") < shown.index("the judge drifted in 2026-W45")
    assert shown.index("the judge drifted in 2026-W45") < shown.index("Criteria")


@pytest.mark.parametrize("gate", ["passed", "inconclusive"])
def test_every_state_of_the_gate_is_shown_in_words(gate: str) -> None:
    shown = read(material.calibration(gate=gate, reasons=())).text

    assert f"Gate {gate}" in shown


def test_every_criterion_has_its_section_and_charts() -> None:
    found = read(material.calibration())

    assert found.count("section", "criterion") == 5
    # four a binary criterion, of which apology lacks two; a scale has no TPR and TNR; one curve
    assert found.count("svg", "chart") == 4 + 4 + 2 + 4 + 3 + 1
    assert found.count("table", "confusion") == 4
    for name, attrs in found.elements:
        if name == "svg":
            assert attrs.get("aria-label") or attrs.get("aria-hidden") == "true"


def test_absent_figures_say_why() -> None:
    shown = read(material.calibration()).text

    assert "6 labels, and 30 are the least" in shown
    assert "No picture of agreement (alpha) or what the judge finds: no label" in shown
    assert "nobody called an item unmet" in shown
    assert "nan" not in shown.lower().split()
    assert "None" not in shown.split()


def test_changes_alarms_and_gaps_are_told_beside_the_charts() -> None:
    shown = read(material.calibration()).text

    assert "alarm in 2026-W46, change since 2026-W45" in shown
    assert "question reworded, from 2026-W44" in shown
    assert "new instrument, from 2026-W42" in shown
    assert "a week without labels" in shown


def test_disagreements_show_what_judge_and_people_said() -> None:
    found = read(material.calibration())

    assert found.count("details", "dis") == 10
    assert found.count("details", "false-pass") == 5
    for words in ("The button does not exist on the free plan.", "gave no explanation",
                  "left no note", "false passes (3)", "people differ (1)",
                  "the free plan has no button", "No step is stated"):  # fmt: skip
        assert words in found.text


def test_a_filter_is_there_only_where_there_is_something_to_choose() -> None:
    found = read(material.calibration())
    values = [attrs["value"] for tag, attrs in found.elements if tag == "input"]

    both = ["all", "false-pass", "false-fail"]
    assert values == [*both, *both, "people-differ"]


def test_evidence_stands_with_its_bounds() -> None:
    shown = read(material.calibration()).text

    assert "+0.16 [+0.08, +0.25]" in shown
    assert "People agree with each other as often as before, to within 6 points." in shown


def test_what_to_label_next_is_told_with_the_command() -> None:
    shown = read(material.calibration()).text

    assert "trueup label asks for these 20 items" in shown
    assert "t-7000 0.0200 2 at random" in shown
    assert "24 more labels of apology" in shown


def test_long_lists_are_cut_and_say_so() -> None:
    one = material.grounded()
    many = tuple(material.disagreement(n, "false pass", "met", "unmet") for n in range(70))
    todo = material.calibration().next * 5
    found = read(material.calibration(criteria=(replace(one, disagreements=many),), next=todo))

    assert found.count("details", "dis") == 50
    assert "20 more are in --json" in found.text
    assert "The first 50 of 100; --json has them all." in found.text


def test_nothing_is_loaded_and_nothing_is_run() -> None:
    text = page(material.calibration())
    found = Page(text)

    assert not {"script", "iframe", "object", "embed", "img", "form", "base"} & {
        tag for tag, _ in found.elements
    }
    for _, attrs in found.elements:
        assert not [name for name in attrs if name.startswith("on") or name in {"src", "style"}]
        link = attrs.get("href") or "#"
        assert link.startswith("#") or link == "data:,"
    assert not re.search(r"url\(|@import|https?:", text)


def test_the_policy_allows_this_style_sheet_and_nothing_else() -> None:
    text = page(material.calibration())
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = next(
        attrs["content"] or "" for tag, attrs in Page(text).elements
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()

    assert len(style) == 1
    assert policy.startswith("default-src 'none';")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_hostile_text_stays_text_wherever_it_stands() -> None:
    plain, hostile = material.calibration(), material.poisoned(material.calibration(), HOSTILE)
    found = read(hostile)

    assert found.count("script") == found.count("img") == 0
    for tag in ("style", "section", "details", "table", "figure", "input", "a"):
        assert found.count(tag) == read(plain).count(tag)
    assert "<script>alert(1)</script></style></title>" in found.text
    assert "{{ 7*7 }}\\u001b\\u202e" in found.text
    assert not re.search("[\x1b\u202e]", page(hostile))


def test_long_texts_are_cut_and_say_how_long_they_are() -> None:
    text = page(material.poisoned(material.calibration(), "W" * 5000))

    assert "W" * 2000 in text
    assert "W" * 2001 not in text
    assert "(5,000 characters)" in text


def test_a_calibration_of_nothing_is_still_a_page() -> None:
    none = material.calibration(criteria=(), next=(), plan="", openings=(), ledger=None,
                                gate="inconclusive", reasons=("No item was scored.",))  # fmt: skip
    sampled = replace(none.sampled, cost=None, outcomes={})
    shown = read(replace(none, sampled=sampled)).text

    assert "No item was scored." in shown
    assert "Nothing is to be labelled." in shown


def test_a_criterion_without_any_week_or_figure_says_so() -> None:
    none = Absent(why="nothing was labelled")
    rates = replace(material.pass_rate(0.5, 0.5), corrected=none, judge=none, labels_only=none)
    bare = replace(material.grounded(), agreement=none, pass_rate=rates, curve=none, surface=none,
                   weeks=(), disagreements=())  # fmt: skip
    shown = read(material.calibration(criteria=(bare,)))

    assert shown.count("svg", "chart") == 0
    assert "there is no week yet" in shown.text
    assert "nothing was labelled" in shown.text


def test_too_many_levels_for_a_table_are_counted() -> None:
    levels = tuple(f"l{n}" for n in range(14))
    wide = material.agreement(levels=levels, confusion=((1,) * 14,) * 14)
    one = replace(material.tone(), kind="choices", agreement=wide)
    found = read(material.calibration(criteria=(one,)))

    assert found.count("table", "confusion") == 0
    assert "14 levels are too many" in found.text


def test_a_split_and_labels_that_there_are_not_are_called_what_they_are() -> None:
    labels = replace(material.calibration().labels, split="dev")
    shown = read(material.calibration(labels=labels)).text
    none = replace(labels, n=0, annotators=(), split=None)

    assert "labelled items of the dev split." in shown
    assert "people without a name" not in read(material.calibration(labels=none)).text
    assert "labels no labels" in read(material.calibration(labels=none)).text
