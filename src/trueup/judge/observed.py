"""Observed: which models answered, as endpoints and judges say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 200
_DEPTH = 8
"""Panels of panels, and then some: what a judge observed is anybody's data."""


def model_name(model: str, fingerprint: str = "") -> str:
    """Return a model's name with its fingerprint, if it has one; empty for an unnamed model."""
    return f"{model} {fingerprint}".strip()[:_LONGEST] if model else ""


def models_in(observed: object, *, depth: int = _DEPTH) -> Iterator[str]:
    """Yield the names of the models that a verdict says have answered.

    A panel observes for each member what that one observed; members' names are no part of it.

    Args:
        observed: `Verdict.observed`, or whatever else a judge has put there.
        depth: How far to look into members.
    """
    if not isinstance(observed, Mapping):
        return
    model = observed.get("model")
    if isinstance(model, str):
        fingerprint = observed.get("fingerprint")
        name = model_name(model, fingerprint if isinstance(fingerprint, str) else "")
        if name:
            yield name
    elif depth:
        for part in observed.values():
            yield from models_in(part, depth=depth - 1)
