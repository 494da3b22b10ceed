"""GoodhartCallback: stops a run of TRL or transformers whose reward is being gamed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

if TYPE_CHECKING:
    from trueup.monitor.rule import Rule, Ruling

_log = logging.getLogger("trueup.monitor")


class GoodhartCallback(TrainerCallback):  # type: ignore[misc, unused-ignore]  # untyped
    """Tell a monitor what the trainer logs, and stop training when it says so.

    A warning is logged once for each reason, to the logger `trueup.monitor`. The trainer's own log
    gets the monitor's numbers under `judge/`.

    Args:
        monitor: A rule, or several joined by `|` and `&`; the same that the reward function has.

    Attributes:
        ruling: What stopped the run; None as long as nothing did.
    """

    def __init__(self, monitor: Rule) -> None:
        self.monitor = monitor
        self.ruling: Ruling | None = None
        self._told: set[tuple[str, str]] = set()

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> Any:
        """Read a log, and decide."""
        del args
        self.monitor.read(state.global_step, logs or {})
        return self._decide(control)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """Decide on what the rewarded batches showed."""
        del args, state
        return self._decide(control)

    def _decide(self, control: Any) -> Any:
        said = self.monitor.ruling()
        if said.action != "continue" and (said.rule, said.action) not in self._told:
            self._told.add((said.rule, said.action))
            _log.warning("%s", said)
        if said.action == "stop":
            self.ruling = self.ruling or said
            control.should_training_stop = True
        return control
