"""What past A/Bs and releases taught: what a point of the judge has been worth to users."""

from __future__ import annotations

from trueup.goodhart.ledger.entries import Effect, Past, Release
from trueup.goodhart.ledger.file import read_ledger

__all__ = ["Effect", "Past", "Release", "read_ledger"]
