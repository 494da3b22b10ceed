"""Answerers: who answered in a run, each written down once, before what it answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.judge.observed import models_in
from trueup.store.rows import storable

if TYPE_CHECKING:
    from trueup.store.writer import Writer

_MOST = 100
"""More names than this are no models: something in them differs with every request."""


class Answerers:
    """Writes down the models that answer in one run.

    Args:
        writer: Gathers the run's rows; a name is committed no later than what is put after it.
        run: The run's number.
    """

    def __init__(self, writer: Writer, run: int) -> None:
        self._writer = writer
        self._run = run
        self._seen: set[str] = set()

    def saw(self, observed: object) -> None:
        """Take note of what a verdict or a reply says of who gave it."""
        for name in models_in(observed):
            if name not in self._seen and len(self._seen) < _MOST:
                self._seen.add(name)
                self._writer.put("answerer", {"run": self._run, "model": storable(name)})
