"""What the names of columns say: the names that other tools use, and what is no part of an item."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONVERSATIONS = frozenset({"messages", "conversation"})
"""Columns that may hold the input and the output in one list of messages."""

_DROPPED = str.maketrans("", "", "_- ")


def squash(name: str) -> str:
    """Return a column's name without case, `_`, `-` and blanks, for comparing names."""
    return name.casefold().translate(_DROPPED)


# Names in one tier are equally likely: two of them in one file are ambiguous. An earlier tier wins
# over a later one, where files are known to carry both.
_TIERS: dict[str, tuple[str, ...]] = {
    "id": (
        # what names one output goes before what names one question
        """item_id sample_id row_id record_id uid uuid span_id context.span_id run_id
        observation_id response_id message_id completion_id generation_id request_id""",
        "example_id prompt_id question_id case_id test_id task_id",
    ),
    "input": (
        "vars",
        """inputs question prompt query user_input user_query user_message instruction
        attributes.input.value gen_ai.input.messages""",
        "messages conversation",
        "request",
    ),
    "output": (
        """outputs actual_output response completion answer submission generation generated_text
        generated_answer model_output model_response model_answer llm_output llm_response
        output_text response_text assistant_response bot_response prediction predicted reply
        solution_str attributes.output.value gen_ai.output.messages sample.output_text""",
        # in traces it may as well be a flag, so anything else goes before it
        "sampled",
    ),
    "reference": (
        """expected expected_output expected_answer expected_response expectations target
        ground_truth reference_output reference_outputs reference_answer reference_submission
        gold gold_answer golden golden_answer ideal ideal_answer correct_answer""",
    ),
    "context": (
        """contexts retrieved_contexts retrieved_context retrieval_context retrieved_documents
        documents source_documents passages""",
    ),
    "metadata": ("meta", "extra_info", "attributes"),
    "timestamp": (
        "start_time event_time request_time",
        "created_at created ts time datetime logged_at",
    ),
    "product": ("product_name", "application", "app", "project", "project_name", "service"),
    "version": (
        "system_version app_version release release_version",
        "model_version prompt_version system_name",
        "model model_name model_id",
    ),
    "arm": ("variant", "experiment_arm", "treatment", "treatment_arm", "ab_group", "test_group"),
    "segment": ("slice", "category", "cohort", "subset"),
    "group": (
        "user_id customer_id account_id participant_id subject_id end_user_id visitor_id",
        "group_id cluster cluster_id",
    ),
    "session_id": ("session", "conversation_id", "thread_id", "chat_id", "dialog_id dialogue_id"),
    "trace_id": ("context.trace_id", "root_span_id"),
    "purpose": (),
    "p_logged": ("sampling_probability", "inclusion_probability", "logging_probability"),
    "p_judged": ("judging_probability",),
}

ALIASES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    field: tuple(tuple(squash(name) for name in tier.split()) for tier in tiers)
    for field, tiers in _TIERS.items()
}
"""Every field of an item that a column can fill -> tiers of squashed names, the likeliest first."""

INSIDE: Mapping[str, tuple[str, ...]] = {
    "input": ("sample.input",),
    "output": ("sample.output_text", "sample.output"),
}
"""Field -> paths into columns where a tool keeps it, for rows in which no column is it."""

# The first line whose columns are all there names the peer; the telling ones come first.
_PEERS: tuple[tuple[str, str], ...] = (
    ("DeepEval", "input actual_output"),
    ("DeepEval", "input retrieval_context"),
    ("Ragas", "user_input response"),
    ("Ragas", "user_input retrieved_contexts"),
    ("Ragas", "question answer contexts"),
    ("openevals", "inputs outputs reference_outputs"),
    ("MLflow", "inputs expectations"),
    ("LangSmith", "inputs outputs run_type"),
    ("LangSmith", "inputs outputs example_id"),
    ("Langfuse", "traceId observationId"),
    ("Langfuse", "traceId input output startTime"),
    ("OpenInference", "attributes.input.value attributes.output.value"),
    ("OpenTelemetry", "gen_ai.output.messages"),
    ("CJE", "prompt_id judge_score"),
    ("CJE", "prompt_id oracle_label"),
    ("autorubric", "submission"),
    ("promptfoo", "vars response"),
    ("promptfoo", "vars"),
    ("verl", "solution_str ground_truth"),
    ("TRL", "prompt completion"),
    ("Braintrust or autoevals", "input output expected"),
    ("pydantic-evals", "inputs expected_output"),
    ("Inspect", "input target"),
    ("OpenAI Evals", "ideal sampled"),
    ("OpenAI Evals", "item sample"),
    ("OpenAI Evals", "sample.output_text"),
    ("MLflow or LangSmith", "inputs outputs"),
    ("trueup", "input output"),
)
_SIGNATURES = tuple((peer, frozenset(map(squash, names.split()))) for peer, names in _PEERS)


def resembles(columns: Iterable[str]) -> str | None:
    """Return the tool whose column names these are most like; None where none is recognised."""
    names = list(columns)
    if any(name.startswith("__expected") for name in names):
        return "promptfoo"
    squashed = {squash(name) for name in names}
    return next((peer for peer, needed in _SIGNATURES if needed <= squashed), None)


_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

_WORDS = {
    "judge": "judge judgement judgment llm grader verdict",
    "signal": """
        thumb thumbs feedback like likes liked dislike dislikes disliked upvote upvotes downvote
        downvotes edit edits edited retry retries retried regenerate regenerated regeneration
        regenerations copy copied accept accepted acceptance reject rejected abandon abandoned
        abandonment escalate escalated escalation resolve resolved csat nps satisfaction dwell
        click clicks clicked churn churned converted conversion reopened""",
    "person": """
        human expert oracle label labels labeller labeler annotation annotations annotator
        annotators rater raters rating ratings met""",
    "score": "score scores scored grade grades eval evals evaluation reward",
    "user": "user customer visitor",
}
_JUDGE, _SIGNAL, _PERSON, _SCORE, _USER = (frozenset(words.split()) for words in _WORDS.values())


class Recognised(NamedTuple):
    """Columns by what their names say they hold."""

    labels: tuple[str, ...]
    judge_scores: tuple[str, ...]
    signals: tuple[str, ...]


def recognise(columns: Iterable[str]) -> Recognised:
    """Sort the columns that people's answers, judges' answers or users' reactions seem to be in.

    Names alone decide, so this is a hint for people and nothing is computed from it.
    """
    labels, scores, signals = [], [], []
    for column in columns:
        words = {word.lower() for word in _WORD.findall(column)}
        if words & _JUDGE:
            scores.append(column)
        elif words & _SIGNAL or (words & _USER and words & (_SCORE | _PERSON)):
            signals.append(column)
        elif words & _PERSON:
            labels.append(column)
        elif words & _SCORE:
            scores.append(column)
    return Recognised(tuple(labels), tuple(scores), tuple(signals))
