"""Panels: judges that ask judges."""

# ruff: noqa: ARG001 - judges under test do not look at everything
from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from trueup.errors import CredentialsError, JudgeError
from trueup.item.model import Item
from trueup.judge.kinds import PanelSpec
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.panel import Panel
from trueup.judge.protocol import Capabilities, Request
from trueup.judge.rules import Rules
from trueup.judge.verdict import Usage, Verdict, scored, unscored
from trueup.rubric.model import Criterion, Level, Rubric
from trueup.testing import ScriptedJudge, check_judge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

LEVELS = (Level("unmet", "", 0.0), Level("met", "", 1.0))
SCALE = (Level("1", "", 0.0), Level("2", "", 1.0))
RUBRIC = Rubric(
    name="r",
    task="t",
    criteria=(Criterion("a", "A?", LEVELS), Criterion("s", "S?", SCALE, kind="scale")),
)


class Costly(ScriptedJudge):
    """Answers met, with a cost and something observed; meets others before it answers."""

    def __init__(self, name: str, meeting: asyncio.Barrier | None = None) -> None:
        super().__init__(1.0, name=name)
        self._meeting = meeting

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        if self._meeting is not None:
            await self._meeting.wait()
        for request in requests:
            met = dict.fromkeys(request.criteria, scored(1.0))
            yield (
                request.id,
                Verdict(met, usage=Usage(calls=1, dollars=0.5), observed={"model": "m"}),
            )


def hear(panel: Panel, *outputs: str) -> dict[str, Verdict]:
    requests = [
        Request(id=o, rubric=RUBRIC, criteria=("a", "s"), candidates=(Item(id=o, output=o),))
        for o in outputs or ("x",)
    ]

    async def listen() -> dict[str, Verdict]:
        return {name: verdict async for name, verdict in panel.judge(requests)}

    return asyncio.run(listen())


def test_members_are_asked_at_once_and_their_costs_are_summed() -> None:
    meeting = asyncio.Barrier(3)
    panel = Panel("p", [Costly(name, meeting) for name in "abc"])

    verdict = hear(panel)["x"]

    assert verdict.findings["a"].value == 1.0
    assert (verdict.usage.calls, verdict.usage.dollars) == (3, 1.5)
    assert verdict.observed == {name: {"model": "m"} for name in "abc"}


def test_a_member_that_breaks_costs_its_vote_and_no_more() -> None:
    def broken(item: Item, rubric: Rubric) -> dict[str, Any]:
        raise ValueError(item.output)

    panel = Panel("p", [ScriptedJudge(1.0, name="a"), ScriptedJudge(1.0, name="b"), broken])
    found = hear(panel, "one", "two")["two"].findings["a"]

    assert found.value == 1.0
    assert found.detail["members"][2]["explanation"] == "ValueError: two"


def test_an_error_of_trueup_in_a_member_ends_the_run() -> None:
    def refused(item: Item, rubric: Rubric) -> dict[str, Any]:
        raise CredentialsError("the key is refused")

    with pytest.raises(CredentialsError):
        hear(Panel("p", [ScriptedJudge(1.0), refused]))


def test_a_member_is_asked_only_the_kinds_it_answers() -> None:
    class Binary(ScriptedJudge):
        def __init__(self) -> None:
            super().__init__(True, name="binary")  # noqa: FBT003 - its constant answer
            self.capabilities = Capabilities(kinds=frozenset({"binary"}), batch=8)

    panel = Panel("p", [Binary(), ScriptedJudge(0.0, name="all")], aggregate="mean")
    found = hear(panel)["x"].findings

    assert found["a"].value == 0.5
    assert (found["s"].value, found["s"].detail["votes"]) == (0.0, 1)
    assert panel.capabilities.kinds == {"binary", "scale", "choices"}
    assert len(panel.instrument(RUBRIC, "s")["members"]) == 1


def test_rules_vote_where_they_have_a_rule_and_are_not_missed_elsewhere() -> None:
    rules = Rules("rules", version="1")
    rules.rule("a")(lambda _: False)
    panel = Panel("p", [rules, ScriptedJudge(1.0)], aggregate="unanimous")
    found = hear(panel)["x"].findings

    assert (found["a"].outcome, found["a"].reason) == ("abstained", "no_consensus")
    assert found["s"].value == 1.0


def test_a_panel_of_panels_keeps_every_vote() -> None:
    inner = Panel("inner", [ScriptedJudge(1.0, name=name) for name in "abc"])
    outer = Panel("outer", [inner, ScriptedJudge(0.0, name="d")], aggregate="mean")

    found = hear(outer)["x"].findings["a"]

    assert found.value == 0.5
    assert [m["name"] for m in found.detail["members"][0]["members"]] == ["a", "b", "c"]
    check_judge(outer)


@pytest.mark.parametrize("aggregate", ["mean", "median", "majority", "weighted", "unanimous"])
def test_panels_keep_the_contract(aggregate: Any) -> None:
    members = [ScriptedJudge(name=name, seed=n) for n, name in enumerate("abc")]
    members[0] = ScriptedJudge(name="a", faults={"failed": 0.3, "not_applicable": 0.3})
    weights = {"a": 1.0, "b": 2.0, "c": 0.5} if aggregate == "weighted" else None

    check_judge(Panel("p", members, aggregate=aggregate, weights=weights))


def test_members_that_ask_models_are_connected() -> None:
    llm = LLMJudge(LLMSpec(kind="llm", model="openai/x"), name="llm")
    panel = Panel("p", [llm, Panel("q", [llm]), ScriptedJudge()])

    assert panel.capabilities.calls
    assert panel.capabilities.batch == 1
    check_judge(panel)


def test_what_any_member_looks_at_counts_for_the_panel() -> None:
    panel = Panel("p", [ScriptedJudge({}, name="a"), ScriptedJudge(name="b", batch=8)])

    assert (panel.capabilities.by_id, panel.capabilities.all_metadata) == (True, True)
    assert (panel.capabilities.batch, panel.capabilities.calls) == (8, False)


def test_the_instrument_hangs_on_members_weights_and_counting_not_on_names_or_order() -> None:
    one, two = ScriptedJudge(seed=1, name="one"), ScriptedJudge(seed=2, name="two")

    def declared(*members: object, **options: Any) -> str:
        return json.dumps(Panel("p", list(members), **options).instrument(RUBRIC, "a"))

    base = declared(one, two)
    assert declared(two, one) == base
    others = [
        declared(one),
        declared(one, two, aggregate="mean"),
        declared(one, two, quorum=1),
        declared(one, two, aggregate="weighted", weights={"one": 1, "two": 2}),
        declared(one, two, aggregate="weighted", weights={"one": 2, "two": 1}),
    ]
    assert len({base, *others}) == len(others) + 1


def test_the_version_changes_with_any_members() -> None:
    def version(*versions: str) -> str:
        members = [ScriptedJudge(name=f"m{n}", version=v) for n, v in enumerate(versions)]
        return Panel("p", members).version

    assert version("1", "1") == version("1", "1")
    assert version("1", "1") != version("1", "2")


@pytest.mark.parametrize(
    ("members", "options", "said"),
    [
        ([], {}, "p: a panel has no members"),
        ([ScriptedJudge(), ScriptedJudge()], {}, "two members are called 'scripted'"),
        ([7], {}, "is no judge"),
        ([ScriptedJudge()], {"aggregate": "medain"}, "Did you mean 'median'?"),
        ([ScriptedJudge()], {"quorum": 2}, "the quorum is 2, of 1 members"),
        ([ScriptedJudge()], {"quorum": 0}, "a whole number from 1 to 1"),
        ([ScriptedJudge()], {"weights": {"scripted": 1}}, "Give both or neither"),
        ([ScriptedJudge()], {"aggregate": "weighted"}, "Give both or neither"),
        (
            [ScriptedJudge()],
            {"aggregate": "weighted", "weights": {"scriptd": 1}},
            "the weight of 'scriptd' belongs to no member. Did you mean 'scripted'?",
        ),
        (
            [ScriptedJudge()],
            {"aggregate": "weighted", "weights": {"scripted": 0.0}},
            "the weight of 'scripted' is 0.0",
        ),
        (
            [ScriptedJudge(), ScriptedJudge(name="b")],
            {"aggregate": "weighted", "weights": {"scripted": 1}},
            "there is no weight for 'b'",
        ),
    ],
)
def test_a_panel_that_does_not_fit_together_is_refused(
    members: list[object], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(JudgeError) as refused:
        Panel("p", members, **options)

    assert said in str(refused.value)


def test_the_specification_offers_what_a_panel_takes() -> None:
    spec = PanelSpec.model_validate({"kind": "panel", "members": ["a"], "aggregate": "median"})

    assert (spec.aggregate, spec.quorum, dict(spec.weights)) == ("median", None, {})


def test_an_abstaining_panel_says_so_with_a_reason() -> None:
    panel = Panel("p", [ScriptedJudge(unscored("abstained", "cannot_tell"), name="a")])
    found = hear(panel)["x"].findings["a"]

    assert (found.outcome, found.reason) == ("abstained", "quorum")
