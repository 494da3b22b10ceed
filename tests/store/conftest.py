"""Rows as runs write them, and stores in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from trueup.store.rows import finding_columns, reply_columns
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trueup.judge.transport.base import Reply
    from trueup.judge.verdict import Finding


class VerdictRow(Protocol):
    """Make a row of the verdict table."""

    def __call__(self, number: int, finding: Finding, **columns: Any) -> dict[str, Any]: ...


class CallRow(Protocol):
    """Make a row of the call table."""

    def __call__(self, number: int, reply: Reply, **columns: Any) -> dict[str, Any]: ...


def found(store: Store, *numbers: int) -> dict[int, Finding]:
    """Return what a store knows about contents, by number."""
    rows = store.verdicts(numbers, [1], occasion="")
    return {key.content: finding for key, finding in rows.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened


@pytest.fixture
def verdict_row() -> VerdictRow:
    def make(number: int, finding: Finding, **columns: Any) -> dict[str, Any]:
        return {
            **finding_columns(finding),
            "content": number,
            "instrument": 1,
            "replicate": 0,
            "occasion": "",
            "run": 1,
            "at": 0,
            **columns,
        }

    return make


@pytest.fixture
def call_row() -> CallRow:
    def make(number: int, reply: Reply, **columns: Any) -> dict[str, Any]:
        return {
            **reply_columns(reply),
            "key": number.to_bytes(16, "big"),
            "about": None,
            "attempts": 1,
            "dollars": None,
            "milliseconds": 1,
            "run": 1,
            "at": 0,
            **columns,
        }

    return make
