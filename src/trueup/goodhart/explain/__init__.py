"""Explanations of a look: where to look for the cause. None of them decides anything.

    from trueup.goodhart.explain import explain

    explain(cells, spec, look).sentences

`window` lays out what the look compared; every other module answers one question about it: `shares`
(the form of outputs), `criteria`, `segments`, `signals`, `mix` (raw against standardised), `began`,
`order` (within a slice), `outputs`. `distinct_outputs` and `surface` work on texts alone.
"""

from __future__ import annotations

from trueup.goodhart.explain.distinct import DistinctOutputs, distinct_outputs
from trueup.goodhart.explain.explanation import Explanation, explain
from trueup.goodhart.explain.surface import surface

__all__ = ["DistinctOutputs", "Explanation", "distinct_outputs", "explain", "surface"]
