"""TRL's reward function, called as TRL calls it; the trainer itself is in test_trl_trainer.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.reward.conftest import ONE, TWO, judge_at
from tests.runner.conftest import honest
from trueup.errors import ConfigError
from trueup.integrations.trl import items_of, trl_reward
from trueup.monitor import Abstaining, HeldOut
from trueup.reward import Scorer
from trueup.testing import FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.integrations.trl import TrlReward

OWN = {"completion_ids": [[1], [2]], "trainer_state": SimpleNamespace(global_step=5)}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=honest, retry_after=0.01) as running:
        yield running


@pytest.fixture
def made() -> Iterator[list[TrlReward]]:
    found: list[TrlReward] = []
    yield found
    for one in found:
        one.scorer.close()


def test_each_completion_gets_a_value_and_the_log_gets_the_means(
    server: FaultServer, made: list[TrlReward]
) -> None:
    reward = trl_reward(rubric=TWO, judge=judge_at(server))
    made.append(reward)
    log: dict[str, float] = {}

    got = reward(["Hi", "Hi"], ["All good.", "No."], log_metric=log.__setitem__, **OWN)

    assert got == [1.0, 0.0]
    assert reward.__name__ == "trueup"
    assert log == {"judge/abstain_rate": 0, "judge/polite": 0.5, "judge/brief": 0.5}


def test_an_outage_gives_no_number_and_pauses(made: list[TrlReward]) -> None:
    rule = Abstaining()
    reward = trl_reward(rubric=ONE, judge=judge_at("http://127.0.0.1:9"), deadline=5, monitor=rule)
    made.append(reward)
    log: dict[str, float] = {}

    got = reward(["Hi"] * 4, list("abcd"), log_metric=log.__setitem__, trainer_state=None)

    assert got == [None] * 4
    assert log == {"judge/abstain_rate": 1.0, "judge/abstaining/rate": 1.0, "judge/paused": 1.0}
    assert reward.scorer.optimised == "warn"


def test_while_paused_not_even_answered_outputs_get_a_reward(
    server: FaultServer, made: list[TrlReward]
) -> None:
    rule = Abstaining(window=1000)
    reward = trl_reward(rubric=ONE, judge=judge_at(server), monitor=rule)
    made.append(reward)
    dead = trl_reward(rubric=ONE, judge=judge_at("http://127.0.0.1:9"), deadline=5, monitor=rule)
    made.append(dead)
    dead(["Hi"] * 4, list("abcd"))

    assert reward(["Hi", "Hi"], ["All good.", "No."]) == [None, None]


def test_gold_that_is_the_rewarding_judge_is_refused(
    server: FaultServer, made: list[TrlReward]
) -> None:
    with Scorer(ONE, judge_at(server)) as gold, pytest.raises(ConfigError, match="in polite"):
        made.append(
            trl_reward(
                rubric=TWO,
                judge=judge_at(server),
                monitor=Abstaining() | HeldOut(gold.score_batch),
            )
        )


def test_gold_on_the_rewarding_model_is_warned_of(
    server: FaultServer, made: list[TrlReward], caplog: pytest.LogCaptureFixture
) -> None:
    with Scorer(TWO, judge_at(server, temperature=0.5)) as gold:
        made.append(
            trl_reward(rubric=ONE, judge=judge_at(server), monitor=HeldOut(gold.score_batch))
        )
        assert "Gold and reward both ask tiny" in caplog.text
        caplog.clear()
    with Scorer(ONE, judge_at(server, model="other")) as gold:
        made.append(
            trl_reward(rubric=ONE, judge=judge_at(server), monitor=HeldOut(gold.score_batch))
        )
        assert caplog.text == ""


def test_columns_and_messages_become_items() -> None:
    prompt = [{"role": "user", "content": "Is rust covered?"}]
    plain = [{"role": "assistant", "content": "No."}]
    called: list[dict[str, Any]] = [
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "look"}}]},
        {"role": "tool", "content": "5.1"},
    ]
    one, two, three = items_of(
        [prompt, prompt, "Else"],
        [plain, called, "Text"],
        {
            "context": ["5.1", None, "7"],
            "topic": ["rust", "rust", "x"],
            "completion_ids": [[1], [2], [3]],
            "log_metric": print,
        },
    )

    assert one.output == "No."
    assert two.output == tuple(called)
    assert one.input == tuple(prompt)
    assert (one.context, two.context) == ("5.1", None)
    assert dict(one.metadata) == {"topic": "rust"}
    assert (one.group, two.group, three.group) == ("0", "0", "1")


def test_an_adapter_s_name_that_does_not_exist_is_an_attribute_error() -> None:
    import trueup.integrations  # noqa: PLC0415 - what is tested

    with pytest.raises(AttributeError, match="no attribute 'trl_rewards'"):
        _ = trueup.integrations.trl_rewards
    assert trueup.integrations.trl_reward is trl_reward
