"""What stored cells depend on: the parts of a spec that shape them, and the hash of the buckets."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from trueup.goodhart.cells.query import BINS, BUCKETS, SKEW, micros_of
from trueup.goodhart.cells.source import connect

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from trueup.goodhart.cells.source import Column
    from trueup.goodhart.spec import WatchSpec

SCHEMA = 4
"""Version of how cells are summed."""


def canary_of(
    database: duckdb.DuckDBPyConnection, spec: WatchSpec, columns: Mapping[str, Column]
) -> str:
    """Return what tells whether two readings put a user into the same bucket.

    DuckDB promises no stable hash from version to version, and hashes a number and its text apart.
    """
    owner = spec.group or spec.unit
    kind = columns[owner].kind if owner else "none"
    return f"{_word(database)}-{kind}"


def canary_now() -> str:
    """Return the part of a canary that depends on DuckDB alone."""
    with connect() as database:
        return _word(database)


def _word(database: duckdb.DuckDBPyConnection) -> str:
    (word,) = database.execute("select hash('trueup')").fetchall()[0]
    return f"{word:016x}"


def fingerprint_of(spec: WatchSpec) -> str:
    """Return a digest of all in a spec that the sums of cells depend on."""
    said = {
        "schema": [SCHEMA, BINS, BUCKETS, SKEW],
        "period": micros_of(spec.step),
        "columns": [
            spec.time, spec.judge, spec.judge_repeat, spec.segment, spec.group, spec.version,
            spec.arm, spec.unit, spec.judge_weight, spec.instrument, spec.anchor, spec.output,
        ],
        "signals": [
            [signal.name, signal.arrived, micros_of(signal.window), signal.absent]
            for signal in spec.signals
        ],
        "features": list(spec.features),
        "criteria": list(spec.criteria),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
