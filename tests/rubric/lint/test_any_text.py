"""Whatever an author writes, the linter answers."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trueup.rubric.lint import RULES, lint

if TYPE_CHECKING:
    from tests.rubric.lint.conftest import Build

PIECES = st.sampled_from(
    [
        "Does the reply ", "is", " not ", "and ", "explain", "s ", "?", ", ", "at least ", "two ",
        "words", "'", '"', "`", "(e.g. ", ")", "how ", "if the user ", "that ", "\u0130", "\u2019",
        "good ", "the policy ", "above", "1", "\n", "{{x}}", "\u202e", "say ", "without ", "",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=30)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ask=TEXTS, met=TEXTS, unmet=TEXTS, weight=st.sampled_from([3.0, 1.0, -1.0]))
def test_any_text_is_read_and_every_remark_belongs_to_a_known_rule(
    build: Build, ask: str, met: str, unmet: str, weight: float
) -> None:
    rubric = build({"ask": ask, "met": met, "unmet": unmet, "weight": weight})

    assert {remark.rule for remark in lint(rubric, source=ask)} <= {rule.id for rule in RULES}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ask=TEXTS)
def test_what_matched_stands_in_the_text(build: Build, ask: str) -> None:
    structural = {"no-downside", "wording-size", "needs-evidence", "judge-talk", "generic"}
    for remark in lint(build({"ask": ask, "met": "Yes.", "unmet": "None of it."})):
        if remark.criterion == "entry" and remark.rule not in structural:
            known = " ".join(unicodedata.normalize("NFKC", ask).replace("\u2019", "'").split())

            assert " ".join(remark.span.split()) in known or "None of it." in remark.span
