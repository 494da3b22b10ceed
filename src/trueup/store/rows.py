"""Findings and replies as rows, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from trueup.judge.transport.base import Reply
from trueup.judge.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST = 2**31 - 1
"""The most tokens that a column holds; a server may claim any number."""


def storable(text: str) -> str:
    """Return text that every database takes: no lone surrogates, no NUL."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def finding_columns(finding: Finding) -> dict[str, Any]:
    """Return the columns of a verdict row that a finding fills."""
    extras = dict(finding.detail)
    if finding.evidence:
        extras["evidence"] = finding.evidence
    return {
        "outcome": finding.outcome,
        "reason": storable(finding.reason),
        "decided_by": finding.decided_by,
        "value": finding.value,
        "level": finding.level,
        "explanation": storable(finding.explanation),
        "detail": json.dumps(extras, default=str) if extras else None,
    }


def to_finding(row: Mapping[str, Any]) -> Finding:
    """Return the finding that a verdict row holds."""
    detail = json.loads(row["detail"]) if row["detail"] else {}
    evidence = tuple(detail.pop("evidence", ()))
    return Finding(
        outcome=row["outcome"],
        reason=row["reason"],
        decided_by=row["decided_by"],
        value=row["value"],
        level=row["level"],
        explanation=row["explanation"],
        evidence=evidence,
        detail=detail,
    )


def reply_columns(reply: Reply) -> dict[str, Any]:
    """Return the columns of a call row that a reply fills."""
    body: dict[str, Any] = {"text": reply.text, "finish": reply.finish_reason}
    for name in ("refusal", "logprobs", "dropped"):
        value = getattr(reply, name)
        if value:
            body[name] = value
    if not reply.has_choice:
        body["has_choice"] = False
    return {
        "model": storable(reply.model),
        "fingerprint": storable(reply.fingerprint),
        "rung": reply.rung,
        "input_tokens": min(reply.input_tokens, _MOST),
        "output_tokens": min(reply.output_tokens, _MOST),
        "cached_tokens": min(reply.cached_tokens, _MOST),
        "reply": json.dumps(body),
    }


def to_reply(row: Mapping[str, Any]) -> Reply | None:
    """Return the reply that a call row holds; None where its text was forgotten."""
    if row["reply"] is None:
        return None
    body = json.loads(row["reply"])
    return Reply(
        text=body["text"],
        finish_reason=body["finish"],
        refusal=body.get("refusal", ""),
        rung=row["rung"],
        model=row["model"],
        fingerprint=row["fingerprint"],
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cached_tokens=row["cached_tokens"],
        logprobs=tuple(body.get("logprobs", ())),
        dropped=tuple(body.get("dropped", ())),
        has_choice=body.get("has_choice", True),
    )
