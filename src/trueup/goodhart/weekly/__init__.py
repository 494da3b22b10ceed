"""Design `weekly`: a stream, compared with its own past."""

from __future__ import annotations

from trueup.goodhart.weekly.stream import Weekly

__all__ = ["Weekly"]
