"""Monitors: rules that watch a run whose reward is a judge, and say when to stop it."""

from __future__ import annotations

from trueup.monitor.abstaining import Abstaining
from trueup.monitor.degenerate import Degenerate
from trueup.monitor.gamed_share import GamedShare
from trueup.monitor.held_out import HeldOut
from trueup.monitor.marks import MARKS
from trueup.monitor.rule import Action, AllOf, AnyOf, Rule, Ruling, Scored
from trueup.monitor.saturation import Saturation
from trueup.monitor.surface import Surface

__all__ = [
    "MARKS",
    "Abstaining",
    "Action",
    "AllOf",
    "AnyOf",
    "Degenerate",
    "GamedShare",
    "HeldOut",
    "Rule",
    "Ruling",
    "Saturation",
    "Scored",
    "Surface",
]
