"""Whether what a text claims occurs in its sources."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.strategies  # noqa: F401 - its hypothesis profile
from trueup.rubric.grounded import KINDS, ungrounded

SAME_NUMBERS = [
    ("$1,200.50", "1200.5"),
    ("1.200,50 €", "1200.5"),
    ("1 200,5", "$1,200.50"),
    ("1\u202f200", "1200"),
    ("1'200", "1,200"),
    ("1,200", "1.200"),
    ("3.0", "3"),
    ("007", "7"),
    ("1,234,567.80", "1234567.8"),
    ("1.234.567", "1,234,567"),
    ("14%", "14 percent"),
    ("\u0663", "3"),
    ("5th", "5"),
    ("12 300", "12 and 300"),
    ("12.05.2024", "on 12.05.2024"),
    ("v1.2.3", "1.2.3"),
    ("2024-05-01", "2024-05-01"),
]
OTHER_NUMBERS = [
    ("1200", "12000"),
    ("1.5", "15"),
    ("0,200", "200"),
    ("12.05.2024", "12.06.2024"),
    ("1,200.50", "1200.05"),
    ("30", "3"),
]


@pytest.mark.parametrize(("claim", "source"), SAME_NUMBERS)
def test_numbers_are_the_same_however_they_are_written(claim: str, source: str) -> None:
    assert ungrounded("numbers", f"It is {claim}!", [source]) == []


@pytest.mark.parametrize(("claim", "source"), OTHER_NUMBERS)
def test_other_numbers_are_not_grounded(claim: str, source: str) -> None:
    assert ungrounded("numbers", f"It is {claim}!", [source]) == [claim]


def test_list_marks_are_no_claims() -> None:
    assert ungrounded("numbers", "1. Pay 20.\n2. Wait.\n 3) Go.", ["20"]) == []
    assert ungrounded("numbers", "Pay 20.\n4.5 euros", ["20"]) == ["4.5"]


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("See https://WWW.Example.org/a/.", "example: http://example.org/a"),
        ("([here](https://example.org/a?b=1))", "https://example.org/a?b=1, or"),
        ("www.example.org", "<https://example.org>"),
    ],
)
def test_urls_are_the_same_whatever_surrounds_them(claim: str, source: str) -> None:
    assert ungrounded("urls", claim, [source]) == []


def test_a_longer_or_other_url_is_not_grounded() -> None:
    source = ["https://example.org/a"]

    assert ungrounded("urls", "https://example.org/ab", source) == ["https://example.org/ab"]
    assert ungrounded("urls", "https://example.com/a", source) == ["https://example.com/a"]


def test_emails_are_the_same_whatever_their_case() -> None:
    source = ["help@example.org"]

    assert ungrounded("emails", "Write to Help@Example.org.", source) == []
    assert ungrounded("emails", "shelp@example.org", source) == ["shelp@example.org"]


@pytest.mark.parametrize(
    "quote",
    [
        '"must be  PAID,"',
        "\u201cmust be paid\u201d",
        "\u201emust be paid\u201c",
        "\u00abmust be paid\u00bb",
        '"it [...] paid within\n14 days."',
        '"the customer\u2019s bill"',
    ],
)
def test_quotations_may_be_cut_and_their_marks_differ(quote: str) -> None:
    source = "The customer's bill: it must be paid\nwithin 14 days."

    assert ungrounded("quotes", f"It says {quote} there.", [source]) == []


def test_quotations_that_no_source_holds_are_told_in_order() -> None:
    text = 'It says "must be paid", "at once" and "in cash", for a 5" or 6" pipe.'

    assert ungrounded("quotes", text, ["It must be paid.", ""]) == ["at once", "in cash"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_without_claims_is_grounded(kind: str) -> None:
    assert ungrounded(kind, "Nothing to see, it's fine.", ["context"]) == []


@given(st.text(max_size=80), st.text(max_size=20), st.sampled_from(KINDS))
def test_a_text_is_grounded_in_itself(text: str, before: str, kind: str) -> None:
    assert ungrounded(kind, text, [before, text]) == []


@given(st.integers(0, 10**9), st.integers(0, 99))
def test_any_amount_is_found_in_any_style(whole: int, cents: int) -> None:
    plain = f"{whole}.{cents:02d}"
    grouped = f"{whole:,}"
    styles = [
        f"{grouped}.{cents:02d}",
        f"{grouped.replace(',', '.')},{cents:02d}",
        f"{grouped.replace(',', ' ')},{cents:02d}",
        f"${grouped}.{cents:02d}0",
    ]

    assert [style for style in styles if ungrounded("numbers", style, [plain])] == []
    assert [style for style in styles if ungrounded("numbers", plain, [style])] == []
