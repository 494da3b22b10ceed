"""The command as a process: Ctrl-C, a reader that leaves, terminals that lack characters."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Command, Start, WriteJudge
    from trueup.testing.faultserver import FaultServer

SOURCE = Path(__file__).parents[2] / "src"
_CONCURRENCY = 4
_PATIENCE = 60


_HOLD = """
import importlib.abc, sys, time
from pathlib import Path

class Hold(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == {module!r} and not Path({held!r}).exists():
            Path({held!r}).touch()
            time.sleep(60)

sys.meta_path.insert(0, Hold())
"""


def finished(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=_PATIENCE)
    return process.returncode, out.decode(), err.decode()


def wait_for(server: FaultServer, requests: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(_PATIENCE * 100):
        if server.requests >= requests or process.poll() is not None:
            return
        time.sleep(0.01)


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_keeps_what_was_answered_and_the_same_command_goes_on(
    start: Start, server: FaultServer, write_judge: WriteJudge, trueup: Command, *, as_json: bool
) -> None:
    write_judge(server, concurrency=_CONCURRENCY)
    server.configure(latency=0.2)
    command = ("score", "items.jsonl", "-r", "reply", "-j", "there", *(["--json"] * as_json))
    process = start(*command)
    wait_for(server, 6, process)
    process.send_signal(signal.SIGINT)
    status, out, err = finished(process)

    assert status == 130
    assert "run again to go on" in err
    assert "Traceback" not in err
    assert (json.loads(out)["error"]["kind"] == "Interrupted") if as_json else not out
    assert trueup("show", "--json").json[0]["status"] == "interrupted"

    server.configure(latency=0.0)
    again = trueup(*command)
    assert again.status == 0
    repeats = server.requests - 20
    assert 0 <= repeats <= _CONCURRENCY


@pytest.mark.parametrize("slow", ["typer", "trueup.cli.common", "ruamel.yaml"])
def test_ctrl_c_while_modules_are_imported_ends_quietly(
    start: Start, tmp_path: Path, slow: str
) -> None:
    hook, held = tmp_path / "hook", tmp_path / "held"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(_HOLD.format(module=slow, held=str(held)), "utf-8")
    path = os.pathsep.join([str(hook), str(SOURCE)])
    process = start("check", ".", PYTHONPATH=path)
    for _ in range(_PATIENCE * 100):
        if held.exists() or process.poll() is not None:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    status, out, err = finished(process)

    assert (status, out) == (130, "")
    assert err in {"", "Interrupted.\n"}


def test_a_command_in_the_background_goes_on_ignoring_ctrl_c(here: Path) -> None:
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from trueup.cli import main\n"
        "main.run = lambda _: print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN) or 0\n"
        "main.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True, text=True, timeout=_PATIENCE, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


@pytest.mark.parametrize(
    "arguments", [("show",), ("show", "--json"), ("list",), ("schema",), ("--help",),
                  ("score", "items.jsonl", "-r", "checks", "--out", "found.csv")],
    ids=" ".join,
)  # fmt: skip
def test_a_reader_that_leaves_early_sees_no_traceback(
    here: Path, trueup: Command, arguments: tuple[str, ...]
) -> None:
    trueup("score", "items.jsonl", "-r", "checks")
    gone, ours = os.pipe()
    os.close(gone)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "trueup", *arguments],
            cwd=here, env=environment, stdout=ours, stderr=subprocess.PIPE, timeout=_PATIENCE,
            check=False,
        )  # fmt: skip
    finally:
        os.close(ours)

    assert done.returncode == 141
    assert done.stderr == b""
    assert ("--out" in arguments) == (here / "found.csv").is_file()


def test_a_terminal_that_lacks_a_character_shows_its_number(start: Start, here: Path) -> None:
    (here / "new.jsonl").write_text('{"id": "\u00fc\u2603", "output": "Save \u2603"}\n', "utf-8")
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    assert finished(start("score", "new.jsonl", "-r", "checks", **plain))[0] == 0
    status, out, err = finished(start("show", "--item", "\u00fc\u2603", **plain))

    assert (status, err) == (0, "")
    assert "\\u2603" in out


def test_python_m_trueup_is_the_command(start: Start) -> None:
    status, out, _ = finished(start("--version"))

    assert (status, out) == (0, "0.1.0\n")
