"""Rows as other tools write them (written for these tests, simulated) become the same items."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from trueup.item.read import open_items

if TYPE_CHECKING:
    from pathlib import Path


ASKED = "May I pay the invoice in two parts?"
SAID = "Yes, in two parts within 30 days."
GOLD = "Two parts are fine."
POLICY = ("Invoices may be split.", "The last part is due after 30 days.")
CONTEXT = "Invoices may be split.\n\nThe last part is due after 30 days."

PEERS: dict[str, dict[str, Any]] = {
    "trueup": {"input": ASKED, "output": SAID, "reference": GOLD, "context": CONTEXT},
    "DeepEval": {
        "input": ASKED,
        "actual_output": SAID,
        "expected_output": GOLD,
        "retrieval_context": list(POLICY),
    },
    "Ragas": {
        "user_input": ASKED,
        "response": SAID,
        "reference": GOLD,
        "retrieved_contexts": list(POLICY),
    },
    "older Ragas": {
        "question": ASKED,
        "answer": SAID,
        "ground_truth": GOLD,
        "contexts": list(POLICY),
    },
    "MLflow": {
        "inputs": {"question": ASKED},
        "outputs": {"response": SAID},
        "expectations": {"expected_response": GOLD},
        "context": CONTEXT,
    },
    "openevals": {
        "inputs": ASKED,
        "outputs": SAID,
        "reference_outputs": GOLD,
        "context": list(POLICY),
    },
    "LangSmith": {
        "example_id": "e1",
        "run_type": "chain",
        "inputs": {"messages": [{"type": "human", "content": ASKED}]},
        "outputs": {"answer": SAID, "latency": 0.3},
        "reference_outputs": {"answer": GOLD},
        "documents": [{"page_content": text, "metadata": {}} for text in POLICY],
    },
    "Langfuse": {
        "id": "o1",
        "traceId": "t1",
        "startTime": "2026-01-05T09:30:00Z",
        "input": ASKED,
        "output": {"role": "assistant", "content": SAID},
        "expected_output": GOLD,
        "context": CONTEXT,
    },
    "promptfoo": {
        "vars": {"question": ASKED},
        "prompt": {"raw": "Answer: " + ASKED, "label": "p1"},
        "response": {"output": SAID, "tokenUsage": {"total": 31}, "cached": False},
        "expected": GOLD,
        "context": CONTEXT,
    },
    "Inspect": {
        "id": 1,
        "input": [{"role": "user", "content": ASKED}],
        "target": [GOLD],
        "output": {"model": "m", "choices": [{"stop": "end"}], "completion": SAID, "time": 0.2},
        "context": CONTEXT,
    },
    "pydantic-evals": {
        "name": "case",
        "inputs": ASKED,
        "expected_output": GOLD,
        "output": SAID,
        "context": CONTEXT,
    },
    "Braintrust": {"input": {"query": ASKED}, "output": SAID, "expected": GOLD, "context": CONTEXT},
    "autorubric": {
        "prompt": ASKED,
        "submission": SAID,
        "reference_submission": GOLD,
        "context": CONTEXT,
    },
    "CJE": {
        "prompt_id": "p1",
        "prompt": ASKED,
        "response": SAID,
        "judge_score": 0.7,
        "ground_truth": GOLD,
        "context": CONTEXT,
    },
    "TRL": {
        "prompt": [{"role": "user", "content": ASKED}],
        "completion": [{"role": "assistant", "content": SAID}],
        "ground_truth": GOLD,
        "context": CONTEXT,
    },
    "OpenInference": {
        "context.span_id": "s1",
        "attributes.input.value": ASKED,
        "attributes.output.value": SAID,
        "reference": GOLD,
        "passages": list(POLICY),
    },
    "OpenAI Evals": {"input": ASKED, "ideal": GOLD, "sampled": [SAID], "context": CONTEXT},
}


def _words(value: Any) -> Any:
    return value if isinstance(value, str) else value[-1]["content"]


@pytest.mark.parametrize("peer", PEERS)
def test_a_peers_row_becomes_the_item_that_it_means(peer: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(PEERS[peer]) + "\n", encoding="utf-8")

    [item] = open_items(path)

    assert _words(item.input) == ASKED
    assert _words(item.output) == SAID
    assert item.reference == GOLD
    assert item.context == CONTEXT
    assert item.fault is None


def test_what_is_beside_a_text_inside_a_mapping_is_kept_as_metadata() -> None:
    [item] = open_items([PEERS["promptfoo"]])

    assert item.metadata == {
        "prompt": PEERS["promptfoo"]["prompt"],
        "response": {"tokenUsage": {"total": 31}, "cached": False},
    }


@pytest.mark.parametrize(
    "sample",
    [
        {"output_text": SAID, "model": "small"},
        {"output": [{"role": "assistant", "content": SAID}], "model": "small"},
    ],
)
def test_an_output_inside_a_sample_is_found(sample: dict[str, Any]) -> None:
    source = open_items([{"item": {"question": ASKED}, "sample": sample}] * 2)
    item = next(iter(source))

    assert _words(item.output) == SAID
    assert item.metadata == {"item": {"question": ASKED}, "sample": {"model": "small"}}


@pytest.mark.parametrize(
    "row",
    [
        {"response": SAID, "sampled": True},
        {"output": SAID, "sample": {"output_text": "another"}},
        {"sample.output_text": SAID, "sample": 3},
    ],
)
def test_a_sample_gives_way_to_a_column_of_the_outputs_own(row: dict[str, Any]) -> None:
    [item] = open_items([row])

    assert item.output == SAID


def test_ids_of_peers_are_found() -> None:
    found = {peer: next(iter(open_items([row]))).id for peer, row in PEERS.items()}

    assert found["CJE"] == "p1"
    assert found["LangSmith"] == "e1"
    assert found["Langfuse"] == "o1"
    assert found["OpenInference"] == "s1"
    assert found["Inspect"] == "1"
