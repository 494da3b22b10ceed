"""trueup keeps an LLM judge honest.

    import trueup

    scores = trueup.score("outputs.jsonl", rubric="rubrics/reply.yaml", judge="judges/mini.yaml")
    scores.items()      # one row an item: score, and bounds where values are missing
    scores.frame()      # one row an item and criterion: outcome, value, explanation

Everything is loaded when it is first used, so that importing trueup costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueup import agreement, goodhart
    from trueup.api import ascore, fit, load_judge, load_rubric, score
    from trueup.errors import (
        ConfigError,
        CredentialsError,
        DataError,
        JudgeError,
        JudgeUnavailable,
        NoReward,
        RubricError,
        StoreError,
        TooFewLabels,
        TrueupError,
        Undefined,
        WorkspaceError,
    )
    from trueup.item.model import Item
    from trueup.judge.features.judge import FeaturesJudge
    from trueup.judge.protocol import Capabilities, Judge, Request
    from trueup.judge.rules import Rules
    from trueup.judge.verdict import Finding, Usage, Verdict
    from trueup.label.model import Label
    from trueup.reward.scorer import Scorer
    from trueup.reward.value import Abstain, Reward
    from trueup.rubric.model import Criterion, Rubric
    from trueup.runner.budget import Budget
    from trueup.runner.calibration.calibrate import acalibrate, calibrate
    from trueup.runner.calibration.result import Calibration
    from trueup.runner.result import Scores

__version__ = "0.1.0"

_HOMES = {
    "Abstain": "trueup.reward.value",
    "Budget": "trueup.runner.budget",
    "Calibration": "trueup.runner.calibration.result",
    "Capabilities": "trueup.judge.protocol",
    "ConfigError": "trueup.errors",
    "CredentialsError": "trueup.errors",
    "Criterion": "trueup.rubric.model",
    "DataError": "trueup.errors",
    "FeaturesJudge": "trueup.judge.features.judge",
    "Finding": "trueup.judge.verdict",
    "Item": "trueup.item.model",
    "Judge": "trueup.judge.protocol",
    "JudgeError": "trueup.errors",
    "JudgeUnavailable": "trueup.errors",
    "Label": "trueup.label.model",
    "NoReward": "trueup.errors",
    "Request": "trueup.judge.protocol",
    "Reward": "trueup.reward.value",
    "Rubric": "trueup.rubric.model",
    "RubricError": "trueup.errors",
    "Rules": "trueup.judge.rules",
    "Scorer": "trueup.reward.scorer",
    "Scores": "trueup.runner.result",
    "StoreError": "trueup.errors",
    "TooFewLabels": "trueup.errors",
    "Undefined": "trueup.errors",
    "TrueupError": "trueup.errors",
    "Usage": "trueup.judge.verdict",
    "Verdict": "trueup.judge.verdict",
    "WorkspaceError": "trueup.errors",
    "acalibrate": "trueup.runner.calibration.calibrate",
    "ascore": "trueup.api",
    "calibrate": "trueup.runner.calibration.calibrate",
    "fit": "trueup.api",
    "load_judge": "trueup.api",
    "load_rubric": "trueup.api",
    "score": "trueup.api",
}

_ROOMS = ("agreement", "goodhart")

__all__ = [
    "Abstain",
    "Budget",
    "Calibration",
    "Capabilities",
    "ConfigError",
    "CredentialsError",
    "Criterion",
    "DataError",
    "FeaturesJudge",
    "Finding",
    "Item",
    "Judge",
    "JudgeError",
    "JudgeUnavailable",
    "Label",
    "NoReward",
    "Request",
    "Reward",
    "Rubric",
    "RubricError",
    "Rules",
    "Scorer",
    "Scores",
    "StoreError",
    "TooFewLabels",
    "TrueupError",
    "Undefined",
    "Usage",
    "Verdict",
    "WorkspaceError",
    "acalibrate",
    "agreement",
    "ascore",
    "calibrate",
    "fit",
    "goodhart",
    "load_judge",
    "load_rubric",
    "score",
]


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return import_module(f"trueup.{name}")
    home = _HOMES.get(name)
    if home is None:
        # unknown to trueup: say so as Python does, with the closest name that exists
        from trueup.errors import did_you_mean  # noqa: PLC0415 - only on a mistake

        msg = f"module 'trueup' has no attribute {name!r}. {did_you_mean(name, __all__)}"
        raise AttributeError(msg)
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
