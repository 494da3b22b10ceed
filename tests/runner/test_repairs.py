"""An answer that cannot be read is asked for once more, and no oftener than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.testing.faultserver import Fault

if TYPE_CHECKING:
    from tests.runner.conftest import JudgeAt, Outcomes, Score
    from trueup.item.model import Item
    from trueup.rubric.model import Rubric
    from trueup.testing.faultserver import FaultServer


def test_a_passing_muddle_is_mended_in_the_same_run(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric,
    items: list[Item], outcomes: Outcomes,
) -> None:  # fmt: skip
    def first_time_only(_request: object, nth: int) -> Fault | None:
        return Fault.PROSE if nth == 0 else None

    server.configure(faults=first_time_only)

    assert outcomes(score(items, rubric, judge_at(server, repairs=1))) == {"scored": 40}
    assert server.requests == 80


def test_what_stays_unreadable_costs_one_more_call_and_keeps_its_outcome(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric,
    items: list[Item], outcomes: Outcomes,
) -> None:  # fmt: skip
    server.configure(faults={Fault.WRONG_SCHEMA: 1.0})

    assert outcomes(score(items, rubric, judge_at(server, repairs=1))) == {"unparsable": 40}
    assert server.requests == 80


def test_refusals_and_cut_answers_are_not_repaired(
    *, server: FaultServer, judge_at: JudgeAt, score: Score, rubric: Rubric,
    items: list[Item], outcomes: Outcomes,
) -> None:  # fmt: skip
    for fault, outcome in ((Fault.REFUSAL, "refused"), (Fault.TRUNCATED, "truncated")):
        server.reset()
        server.configure(faults={fault: 1.0})

        scores = score(items, rubric, judge_at(server, repairs=3, model=f"m-{outcome}"))
        assert outcomes(scores) == {outcome: 40}
        assert server.requests == 40


def test_repairs_are_no_part_of_the_instrument(
    server: FaultServer, judge_at: JudgeAt, rubric: Rubric
) -> None:
    criterion = rubric.criteria[0].id

    assert judge_at(server, repairs=0).instrument(rubric, criterion) == judge_at(
        server, repairs=2
    ).instrument(rubric, criterion)
