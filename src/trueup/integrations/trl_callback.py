"""GoodhartCallback: stops a run of TRL or transformers whose reward is being gamed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import torch
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
        ruling: What stopped the run; None as long as nothing did, and in processes that stop
            because another one said so.
    """

    def __init__(self, monitor: Rule) -> None:
        self.monitor = monitor
        self.ruling: Ruling | None = None
        self._told: set[tuple[str, str]] = set()

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> Any:
        """Read a log, and decide; among several processes the end of the next step decides."""
        self.monitor.read(state.global_step, logs or {})
        return self._apply(control, stop=self._says_stop()) if args.world_size == 1 else control

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """Decide on what the rewarded batches showed: all processes stop as soon as one does."""
        del state
        stop = self._says_stop()
        return self._apply(control, stop=stop if args.world_size == 1 else _anywhere(stop, args))

    def _says_stop(self) -> bool:
        said = self.monitor.ruling()
        if said.action != "continue" and (said.rule, said.action) not in self._told:
            self._told.add((said.rule, said.action))
            _log.warning("%s", said)
        if said.action == "stop":
            self.ruling = self.ruling or said
        return said.action == "stop"

    @staticmethod
    def _apply(control: Any, *, stop: bool) -> Any:
        if stop:
            control.should_training_stop = True
        return control


def _anywhere(stop: bool, args: Any) -> bool:  # noqa: FBT001 - it is the value itself
    """Return whether any process says stop; one that went alone would leave the others waiting."""
    said = torch.tensor(float(stop), device=args.device)
    torch.distributed.all_reduce(said, op=torch.distributed.ReduceOp.MAX)
    return bool(said.item())
