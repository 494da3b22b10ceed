"""What `diff` says of every kind of change, against what a run over one store then does.

Each case is scored before and after with one store, by an LLM judge that asks a server on this
machine. Measured are the questions that the server heard again, the instruments that changed, the
labels' question hashes and the scores; the difference has to claim just that.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.rubric.diff import diff
from trueup.rubric.load import parse_rubric
from trueup.runner.score import ScoringRun
from trueup.store.store import Store
from trueup.testing import FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.model import Rubric
    from trueup.runner.result import Scores

OLD = """\
name: billing
task: The assistant answers a question about a bill.
criteria:
  - id: short
    check: {max_words: 40}
  - id: fee
    ask: Does the reply state the fee?
    met: A number of euros.
    unmet: No number.
    needs: [context]
  - id: tone
    ask: How formal is the reply?
    scale: {low: no greeting at all, mid: greeting by first name, high: greeting by title}
  - id: outcome
    ask: What became of the request?
    choices:
      done: {text: It is carried out., value: 1}
      open: {text: It is passed on., value: 0.5}
      none: {text: Nothing is said of it., value: 0}
  - id: polite
    check: {contains: please}
"""
JUDGED = frozenset({"fee", "tone", "outcome"})
NOTHING: frozenset[str] = frozenset()
ITEMS = [
    Item(id="a", input="One?", output="It is 4 euros, please.", context="Fee: 4 euros."),
    Item(id="b", input="Two?", output="It is nothing.", context="Fee: 4.", metadata={"plan": "m"}),
    Item(id="c", input="Three?", output="Ask again."),
    Item(id="d", input="Four?", output="", context="Fee: 5 euros."),
]
SHORT = OLD[OLD.index("  - id: short") : OLD.index("  - id: fee")]
FEE = OLD[OLD.index("  - id: fee") : OLD.index("  - id: tone")]
TONE = OLD[OLD.index("  - id: tone") : OLD.index("  - id: outcome")]
SCALE = (
    "    scale: {low: no greeting at all, mid: greeting by first name, high: greeting by title}\n"
)
DONE = "      done: {text: It is carried out., value: 1}\n"
DATE = "  - id: date\n    ask: Is a date named?\n"
LINK = "  - id: link\n    check: {absent: http}\n"
EXAMPLE = "examples: [{output: It is 4 euros., answer: met}]"


def valued(texts: dict[str, tuple[str, float]]) -> str:
    """Return the scale with a value for each level."""
    levels = ", ".join(f"{k}: {{text: {t}, value: {v}}}" for k, (t, v) in texts.items())
    return f"    scale: {{{levels}}}\n"


LOW, MID, HIGH = "no greeting at all", "greeting by first name", "greeting by title"
EVEN = {"low": (LOW, 0), "mid": (MID, 0.5), "high": (HIGH, 1)}
UNORDERED = valued({**EVEN, "mid": (MID, 0.4)}).replace("scale", "choices")


@dataclass(frozen=True)
class Case:
    """One kind of change, with what it is to lead to."""

    name: str
    swaps: tuple[tuple[str, str], ...]
    asked: frozenset[str] = NOTHING
    """What is asked again with a call for each criterion."""
    together: bool = False
    """Whether all is asked again with one call an item."""
    instruments: frozenset[str] = NOTHING
    """Whose verdicts end with a call for each criterion."""
    labels: frozenset[str] = NOTHING
    scores: bool = False
    first: frozenset[str] = NOTHING
    """What is asked for the first time of items that code held back."""


def subject(name: str) -> frozenset[str]:
    """Return the id before the colon."""
    return frozenset({name.partition(":")[0]})


def one(name: str, *swaps: tuple[str, str], labels: bool = True) -> Case:
    """Return a case in which another question is put under one id."""
    it = subject(name)
    return Case(
        name, swaps, asked=it, together=True, instruments=it, labels=it if labels else NOTHING
    )


def free(name: str, *swaps: tuple[str, str], scores: bool = False) -> Case:
    """Return a case that ends nothing."""
    return Case(name, swaps, scores=scores)


def anew(name: str, *swaps: tuple[str, str], **expected: Any) -> Case:
    """Return a case in which an instrument changes and no prompt."""
    return Case(name, swaps, instruments=subject(name), **expected)


def everywhere(name: str, *swaps: tuple[str, str], also: frozenset[str] = NOTHING) -> Case:
    """Return a case in which every judged criterion is shown with something else."""
    return Case(name, swaps, asked=JUDGED, together=True, instruments=JUDGED | also)


NEEDS = "    needs: [context]\n"
CASES = (
    one("fee: ask", ("state the fee?", "state the monthly fee?")),
    one("fee: met", ("A number of euros.", "A number of euros or cents.")),
    one("fee: unmet", ("No number.", "Not one number.")),
    one("fee: when added", (NEEDS, f"{NEEDS}    when: There is a fee.\n")),
    one("fee: implicit", (NEEDS, f"{NEEDS}    implicit: true\n")),
    one("fee: examples", (NEEDS, f"{NEEDS}    {EXAMPLE}\n")),
    one("tone: text of a level", ("by first name", "by the first name")),
    one("tone: key of a level", ("mid:", "middle:")),
    one("tone: order of levels", (SCALE, valued(dict(reversed(EVEN.items()))))),
    one("tone: level added", ("high:", "higher: greeting by surname, high:")),
    one("tone: a binary instead", (SCALE, "")),
    one("outcome: text of a choice", ("passed on", "passed over")),
    one("outcome: choice added", (DONE, f"{DONE}      half: {{text: Half., value: 0.2}}\n")),
    one("outcome: order of choices", (DONE, ""), ("choices:\n", f"choices:\n{DONE}"),
        ("      open: {text: It is passed on., value: 0.5}\n", ""),
        ("choices:\n", "choices:\n      open: {text: It is passed on., value: 0.5}\n"),
        labels=False),
    Case("tone: choices instead, alike", ((SCALE, UNORDERED),), scores=True,
         instruments=frozenset({"tone"}), labels=frozenset({"tone"})),
    everywhere("task", ("about a bill", "about a phone bill")),
    everywhere("metadata shown", (NEEDS, "    needs: [context, metadata.plan]\n")),
    everywhere("metadata shown for a check",
               ("{max_words: 40}", "{max_words: 40}\n    needs: [metadata.plan]"),
               also=frozenset({"short"})),
    anew("tone: needs added", (SCALE, f"{SCALE}    needs: [context]\n")),
    anew("fee: needs removed", (NEEDS, ""), first=frozenset({"fee"})),
    anew("fee: if_empty", (NEEDS, f"{NEEDS}    if_empty: unmet\n")),
    anew("short: needs of a check", ("{max_words: 40}", "{max_words: 40}\n    needs: [context]")),
    anew("short: check changed", ("max_words: 40", "max_words: 4"), labels=frozenset({"short"})),
    anew("short: a judge instead", ("check: {max_words: 40}", "ask: Is the reply brief?"),
         asked=frozenset({"short"}), together=True, labels=frozenset({"short"})),
    anew("fee: a check instead", (FEE, "  - id: fee\n    check: {pattern: euros}\n"),
         together=True, labels=frozenset({"fee"})),
    Case("criterion added", ((TONE, DATE + TONE),), asked=frozenset({"date"}), together=True,
         scores=True),
    Case("criterion removed", ((TONE, ""),), together=True, scores=True),
    Case("criterion renamed", (("id: fee", "id: price"),), asked=frozenset({"price"}),
         together=True, scores=True),
    Case("criterion moved", ((FEE, ""), ("  - id: polite", f"{FEE}  - id: polite")),
         together=True),
    free("check added", (TONE, LINK + TONE), scores=True),
    free("check added that looks at metadata",
         (TONE, "  - id: m\n    check: {where: metadata.plan, equals: m}\n" + TONE), scores=True),
    free("check removed", (SHORT, ""), scores=True),
    free("check moved", (SHORT, ""), ("  - id: tone", f"{SHORT}  - id: tone")),
    free("check renamed", ("id: short", "id: brief"), scores=True),
    free("weight", (NEEDS, f"{NEEDS}    weight: 3\n"), scores=True),
    free("weight below 0", (NEEDS, f"{NEEDS}    weight: -1\n"), scores=True),
    free("gate", (NEEDS, f"{NEEDS}    gate: true\n"), scores=True),
    free("gate of a check", ("{max_words: 40}", "{max_words: 40}\n    gate: true"), scores=True),
    free("value of a choice", ("value: 0.5", "value: 0.25"), scores=True),
    free("values of levels", (SCALE, valued({**EVEN, "mid": (MID, 0.9)})), scores=True),
    free("missing", ("name: billing", "name: billing\nmissing: renormalise"), scores=True),
    free("pass_bar", ("name: billing", "name: billing\npass_bar: 0.4")),
    free("name, version, language", ("name: billing", "name: b\nversion: 9\nlanguage: en-GB")),
    free("description", ("name: billing", "name: billing\ndescription: For readers.")),
    free("guard", (NEEDS, f"{NEEDS}    guard: true\n")),
    free("comment", ("name: billing", "name: billing  # whose bill")),
    free("white space", ("met: A number of euros.", "met: >-\n      A number of\n      euros.")),
    free("order of keys", ("    met: A number of euros.\n    unmet: No number.\n",
                           "    unmet: No number.\n    met: A number of euros.\n")),
)  # fmt: skip


def edited(case: Case) -> Rubric:
    text = OLD
    for before, after in case.swaps:
        assert before in text, before
        text = text.replace(before, after, 1)
    return parse_rubric(text)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer every question with its second answer."""
    parts = request["response_format"]["json_schema"]["schema"]["properties"]
    many = "answer" not in parts
    return {n: _one(p["properties"]) for n, p in parts.items()} if many else _one(parts)


def _one(parts: dict[str, Any]) -> dict[str, Any]:
    given = {"applies": True, "evidence": [], "explanation": "So.", "cannot_tell_reason": "none"}
    return {name: given.get(name, parts["answer"]["enum"][1]) for name in parts}


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=answer) as running:
        yield running


def asked(server: FaultServer) -> set[tuple[str, str]]:
    """Return what the server was asked: criterion and the item's input."""
    prompts = [request.body["messages"][-1]["content"] for request in server.log]
    return {
        (criterion, re.findall(r"\[INPUT \w+\]\n(.*?)\n", prompt)[0])
        for prompt in prompts
        for criterion in re.findall(r"^Question (\S+):", prompt, re.MULTILINE)
    }


@dataclass(frozen=True)
class Measured:
    """What happened to the criteria at the second run."""

    again: set[str]
    first: set[str]
    instruments: set[str]
    scores: tuple[list[Any], list[Any]]


def measure(old: Rubric, new: Rubric, server: FaultServer, *, calls: str) -> Measured:
    given = {"kind": "llm", "model": "tiny", "transport": "direct", "calls": calls}
    spec = LLMSpec.model_validate({**given, "api_base": server.url})

    def run(rubric: Rubric, store: Store) -> Scores:
        server.reset()
        work = ScoringRun(store, rubric, LLMJudge(spec, name="judge"))
        return asyncio.run(work.run(ITEMS, source="a test", total=len(ITEMS)))

    with Store.open(None) as store:
        before = run(old, store)
        heard = asked(server)
        after = run(new, store)
        then = asked(server)
        ends = {c for c, i in before.instruments.items() if after.instruments.get(c, i) != i}
        scores = ([*before.item_rows()], [*after.item_rows()])
    again = {
        c for c, item in then if c not in old.by_id or old.by_id[c].check or (c, item) in heard
    }
    return Measured(again, {c for c, _ in then} - again, ends, scores)


def reworded(old: Rubric, new: Rubric) -> set[str]:
    """Return the ids whose question hash is another one."""
    return {c.id for c in new.criteria if old.by_id.get(c.id, c).question != c.question}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_with_a_call_for_each_criterion_a_run_does_what_the_difference_claims(
    server: FaultServer, case: Case
) -> None:
    old, new = parse_rubric(OLD), edited(case)
    claimed, measured = diff(old, new), measure(old, new, server, calls="per_criterion")

    assert measured.again == {*claimed.asked_again}
    assert measured.first == case.first
    assert measured.instruments == {*claimed.verdicts_end}
    assert reworded(old, new) == {*claimed.labels_end}
    if not (claimed.verdicts_end or claimed.asked_again or claimed.scores_change):
        assert measured.scores[0] == measured.scores[1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_with_one_call_an_item_a_run_does_what_the_difference_claims(
    server: FaultServer, case: Case
) -> None:
    old, new = parse_rubric(OLD), edited(case)
    claimed, measured = diff(old, new), measure(old, new, server, calls="per_item")
    judged = {criterion.id for criterion in new.judged}
    shared = claimed.asked_again_in_one_call or judged & reworded(old, new)

    assert measured.again == {*claimed.asked_again_in_one_call}
    assert measured.instruments == {*claimed.verdicts_end} | (
        judged & {*old.by_id} if shared else NOTHING
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_difference_claims_what_the_table_says(case: Case) -> None:
    new = edited(case)
    claimed = diff(parse_rubric(OLD), new)
    judged = {criterion.id for criterion in new.judged}

    assert {*claimed.asked_again} == case.asked
    assert {*claimed.asked_again_in_one_call} == (judged if case.together else NOTHING)
    assert {*claimed.verdicts_end} == case.instruments
    assert {*claimed.labels_end} == case.labels
    assert claimed.scores_change == case.scores


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_its_sentences_say_what_its_figures_say(case: Case) -> None:
    claimed = diff(parse_rubric(OLD), edited(case))

    for change in claimed.changes:
        said = change.consequence
        assert bool(re.search("its labels(, agreement| end)", said)) == (
            change.id in claimed.labels_end
        )
        assert ("othing is asked again" in said) == (change.kind in {"scoring", "cosmetic"})
        assert not (change.asked_again and re.search("Code decides|stored replies", said))
    assert any("in one call" in note for note in claimed.notes) == case.together
