"""The page stands for itself: the verdict first, nothing remote, everything from outside text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.report.calibration.test_html import Page
from tests.report.goodhart import material
from trueup.goodhart.look import Change
from trueup.report.goodhart.html import html
from trueup.report.page.html import style_hash

if TYPE_CHECKING:
    from trueup.goodhart.look import Verdict
    from trueup.report.goodhart.model import GoodhartReport

HOSTILE = (
    "<script>alert(1)</script></style></title>\"'><img src=http://127.0.0.1/x>{{ 7*7 }}\x1b\u202e"
)
HEADLINES = {
    "gaming": "Judge scores rose, and users are no better off.",
    "improvement": "Judge scores rose, and users gained with them.",
    "inconclusive": "Judge scores rose; whether users gained is not decided yet.",
    "judge_flat": "No rise of judge scores is shown.",
    "unidentified": "These data cannot tell whether users gained.",
}


def read(report: GoodhartReport) -> Page:
    return Page(html(report))


@pytest.mark.parametrize("verdict", material.KINDS)
def test_the_first_thing_after_the_title_is_the_verdict_in_words(verdict: Verdict) -> None:
    shown = read(material.report(verdict)).text

    assert shown.startswith(f"Support assistant: {HEADLINES[verdict]}")
    assert shown.index(HEADLINES[verdict], 40) < shown.index("The verdict, look by look")
    assert not re.search(r"\b(nan|None|inf)\b", shown)


def test_harm_and_a_small_gain_have_headlines_of_their_own() -> None:
    harm = material.look("gaming", backfire=True)
    less = material.look("gaming", phi=0.28, phi_low=0.16, phi_high=0.42)

    assert "users are worse off" in read(material.report(looks=(harm,))).text
    assert "rose far more than users gained" in read(material.report(looks=(less,))).text


def test_the_figures_for_a_manager_stand_below_the_headline() -> None:
    shown = read(material.report()).text

    assert "judge +0.22 +0.20 to +0.23 from 3.36" in shown
    assert "users +0.02 \u22120.01 to +0.05 of the +0.22 that was due" in shown
    assert "what users got of it 8% \u22125% to 21%" in shown
    assert "holds to 1.9 x" in shown


def test_what_is_missing_is_said_beside_an_open_verdict() -> None:
    shown = read(material.report("inconclusive")).text

    assert shown.index("Missing: more weeks of retries.") < shown.index("look by look")


def test_signals_are_told_in_their_own_unit_with_what_was_due() -> None:
    shown = read(material.report()).text

    assert "per 100 outputs, lower is better \u22124.3 \u22124.7 to \u22123.9" in shown
    assert "\u22120.5 \u22121.2 to +0.1" in shown
    assert "thumbs are given for 3% of outputs" in shown


def test_open_alarms_come_with_their_command_and_accepted_ones_with_the_reason() -> None:
    shown = read(material.report()).text

    assert "Alarm a-7f3c of 2026-05-25 is open. To accept it: trueup goodhart --ack a-7f3c" in shown
    assert "accepted by the on-call person on 2026-01-05: a holiday week." in shown


def test_every_look_is_in_the_strip_and_in_the_table() -> None:
    found = read(material.report(picture=None))

    assert found.count("svg", "cell") == 14 + 2  # the legend has those that occur
    for label in ("2026-03-30", "2026-06-29"):
        assert found.text.count(label) >= 2
    titles = [text for text in found.texts if text.startswith("2026-06-29: gaming")]
    assert titles == ["2026-06-29: gaming; users got 8% (\u22125% to 21%) of what was due"]


def test_verdicts_stand_once_in_the_picture_where_it_has_room_for_them() -> None:
    found = read(material.report())
    many = tuple(material.START + at * material.WEEK for at in range(60))
    narrow = material.picture(
        judge=material.line([0.0] * 60, 0.1), expected=material.line([0.0] * 60, 0.1),
        users=material.line([0.0] * 60, 0.1), labels=tuple(map(str, many)), starts=many,
        signals=(),
    )  # fmt: skip

    assert found.count("g", "cell") == 2 * 14  # in the wide form and in the narrow one
    assert found.count("svg", "cell") == 2
    assert found.text.count("The verdict, look by look") == 1
    assert read(material.report(picture=narrow)).count("svg", "cell") == 14 + 2


@pytest.mark.parametrize(
    ("verdict", "lead"), [("unidentified", "Nothing can be said"), ("inconclusive", "Missing")]
)
def test_what_an_open_verdict_lacks_is_said_once(verdict: Verdict, lead: str) -> None:
    missing = ("no thumbs arrived in the reference", "the judge gave one score")
    look = material.look(verdict, missing=missing,
                         message=f"Rest of it. {lead}: {'; '.join(missing)}.")  # fmt: skip
    shown = read(material.report(looks=(look,))).text

    assert shown.lower().count(missing[0]) == shown.lower().count(missing[1]) == 1
    assert "Rest of it." in shown


def test_a_page_with_nothing_found_has_no_card_for_it() -> None:
    look = material.look("unidentified", missing=("no signals",),
                         message="Nothing can be said: no signals.")  # fmt: skip
    shown = read(material.report(looks=(look,), picture=None)).text

    assert "What was found" not in shown
    assert shown.lower().count("no signals.") == 1


@pytest.mark.parametrize("told", ["The alarm of 2026-05-25", "Alarm a-7f3c of 2026-05-25"])
def test_an_alarm_that_stands_is_not_said_as_if_the_latest_look_had_raised_it(told: str) -> None:
    stands = material.look("gaming", alarm=8, message=f"{told} is open. Not decided.")
    own = material.look("gaming", alarm=8)

    assert "An earlier alarm of gaming stands" in read(material.report(looks=(stands,))).text
    assert "no better off" in read(material.report(looks=(own,))).text


def test_an_open_alarm_stands_in_the_verdict_and_not_again_below() -> None:
    assert read(material.report()).text.count("Alarm a-7f3c") == 1


def test_a_judge_that_is_flat_owes_users_nothing() -> None:
    shown = read(material.report("judge_flat")).text

    assert "due" not in shown[: shown.index("What the judge saw")]


@pytest.mark.parametrize("verdict", ["inconclusive", "judge_flat", "unidentified"])
def test_only_a_finding_holds_to_something(verdict: Verdict) -> None:
    look = material.look(verdict, holds_to=9.7)
    shown = read(material.report(looks=(look,))).text

    assert "9.7 x" not in shown


def test_the_figures_beside_the_lines_are_said_to_be_what_they_are() -> None:
    weekly = read(material.report()).text
    labels = tuple(f"v{at}" for at in range(material.WEEKS))
    releases = material.picture(kind="releases", labels=labels, starts=(None,) * material.WEEKS,
                                reference=0, since=None, alarm=None, waiting=0)  # fmt: skip

    assert "The figures at the right are means from 30 Mar on." in weekly
    told = read(material.report(picture=releases)).text
    assert "those of v25, where the lines end; those above come from all versions" in told


def test_a_stream_less_users_held_back_says_so() -> None:
    shown = read(material.report(picture=material.picture(beside="holdback"))).text

    assert "since the reference, less what users held back on the old version did" in shown
    assert "from 3.36 above the users held back" in shown
    assert "per 100 outputs, less users held back, lower is better" in shown
    assert "held back" not in read(material.report()).text


def test_a_picture_without_users_says_so() -> None:
    nobody = material.picture(users=material.line([None] * material.WEEKS, 0.1), after=None)

    assert "no line of users" in read(material.report(picture=nobody)).text
    assert "no line of users" not in read(material.report()).text


def test_lines_are_told_apart_without_colour_and_every_rule_names_an_element() -> None:
    style = html(material.report()).split("<style>")[1].split("</style>")[0]
    own = style.rpartition(".c-judge .line {")[2]

    assert own.startswith(" stroke-dasharray: 7 3; } .c-people .line { stroke-dasharray: none; }")
    known = {"svg", "text", "line", "rect", "path", "circle"}
    assert set(re.findall(r"svg (\w+)", style)) <= known


def test_every_drawing_has_words_or_is_decoration() -> None:
    for name, attrs in read(material.report()).elements:
        if name == "svg":
            assert attrs.get("aria-label") or attrs.get("aria-hidden") == "true"


def test_explanations_are_marked_as_not_deciding() -> None:
    shown = read(material.report()).text

    assert "Length explains 83% of the judge's rise. Explanations help" in shown
    assert "the verdict does not rest on them" in shown


def test_simulated_records_are_called_so_and_others_are_not() -> None:
    assert "Simulated records" in read(material.report()).text
    assert "Simulated" not in read(material.report(simulated=False)).text


def test_a_report_of_nothing_is_still_a_page() -> None:
    bare = material.look("unidentified", label="", start=None, end=None, missing=(), notes=(),
                         message="", detail={})  # fmt: skip
    none = material.report(looks=(bare,), picture=None, explanations=(), alarms=(), instrument="",
                           generated_at=None)  # fmt: skip
    found = read(none)

    assert found.count("svg", "chart") == 0
    assert "cannot tell" in found.text


def test_figures_that_are_no_numbers_are_dashes() -> None:
    nan = float("nan")
    odd = material.look(
        "gaming", phi=nan, phi_low=nan, rise=Change(value=nan, low=nan, high=nan, before=nan),
        signals=(material.signal(expected=nan, change=None),), holds_to=nan,
    )  # fmt: skip
    text = html(material.report(looks=(odd,)))

    assert not re.search(r"\bnan\b", text)
    assert "judge \u2013" in Page(text).text


def test_nothing_is_loaded_and_nothing_is_run() -> None:
    text = html(material.report())
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
    text = html(material.report())
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = next(
        attrs["content"] or "" for _, attrs in Page(text).elements
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip

    assert len(styles) == 1
    assert policy.startswith("default-src 'none';")
    assert f"style-src 'sha256-{style_hash(styles[0])}'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("verdict", material.KINDS)
def test_hostile_text_stays_text_wherever_it_stands(verdict: Verdict) -> None:
    plain = material.report(verdict)
    hostile = html(material.poisoned(plain, HOSTILE))
    found = Page(hostile)

    assert found.count("script") == found.count("img") == 0
    for tag in ("style", "section", "details", "table", "figure", "a"):
        assert found.count(tag) == read(plain).count(tag)
    assert "{{ 7*7 }}\\u001b\\u202e" in found.text
    assert not re.search("[\x1b\u202e]", hostile)


def test_the_gap_between_judge_and_users_is_drawn_where_it_was_gamed() -> None:
    assert 'class="gap"' in html(material.report())
    assert 'class="gap"' not in html(material.report("improvement"))


def test_a_backfire_is_named_beside_the_verdict() -> None:
    harm = replace(material.look("gaming"), backfire=True)

    assert "Verdict: gaming, backfire" in read(material.report(looks=(harm,))).text
