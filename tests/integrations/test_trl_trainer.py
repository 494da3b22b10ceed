"""A real GRPO run of a tiny model, rewarded by a judge and stopped by a monitor."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.reward.conftest import ONE, judge_at
from tests.runner.conftest import honest
from trueup.monitor import Action, HeldOut, Rule, Ruling
from trueup.testing import FaultServer

os.environ.setdefault("HF_HUB_OFFLINE", "1")
if os.environ.get("TRUEUP_TRL") != "1":  # there it has to be installed
    pytest.importorskip("trl", reason="trl is not installed: pip install 'trueup[trl]'")
import trl

pytestmark = [pytest.mark.trl, pytest.mark.filterwarnings("default")]

if TYPE_CHECKING:
    from collections.abc import Iterator

CURVES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cherrl" / "curves.json"
WORDS = ["please", "no", "yes", "wait", "clause", "cover", "good", "why"]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=honest, retry_after=0.01) as running:
        yield running


class Says(Rule):
    def __init__(self, action: Action) -> None:
        self.action = action

    def ruling(self) -> Ruling:
        return Ruling(action=self.action, rule="says", reason="So it is.")


def tiny() -> tuple[Any, Any]:
    """Return a model with random weights and a tokenizer of a few words."""
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415 - needs the extra
    from transformers import (  # noqa: PLC0415 - needs the extra
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
    )

    vocab = {word: i for i, word in enumerate(["<pad>", "<eos>", "<unk>", *WORDS])}
    raw = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))  # noqa: S106 - no password
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"  # noqa: S106
    )  # fmt: skip
    config = LlamaConfig(
        vocab_size=len(vocab), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=64,
        pad_token_id=0, eos_token_id=1, bos_token_id=1,
    )  # fmt: skip
    return LlamaForCausalLM(config), tokenizer


def trainer(folder: Path, reward: Any, callbacks: list[Any], steps: int = 4) -> Any:
    from datasets import Dataset  # noqa: PLC0415 - needs the extra
    from transformers import set_seed  # noqa: PLC0415 - needs the extra

    set_seed(7)
    model, tokenizer = tiny()
    settings = trl.GRPOConfig(
        output_dir=str(folder), max_steps=steps, per_device_train_batch_size=4, num_generations=4,
        max_completion_length=6, logging_steps=1, report_to=[], use_cpu=True, save_strategy="no",
        disable_tqdm=True, bf16=False, generation_kwargs={"min_new_tokens": 3},
    )  # fmt: skip
    rows = {"prompt": ["why no cover", "please wait"] * 4, "context": ["clause"] * 8}
    return trl.GRPOTrainer(
        model=model, args=settings, processing_class=tokenizer, reward_funcs=reward,
        train_dataset=Dataset.from_dict(rows), callbacks=callbacks,
    )  # fmt: skip


def test_a_run_is_rewarded_logged_and_left_alone(server: FaultServer, tmp_path: Path) -> None:
    from trueup.integrations import GoodhartCallback, trl_reward  # noqa: PLC0415 - needs the extra

    rule = HeldOut(lambda items: [float("please" in str(item.output)) for item in items])
    reward = trl_reward(rubric=ONE, judge=judge_at(server), monitor=rule)

    run = trainer(tmp_path, reward, [GoodhartCallback(rule)])
    run.train()
    reward.scorer.close()

    logs = [one for one in run.state.log_history if "rewards/trueup/mean" in one]
    assert len(logs) == run.state.global_step == 4
    assert all(one["judge/abstain_rate"] == 0 and "judge/polite" in one for one in logs)
    assert any(one["rewards/trueup/mean"] > 0 for one in logs)
    assert rule.advice is not None
    assert (rule.advice.step, rule.advice.readings, rule.asked) == (3, 4, 16)


def test_an_outage_trains_on_nothing(tmp_path: Path) -> None:
    from trueup.integrations import trl_reward  # noqa: PLC0415 - needs the extra

    reward = trl_reward(rubric=ONE, judge=judge_at("http://127.0.0.1:9"), deadline=5)
    run = trainer(tmp_path, reward, [], steps=1)
    before = {name: one.detach().clone() for name, one in run.model.named_parameters()}
    run.train()
    reward.scorer.close()

    assert all((before[name] == one).all() for name, one in run.model.named_parameters())
    assert any(one.get("judge/abstain_rate") == 1 for one in run.state.log_history)


def _rank(rank: int, place: str, found: Any) -> None:
    import torch.distributed  # noqa: PLC0415 - needs the extra
    from transformers import TrainerControl  # noqa: PLC0415 - needs the extra

    from trueup.integrations import GoodhartCallback  # noqa: PLC0415 - needs the extra

    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{place}", rank=rank, world_size=2
    )
    args, said = SimpleNamespace(world_size=2, device="cpu"), []
    for action in ("continue", "stop" if rank == 0 else "continue"):
        callback = GoodhartCallback(Says(action))
        control = callback.on_step_end(args, None, TrainerControl())
        said.append((control.should_training_stop, callback.ruling is not None))
    torch.distributed.destroy_process_group()
    found.put((rank, said))


def test_where_one_process_stops_all_do(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    found = context.Queue()
    ranks = [context.Process(target=_rank, args=(i, str(tmp_path / "at"), found)) for i in (0, 1)]
    for one in ranks:
        one.start()
    got = dict(found.get(timeout=60) for _ in ranks)
    for one in ranks:
        one.join(60)

    assert got[0] == [(False, False), (True, True)]
    assert got[1] == [(False, False), (True, False)]


def test_recorded_runs_through_the_callback_stop_where_the_monitor_does(tmp_path: Path) -> None:
    from transformers import TrainerControl, TrainerState, TrainingArguments  # noqa: PLC0415

    from trueup.goodhart.training import TrainingMonitor  # noqa: PLC0415 - needs the extra
    from trueup.integrations import GoodhartCallback  # noqa: PLC0415 - needs the extra

    if not CURVES.exists():
        pytest.skip(f"no {CURVES}")
    args = TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    for name in "ACFG":
        run = json.loads(CURVES.read_text("utf-8"))[name]
        callback, alone = GoodhartCallback(HeldOut("gold", proxy="reward")), TrainingMonitor()
        stopped = wanted = None
        for step, (proxy, gold) in enumerate(zip(run["proxy"], run["gold"], strict=True)):
            control = TrainerControl()
            callback.on_log(
                args, TrainerState(global_step=step), control, {"reward": proxy, "gold": gold}
            )
            if control.should_training_stop and stopped is None:
                stopped = step
            if alone.update(step, proxy, gold).action == "stop" and wanted is None:
                wanted = step
        assert stopped == wanted
        assert (stopped is None) == (name == "G")
        assert (callback.ruling is None) == (name == "G")
