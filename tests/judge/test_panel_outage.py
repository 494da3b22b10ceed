"""Panels of which a member becomes unavailable: its vote is lost, the run is not."""

from __future__ import annotations

import asyncio
import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from trueup.errors import CredentialsError, JudgeUnavailable
from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.panel import Panel
from trueup.judge.protocol import Request
from trueup.judge.rules import Rules
from trueup.judge.verdict import Verdict, scored
from trueup.report.scores import render
from trueup.rubric.load import parse_rubric
from trueup.runner.score import ScoringRun
from trueup.store.store import Store
from trueup.testing import ScriptedJudge
from trueup.testing.faultserver import Fault, FaultServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from trueup.judge.verdict import Finding

RUBRIC = parse_rubric(
    "name: r\ntask: t\ncriteria:\n  - {id: a, ask: Is it polite?}\n  - {id: b, ask: Is it brief?}\n"
)
ONE = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: a, ask: Is it polite?}\n")
MET = {"evidence": [], "explanation": "It is.", "answer": "met", "cannot_tell_reason": "none"}
NO_KEY = CredentialsError("the key is refused")


class Failing(ScriptedJudge):
    """Answers so many requests, then raises; counts how often it is asked."""

    def __init__(self, name: str, *, answers: int = 0, error: Exception | None = None) -> None:
        super().__init__(1.0, name=name, batch=8)
        self.asked = 0
        self._first = answers
        self._error = error or JudgeUnavailable("nothing answers", where=name, mend="Start it")

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        self.asked += 1
        for request in requests[: self._first]:
            yield request.id, Verdict(dict.fromkeys(request.criteria, scored(1.0)))
        raise self._error


def hear(panel: Panel, *outputs: str, rubric: Any = RUBRIC) -> dict[str, dict[str, Finding]]:
    criteria = tuple(criterion.id for criterion in rubric.judged)
    requests = [
        Request(id=o, rubric=rubric, criteria=criteria, candidates=(Item(id=o, output=o),))
        for o in outputs or ("x",)
    ]

    async def listen() -> dict[str, dict[str, Finding]]:
        return {name: dict(verdict.findings) async for name, verdict in panel.judge(requests)}

    return asyncio.run(listen())


def trio(*members: object, **options: Any) -> Panel:
    return Panel("p", [ScriptedJudge(1.0, name="l1"), ScriptedJudge(1.0, name="l2"), *members],
                 **options)  # fmt: skip


def test_the_quorum_decides_without_an_unavailable_member_and_says_so() -> None:
    found = hear(trio(Failing("dead")))["x"]["a"]

    assert (found.outcome, found.value) == ("scored", 1.0)
    assert (found.detail["votes"], found.detail["unavailable"]) == (2, ["dead"])
    away = found.detail["members"][2]
    assert (away["outcome"], away["reason"]) == ("failed", "unavailable")
    assert away["explanation"] == "dead: nothing answers. Start it"
    assert "failed (unavailable): dead" in found.explanation


def test_a_single_vote_names_who_is_missing_beside_its_reason() -> None:
    one = ScriptedJudge(scored(1.0, explanation="It is."), name="l1")

    found = hear(Panel("p", [one, Failing("dead")], quorum=1))["x"]["a"]

    assert found.explanation == "l1 (unavailable: dead): It is."


def test_a_whole_panel_says_nothing_of_availability() -> None:
    assert "unavailable" not in hear(trio())["x"]["a"].detail


def test_an_unavailable_member_is_asked_no_more_until_the_panel_is_connected_anew() -> None:
    dead = Failing("dead")
    panel = trio(dead)

    hear(panel)
    hear(panel)
    assert dead.asked == 1

    hear(panel.connect(None))  # type: ignore[arg-type] # no member asks through a door
    assert dead.asked == 2


def test_what_a_member_answered_before_it_went_away_counts() -> None:
    found = hear(trio(Failing("dying", answers=1)), "one", "two")

    assert [found[name]["a"].detail["votes"] for name in ("one", "two")] == [3, 2]


def test_the_run_ends_with_the_members_error_where_no_quorum_is_left() -> None:
    dead = Failing("dead")

    with pytest.raises(JudgeUnavailable, match=r"^dead: nothing answers"):
        hear(Panel("p", [ScriptedJudge(1.0, name="l1"), dead]))


def test_where_several_are_unavailable_the_error_names_them_all() -> None:
    with pytest.raises(JudgeUnavailable, match="2 members are unavailable") as ended:
        hear(Panel("p", [ScriptedJudge(1.0), Failing("d1"), Failing("d2")]))

    assert "d1: nothing answers; d2: nothing answers" in str(ended.value)


def test_a_judge_that_has_no_say_in_a_criterion_makes_no_quorum_for_it() -> None:
    rules = Rules("rules", version="1")
    rules.rule("other")(lambda _: True)

    with pytest.raises(JudgeUnavailable):
        hear(Panel("p", [rules, Failing("dead")]))


def test_the_run_goes_on_as_long_as_one_criterion_can_be_decided() -> None:
    rules = Rules("rules", version="1")
    rules.rule("a")(lambda _: True)
    panel = Panel("p", [rules, Failing("dead"), ScriptedJudge(1.0, name="l1")], quorum=2)

    found = hear(panel)["x"]

    assert found["a"].value == 1.0
    assert (found["b"].outcome, found["b"].reason) == ("failed", "quorum")
    assert found["b"].retryable


def test_a_member_is_not_missed_where_it_would_not_have_been_asked() -> None:
    scale = parse_rubric(
        "name: r\ntask: t\ncriteria:\n  - {id: a, ask: Is it?}\n"
        "  - {id: s, ask: How much?, scale: {1: {text: little}, 2: {text: much}}}\n"
    )
    dead = Failing("dead")
    dead.capabilities = type(dead.capabilities)(kinds=frozenset({"binary"}))

    found = hear(trio(dead), rubric=scale)["x"]

    assert found["a"].detail["unavailable"] == ["dead"]
    assert found["s"].detail["members"][2]["reason"] == "kind_not_answered"
    assert "unavailable" not in found["s"].detail


def test_a_panel_without_a_quorum_is_itself_an_unavailable_member() -> None:
    inner = Panel("inner", [Failing("d1"), Failing("d2")])
    weaker = Panel("weaker", [ScriptedJudge(1.0, name="l3"), Failing("d3")], quorum=1)

    found = hear(trio(inner, weaker))["x"]["a"]

    assert found.value == 1.0
    assert found.detail["unavailable"] == ["inner", "weaker/d3"]


def test_a_refused_key_still_ends_the_run_at_once() -> None:
    with pytest.raises(CredentialsError):
        hear(trio(Failing("locked", error=NO_KEY)))


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=lambda _: json.dumps(MET)) as running:
        yield running


def member(url: str, name: str) -> LLMJudge:
    spec = LLMSpec(kind="llm", model=f"direct/{name}", transport="direct", api_base=url,
                   deployment=name, deadline=0.2, concurrency=4)  # fmt: skip
    return LLMJudge(spec, name=name)


def run(path: Path, judge: Panel, count: int = 30) -> list[Finding]:
    items = [Item(id=f"i{n}", input="hi", output=f"text {n}") for n in range(count)]
    with Store.open(path) as store:
        scores = asyncio.run(ScoringRun(store, ONE, judge).run(items, source="test"))
        return [finding for judged in scores.judged() for finding in judged.findings.values()]


@pytest.fixture
def closed() -> str:
    """The address of a server that is gone."""
    with FaultServer() as gone:
        return gone.url


def test_an_endpoint_that_is_down_leaves_a_run_of_verdicts_by_the_quorum(
    server: FaultServer, closed: str, tmp_path: Path
) -> None:
    panel = Panel("p", [member(server.url, "l1"), member(closed, "l2")], quorum=1)

    found = run(tmp_path / "store.db", panel)

    assert [finding.value for finding in found] == [1.0] * 30
    assert {tuple(finding.detail["unavailable"]) for finding in found} == {("l2",)}
    assert "cannot be reached" in found[0].detail["members"][1]["explanation"]


def test_an_endpoint_that_answers_with_nothing_but_errors_does_so_too(
    server: FaultServer, tmp_path: Path
) -> None:
    with FaultServer(faults={Fault.SERVER_ERROR: 1.0}) as broken:
        panel = Panel("p", [member(server.url, "l1"), member(broken.url, "l2")], quorum=1)
        found = run(tmp_path / "store.db", panel)

    assert [finding.value for finding in found] == [1.0] * 30
    assert {f.detail["members"][1]["outcome"] for f in found} == {"failed"}


def test_a_later_run_asks_the_member_what_the_quorum_did_not_decide(
    server: FaultServer, closed: str, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    with pytest.raises(JudgeUnavailable, match="cannot be reached"):
        run(path, Panel("p", [member(server.url, "l1"), member(closed, "l2")]))
    server.reset()

    found = run(path, Panel("p", [member(server.url, "l1"), member(server.url, "l2")]))

    assert {(finding.value, finding.detail["votes"]) for finding in found} == {(1.0, 2)}
    assert sum(request.body["model"] == "l2" for request in server.log) == 30


def test_what_the_quorum_decided_stands_and_a_larger_quorum_asks_only_who_was_missing(
    server: FaultServer, closed: str, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    run(path, Panel("p", [member(server.url, "l1"), member(closed, "l2")], quorum=1))
    server.reset()
    whole = [member(server.url, "l1"), member(server.url, "l2")]

    run(path, Panel("p", whole, quorum=1))
    assert server.requests == 0

    found = run(path, Panel("p", whole, quorum=2))
    assert {finding.detail["votes"] for finding in found} == {2}
    assert {request.body["model"] for request in server.log} == {"l2"}


def test_the_summary_counts_the_findings_that_lack_a_members_vote(
    server: FaultServer, closed: str, tmp_path: Path
) -> None:
    members = [member(server.url, "l1"), member(closed, "l2")]
    with Store.open(tmp_path / "store.db") as store:
        scoring = ScoringRun(store, ONE, Panel("p", members, quorum=1))
        items = [Item(id=str(n), output=f"reply {n}") for n in range(30)]
        summary = asyncio.run(scoring.run(items, source="test")).summary()

    assert summary["criteria"][0]["unavailable"] == {"l2": 30}
    printed = StringIO()
    Console(width=100, file=printed).print(*render(summary))
    assert "l2 was unavailable: 30 findings without its vote" in printed.getvalue()
