"""Plans: what more labels would bring, and what is said where that cannot be told."""

from __future__ import annotations

from dataclasses import replace

from tests.report.calibration import material
from trueup.runner.calibration.planned import planned
from trueup.runner.calibration.result import Absent, Agreement, Figure


def test_a_plan_asks_for_what_was_drawn_where_one_answer_was_never_given() -> None:
    one = material.grounded()
    assert isinstance(one.agreement, Agreement)
    wide = replace(
        one.pass_rate, corrected=Figure(estimate=0.8, low=0.6, high=0.9, n=30, method="")
    )
    beside = replace(one.agreement, tnr=Absent(why="nobody said unmet"))
    alike = replace(one, agreement=beside, pass_rate=wide)
    said = planned([alike])

    assert said.endswith("; label all that was drawn, and draw more items a week.")
    assert "kind" not in said


def test_where_no_rate_is_corrected_the_plan_says_what_is_missing() -> None:
    one, other = material.grounded(), material.next_step()
    none = Absent(why="how the labelled items were chosen is not said (label_design)")
    bare = [replace(c, pass_rate=replace(c.pass_rate, corrected=none)) for c in (one, other)]

    told = "How many labels are needed cannot be told yet: "
    assert planned(bare[:1]) == planned(bare) == f"{told}{none.why}."
    mixed = [bare[0], replace(other, pass_rate=replace(other.pass_rate, corrected=Absent(why="x")))]
    assert planned(mixed) == f"{told}grounded: {none.why}; next-step: x."
    assert planned([]) == ""
