"""Adapters to trainers. Each is imported, and imports its trainer, only when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueup.integrations.gepa import gepa_metric
    from trueup.integrations.http import http_app
    from trueup.integrations.trl import trl_reward
    from trueup.integrations.trl_callback import GoodhartCallback
    from trueup.integrations.verl import verl_compute_score

__all__ = ["GoodhartCallback", "gepa_metric", "http_app", "trl_reward", "verl_compute_score"]

_PLACE = {
    "GoodhartCallback": "trueup.integrations.trl_callback",
    "gepa_metric": "trueup.integrations.gepa",
    "http_app": "trueup.integrations.http",
    "trl_reward": "trueup.integrations.trl",
    "verl_compute_score": "trueup.integrations.verl",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACE:
        what = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(what)
    return getattr(import_module(_PLACE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
