"""What the features of a text are, and that no text breaks them."""

from __future__ import annotations

from math import log1p, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.judge.features.surface import FEATURES, VERSION, surface, surface_matrix

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
SHARES = [
    i for i, name in enumerate(FEATURES) if name.endswith(("_share", "_overlap", "_copying"))
] + [FEATURES.index("repeated_bigrams"), FEATURES.index("reference_recall")]


def named(output: str, **texts: str) -> dict[str, float]:
    return dict(zip(FEATURES, surface(output, **texts).tolist(), strict=True))


def test_every_feature_has_the_value_its_name_promises() -> None:
    output = "Paid invoices stay open. Paid invoices cost 40!\n\nIs 7.5 the share?"

    found = named(
        output,
        input="Why are invoices open? We owe 7.5.",
        context="Paid invoices cost forty.",
        reference="Paid invoices cost money",
    )

    expected = {
        "log_words": log1p(13),  # 7.5 reads as two words
        "mean_word_length": (4 + 8 + 4 + 4 + 4 + 8 + 4 + 2 + 2 + 1 + 1 + 3 + 5) / 13,
        "word_variety": 11 / sqrt(13),
        "top_word_share": 2 / 13,
        "repeated_bigrams": 1 / 12,
        "log_sentences": log1p(3),
        "log_lines": log1p(2),
        "log_questions": log1p(1),
        "log_exclamations": log1p(1),
        "punctuation_share": 4 / 54,
        "input_overlap": 2 / 6,  # of paid, invoices, stay, open, cost, share
        "input_copying": 1 / 11,  # 7 5
        "context_overlap": 3 / 6,
        "context_copying": 2 / 11,
        "reference_overlap": 3 / 6,
        "reference_recall": 3 / 4,
        "log_unfound_numbers": log1p(1),  # 40
    }
    assert list(expected) == list(FEATURES)
    assert found == pytest.approx(expected)


def test_an_empty_output_measures_zero_throughout() -> None:
    assert surface("", input="A question?", context="Facts.").tolist() == [0.0] * len(FEATURES)


@settings(deadline=None, max_examples=150)
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_any_text_gives_finite_features_and_true_shares(
    output: str, asked: str, context: str, reference: str
) -> None:
    found = surface(output, input=asked, context=context, reference=reference)

    assert found.shape == (len(FEATURES),)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (found[SHARES] <= 1).all()


@settings(deadline=None, max_examples=50)
@given(ANY_TEXT)
def test_a_text_overlaps_itself_wholly_or_has_nothing_to_overlap(text: str) -> None:
    found = named(text, context=text, reference=text)

    assert found["context_overlap"] in {0.0, 1.0}
    assert found["context_copying"] in {0.0, 1.0}
    assert found["reference_recall"] == found["reference_overlap"] == found["context_overlap"]
    assert found["log_unfound_numbers"] == 0


@pytest.mark.parametrize(
    "sign",
    [".", '."', "a'", "'", "1,", "?! ", "\u6f22", "\u0e01", "\udc80", "\n", "a", "a b ", "\u0301"],
)
def test_a_long_monotonous_text_is_read_in_linear_time(sign: str) -> None:
    """A quadratic pattern would not come back from this within the life of the test run."""
    text = sign * 300_000

    assert np.isfinite(surface(text, input=text[:1000], context=text)).all()


def test_case_changes_no_feature() -> None:
    text = "The refund takes 5 days. It's paid to the card, isn't it?"

    assert surface(text.upper(), context=text).tolist() == surface(text, context=text).tolist()


def test_full_stops_inside_numbers_and_names_end_no_sentence() -> None:
    assert named("Version 3.5 of a.b costs 1.200,50 (incl. tax).")["log_sentences"] == log1p(2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("退款需要五天", 5),  # overlapping pairs of signs
        ("返", 1),
        ("हिन्दी में लिखा", 3),  # vowel signs and viramas belong to their word
        ("환불은 오일 걸립니다", 3),
        ("das Rückgabe-Recht", 3),
        ("don't l\u2019eau", 2),
        ("refund 退款了 now", 4),
    ],
)
def test_words_are_counted_in_many_scripts(text: str, words: int) -> None:
    assert named(text)["log_words"] == pytest.approx(log1p(words))


def test_overlap_is_seen_in_scripts_without_spaces() -> None:
    assert named("退款需要五天", context="所有退款需要五天到账")["context_overlap"] == 1
    assert named("退款需要五天", context="商品已经售罄")["context_overlap"] == 0


def test_numbers_count_as_found_across_separators_and_digits() -> None:
    assert named("It is 1,200.", context="1200 in all")["log_unfound_numbers"] == 0
    assert named("It is 1200.", input="\u0661\u0662\u0660\u0660")["log_unfound_numbers"] == 0
    assert named("It is 1200 or 7.", reference="7")["log_unfound_numbers"] == log1p(1)


def test_a_matrix_holds_one_row_per_item_in_order() -> None:
    rows = [{"output": "Yes."}, {"output": "No way.", "input": "Any way?"}]

    matrix = surface_matrix(rows)

    assert matrix.tolist() == [
        surface("Yes.").tolist(),
        surface("No way.", input="Any way?").tolist(),
    ]
    assert surface_matrix([]).shape == (0, len(FEATURES))


def test_the_version_guards_the_meaning_of_the_features() -> None:
    """A changed value here means that stored heads are void: raise VERSION with it."""
    text = "Refunds take 5 days, refunds take time. Is that all right?"

    found = surface(text, input="How long do refunds take?", context="Refunds take 5 days.")

    assert VERSION == "1"
    assert found.round(6).tolist() == [
        *(2.484907, 4.090909, 2.713602, 0.181818, 0.1, 1.098612, 0.693147, 0.693147, 0.0),
        *(0.0625, 0.333333, 0.111111, 0.5, 0.333333, 0.0, 0.0, 0.0),
    ]
