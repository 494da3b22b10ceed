"""What is counted as one word, sentence, bullet and the like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.strategies  # noqa: F401 - its hypothesis profile
from trueup.rubric.count import UNITS

CASES = [
    ("words", "", 0),
    ("words", "  one\n two-three  don't ", 3),
    ("words", "- * # | --- ... 3.5 €9 (four)", 3),
    ("words", "退款需要三天", 6),
    ("words", "退款 in 3日", 5),
    ("words", "état naïve Straße", 3),
    ("sentences", "", 0),
    ("sentences", "One. Two! Three? Four", 4),
    ("sentences", "It costs 3.50 at example.org today.", 1),
    ("sentences", "Dear Ms. Smith, see e.g. No. 5, by J. Doe. Bye.", 2),
    ("sentences", "So do I. Yes.", 2),
    ("sentences", "The answer is no. See p. 4 of it.", 2),
    ("sentences", 'He said "no." She left...', 2),
    ("sentences", "# Title\n\n- one\n- two. three\n\nA line\nthat wraps.", 5),
    ("sentences", "1. First.\n2. Second.", 2),
    ("sentences", "```\na. b. c.\n```\nOne.", 1),
    ("sentences", "退款需要三天。好吗\uff1f", 2),
    ("sentences", "?! ... !", 0),
    ("paragraphs", "One\nline.\n\n\nTwo.\n\n---\n", 2),
    ("paragraphs", "# Title\nText.\n\n## Next\n\nMore.", 2),
    ("paragraphs", "```\na\n\nb\n```", 1),
    ("bullets", "- a\n* b\n+ c\n\u2022 d\n1. e\n2) f", 6),
    ("bullets", "  - nested\n-no blank\n---\n* * *\n**bold** text", 1),
    ("bullets", "```\n- code\n```\n~~~\n- more\n~~~\n- a", 1),
    ("bullets", "2024. A year", 0),
    ("characters", "  h\u00e9 llo \n", 6),
    ("lines", "a\n\n b\n   \nc", 3),
    ("headings", "# A\n## B\n#no\n####### seven\nText #1", 2),
    ("headings", "Title\n=====\n\nSub\n---\n\n---\n- item\n---", 2),
    ("headings", "```sh\n# comment\n```\n# A", 1),
    ("headings", "````\n```\n# code\n````\n# A", 1),
    ("links", "[a](b.html) ![i](c.png 'title') https://x.org/a?b=c www.y.org", 4),
    ("links", "[x](https://x.org) and <https://y.org>.", 2),
    ("links", "[no] (link), awww.no", 0),
    ("emoji", "\U0001f600\U0001f600", 2),
    (
        "emoji",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea",
        3,
    ),
    ("emoji", "\u2764\ufe0f \u2764 \u2714 1\ufe0f\u20e3", 4),
    ("emoji", "1 2 # * \u00a9 \u00ae \u2122 \u2192 - text :)", 0),
    ("questions", "Why? Really?! See x.org/?a=b. 好吗\uff1f", 3),
    ("questions", "```\na ? b\n```", 0),
    ("questions", '"Why?" **How?**', 2),
    ("exclamations", "Wow!! No?! a != b", 2),
]


@pytest.mark.parametrize(("unit", "text", "expected"), CASES)
def test_it_counts_what_a_reader_would(unit: str, text: str, expected: int) -> None:
    assert UNITS[unit](text) == expected


def test_every_unit_has_a_case() -> None:
    assert {unit for unit, _, _ in CASES} == set(UNITS)


@given(st.text(max_size=60), st.sampled_from(sorted(UNITS)))
def test_counting_never_fails_and_white_space_around_does_not_count(text: str, unit: str) -> None:
    count = UNITS[unit](text)

    assert count >= 0
    assert UNITS[unit](f"\n\n{text}\n\n") == count


@given(st.lists(st.from_regex(r"[A-Za-z]{2,8}", fullmatch=True), min_size=1, max_size=20))
def test_words_between_blanks_are_all_counted(words: list[str]) -> None:
    assert UNITS["words"](" ".join(words)) == len(words)


@given(
    st.lists(st.from_regex(r"[A-Z][a-z]{6,9}( [a-z]{6,9}){1,3}[.!?]", fullmatch=True), min_size=1)
)
def test_plain_sentences_are_all_counted(sentences: list[str]) -> None:
    assert UNITS["sentences"](" ".join(sentences)) == len(sentences)
