"""The monitor's contract: what it takes, what it answers, what it keeps."""

from __future__ import annotations

import json
import math
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from trueup.errors import DataError, TrueupError
from trueup.goodhart.training import Advice, TrainingMonitor, UnusableReading
from trueup.goodhart.training.curve import SLOTS
from trueup.goodhart.training.gap import KEPT

if TYPE_CHECKING:
    from pathlib import Path

PROMPTS = 40


def gamed(step: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of a run that is gamed from step 80 on."""
    ease = np.linspace(-0.2, 0.2, PROMPTS)
    gold = 0.4 + 0.001 * min(step, 80)
    proxy = gold + 0.01 * min(max(step - 80, 0), 40)
    return tuple(v + ease + rng.normal(0, 0.1, PROMPTS) for v in (proxy, gold))  # type: ignore[return-value]  # two


def follow(monitor: TrainingMonitor, steps: range, *, seed: int = 0) -> list[Advice]:
    rng = np.random.default_rng(seed)
    return [monitor.update(step, *gamed(step, rng)) for step in steps]


def test_a_gamed_run_is_warned_of_and_then_stopped_for_good() -> None:
    advice = follow(TrainingMonitor(), range(160))
    actions = [one.action for one in advice]
    stop = actions.index("stop")

    assert "stop" not in actions[:80]
    assert 80 < stop < 110
    assert set(actions[stop:]) == {"stop"}
    found = advice[stop]
    assert found.best_step is not None
    assert 40 <= found.best_step < stop
    assert found.since is not None
    assert 75 <= found.since <= stop
    assert found.gap is not None
    assert found.gap_low is not None
    assert 0.02 < found.gap_low < found.gap
    assert advice[stop].evidence >= advice[stop].needed == -math.log(0.01)
    assert "gap" in advice[stop].alarms
    assert "go back to step" in advice[stop].reason
    assert str(advice[stop]).startswith(f"stop at step {stop}: ")
    assert advice[-1].reason == advice[stop].reason


def test_a_stop_stays_even_where_the_gap_closes() -> None:
    monitor = TrainingMonitor()
    follow(monitor, range(130))
    quiet = [monitor.update(step, np.full(PROMPTS, 0.5), np.full(PROMPTS, 0.5))
             for step in range(130, 400)]  # fmt: skip

    assert {one.action for one in quiet} == {"stop"}


def test_without_gold_nothing_is_said() -> None:
    monitor = TrainingMonitor()
    advice = [monitor.update(step, step / 100) for step in range(100)][-1]

    assert (advice.action, advice.best_step, advice.readings) == ("continue", None, 0)
    assert "No step has had both" in advice.reason


def test_steps_without_gold_keep_the_last_findings() -> None:
    rng = np.random.default_rng(1)
    sparse, dense = TrainingMonitor(), TrainingMonitor()
    for step in range(0, 150, 5):
        proxy, gold = gamed(step, rng)
        first = sparse.update(step, proxy, gold)
        second = sparse.update(step + 1, proxy)
        only = dense.update(step, proxy, gold)

        assert first == only
        assert second.step == step + 1
        assert (second.action, second.gap, second.evidence) == (only.action, only.gap,
                                                                only.evidence)  # fmt: skip


def test_a_failed_judge_is_no_score() -> None:
    monitor = TrainingMonitor()
    monitor.update(0, [0.5, 0.6], [0.5, 0.4])
    failed = monitor.update(1, [math.nan, 0.6], [0.5, math.nan])
    none = monitor.update(2, None, 0.4)  # type: ignore[arg-type]  # an abstention, as None

    assert failed.readings == none.readings == 1
    assert failed.action == "continue"


def test_a_judge_that_begins_to_fail_on_hard_prompts_moves_nothing() -> None:
    rng = np.random.default_rng(2)
    monitor, actions = TrainingMonitor(), set()
    ease = np.linspace(-0.3, 0.3, 50)
    for step in range(200):
        proxy = 0.5 + ease / 3 + rng.normal(0, 0.05, 50)
        gold = 0.5 + ease + rng.normal(0, 0.05, 50)
        if step > 100:
            gold[ease > 0.06] = np.nan  # the mean of what is left is lower by .2
        actions.add(monitor.update(step, proxy, gold).action)

    assert actions == {"continue"}


def test_prompts_drawn_anew_each_time_are_taken() -> None:
    rng = np.random.default_rng(3)
    monitor, actions = TrainingMonitor(), []
    ease = rng.normal(0, 0.2, 200)
    for step in range(150):
        gold = np.where(rng.random(200) < 0.2, 0.5 + ease + rng.normal(0, 0.1, 200), np.nan)
        proxy = 0.5 + ease + 0.01 * min(max(step - 80, 0), 40) + rng.normal(0, 0.1, 200)
        actions.append(monitor.update(step, proxy, gold, kl=step / 50).action)

    assert set(actions[:80]) == {"continue"}
    assert actions[-1] == "stop"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((5, [0.1, 0.2], [0.1, 0.2]), "step 5 comes after step 5"),
        ((4, [0.1, 0.2], [0.1, 0.2]), "step 4 comes after step 5"),
        ((6, [0.1, 0.2, 0.3], [0.1, 0.2, 0.3]), "there are 3 values, and 2 at earlier steps"),
        ((6, 0.1, 0.2), "there are 1 values, and 2 at earlier steps"),
        ((6, 0.1, [0.1, 0.2]), "proxy has 1 values and gold 2"),
        ((6, [0.1, math.inf], [0.1, 0.2]), "proxy has an infinite value"),
        ((6, [[0.1, 0.1]], [0.1, 0.1]), r"proxy has shape \(1, 2\)"),
        ((6, [], []), r"proxy has shape \(0,\)"),
        ((6, ["a", "b"], [0.1, 0.1]), "proxy is not made of numbers"),
        ((6.5, [0.1, 0.1], [0.1, 0.1]), "step is 6.5, which is no whole number"),
        (("6", [0.1, 0.1], [0.1, 0.1]), "step is '6', which is no whole number"),
    ],
)
def test_a_reading_that_cannot_be_used_is_refused_and_leaves_no_trace(
    arguments: tuple[Any, Any, Any], said: str
) -> None:
    monitor = TrainingMonitor()
    monitor.update(5, [0.1, 0.2], [0.1, 0.2])
    before = monitor.to_dict()
    with pytest.raises(UnusableReading, match=said) as caught:
        monitor.update(*arguments)

    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, TrueupError)
    assert caught.value.mend
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own
    assert monitor.to_dict() == before


@pytest.mark.parametrize(
    ("name", "proxy", "gold"),
    [("scale", 71, 0.5), ("scale", [4, 5, math.nan], [0, 1, 1]), ("gold_scale", 0.5, -3.2)],
)
def test_another_scale_has_to_be_declared(name: str, proxy: Any, gold: Any) -> None:
    with pytest.raises(UnusableReading, match=rf"TrainingMonitor\({name}=\(low, high\)\)"):
        TrainingMonitor().update(0, proxy, gold)


def test_one_wild_value_late_in_a_run_does_not_end_it() -> None:
    monitor = TrainingMonitor()
    for step in range(30):
        advice = monitor.update(step, 0.5, 5.0 if step == 20 else 0.5)

    assert advice.action == "continue"


@pytest.mark.parametrize("kl", [math.inf, "far", [1, 2]])
def test_a_kl_that_is_no_number_is_refused(kl: Any) -> None:
    with pytest.raises(UnusableReading, match="kl is"):
        TrainingMonitor().update(0, 0.1, 0.1, kl=kl)


@pytest.mark.parametrize(
    "setting",
    [{"margin": 0}, {"margin": 1}, {"share": 1.5}, {"alpha": 0.7}, {"window": 1}, {"window": 2.5},
     {"window": True}, {"scale": (1, 1)}, {"scale": (5,)}, {"gold_scale": (0, math.inf)}],
)  # fmt: skip
def test_a_setting_out_of_range_is_refused_by_name(setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        TrainingMonitor(**setting)


def test_scales_only_change_the_unit() -> None:
    rng = np.random.default_rng(4)
    plain = TrainingMonitor()
    scaled = TrainingMonitor(scale=(1, 5), gold_scale=(0, 100))
    for step in range(150):
        proxy, gold = gamed(step, rng)
        one, other = (plain.update(step, proxy, gold),
                      scaled.update(step, 1 + 4 * proxy, 100 * gold))  # fmt: skip

        assert (one.action, one.best_step) == (other.action, other.best_step)
        assert one.gap == pytest.approx(other.gap)


def test_a_resumed_monitor_gives_the_very_same_advice(tmp_path: Path) -> None:
    whole = follow(TrainingMonitor(), range(140))
    rng, monitor, parts = np.random.default_rng(0), TrainingMonitor(), []
    for step in range(140):
        parts.append(monitor.update(step, *gamed(step, rng)))
        if step % 7 == 0:
            monitor.save(tmp_path / "monitor.json")
            monitor = TrainingMonitor.load(tmp_path / "monitor.json")

    assert parts == whole
    assert [path.name for path in tmp_path.iterdir()] == ["monitor.json"]


def test_a_new_monitor_can_be_saved_too() -> None:
    held = json.loads(json.dumps(TrainingMonitor(margin=0.1, scale=(1, 5)).to_dict()))
    advice = TrainingMonitor.from_dict(held).update(0, 3.0, 3.0)

    assert advice == TrainingMonitor(margin=0.1, scale=(1, 5)).update(0, 3.0, 3.0)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[:200], "no JSON from line 1 on"),
        (lambda _: "[]", "no state of a training monitor"),
        (lambda text: text.replace('"version": 1', '"version": 9'), "version 9"),
        (lambda text: text.replace('"step": 19', '"step": 9'), "its checksum does not fit"),
        (lambda text: text.replace('"looks"', '"lokos"'), "its checksum does not fit"),
    ],
)
def test_a_damaged_file_is_named(spoil: Any, said: str, tmp_path: Path) -> None:
    monitor, path = TrainingMonitor(), tmp_path / "monitor.json"
    follow(monitor, range(20))
    monitor.save(path)
    path.write_text(spoil(path.read_text("utf-8")), "utf-8")
    with pytest.raises(DataError, match=said) as caught:
        TrainingMonitor.load(path)

    assert caught.value.where == str(path)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for name in ("absent", "bytes"):
        with pytest.raises(DataError, match=name):
            TrainingMonitor.load(tmp_path / name)


def test_what_is_kept_does_not_grow_with_the_run() -> None:
    rng = np.random.default_rng(5)
    monitor = TrainingMonitor()
    sizes = []
    for step in range(2000):
        monitor.update(step, *rng.normal(0.5, 0.05, 2))
        if step in {700, 1999}:
            sizes.append(len(json.dumps(monitor.to_dict())))

    assert sizes[1] < 1.15 * sizes[0]
    assert len(monitor._gap.starts) <= KEPT
    assert len(monitor._curve.steps) <= SLOTS
    assert len(monitor._window.rows) == 61
    assert sum(monitor._curve.readings) == monitor._gap.readings == 2000
