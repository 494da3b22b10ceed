"""The reference page describes every field of a calibration, and every form of its report."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

from trueup.report.calibration.write import WRITERS
from trueup.runner.calibration import result

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "calibration.md").read_text("utf-8")
TICKED = set(re.findall(r"`([^`]+)`", PAGE))


def test_every_field_is_described() -> None:
    names = {
        field.name
        for made in vars(result).values()
        if isinstance(made, type) and is_dataclass(made)
        for field in fields(made)
    }

    assert sorted(names - TICKED) == []


def test_every_ending_and_every_word_for_a_state_is_described() -> None:
    words = {*WRITERS, "passed", "failed", "inconclusive", "steady", "moved", "unknown", "judge",
             "rubric", "raters", "traffic", "system", "stands"}  # fmt: skip

    assert sorted(words - TICKED) == []
