"""A judge as the metric of DSPy's GEPA, which rewrites prompts by what a metric says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from trueup.integrations.declared import Declared
from trueup.integrations.messages import as_said, as_text_or_none
from trueup.item.model import Item
from trueup.reward import Scorer

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.integrations.declared import OnAbstain
    from trueup.reward import Abstain, Partial, Reward
    from trueup.rubric.model import Rubric

_MET = 0.999
"""A criterion at its best; nothing is said of it."""


class Metric(Protocol):
    """A metric as GEPA and DSPy's Evaluate call it.

    Attributes:
        scorer: Scores the outputs; close it after the run, or leave that to the exit.
    """

    scorer: Scorer

    def __call__(
        self,
        gold: Any,
        pred: Any,
        trace: Any = None,
        pred_name: str | None = None,
        pred_trace: Any = None,
    ) -> Any:
        """Return `dspy.Prediction(score=, feedback=)`."""
        ...


def gepa_metric(
    *,
    rubric: str | Path | Rubric,
    judge: object = None,
    deadline: float = 30.0,
    partial: Partial = "abstain",
    on_abstain: OnAbstain = "raise",
    constant: float | None = None,
    question: str = "question",
    answer: str = "answer",
) -> Metric:
    """Return a metric for `dspy.GEPA` and `dspy.Evaluate`.

    It returns a `dspy.Prediction` with `score` and `feedback`, which names each criterion that is
    not fully met with what the judge said of it; where dspy is not installed, the score alone.

    DSPy knows no missing score. By default an abstention raises `NoReward`, which DSPy counts as
    its `failure_score` and reports; it gives up after `max_errors` of them.

    Args:
        rubric: As of `Scorer`.
        judge: As of `Scorer`.
        deadline: As of `Scorer`, for each output.
        partial: As of `Scorer`.
        on_abstain: `raise`, or hand out the `constant`.
        constant: For abstentions.
        question: Field of an example that the program was asked.
        answer: Field of a prediction that is judged; the field of the same name of an example is
            the reference. `context` of an example goes to the judge too.

    Raises:
        ConfigError: The policy is no such thing.
        TrueupError: As of `Scorer`.
    """
    declared = Declared(on_abstain, constant)
    scorer = Scorer(rubric, judge, deadline=deadline, partial=partial)

    def metric(
        gold: Any,
        pred: Any,
        trace: Any = None,
        pred_name: str | None = None,
        pred_trace: Any = None,
    ) -> Any:
        del trace, pred_name, pred_trace
        asked = _field(gold, question)
        item = Item(
            id="0", output=as_said(_field(pred, answer, needed=True)),
            input="" if asked is None else as_said(asked),
            reference=as_text_or_none(_field(gold, answer)),
            context=as_text_or_none(_field(gold, "context")),
        )  # fmt: skip
        (result,) = scorer.score_batch([item])
        return _prediction(declared.value(result), _feedback(result, scorer.rubric))

    found = cast("Metric", metric)
    found.scorer = scorer
    return found


def _field(record: Any, name: str, *, needed: bool = False) -> Any:
    """Return a field of an example or a prediction, None where it may be absent and is."""
    try:
        return record[name]
    except (KeyError, TypeError):
        if needed:
            raise
        return None


def _feedback(result: Reward | Abstain, rubric: Rubric) -> str:
    lines = []
    for criterion in rubric.criteria:
        finding = result.findings.get(criterion.id)
        if finding is None or finding.outcome == "not_applicable":
            continue
        if finding.value is None:
            lines.append(f"{criterion.id}: no answer ({finding.reason or finding.outcome}).")
        elif finding.value < _MET:
            said = f" {finding.explanation}" if finding.explanation else ""
            lines.append(f"{criterion.id}: {finding.value:.2f} of 1.{said}")
    return "\n".join(lines) or "All criteria are met."


def _prediction(score: float, feedback: str) -> Any:
    try:
        import dspy  # noqa: PLC0415 - only where somebody uses it
    except ImportError:
        return score
    return dspy.Prediction(score=score, feedback=feedback)
