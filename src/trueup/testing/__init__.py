"""Help for testing judges and whatever calls them: public, and free of heavy imports."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup.testing.conformance import check_judge
    from trueup.testing.faultserver import Fault, FaultServer, Reply
    from trueup.testing.scripted import ScriptedJudge
    from trueup.testing.weeks import Shift, Truth, simulate_weeks

__all__ = [
    "Fault",
    "FaultServer",
    "Reply",
    "ScriptedJudge",
    "Shift",
    "Truth",
    "check_judge",
    "simulate_weeks",
]

_HOMES = {
    "Fault": "trueup.testing.faultserver",
    "FaultServer": "trueup.testing.faultserver",
    "Reply": "trueup.testing.faultserver",
    "ScriptedJudge": "trueup.testing.scripted",
    "Shift": "trueup.testing.weeks",
    "Truth": "trueup.testing.weeks",
    "check_judge": "trueup.testing.conformance",
    "simulate_weeks": "trueup.testing.weeks",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'trueup.testing' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
