"""Answers: the schema that is asked for, and how a reply is read.

A reply counts only as one whole JSON object of the schema. Nothing is fished out of prose, no
first or last object wins, no key may occur twice: a forgery quoted from the judged text would
otherwise pass for the judge's own word. What cannot be read is `unparsable`, with the reason.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from trueup.item.model import as_text
from trueup.judge.llm.fence import neutralise
from trueup.judge.verdict import Finding, unscored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trueup.item.model import Item
    from trueup.judge.transport.base import Reply
    from trueup.rubric.model import Criterion

PARSER = "1"
"""Raised with every change in what a reply is taken to mean."""

CANNOT_TELL = "cannot_tell"
_REASONS = ("none", "needed_material_absent", "output_unreadable", "undecidable")
_FIELDS = frozenset({"answer", "cannot_tell_reason"})
_REASON_FIELDS = frozenset({"evidence", "explanation"})
_MAX_EXPLANATION = 2000
_WHOLE_BLOCK = re.compile(r"```(?:json)?\s*\n(.*)\n```", re.DOTALL)


class _Unreadable(Exception):
    """A reply is not the object that was asked for."""


def fields(criterion: Criterion, keys: Sequence[str], explain: str) -> dict[str, Any]:
    """Return the JSON Schema of the answer to one criterion, its fields in the order of writing."""
    answer: dict[str, Any] = {
        "answer": {"type": "string", "enum": [*keys, CANNOT_TELL]},
        "cannot_tell_reason": {"type": "string", "enum": list(_REASONS)},
    }
    reasons: dict[str, Any] = {
        "evidence": {"type": "array", "items": {"type": "string"}},
        "explanation": {"type": "string"},
    }
    parts = {"before": reasons | answer, "after": answer | reasons, "none": answer}
    ordered = parts[explain]
    if criterion.when:
        ordered = {"applies": {"type": "boolean"}} | ordered
    return {
        "type": "object",
        "properties": ordered,
        "required": list(ordered),
        "additionalProperties": False,
    }


def schema(asked: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of a whole reply: the answer itself, or one entry for each criterion.

    One entry a criterion, by name: a constrained decoder can neither leave one out nor double it.
    """
    if len(asked) == 1:
        return next(iter(asked.values()))
    return {
        "type": "object",
        "properties": dict(asked),
        "required": list(asked),
        "additionalProperties": False,
    }


def read(
    reply: Reply,
    criteria: Sequence[Criterion],
    keys: Mapping[str, Sequence[str]],
    *,
    item: Item,
    nonce: str,
    explain: str,
) -> dict[str, Finding]:
    """Return a finding for each criterion that the reply was asked about.

    Args:
        reply: What the model answered.
        criteria: What it was asked, one or several.
        keys: For each criterion, what was offered as answers, in the order of its levels.
        item: What was judged; quotations are looked up in its output.
        nonce: Must be in the answer wherever no schema bound it.
        explain: Whether evidence and explanation belong to the answer.
    """
    failed = _no_answer(reply)
    if failed is None:
        try:
            entries = _entries(reply, criteria, nonce)
        except _Unreadable as error:
            failed = unscored("unparsable", str(error), reply.text[:_MAX_EXPLANATION])
    if failed is not None:
        return {criterion.id: failed for criterion in criteria}
    return {
        c.id: _entry(entries.get(c.id), c, keys[c.id], item=item, explain=explain) for c in criteria
    }


def _entries(reply: Reply, criteria: Sequence[Criterion], nonce: str) -> dict[str, Any]:
    body = _whole_object(reply)
    if reply.rung != "schema" and body.pop("nonce", None) != nonce:
        raise _Unreadable("nonce_missing")
    entries = {criteria[0].id: body} if len(criteria) == 1 else body
    if entries.keys() - {criterion.id for criterion in criteria}:
        raise _Unreadable("unknown_question")
    return entries


def _no_answer(reply: Reply) -> Finding | None:
    if not reply.has_choice:
        return unscored("failed", "empty_choices")
    if reply.refusal:
        return unscored("refused", "refused", reply.refusal[:_MAX_EXPLANATION])
    if reply.finish_reason == "content_filter":
        return unscored("filtered", "content_filter")
    if reply.finish_reason == "length":
        return unscored("truncated", "max_tokens")
    if not reply.text.strip():
        return unscored("unparsable", "empty_answer")
    return None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unreadable("repeated_key")
    return found


def _constant(_name: str) -> Any:  # noqa: ANN401 - never returns
    raise _Unreadable("not_json")


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)


def _whole_object(reply: Reply) -> dict[str, Any]:
    text = reply.text.strip()
    if reply.rung != "schema":
        block = _WHOLE_BLOCK.fullmatch(text)
        text = block[1].strip() if block else text
    try:
        body, end = _decoder.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise _Unreadable("not_json") from error
    if end != len(text):
        raise _Unreadable("more_than_one_object")
    if not isinstance(body, dict):
        raise _Unreadable("not_an_object")
    return body


def _entry(
    body: object, criterion: Criterion, keys: Sequence[str], *, item: Item, explain: str
) -> Finding:
    wrong = _wrong_shape(body, criterion, keys, explain)
    if wrong or not isinstance(body, dict):
        return unscored("unparsable", wrong, json.dumps(body)[:_MAX_EXPLANATION])
    explanation = " ".join(body.get("explanation", "").split())[:_MAX_EXPLANATION]
    if body.get("applies") is False:
        return unscored("not_applicable", "condition_false", explanation)
    if body["answer"] == CANNOT_TELL:
        reason = body["cannot_tell_reason"]
        return unscored("abstained", "cannot_tell" if reason == "none" else reason, explanation)
    level = criterion.levels[list(keys).index(body["answer"])]
    evidence = tuple(body.get("evidence", ()))
    missing = _not_quoted(evidence, item)
    return Finding(
        outcome="scored",
        value=level.value,
        level=level.key,
        explanation=explanation,
        evidence=evidence,
        detail={"evidence_not_found": missing} if missing else {},
    )


def _wrong_shape(body: object, criterion: Criterion, keys: Sequence[str], explain: str) -> str:
    """Return why this is no answer of the schema; empty where it is one."""
    if not isinstance(body, dict):
        return "missing_question" if body is None else "wrong_shape"
    if body.keys() != _names(criterion, explain):
        return "wrong_fields"
    kinds = {"applies": bool, "evidence": list, "explanation": str, "answer": str}
    typed = all(isinstance(body[name], kind) for name, kind in kinds.items() if name in body)
    if not typed or not all(isinstance(quote, str) for quote in body.get("evidence", ())):
        return "wrong_type"
    known = body["answer"] in (*keys, CANNOT_TELL) and body["cannot_tell_reason"] in _REASONS
    return "" if known else "unknown_answer"


def _names(criterion: Criterion, explain: str) -> frozenset[str]:
    names = _FIELDS if explain == "none" else _FIELDS | _REASON_FIELDS
    return names | {"applies"} if criterion.when else names


def _not_quoted(evidence: Sequence[str], item: Item) -> list[str]:
    """Return the quotations that do not occur in the output, white space and case aside."""
    said = as_text(item.output)
    if all(quote in said for quote in evidence):
        return []
    output = _plain(neutralise(said).text)
    return [quote for quote in evidence if _plain(quote) not in output]


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(" .\u2026\"'\u201c\u201d").casefold()
