"""Design `releases`: many versions, one after the other."""

from __future__ import annotations

from trueup.goodhart.releases.looks import release_looks

__all__ = ["release_looks"]
