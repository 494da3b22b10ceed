"""A small workspace, a server that answers honestly, and the command line run in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pytest

from tests.cli.weekly import write_rows, write_week
from trueup.cli.main import run
from trueup.testing.faultserver import FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[2] / "src"
RUBRIC = """\
name: reply
task: The assistant replies to a customer about a form.
criteria:
  - id: answered
    check: {not_empty: true}
    gate: true
  - id: step
    ask: Does the reply name the button to press?
    met: The reply names a button by its label.
    unmet: The reply names no button, or says only that there is one.
    weight: 2
  - id: padded
    ask: Does the reply repeat itself?
    met: One statement stands in the reply twice.
    unmet: Each statement stands in the reply once.
    weight: -1
"""
CHECKS = """\
name: checks
task: The assistant replies to a customer about a form.
criteria:
  - id: answered
    check: {not_empty: true}
  - id: save
    check: {pattern: Save}
"""


class Result(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """All of stdout as JSON; raises where it is anything else."""
        return json.loads(self.out)


class Command(Protocol):
    """Run one command line."""

    def __call__(self, *arguments: object) -> Result: ...


class WriteJudge(Protocol):
    """Write judges/NAME.yaml for a server and return the file."""

    def __call__(self, server: FaultServer | str, name: str = "there", **spec: object) -> Path: ...


class Start(Protocol):
    """Start one command line as a process."""

    def __call__(self, *arguments: object, **environment: str) -> subprocess.Popen[bytes]: ...


def honest(request: dict[str, Any]) -> dict[str, Any]:
    """Answer met where the output says so, else unmet, with every field that is asked for."""
    text = request["messages"][-1]["content"]
    output = text.partition("[OUTPUT ")[2].partition("[/OUTPUT ")[0]
    given = {
        "evidence": [],
        "explanation": "It stands there.",
        "answer": "met" if "Save" in output else "unmet",
        "cannot_tell_reason": "none",
    }
    fields = request["response_format"]["json_schema"]["schema"]["properties"]
    return {name: given[name] for name in fields}


def rows(count: int) -> list[dict[str, Any]]:
    """Return items of which every other one names the button."""
    words = ("Press Save.", "It is somewhere.")
    return [
        {"id": f"i{n}", "input": f"Question {n}?", "output": f"Reply {n}: {words[n % 2]}"}
        for n in range(count)
    ]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a workspace with two rubrics and ten items."""
    for folder in ("rubrics", "judges", "runners"):
        (tmp_path / folder).mkdir()
    (tmp_path / "rubrics" / "reply.yaml").write_text(RUBRIC, "utf-8")
    (tmp_path / "rubrics" / "checks.yaml").write_text(CHECKS, "utf-8")
    write_rows(tmp_path / "items.jsonl", rows(10))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture
def week(here: Path) -> Path:
    """Stand beside a week's log, labels, anchors, and a judge that is right."""
    write_week(here)
    return here


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=honest) as running:
        yield running


@pytest.fixture
def write_judge(here: Path) -> WriteJudge:
    def write(server: FaultServer | str, name: str = "there", **spec: object) -> Path:
        base = server if isinstance(server, str) else server.url
        body = {"kind": "llm", "model": "openai/tiny", "transport": "direct", "api_base": base}
        lines = [f"{key}: {json.dumps(value)}" for key, value in {**body, **spec}.items()]
        path = here / "judges" / f"{name}.yaml"
        path.write_text("\n".join(lines), "utf-8")
        return path

    return write


@pytest.fixture
def judge(server: FaultServer, write_judge: WriteJudge) -> str:
    """Name a judge that asks the honest server."""
    return write_judge(server).stem


@pytest.fixture
def trueup(here: Path, capsys: pytest.CaptureFixture[str]) -> Command:  # noqa: ARG001 - we stand in it
    def command(*arguments: object) -> Result:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        return Result(status, *capsys.readouterr())

    return command


# tests that run in the background inherit an ignored SIGINT, and Ctrl-C would say nothing
_AS_IN_A_TERMINAL = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from trueup.cli.main import main
main()
"""


@pytest.fixture
def start(here: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def command(*arguments: object, **environment: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", _AS_IN_A_TERMINAL, *map(str, arguments)],
            cwd=here,
            env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield command
    for process in started:
        with process:
            process.kill()
