"""Places: paths as a person who stands in a folder would type them."""

from __future__ import annotations

import os
from pathlib import Path


def near(place: str) -> str:
    """Return a path as it is reached from here, where that is shorter; addresses stay."""
    if "://" in place or not Path(place).is_absolute():
        return place
    try:
        found = os.path.relpath(place)
    except (ValueError, OSError):  # another drive, or nobody stands anywhere any more
        return place
    return found if len(found) < len(place) else place
