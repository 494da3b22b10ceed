"""Finding a remark's words in the file."""

from __future__ import annotations

from trueup.rubric.lint.rule import Hit
from trueup.rubric.lint.run import locate
from trueup.rubric.model import Place

START = Place("a.yaml", 2, 3)
SOURCE = """\
criteria:
  - id: one
    ask: >-
      Is the reply
      very good?
    met: very good indeed
  - id: two
    ask: very good?
"""


def test_words_are_found_below_a_folded_key() -> None:
    assert locate(SOURCE, START, Hit("ask", "very good"), last_line=6) == Place("a.yaml", 5, 7)


def test_words_that_run_over_a_line_end_are_found_where_they_begin() -> None:
    assert locate(SOURCE, START, Hit("ask", "reply very")) == Place("a.yaml", 4, 14)


def test_words_are_looked_for_below_their_own_key() -> None:
    assert locate(SOURCE, START, Hit("met", "VERY"), last_line=6) == Place("a.yaml", 6, 10)


def test_words_that_are_nowhere_give_the_place_of_their_key() -> None:
    assert locate(SOURCE, START, Hit("met", "absent"), last_line=6) == Place("a.yaml", 6, 5)


def test_a_key_that_is_nowhere_gives_the_start_of_the_criterion() -> None:
    assert locate(SOURCE, START, Hit("when", "x"), last_line=6) == START


def test_a_key_of_the_next_criterion_is_not_taken() -> None:
    source = "criteria:\n  - id: one\n  - id: two\n    ask: very\n"

    assert locate(source, START, Hit("ask", "very"), last_line=2) == START


def test_a_key_in_braces_is_found() -> None:
    source = "criteria:\n  - {id: one, ask: very good}\n"

    assert locate(source, START, Hit("ask", "good")) == Place("a.yaml", 2, 25)
