"""Flips: answers of one person to two wordings of a question."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.runner.labelling.material import RUBRIC, SOUND, START, TONE, Desk, task
from trueup.label.model import Label
from trueup.runner.labelling.flips import Flip, Reworded, flips, flips_in
from trueup.runner.labelling.own import earlier
from trueup.runner.labelling.task import Step

OLD = "0123456789abcdef"


def old(item_id: str, value: str | float | None, **others: object) -> Label:
    fields = {"annotator": "ana", "labelled_at": START, "question": OLD, **others}
    return Label(item_id=item_id, criterion="sound", value=value, **fields)  # type: ignore[arg-type]  # what a test says


def new(item_id: str, value: str | float | None, **others: object) -> Label:
    at = START + timedelta(days=7)
    return replace(old(item_id, value, labelled_at=at, question=SOUND.question), **others)  # type: ignore[arg-type]  # what a test says


def test_answers_that_changed_are_named_among_those_given_twice() -> None:
    labels = [old("i1", "met"), old("i2", "met"), old("i3", "met"), new("i1", "unmet")]
    labels += [new("i2", "yes"), new("i4", "unmet")]

    assert flips(labels, RUBRIC.criteria) == [
        Reworded(
            criterion="sound",
            n=2,
            flips=(Flip(item_id="i1", annotator="ana", before="met", now="unmet"),),
        )
    ]


def test_people_are_compared_with_themselves_alone() -> None:
    labels = [old("i1", "met"), new("i1", "unmet", annotator="ben")]
    nameless = [replace(label, annotator=None) for label in (old("i2", "met"), new("i2", "unmet"))]

    assert flips([*labels, *nameless], RUBRIC.criteria) == []


def test_deferred_and_withdrawn_answers_are_no_answers() -> None:
    later = new("i2", None, labelled_at=START + timedelta(days=8))
    labels = [old("i1", "met"), new("i1", "defer"), old("i2", "met"), new("i2", "met"), later]

    assert flips(labels, RUBRIC.criteria) == []


def test_a_wording_that_comes_back_finds_its_answers_and_no_flips() -> None:
    between = START + timedelta(days=9)
    labels = [new("i1", "met"), old("i1", "unmet", labelled_at=between)]
    labels += [new("i2", "met"), new("i2", None), old("i2", "unmet", labelled_at=between)]

    assert flips(labels, RUBRIC.criteria) == []
    assert list(earlier(labels, RUBRIC.criteria)) == [Step("i2", "sound")]


def test_that_a_question_no_longer_applies_is_a_flip() -> None:
    [found] = flips([old("i1", "met"), new("i1", "not_applicable")], RUBRIC.criteria)

    assert found.flips[0].now == "not applicable"


def test_a_session_counts_what_it_has_asked_again_and_got_answered() -> None:
    before = {"sound": old("i1", "met"), "tone": replace(old("i1", 2.0), criterion="tone")}
    desk = Desk((task("i1", before=before), task("i2", before={"sound": old("i2", "met")})))
    desk.press("2", "2")

    assert [(one.criterion, one.n, len(one.flips)) for one in flips_in(desk.session)] == [
        ("sound", 1, 1),
        (TONE.id, 1, 0),
    ]
