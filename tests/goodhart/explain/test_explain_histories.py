"""Explanations of histories whose truth is known."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.goodhart.conftest import SIGNALS, spec_of
from trueup.goodhart import Signal, backtest_cells, read_cells
from trueup.goodhart.concurrent import concurrent_looks
from trueup.goodhart.explain import explain
from trueup.goodhart.releases import release_looks
from trueup.testing.histories import (
    SCENARIOS,
    simulate_experiment,
    simulate_history,
    simulate_releases,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from trueup.goodhart.explain import Explanation

    Explained = Callable[..., Explanation]


def test_length_explains_a_rise_by_length(explained: Explained) -> None:
    found = explained("verbosity").surface
    assert found is not None
    assert found.share == pytest.approx(1.0, abs=0.15)
    assert found.share_low is not None
    assert found.share_low > 0.5
    length = next(one for one in found.features if one.name == "log_length")
    assert length.change == pytest.approx(0.5, abs=0.03)
    assert length.points == pytest.approx(found.points, abs=0.02)
    assert "Most of the rise is form." in found.sentence


def test_length_and_markup_share_a_rise_that_both_bring(explained: Explained) -> None:
    found = explained(
        "verbosity", length_shift=0.3, markup_shift=1.0, markup_effect=0.12, gamed=0.12
    ).surface
    assert found is not None
    shares = {one.name: one.share for one in found.features}
    assert shares["log_length"] == pytest.approx(0.18 / 0.42, abs=0.12)
    assert shares["markup"] == pytest.approx(0.12 / 0.42, abs=0.12)
    assert abs(shares["hedges"] or 0.0) < 0.05


@pytest.mark.parametrize("name", ["gaming", "gain"])
def test_form_explains_nothing_of_a_rise_that_has_another_cause(
    explained: Explained, name: str
) -> None:
    found = explained(name).surface
    assert found is not None
    assert found.share_high is not None
    assert found.share_high < 0.1


def test_a_judge_that_did_not_move_has_no_share_to_explain(explained: Explained) -> None:
    found = explained("null").surface
    assert found is not None
    assert found.share is None
    assert "did not clearly move" in found.sentence


def test_a_raw_rise_that_is_all_mix_is_called_so(explained: Explained) -> None:
    easy = replace(SCENARIOS["null"].segments[0], quality=0.6, later=0.85)
    hard = replace(SCENARIOS["null"].segments[2], quality=-0.4, later=0.15)
    found = explained("null", segments=(easy, hard)).mix[0]
    assert found.said == "judge"
    assert found.raw > 0.12
    assert abs(found.held) < 0.05
    assert found.mix_low > 0
    assert "is a changed mix of segments" in found.sentence


def test_a_rise_under_a_changed_mix_is_told_apart_from_it(explained: Explained) -> None:
    judge = explained("gaming_mix").mix[0]
    assert judge.raw == pytest.approx(judge.held + judge.mix, abs=1e-9)
    assert judge.held == pytest.approx(0.23, abs=0.05)
    assert judge.mix_low > 0.02


def test_a_steady_mix_takes_no_part(explained: Explained) -> None:
    judge = explained("gaming").mix[0]
    assert judge.mix_low < 0 < judge.mix_high
    assert "no part of that is clearly" in judge.sentence


@pytest.mark.parametrize(("name", "week"), [("gaming", 12), ("gaming_late", 22)])
def test_the_start_of_the_rise_is_found(explained: Explained, name: str, week: int) -> None:
    found = explained(name, monitored=26 if week > 12 else 14, items=2000).began
    assert found is not None
    assert found.earliest <= week <= found.latest
    assert found.latest - found.earliest <= 4


def test_nothing_began_where_nothing_happened(explained: Explained) -> None:
    assert explained("null").began is None


def test_every_segment_of_a_gamed_history_falls_short(explained: Explained) -> None:
    found = explained("gaming").segments
    assert found is not None
    assert sum(one.part or 0.0 for one in found.each) == pytest.approx(1.0)
    assert sum(one.share for one in found.each) == pytest.approx(1.0)
    assert sum(one.short for one in found.each) >= 2
    assert {one.name for one in found.each} == {"chat", "code", "writing"}


def test_no_segment_of_a_real_gain_falls_short(explained: Explained) -> None:
    found = explained("gain").segments
    assert found is not None
    assert not any(one.short for one in found.each)
    assert "in no single segment" in found.sentence


def test_a_rise_in_one_segment_is_seen_there() -> None:
    frame = simulate_history(replace(SCENARIOS["null"], monitored=14), 3)
    lifted = (frame["segment"] == "code") & (frame["version"] == "v2")
    frame.loc[lifted, ["judge", "judge_rep"]] += 0.5
    spec = spec_of(horizon=14)
    cells = read_cells(frame, spec)
    found = explain(cells, spec, backtest_cells(cells, spec)[-1]).segments
    assert found is not None
    assert found.each[0].name == "code"
    assert (found.each[0].part or 0.0) > 0.85
    assert [one.name for one in found.each if one.short] == ["code"]


def test_signals_are_told_one_by_one(explained: Explained) -> None:
    gamed, real = explained("gaming").signals, explained("gain").signals
    assert gamed is not None
    assert real is not None
    by_name = {one.name: one for one in gamed.each}
    assert by_name["retries"].found == "fell short"
    assert by_name["retries"].expected == pytest.approx(-0.045, abs=0.015)
    assert {one.name: one.found for one in real.each}["retries"] == "followed"
    assert all(one.found != "fell short" for one in real.each)


def test_gold_labels_are_one_more_signal() -> None:
    frame = simulate_history(replace(SCENARIOS["gaming"], monitored=14), 5, hidden=True)
    rng = np.random.default_rng(1)
    frame["gold"] = np.where(rng.random(len(frame)) < 60 / 3000, frame["quality"], np.nan)
    spec = spec_of(signals=(*SIGNALS, Signal("gold", per=1, label="gold labels")), horizon=14)
    cells = read_cells(frame, spec)
    look = backtest_cells(cells, spec)[-1]
    found = explain(cells, spec, look).signals
    assert found is not None
    gold = found.each[-1]
    assert (gold.name, gold.said) == ("gold", "gold labels")
    assert gold.expected == pytest.approx(0.3, abs=0.12)
    assert gold.phi is not None
    assert abs(gold.phi) < 0.6
    assert look.signals[-1].weight > 0.02


def test_the_order_is_kept_where_the_judge_still_ranks_well(explained: Explained) -> None:
    for name in ("gain", "gaming"):
        found = explained(name).order
        assert found is not None
        retries = next(one for one in found.each if one.signal == "retries")
        assert retries.segment is None
        assert retries.found == "kept"
        assert retries.before_low > 0
        assert len(retries.bins_before) == 5
        bins = [value for value in retries.bins_before if value is not None]
        assert bins == sorted(bins, reverse=True)


def test_an_inverted_order_is_gaming_even_where_means_agree() -> None:
    frame = simulate_history(replace(SCENARIOS["gain"], monitored=14), 7)
    late = frame["version"] == "v2"
    centre = frame.loc[late, "judge"].mean()
    turned = np.clip(np.round(2 * centre - frame.loc[late, "judge"]), 1, 5)
    frame.loc[late, "judge"] = turned
    spec = spec_of(horizon=14, judge_repeat=None, reliability=0.55)
    cells = read_cells(frame, spec)
    found = explain(cells, spec, backtest_cells(cells, spec)[-1]).order
    assert found is not None
    whole = {one.signal: one for one in found.each if one.segment is None}
    assert whole["retries"].found == "inverted"
    assert whole["retries"].after_high < 0 < whole["retries"].before_low
    assert "an inverted order is gaming" in found.sentence


def test_an_experiment_is_explained_between_its_arms() -> None:
    spec = spec_of(design="concurrent", arm="arm", features=("log_length",), horizon=4)
    cells = read_cells(simulate_experiment("verbosity", 3), spec)
    found = explain(cells, spec, concurrent_looks(cells, spec)[-1])
    assert found.surface is not None
    assert found.surface.share == pytest.approx(1.0, abs=0.35)
    assert found.began is None
    assert found.signals is not None
    assert found.segments is not None
    assert found.order is not None


def test_releases_are_explained_later_half_against_earlier() -> None:
    spec = spec_of(design="releases", version="version", features=("log_length",))
    cells = read_cells(simulate_releases("gaming", 3), spec)
    found = explain(cells, spec, release_looks(cells, spec)[-1])
    assert found.surface is not None
    assert found.signals is not None
    assert any("later half" in note for note in found.notes)


def test_too_short_a_history_says_what_is_missing() -> None:
    frame = simulate_history(replace(SCENARIOS["gain"], monitored=1, items=300), 1)
    spec = spec_of(horizon=14)
    cells = read_cells(frame, spec)
    look = backtest_cells(cells, spec)[0]
    early = explain(cells, spec, replace(look, period=-5))
    assert early.surface is None
    assert early.notes[0].startswith("Not compared: ")


def test_an_explanation_is_plain_data_and_sentences(explained: Explained) -> None:
    found = explained("verbosity")
    text = json.dumps(asdict(found), default=str)
    assert "NaN" not in text
    assert "Infinity" not in text
    assert "-0%" not in found.message
    assert len(found.sentences) >= 6
    assert all(sentence.endswith(".") for sentence in found.sentences)


def test_criteria_are_given_their_part_in_the_rise() -> None:
    frame = simulate_history(replace(SCENARIOS["null"], monitored=14, items=2000), 4)
    rng = np.random.default_rng(2)
    late = (frame["version"] == "v2").to_numpy()
    clear = rng.normal(3, 1, len(frame)) + 0.4 * late
    exact = rng.normal(3, 1, len(frame)) + 0.1 * late
    frame["clear"], frame["exact"] = clear, exact
    frame["judge"] = 0.5 * clear + 0.5 * exact
    spec = spec_of(horizon=14, judge_repeat=None, reliability=0.9, criteria=("clear", "exact"))
    cells = read_cells(frame, spec)
    found = explain(cells, spec, backtest_cells(cells, spec)[-1]).criteria
    assert found is not None
    parts = {one.name: one for one in found.each}
    assert parts["clear"].change == pytest.approx(0.4, abs=0.03)
    assert parts["clear"].part == pytest.approx(0.8, abs=0.05)
    assert parts["exact"].part == pytest.approx(0.2, abs=0.05)
    assert "made of these criteria: clear" in found.sentence


def test_criteria_of_a_score_that_is_no_weighting_have_no_part() -> None:
    frame = simulate_history(replace(SCENARIOS["gaming"], monitored=14, items=2000), 4)
    rng = np.random.default_rng(2)
    frame["tone"] = rng.normal(0, 1, len(frame)) + 0.2 * (frame["version"] == "v2")
    spec = spec_of(horizon=14, criteria=("tone",))
    cells = read_cells(frame, spec)
    found = explain(cells, spec, backtest_cells(cells, spec)[-1]).criteria
    assert found is not None
    assert found.each[0].part is None
    assert found.each[0].change == pytest.approx(0.2, abs=0.03)
    assert "no fixed weighting" in found.sentence


def test_outputs_that_became_one_text_are_flagged() -> None:
    frame = simulate_history(replace(SCENARIOS["gaming"], monitored=6, items=600), 4)
    frame["text"] = [f"an answer about {i}" for i in range(len(frame))]
    frame.loc[frame["version"] == "v2", "text"] = "the best answer there is"
    spec = spec_of(horizon=6, output="text")
    cells = read_cells(frame, spec)
    found = explain(cells, spec, backtest_cells(cells, spec)[-1]).outputs
    assert found is not None
    assert {one.period for one in found.flagged} >= {12, 13}
    assert min(one.period for one in found.flagged) == 12
    assert "are one text" in found.sentence


def test_a_short_list_of_answers_that_was_always_short_is_not_flagged() -> None:
    frame = simulate_history(replace(SCENARIOS["null"], monitored=6, items=600), 4)
    frame["text"] = np.where(np.arange(len(frame)) % 3 > 0, "yes", "no")
    spec = spec_of(horizon=6, output="text")
    cells = read_cells(frame, spec)
    found = explain(cells, spec, backtest_cells(cells, spec)[-1]).outputs
    assert found is not None
    assert not found.flagged
