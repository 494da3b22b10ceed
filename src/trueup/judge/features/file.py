"""The file of a features judge: written whole or not at all, read back exactly."""

from __future__ import annotations

import io
import json
import math
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.errors import JudgeError
from trueup.judge.features.head import Head
from trueup.judge.features.judge import FeaturesJudge
from trueup.judge.features.surface import FEATURES, VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTE = "# Fitted by trueup to labels. Fit it again rather than edit it.\n"


def save(judge: FeaturesJudge, path: str | Path) -> None:
    """Write a judge to a file; one that is there is replaced in one step.

    Raises:
        JudgeError: The file cannot be written.
    """
    path = Path(path)
    if path.suffix == ".json":
        text = json.dumps(judge.to_dict(), indent=2) + "\n"
    else:
        text = _NOTE + _yaml(judge.to_dict())
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        what = f"the judge cannot be written ({error.strerror})"
        raise JudgeError(what, where=str(path), mend="Name a file that you may write") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def rebuild(body: Mapping[str, Any], *, name: str, where: str) -> FeaturesJudge:
    """Return the judge that `FeaturesJudge.to_dict` described.

    Args:
        body: What the file holds.
        name: The judge's name where the file gives none.
        where: The file, for messages.

    Raises:
        JudgeError: The file is no such description, or of another version of the features.
    """
    mend = "Fit it again: trueup fit"
    if str(body.get("features")) != VERSION:
        what = f"it was fitted with features of version {body.get('features')}, now {VERSION}"
        raise JudgeError(what, where=where, mend=mend)
    try:
        criteria = body["criteria"]
        heads = {c: _head(entry["head"]) for c, entry in criteria.items()}
        questions = {c: str(entry["question"]) for c, entry in criteria.items()}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = f"this is no fitted judge ({error})"
        raise JudgeError(what, where=where, mend=mend) from error
    return FeaturesJudge(heads, questions=questions, name=str(body.get("name") or name))


def _head(body: Mapping[str, Any]) -> Head:
    """Return a head whose numbers are numbers: a file may hold anything, so fail now, not later."""
    head = Head.from_dict(body)
    numbers = [head.means, head.scales, head.coefficients]
    if not all(len(row) == len(FEATURES) for row in numbers):
        raise ValueError(f"a head has {len(FEATURES)} means, scales and coefficients")
    found = head.agreement
    single = [
        head.intercept,
        head.low,
        head.high,
        head.reach,
        found.estimate,
        found.low,
        found.high,
    ]
    if not all(math.isfinite(number) for row in [*numbers, single] for number in row):
        raise ValueError("a number is not finite")
    if min(head.scales) <= 0:
        raise ValueError("a scale is not positive")
    return head


def _yaml(body: dict[str, Any]) -> str:
    from ruamel.yaml import YAML  # noqa: PLC0415 - heavy

    yaml: Any = YAML(typ="safe", pure=True)  # its attributes are typed as what they start as
    yaml.default_flow_style = None  # only the innermost lists stand in one line
    yaml.width = 100
    yaml.sort_base_mapping_type_on_output = False
    text = io.StringIO()
    yaml.dump(body, text)
    return text.getvalue()
