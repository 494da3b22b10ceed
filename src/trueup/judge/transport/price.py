"""Say what a model's tokens cost, by the price list that litellm ships."""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.judge.transport.base import Price

if TYPE_CHECKING:
    from collections.abc import Mapping

_PRICES = "model_prices_and_context_window_backup.json"


def price(model: str) -> Price | None:
    """Return a model's price, or None where it is unknown.

    The list is the one that the installed litellm brings along: nothing is fetched, and litellm
    itself, which takes seconds to import, is not imported. Where it already is, models that were
    registered with it count too. Only prices by the token are known here; tiers by prompt length
    and batch discounts are not looked at.

    Args:
        model: With its provider's prefix, as litellm writes it.
    """
    entry = _entry(model)
    if entry is None:
        return None
    dear, cheap = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
    if not (isinstance(dear, int | float) and isinstance(cheap, int | float)):
        return None
    cached = entry.get("cache_read_input_token_cost")
    return Price(
        input=dear * 1e6,
        output=cheap * 1e6,
        cached=(cached if isinstance(cached, int | float) else dear) * 1e6,
    )


def _entry(model: str) -> Mapping[str, Any] | None:
    """Return the list's entry, which may stand under the name with or without its prefix."""
    prices = getattr(sys.modules.get("litellm"), "model_cost", None) or _shipped()
    entry = prices.get(model)
    if entry is None and "/" in model:
        provider, name = model.split("/", 1)
        entry = prices.get(name)
        if entry is not None and not str(entry.get("litellm_provider")).startswith(provider):
            entry = None  # another provider's model of that name
    return entry if isinstance(entry, dict) else None


@cache
def _shipped() -> Mapping[str, Any]:
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        return {}
    path = Path(spec.origin).with_name(_PRICES)
    prices: dict[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
    return prices
