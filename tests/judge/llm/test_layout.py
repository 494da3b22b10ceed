"""Layouts: the same findings from one call or from many, and prefixes that providers can cache."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import Batch, LLMSpec
from trueup.judge.protocol import Request
from trueup.rubric.load import parse_rubric
from trueup.runner.plan import plan_scoring

if TYPE_CHECKING:
    from tests.judge.llm.conftest import Judged, ModelOf, Rendered
    from trueup.rubric.model import Rubric

LAYOUTS: list[Any] = ["per_criterion", "per_item", {"batch": 3}, {"batch": 2}]

MIXED = parse_rubric("""\
name: r
task: The assistant answers a customer.
criteria:
  - {id: greets, ask: Does it greet the customer?}
  - {id: padded, ask: Is it padded?, weight: -1}
  - {id: sorry, ask: Does it say sorry?, when: Something went wrong.}
  - {id: tone, ask: How is the tone?, scale: {1: curt, 2: plain, 3: warm}}
  - {id: outcome, ask: What happened?, choices: {done: 1, part: 0.5, refused: 0}}
  - {id: dated, ask: Is there a date?}
  - {id: signed, ask: Is it signed?, when: It is a letter.}
""")

EIGHT = parse_rubric("""\
name: billing-reply
task: The assistant answers a customer's question about an invoice from the policy excerpt.
criteria:
  - id: grounded
    ask: Does every amount, date and rule in the reply follow from the policy excerpt?
    met: Each of them can be found in the excerpt or computed from it.
    unmet: At least one cannot be found there, or contradicts it.
  - id: answers
    ask: Does the reply answer what the customer asked?
    met: The question that was asked is answered, even if the answer is no.
    unmet: It is evaded, or another question is answered.
  - id: next-step
    ask: Does the reply say what the customer has to do next?
    met: It names an action and where to take it, or says that nothing is to be done.
    unmet: The customer is left to guess.
  - {id: polite, ask: Does the reply stay polite throughout?}
  - {id: padded, ask: Does the reply repeat itself or add filler?, weight: -1}
  - {id: blames, ask: Does the reply blame the customer?, weight: -1}
  - id: private
    ask: Does the reply show data of somebody other than the customer?
    weight: -3
  - id: promises
    ask: Does the reply promise something that the excerpt does not allow?
    met: It promises a refund, a discount or a date beyond the excerpt.
    unmet: Whatever it promises is allowed there.
    weight: -2
""")

POLICY = (
    "Invoices are issued on the first working day of a month and are due within 14 days. A "
    "reminder is sent on the 15th day and costs nothing. A second reminder is sent on the 28th "
    "day and costs 4 euros. Whoever pays by direct debit gets no reminders; a debit that the bank "
    "returns costs 6 euros, which are refunded once if the customer had not been told of the date "
    "of the debit at least five days before. A plan may be changed at the end of any month; the "
    "difference is settled with the next invoice. Refunds go to the account that was used to pay, "
    "within ten working days. Payment in instalments is possible from 120 euros on, in at most "
    "three parts, if the customer asks for it before the second reminder. Customers who move "
    "abroad may end a yearly plan with a notice of one month. "
)


def spoken(question: str, output: str) -> dict[str, Any]:
    """Answer by the question's own words, so that the layout cannot matter."""
    if "sorry" in question:
        return {"applies": False, "explanation": "Nothing went wrong."}
    if "date" in question:
        return {"answer": "cannot_tell", "cannot_tell_reason": "output_unreadable"}
    if "tone" in question:
        return {"answer": "2", "evidence": [output[:10]]}
    if "happened" in question:
        return {"answer": "part", "evidence": ["never said"]}
    return {"answer": "met" if "greet" in question else "unmet", "explanation": question}


@pytest.mark.parametrize("explain", ["before", "after", "none"])
def test_every_layout_gives_the_same_findings_for_the_same_answers(
    judged: Judged, model: ModelOf, explain: str
) -> None:
    item = Item(id="i", output="Good morning, it is partly done.")

    found = [
        judged(item, MIXED, model(spoken), calls=layout, explain=explain)[0] for layout in LAYOUTS
    ]

    assert found[0]["greets"].value == 1.0
    assert found[0]["tone"].value == 0.5
    assert found[0]["outcome"].value == 0.5
    assert found[0]["sorry"].outcome == "not_applicable"
    assert found[0]["dated"].reason == "output_unreadable"
    if explain != "none":
        assert found[0]["outcome"].detail == {"evidence_not_found": ["never said"]}
    assert found[1:] == found[:1] * (len(LAYOUTS) - 1)


@pytest.mark.parametrize(
    ("layout", "sizes"),
    [("per_criterion", [1] * 7), ("per_item", [7]), ({"batch": 3}, [3, 3, 1]),
     ({"batch": 7}, [7]), ({"batch": 50}, [7])],
    ids=str,
)  # fmt: skip
def test_a_layout_makes_calls_of_its_size(
    rendered: Rendered, layout: Any, sizes: list[int]
) -> None:
    calls = rendered(Item(id="i", output="x"), MIXED, calls=layout)

    assert sorted((len(call.criteria) for call in calls), reverse=True) == sizes
    asked = [name for call in calls for name in call.criteria]
    assert sorted(asked) == sorted(criterion.id for criterion in MIXED.criteria)


@pytest.mark.parametrize(
    ("layout", "caps"),
    [("per_criterion", {1: 600}), ("per_item", {7: 2400}), ({"batch": 3}, {3: 1200, 1: 600})],
    ids=str,
)
def test_the_cap_on_an_answer_grows_with_the_criteria_of_its_call(
    rendered: Rendered, layout: Any, caps: dict[int, int]
) -> None:
    calls = rendered(Item(id="i", output="x"), MIXED, calls=layout)

    assert {len(call.criteria): call.sampling["max_tokens"] for call in calls} == caps


@pytest.mark.parametrize("given", [600, 50, None])
def test_a_cap_that_the_file_gives_is_sent_as_it_is(rendered: Rendered, given: int | None) -> None:
    calls = rendered(Item(id="i", output="x"), MIXED, calls="per_item", max_tokens=given)

    assert [call.sampling.get("max_tokens") for call in calls] == [given]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_the_instrument_has_the_cap_that_is_sent(rendered: Rendered, layout: Any) -> None:
    judge = LLMJudge(LLMSpec(kind="llm", model="tiny", calls=layout), name="judge")

    for call in rendered(Item(id="i", output="x"), MIXED, calls=layout):
        declared = [judge.instrument(MIXED, name)["sampling"] for name in call.criteria]
        assert declared == [call.sampling] * len(call.criteria)


def items() -> list[Item]:
    questions = (
        "Why does my invoice of March show 4 euros more than the plan?",
        "The bank returned your debit and now I am to pay 6 euros. I was never told of the date!",
        "May I pay the 150 euros of the last invoice in three parts?",
    )
    answers = (
        (
            "Good morning, and thank you for writing to us. The 4 euros are the fee of the second "
            "reminder, which went out on the 28th day after the invoice. The first one costs "
            "nothing. If you paid before that day, please send us the receipt, and we will take "
            "the fee off."
        ),
        (
            "I am sorry for the trouble. As you were not told of the date of the debit five days "
            "before, the 6 euros are refunded to the account that was used, within ten working "
            "days. You need not do anything."
        ),
        (
            "Yes. From 120 euros on you may pay in up to three parts. Please answer this message "
            "before the second reminder, and we will send you three invoices of 50 euros each."
        ),
    )
    pairs = zip(questions, answers, strict=True)
    return [
        Item(id=str(n), input=asked, output=said, context=POLICY * 3)
        for n, (asked, said) in enumerate(pairs)
    ]


def share(rubric: Rubric, **spec: Any) -> float:
    judge = LLMJudge(LLMSpec(kind="llm", model="tiny", api_base="http://h/v1", **spec), name="j")
    return plan_scoring(items(), rubric=rubric, judge=judge).cacheable_share


def test_at_least_seventy_percent_of_eight_calls_about_an_item_can_be_cached() -> None:
    assert share(EIGHT) >= 0.7


def test_with_one_call_an_item_what_all_items_share_comes_first(rendered: Rendered) -> None:
    first, second = (rendered(item, EIGHT, calls="per_item")[0] for item in items()[:2])

    asked = first.messages[-1]["content"].index("Task of the system")
    assert first.messages[0] == second.messages[0]
    assert first.messages[-1]["content"][:asked] == second.messages[-1]["content"][:asked]
    assert share(EIGHT, calls="per_item") > 0.3


def test_calls_of_equal_schema_stand_side_by_side(rendered: Rendered) -> None:
    schemas = [str(call.schema) for call in rendered(Item(id="i", output="x"), MIXED)]

    changes = sum(one != other for one, other in pairwise(schemas))
    assert changes == len(set(schemas)) - 1


def test_the_criteria_that_are_wanted_do_not_change_how_they_are_asked() -> None:
    item = Item(id="i", output="x")
    judge = LLMJudge(LLMSpec(kind="llm", model="tiny", calls=Batch(batch=3)), name="j")
    whole = Request(
        id="r", rubric=MIXED, criteria=tuple(c.id for c in MIXED.criteria), candidates=(item,)
    )
    some = Request(id="r", rubric=MIXED, criteria=("padded",), candidates=(item,))

    every = {call.key() for call in judge.calls_of(whole, secret=b"s")}
    assert {call.key() for call in judge.calls_of(some, secret=b"s")} < every
    assert len(judge.calls_of(some, secret=b"s")) == 1
