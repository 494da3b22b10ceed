"""What people said about real replies: learnt where form tells, admitted where it does not."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from trueup.judge.features.head import fit_head
from trueup.judge.features.surface import surface_matrix

Floats = NDArray[np.float64]
DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"


def load(name: str) -> list[dict[str, Any]]:
    path = DATA / name / "items.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the public data set {name} is not beside the repository")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@cache
def dialogue_replies() -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return features, overall ratings and contexts of 360 replies to 60 dialogues."""
    rows = load("topical_chat_usr")
    x = surface_matrix(
        {"output": r["system_output"], "input": r["source"], "context": r["context"]} for r in rows
    )
    y = np.array([r["scores"]["overall"] for r in rows])
    contexts = np.unique([r["source"] for r in rows], return_inverse=True)[1]
    return x, (y - 1) / 4, contexts


@cache
def instruction_pairs() -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return features of 200 outputs, whether each was preferred, and its pair."""
    rows = [r for r in load("llmbar") if "Natural" in r["subset"]]
    sides = [(r, side) for r in rows for side in (1, 2)]
    x = surface_matrix({"output": r[f"output_{side}"], "input": r["input"]} for r, side in sides)
    y = np.array([float(r["label"] == side) for r, side in sides])
    return x, y, np.repeat(np.arange(len(rows)), 2)


def test_sixty_ratings_teach_it_and_its_interval_holds_on_new_contexts() -> None:
    x, y, contexts = dialogue_replies()
    skills, widths, covered = [], [], 0
    for seed in range(20):
        chosen = np.random.default_rng(seed).permutation(60)[:10]
        known = np.isin(contexts, chosen)
        head = fit_head(x[known], y[known], groups=contexts[known].tolist(), seed=seed)
        skill = spearmanr(head.predict(x[~known]), y[~known]).statistic
        skills.append(skill)
        widths.append(head.agreement.high - head.agreement.low)
        covered += int(head.agreement.low <= skill <= head.agreement.high and widths[-1] <= 0.45)

    assert np.median(skills) >= 0.45
    assert np.median(widths) <= 0.45
    assert covered >= 16


@pytest.mark.parametrize("seed", range(5))
def test_form_does_not_tell_which_output_follows_the_instruction(seed: int) -> None:
    x, y, pairs = instruction_pairs()
    order = np.random.default_rng(seed).permutation(len(y))

    head = fit_head(x[order], y[order], groups=pairs[order].tolist(), seed=seed)

    assert not head.better_than_chance
    assert head.agreement.n_groups == 100
