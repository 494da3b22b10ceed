"""The judges, rubrics and runners that ship with trueup."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def library() -> Path:
    """Return where judges/, rubrics/ and runners/ are: inside the wheel, or the checkout's root."""
    shipped = Path(str(files("trueup"))) / "_library"
    return shipped if shipped.is_dir() else Path(__file__).resolve().parents[2]
