"""What a wrong rubric file is told: every mistake, its place, and how to mend it."""

from __future__ import annotations

import pickle

import pytest

from trueup.errors import RubricError
from trueup.rubric.load import RubricProblems, parse_rubric

HEAD = "name: r\ntask: Replies.\n"


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(RubricProblems) as caught:
        parse_rubric(text, name="r.yaml")
    return caught.value.problems


def entry(inside: str) -> tuple[str, ...]:
    """Return what is wrong with one criterion, given as the inside of a flow mapping."""
    return problems(f"{HEAD}criteria:\n- {{id: earns, ask: Does it?}}\n- {{id: a, {inside}}}\n")


def test_all_mistakes_of_a_file_come_at_once_in_the_order_of_the_file() -> None:
    text = (
        "nme: r\n"
        "task:\n"
        "pass_bar: 80\n"
        "criteria:\n"
        "  - id: tone\n"
        "    ask: How?\n"
        "    wieght: 2\n"
        "    if_empty: mett\n"
        "  - id: tone\n"
        "    ask: Why?\n"
        "    weight: heavy\n"
        "    weight: 1\n"
    )

    assert "\n".join(problems(text)).splitlines() == [
        "r.yaml:1:1: 'name' is missing. Add `name: ...`",
        "r.yaml:1:1: 'nme' is an unknown key. Did you mean 'name'?",
        "r.yaml:2:1: 'task' is empty. Write its text, or delete the key",
        "r.yaml:3:11: 'pass_bar' lies between 0 and 1, not '80'. Write a number such as 0.5",
        "r.yaml:7:5: 'wieght' of criterion 'tone' is an unknown key. Did you mean 'weight'?",
        (
            "r.yaml:8:15: 'if_empty' of criterion 'tone' is 'mett', which is no level. "
            "Did you mean 'met'?"
        ),
        (
            "r.yaml:9:9: 'id' of criterion 'tone' is taken by the criterion in line 5. "
            "Give each criterion its own id"
        ),
        (
            "r.yaml:11:13: 'weight' of criterion 'tone' is a number, not 'heavy'. "
            "Write a number such as 1 or 0.5"
        ),
        "r.yaml:12:5: the key 'weight' stands twice, first in line 11. Delete one of the two",
    ]


def test_the_error_is_one_sentence_a_line_and_can_be_pickled() -> None:
    with pytest.raises(RubricError) as caught:
        parse_rubric("name: r\ntask: t\npass_bar: 2\ncriteria: []\n", name="r.yaml")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - made here

    assert isinstance(again, RubricProblems)
    assert str(again).split("\n") == list(again.problems)
    assert len(again.problems) == 2
    assert again.where == "r.yaml:3:11"


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("met: x", "'ask' of criterion 'a' is missing. Add `ask: ...`"),
        ("ask: ''", "'ask' of criterion 'a' is empty"),
        ("ask: [Does it?]", "'ask' of criterion 'a' is a single text or number, not a list"),
        ("ask: Q?, weight: '3'", "is a number, not the text '3'. Write 3 without quotes"),
        ("ask: Q?, weight: .inf", "'weight' of criterion 'a' is a number, not '.inf'"),
        ("ask: Q?, weight: 1e400", "is a finite number, not '1e400'. Write a smaller number"),
        ("ask: Q?, weight: 2000000", "is at most 1000000 either way, not '2000000'. Scale it down"),
        ("ask: Q?, weight: 0", "is 0, so the criterion decides nothing"),
        ("ask: Q?, implicit: yes", "is true or false, not 'yes'. Write true or false"),
        ("ask: Q?, needs: context", "is a list such as [context], not 'context'"),
        ("ask: Q?, needs: [contxt]", "'needs[1]' of criterion 'a' names 'contxt', which no item"),
        ("ask: Q?, needs: [contxt]", "Did you mean 'context'?"),
        ("ask: Q?, needs: [output]", "names 'output', which every judge is shown. Leave it out"),
        ("ask: Q?, needs: [metadata.]", "names no metadata key. Write metadata.KEY"),
        ("ask: Q?, needs: [metadta.plan]", "Did you mean 'metadata.KEY'?"),
        ("ask: Q?, examples: {output: x}", "is a list, not a mapping. Begin each example with"),
        ("ask: Q?, examples: [{output: x}]", "'examples[1].answer' of criterion 'a' is missing"),
        ("ask: Q?, examples: [{output: x, answer: yes}]", "is 'yes', which is no level. Known"),
        ("ask: Q?, examples: [{output: x, answr: met}]", "Did you mean 'answer'?"),
    ],
)
def test_a_wrong_key_is_named_with_its_criterion(inside: str, expected: str) -> None:
    assert expected in "\n".join(entry(inside))


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("scale: [bad, good]", "is a mapping from level to text, worst first, not a list"),
        ("scale: {1: bad}", "'scale' of criterion 'a' has 1 of 2 entries. Add what is missing"),
        ("scale: {1: 0, 2: 1}", "'scale.1' of criterion 'a' has the number 0 for a text"),
        ("scale: {1: {text: x, value: 2}, 2: y}", "'scale.1.value' of criterion 'a' lies between"),
        ("scale: {1: {value: 0.1}, 2: y}", "'scale.2' of criterion 'a' has no value, and other"),
        ("scale: {1: {txt: x}, 2: y}", "Did you mean 'text'?"),
        ("scale: {' ': x, 2: y}", "'scale. ' of criterion 'a' is no level key"),
        ("scale: {cannot_tell: x, 2: y}", "is what a judge answers where it cannot decide"),
        ("scale: {1: x, 1: y, 2: z}", "the key '1' stands twice"),
        ("choices: {a: 1, b: fine}", "'choices.b' of criterion 'a' has no value but 'fine'"),
        ("choices: {a: 1, b: 1.5}", "'choices.b' of criterion 'a' lies between 0 and 1"),
        ("choices: {a: 1, b: {text: x}}", "'choices.b.value' of criterion 'a' is missing"),
        ("choices: {a: 1, b: 0}, scale: {1: x, 2: y}", "stands beside 'scale'"),
        ("choices: {a: 1, b: 0}, met: x", "belongs to a yes-or-no question"),
        ("scale: {1: x, 2: y}, check: {json: true}", "a criterion has at most one of the two"),
        ("check: {json: true}, when: It was asked for.", "is for what a judge decides"),
    ],
)
def test_levels_that_make_no_sense_are_refused(inside: str, expected: str) -> None:
    assert expected in "\n".join(entry(f"ask: Q?, {inside}"))


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("scale: {1: x, 2: y}, gate: true", "Write `gate: {min: LEVEL}` with one of 1, 2"),
        ("choices: {a: 0, b: 1}, gate: true", "Write `gate: {min: LEVEL}` with one of a, b"),
        ("scale: {1: x, 2: y}, gate: {min: 3}", "'gate.min' of criterion 'a' is '3', which is no"),
        ("scale: {1: x, 2: y}, gate: {min: 1}", "is '1', and every level passes that"),
        ("gate: {mn: met}", "Did you mean 'min'?"),
        ("gate: maybe", "'gate' of criterion 'a' is true or false, not 'maybe'"),
        ("gate: [met]", "'gate' of criterion 'a' is true or {min: LEVEL}"),
        ("gate: true, weight: -1", "Ask for what must hold, with a positive weight"),
    ],
)
def test_a_gate_that_cannot_work_is_refused(inside: str, expected: str) -> None:
    assert expected in "\n".join(entry(f"ask: Q?, {inside}"))


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("{}", "'check' of criterion 'a' has no test. Add one of pattern, absent"),
        ("{where: context}", "has no test"),
        (
            "{patern: x}",
            "'check.patern' of criterion 'a' is an unknown key. Did you mean 'pattern'?",
        ),
        ("{pattern: '('}", "'check.pattern' of criterion 'a' is no regular expression: missing )"),
        ("{where: contxt, json: true}", "is 'contxt', which is not known. Did you mean 'context'?"),
        ("{where: metadata, json: true}", "names no metadata key. Write metadata.KEY"),
        ("{contains: []}", "is an empty list"),
        ("{contains: ['']}", "'check.contains[1]' of criterion 'a' is empty"),
        ("{json: false}", "is true or left out. Delete the key"),
        ("{max_words: many}", "is a whole number from 0 on, not 'many'"),
        ("{max_words: -1}", "is a whole number from 0 on, not '-1'"),
        ("{min_words: 3, max_words: 2}", "has min_words 3 above max_words 2"),
        ("{count: {unit: word, max: 2}}", "is 'word', which is not known. Did you mean 'words'?"),
        ("{count: {unit: words}}", "'check.count' of criterion 'a' has no bound"),
        ("{count: {unit: words, max: 1, exactly: 1}}", "`exactly` beside `min` or `max`"),
        ("{count: {unit: words, min: 2, max: 1}}", "has min 2 above max 1"),
        ("{count: 3}", "is a mapping such as {unit: bullets, max: 5}, not '3'"),
        ("{equals: {fild: reference}}", "Did you mean 'field'?"),
        ("{grounded: dates}", "is 'dates', which is not known"),
        ("{grounded: []}", "is an empty list"),
        ("max_words", "is a mapping such as {max_words: 120}, not 'max_words'"),
    ],
)
def test_a_check_that_cannot_run_is_refused(check: str, expected: str) -> None:
    assert expected in "\n".join(entry(f"check: {check}"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("criteria: []\n", "'criteria' has 0 of 1 entries. Add what is missing"),
        (
            "criteria:\n",
            "'criteria' is a list, not nothing. Begin each criterion with `- id: NAME`",
        ),
        ("criteria: [a]\n", "criterion 1 is a mapping of keys, not 'a'"),
        ("criteria: [{ask: Q?}]\n", "'id' of criterion 1 is missing. Add `id: ...`"),
        ("criteria: [{id: a b, ask: Q?}]\n", "'id' of criterion 'a b' is a short name"),
        ("criteria: [{id: true, ask: Q?}]\n", "is a short name, not 'true'"),
        ("criteria: [{id: a, ask: Q?, weight: -1}]\n", "'criteria' has no positive weight"),
        ("missing: bond\ncriteria: [{id: a, ask: Q?}]\n", "Did you mean 'bound'?"),
        ("language: English!\ncriteria: [{id: a, ask: Q?}]\n", "'language' is a code such as en"),
        ("criteria: [{id: a, ask: Q?}, {id: a, ask: R?}]\n", "taken by the criterion in line 3"),
    ],
)
def test_a_rubric_that_cannot_score_is_refused(text: str, expected: str) -> None:
    assert expected in "\n".join(problems(HEAD + text))


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# trueup: ignore[vague]", "r.yaml:1:10: ignore[vague] has no reason"),
        ("# trueup: ignore", "the comment '# trueup: ignore' is not understood"),
        (
            "# trueup: ingore[vague] fine",
            "is not understood. Write `# trueup: ignore[rule] reason`",
        ),
        ("# trueup: ignore[] fine", "'' is no name of a lint rule"),
        ("# trueup: ignore[a, B!] fine", "'B!' is no name of a lint rule"),
    ],
)
def test_an_ignore_comment_must_say_what_and_why(comment: str, expected: str) -> None:
    text = f"name: r  {comment}\ntask: t\ncriteria: [{{id: a, ask: Q?}}]\n"

    assert expected in problems(text)[0]


def test_malformed_entries_are_not_counted_as_missing() -> None:
    assert len(entry("ask: Q?, scale: {1: 0, 2: 1}")) == 2
    assert len(problems(HEAD + "criteria: [a]\n")) == 1


def test_what_a_terminal_would_obey_is_escaped() -> None:
    told = entry('ask: Q?, "\\e[31m": 1, scale: {"\\e[32m": x, 2: y}')
    told += entry('ask: Q?, scale: {"\\e[32m": x, 2: y}, if_empty: "\\e[33m", gate: true')

    assert len(told) == 5
    assert all(problem.isprintable() for problem in told)


def test_a_long_value_is_shown_short() -> None:
    (problem,) = entry(f"ask: Q?, weight: {'x' * 500}")

    assert len(problem) < 200
