"""Drift: has agreement or a number changed, and whose fault is it."""

from __future__ import annotations

from trueup.agreement.drift.alarm import Alarm, Track, Watch, watch
from trueup.agreement.drift.attribution import Change, attribute, leading
from trueup.agreement.drift.bridge import Bridged, bridge_mean, bridge_rate, bridged_change
from trueup.agreement.drift.evidence import Cause, Evidence
from trueup.agreement.drift.parts import Parts, split
from trueup.agreement.drift.week import (
    ANCHORS,
    PAIRS,
    Count,
    Labelled,
    Week,
    labelled_from,
    new_models,
)

__all__ = [
    "ANCHORS",
    "PAIRS",
    "Alarm",
    "Bridged",
    "Cause",
    "Change",
    "Count",
    "Evidence",
    "Labelled",
    "Parts",
    "Track",
    "Watch",
    "Week",
    "attribute",
    "bridge_mean",
    "bridge_rate",
    "bridged_change",
    "labelled_from",
    "leading",
    "new_models",
    "split",
    "watch",
]
