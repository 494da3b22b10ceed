"""Keys under which a store finds verdicts."""

from __future__ import annotations

from typing import NamedTuple


class VerdictKey(NamedTuple):
    """One criterion's verdict about a content, within a sitting; the numbers are the store's."""

    content: int
    instrument: int
    replicate: int
