"""A fault server with honest answers, and scorers that ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.runner.conftest import BRIEF, POLITE, honest
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.reward import Scorer
from trueup.rubric.load import parse_rubric
from trueup.testing import FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.rubric.model import Rubric

ONE = parse_rubric(f"name: r\ntask: t\ncriteria:\n  - {{id: polite, ask: '{POLITE}'}}\n")
TWO = parse_rubric(
    f"name: r\ntask: t\ncriteria:\n  - {{id: polite, ask: '{POLITE}'}}\n"
    f"  - {{id: brief, ask: '{BRIEF}'}}\n"
)
"""Two criteria of equal weight."""


class ScorerAt(Protocol):
    """Make a scorer whose judge asks a server; it is closed after the test."""

    def __call__(
        self, server: FaultServer | str, rubric: Rubric = ..., **options: Any
    ) -> Scorer: ...


def judge_at(server: FaultServer | str, **spec: Any) -> LLMJudge:
    base = server if isinstance(server, str) else server.url
    options = {"model": "tiny", "transport": "direct", "api_base": base, "repairs": 0, **spec}
    return LLMJudge(LLMSpec(kind="llm", **options), name="judge")


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=honest, retry_after=0.01) as running:
        yield running


@pytest.fixture
def scorer_at() -> Iterator[ScorerAt]:
    made: list[Scorer] = []

    def make(server: FaultServer | str, rubric: Rubric = ONE, **options: Any) -> Scorer:
        spec = options.pop("spec", {})
        made.append(Scorer(rubric, judge_at(server, **spec), **{"deadline": 20, **options}))
        return made[-1]

    yield make
    for scorer in made:
        scorer.close()
