"""Design `concurrent`: users randomised over versions."""

from __future__ import annotations

from trueup.goodhart.concurrent.looks import Snapshots, concurrent_looks

__all__ = ["Snapshots", "concurrent_looks"]
