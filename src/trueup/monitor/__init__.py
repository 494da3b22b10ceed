"""Monitors: rules that watch a run whose reward is a judge, and say when to stop it."""

from __future__ import annotations

from trueup.monitor.abstaining import Abstaining
from trueup.monitor.held_out import HeldOut
from trueup.monitor.rule import Action, AllOf, AnyOf, Rule, Ruling, Scored

__all__ = [
    "Abstaining",
    "Action",
    "AllOf",
    "AnyOf",
    "HeldOut",
    "Rule",
    "Ruling",
    "Scored",
]
