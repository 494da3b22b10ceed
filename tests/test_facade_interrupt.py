"""Ctrl-C in the middle of `trueup.score`: in a plain program, and inside a running event loop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[1] / "src"
PATIENCE = 60
ITEMS = 400
PROGRAM = """
import asyncio, json, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs ignore it
import trueup
from trueup.judge.adapt import as_judge

how, items, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
asked = []


async def polite(item, rubric):
    asked.append(item.id)
    if len(asked) == 100:
        print("under way", flush=True)
    await asyncio.sleep(pause)
    return {"polite": True}


# of a declared version: the pause would be part of its code's
judge = as_judge(polite, version="1")


def score():
    rows = [{"id": f"i{n}", "output": f"reply {n}"} for n in range(items)]
    return trueup.score(rows, rubric="polite.yaml", judge=judge, store="t.db", concurrency=8)


async def inside():
    score()


ended = "whole"
try:
    asyncio.run(inside()) if how == "inside" else score()
except KeyboardInterrupt:
    ended = "interrupted"
print(json.dumps([ended, len(asked)]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rubric = "name: r\ntask: t\ncriteria:\n  - {id: polite, ask: Is the reply polite?}\n"
    (tmp_path / "polite.yaml").write_text(rubric, "utf-8")
    return tmp_path


def started(folder: Path, how: str, pause: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how, str(ITEMS), str(pause)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
    )


def told(process: subprocess.Popen[bytes]) -> tuple[str, int]:
    out, _ = process.communicate(timeout=PATIENCE)
    ended, asked = json.loads(out.splitlines()[-1])
    return ended, asked


def runs(folder: Path) -> Iterator[str]:
    with Store.open(folder / "t.db") as store:
        for row in store.runs():
            yield row["status"]


@pytest.mark.parametrize("how", ["plainly", "inside"])
def test_ctrl_c_ends_the_run_as_interrupted_and_the_same_call_goes_on(
    folder: Path, how: str
) -> None:
    with started(folder, how, 0.05) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"under way\n"
        process.send_signal(signal.SIGINT)
        ended, asked = told(process)

    assert ended == "interrupted"
    assert asked < ITEMS
    assert list(runs(folder)) == ["interrupted"]
    with Store.open(folder / "t.db") as store, store.transaction() as connection:
        assert connection.exec_driver_sql("pragma integrity_check").scalar() == "ok"
        kept = connection.exec_driver_sql("select count(*) from verdict").scalar() or 0
    assert asked - 8 <= kept <= asked

    with started(folder, how, 0.0) as process:
        assert told(process) == ("whole", ITEMS - kept)
    assert list(runs(folder)) == ["interrupted", "done"]
