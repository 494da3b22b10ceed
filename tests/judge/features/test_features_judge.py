"""The features judge: what it scores, where it abstains, how it is kept."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from trueup.errors import JudgeError, RubricError, TooFewLabels
from trueup.item.model import Item
from trueup.judge.features import surface
from trueup.judge.features.fit import fit
from trueup.judge.features.judge import FeaturesJudge
from trueup.judge.features.phrases import PHRASES, named
from trueup.judge.features.surface import FEATURES
from trueup.judge.load import load_judge
from trueup.judge.protocol import Request
from trueup.rubric.model import Criterion, Level, Rubric
from trueup.testing import check_judge

if TYPE_CHECKING:
    from pathlib import Path

    from trueup.judge.verdict import Finding

LEVELS = (Level("unmet", "", 0.0), Level("met", "", 1.0))
RUBRIC = Rubric(
    name="r",
    task="t",
    criteria=(Criterion("padding", "Is it padded?", LEVELS), Criterion("b", "B?", LEVELS)),
)
TEXT = "the parcel leaves on Friday and comes to your door by noon or we bring it again"
WORDS = TEXT.split()


def item(number: int, *, group: str | None = None) -> Item:
    """Return an item whose length runs through its number."""
    words = [WORDS[(number * 7 + n) % len(WORDS)] for n in range(3 + number % 20)]
    return Item(id=f"i{number}", output=" ".join(words) + ".", input="when?", group=group)


ITEMS = [item(n) for n in range(80)]
LONG = {i.id: float(len(str(i.output)) > 50) for i in ITEMS}
NOISE = {i.id: float(np.random.default_rng(n).integers(2)) for n, i in enumerate(ITEMS)}


@pytest.fixture(scope="module")
def judge() -> FeaturesJudge:
    return fit(ITEMS, LONG, criterion="padding", rubric=RUBRIC)


@pytest.fixture(scope="module")
def guessing() -> FeaturesJudge:
    return fit(ITEMS, NOISE, criterion="padding", rubric=RUBRIC)


def hear(judge: FeaturesJudge, *items: Item, rubric: Rubric = RUBRIC) -> list[dict[str, Finding]]:
    requests = [
        Request(id=i.id, rubric=rubric, criteria=("padding", "b"), candidates=(i,)) for i in items
    ]

    async def listen() -> list[dict[str, Finding]]:
        return [dict(verdict.findings) async for _, verdict in judge.judge(requests)]

    return asyncio.run(listen())


def test_it_scores_what_it_was_fitted_for(judge: FeaturesJudge) -> None:
    short, long = (found["padding"] for found in hear(judge, ITEMS[0], ITEMS[19]))

    assert (short.outcome, short.level, long.level) == ("scored", "unmet", "met")
    assert short.value is not None
    assert long.value is not None
    assert short.value < long.value


def test_the_explanation_names_what_moved_the_score_most(judge: FeaturesJudge) -> None:
    told = hear(judge, ITEMS[19])[0]["padding"].explanation

    assert told.startswith("mostly from ")
    assert 1 <= told.count("(+") + told.count("(-") <= 3
    assert any(phrase in told for phrase in PHRASES.values())


def test_every_feature_has_a_phrase_and_the_largest_parts_come_first() -> None:
    assert tuple(PHRASES) == FEATURES
    parts = np.zeros(len(FEATURES))
    assert named(parts) == "close to an average labelled item in every feature"
    parts[1], parts[0], parts[2], parts[3] = -0.3, 0.2, 0.1, 0.05
    assert named(parts) == (
        "mostly from the length of words (-0.30), the number of words (+0.20), "
        "the variety of words (+0.10)"
    )


def test_other_criteria_are_left_to_others(judge: FeaturesJudge) -> None:
    found = hear(judge, ITEMS[0])[0]["b"]

    assert (found.outcome, found.reason) == ("abstained", "not_fitted")


def test_it_abstains_where_its_agreement_may_be_chance(guessing: FeaturesJudge) -> None:
    found = hear(guessing, ITEMS[0])[0]["padding"]

    assert (found.outcome, found.reason) == ("abstained", "no_better_than_chance")
    assert "95 % interval -" in found.explanation
    assert "80 labels" in found.explanation


def test_it_abstains_once_the_question_is_reworded(judge: FeaturesJudge) -> None:
    reworded = replace(RUBRIC.criteria[0], ask="Is there filler?")
    rubric = replace(RUBRIC, criteria=(reworded, RUBRIC.criteria[1]))
    found = hear(judge, ITEMS[0], rubric=rubric)[0]["padding"]

    assert (found.outcome, found.reason) == ("abstained", "question_changed")


def test_its_agreement_is_told(judge: FeaturesJudge, guessing: FeaturesJudge) -> None:
    found = judge.agreement

    assert -1 <= found.low < found.estimate < found.high <= 1
    assert found.low > 0 > guessing.agreement.low
    assert found.n == 80
    assert judge.agreement_of("padding") is found
    with pytest.raises(JudgeError, match=r"'paddin' has no head. Did you mean 'padding'\?"):
        judge.agreement_of("paddin")


def test_of_several_heads_the_agreement_is_asked_by_criterion(judge: FeaturesJudge) -> None:
    head = judge.heads["padding"]
    questions = {c.id: c.question for c in RUBRIC.criteria}
    both = FeaturesJudge({"padding": head, "b": head}, questions=questions)

    with pytest.raises(JudgeError, match="there are 2 heads: padding, b"):
        _ = both.agreement
    assert both.agreement_of("b") is head.agreement


def test_the_instrument_hangs_on_the_criterions_own_head(
    judge: FeaturesJudge, guessing: FeaturesJudge
) -> None:
    head, other = judge.heads["padding"], guessing.heads["padding"]
    questions = {c.id: c.question for c in RUBRIC.criteria}
    one = FeaturesJudge({"padding": head, "b": head}, questions=questions)
    two = FeaturesJudge({"padding": head, "b": other}, questions=questions)

    assert one.instrument(RUBRIC, "padding") == two.instrument(RUBRIC, "padding")
    assert one.instrument(RUBRIC, "b") != two.instrument(RUBRIC, "b")
    assert len({judge.version, guessing.version, one.version, two.version}) == 4


def test_the_order_of_items_and_of_judging_changes_nothing(judge: FeaturesJudge) -> None:
    again = fit(reversed(ITEMS), LONG, criterion="padding", rubric=RUBRIC)

    assert again.version == judge.version
    assert [f["padding"].value for f in hear(judge, *ITEMS[:3])] == [
        f["padding"].value for one in ITEMS[:3] for f in hear(judge, one)
    ]


@pytest.mark.parametrize("ending", [".yaml", ".json"])
def test_a_saved_judge_is_the_same_judge(judge: FeaturesJudge, tmp_path: Path, ending: str) -> None:
    path = tmp_path / "judges" / f"padding{ending}"
    judge.save(path)
    loaded = load_judge(path)

    assert isinstance(loaded, FeaturesJudge)
    assert loaded.heads == judge.heads
    assert (loaded.version, loaded.name) == (judge.version, "padding")
    assert hear(loaded, *ITEMS) == hear(judge, *ITEMS)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_given_name_is_kept_in_the_file(judge: FeaturesJudge, tmp_path: Path) -> None:
    FeaturesJudge(judge.heads, questions=judge.questions, name="own").save(tmp_path / "file.yaml")

    assert load_judge(tmp_path / "file.yaml").name == "own"


def test_it_keeps_the_contract(judge: FeaturesJudge, guessing: FeaturesJudge) -> None:
    check_judge(judge)
    check_judge(judge, rubric=RUBRIC, items=ITEMS[:5])
    check_judge(guessing, rubric=RUBRIC)


def test_a_file_that_cannot_be_written_is_told(judge: FeaturesJudge, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    with pytest.raises(JudgeError, match="the judge cannot be written"):
        judge.save(tmp_path / "taken" / "judge.yaml")


def test_files_of_other_features_or_other_content_are_refused(
    judge: FeaturesJudge, tmp_path: Path
) -> None:
    path = tmp_path / "j.json"
    body = judge.to_dict()
    head = body["criteria"]["padding"]["head"]
    broken = [
        ({**body, "features": "0"}, "fitted with features of version 0"),
        ({**body, "criteria": {"padding": {}}}, "this is no fitted judge"),
        ({**body, "criteria": None}, "this is no fitted judge"),
        (
            {**body, "criteria": {"padding": {"question": "q", "head": {**head, "means": ["x"]}}}},
            "this is no fitted judge",
        ),
        (
            {**body, "criteria": {"padding": {"question": "q", "head": {**head, "scales": [1.0]}}}},
            "a head has 17 means, scales and coefficients",
        ),
        (
            {
                **body,
                "criteria": {
                    "padding": {
                        "question": "q",
                        "head": {**head, "penalty": 1, "intercept": "BIG"},
                    }
                },
            },
            "a number is not finite",
        ),
        (
            {
                **body,
                "criteria": {"padding": {"question": "q", "head": {**head, "scales": [0.0] * 17}}},
            },
            "a scale is not positive",
        ),
    ]
    for changed, said in broken:
        path.write_text(json.dumps(changed).replace('"BIG"', "1e999"))
        with pytest.raises(JudgeError) as refused:
            load_judge(path)
        assert said in str(refused.value)
        assert "trueup fit" in str(refused.value)


def test_heads_that_read_other_features_are_refused(judge: FeaturesJudge) -> None:
    head = judge.heads["padding"]
    other = replace(head, features=("other", *head.features[1:]))

    with pytest.raises(JudgeError, match="reads other features"):
        FeaturesJudge({"a": other}, questions={"a": "q"})
    with pytest.raises(JudgeError, match="does not say what was asked"):
        FeaturesJudge({"a": head}, questions={})


def test_fewer_than_thirty_labelled_items_are_too_few() -> None:
    with pytest.raises(TooFewLabels, match=r"29 labelled items for 'padding'\. Label at least 30"):
        fit(ITEMS, dict(list(LONG.items())[:29]), criterion="padding", rubric=RUBRIC)
    labels = dict(list(LONG.items())[:40])
    with pytest.raises(TooFewLabels, match="40 labels, of which 20 fit no item"):
        fit(ITEMS[:20], labels, criterion="padding", rubric=RUBRIC)


def test_labels_of_an_unknown_criterion_are_refused() -> None:
    with pytest.raises(RubricError, match="Did you mean 'padding'"):
        fit(ITEMS, LONG, criterion="paddin", rubric=RUBRIC)


def test_items_of_one_group_are_held_out_together() -> None:
    grouped = [item(n, group=f"g{n % 3}") for n in range(60)]
    labels = {i.id: LONG[i.id] for i in grouped}

    with pytest.raises(TooFewLabels, match="3 groups"):
        fit(grouped, labels, criterion="padding", rubric=RUBRIC)
    groups = {i.id: f"user {n % 12}" for n, i in enumerate(grouped)}
    found = fit(grouped, labels, criterion="padding", rubric=RUBRIC, groups=groups)
    assert found.agreement.n_groups == 12


def test_items_that_cannot_be_read_take_no_part() -> None:
    broken = [replace(i, fault="invalid_utf8") for i in ITEMS[:40]]
    found = fit([*broken, *ITEMS[40:]], LONG, criterion="padding", rubric=RUBRIC)

    assert found.agreement.n == 40


def test_features_of_another_version_are_another_instrument(
    judge: FeaturesJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judge.instrument(RUBRIC, "b")["features"] == surface.VERSION
    monkeypatch.setattr("trueup.judge.features.judge.VERSION", "next")
    assert judge.instrument(RUBRIC, "b")["features"] == "next"
