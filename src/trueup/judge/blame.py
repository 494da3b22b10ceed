"""Blame: where in somebody's code an exception arose."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from traceback import walk_tb

_OWN = str(Path(__file__).parents[1])
_LIBRARY = sysconfig.get_path("stdlib")
_INSTALLED = ("site-packages", "dist-packages")


def place_of(error: BaseException) -> str:
    """Return file:line of the innermost frame that is somebody's own code.

    Frames of the standard library, of installed packages and of trueup are passed over, since a
    judge that hands them nonsense is to be mended and not they; where there are no others, the
    innermost frame of all is named. Empty for an exception that was never raised.
    """
    frames = [f"{f.f_code.co_filename}:{line}" for f, line in walk_tb(error.__traceback__)]
    own = [frame for frame in frames if not _is_library(frame)]
    return (own or frames or [""])[-1]


def is_ours(place: str) -> bool:
    """Tell whether a place lies in trueup itself."""
    return place.startswith(_OWN)


def _is_library(frame: str) -> bool:
    installed = any(part in frame for part in _INSTALLED)
    return installed or frame.startswith((_OWN, _LIBRARY, "<frozen"))
