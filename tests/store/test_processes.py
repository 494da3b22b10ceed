"""Several processes and one store: they open it, write it and read it at the same time."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import trueup
from tests.store.conftest import found
from trueup.judge.transport.base import Reply
from trueup.judge.verdict import scored
from trueup.store.store import Store

if TYPE_CHECKING:
    from tests.store.conftest import CallRow, VerdictRow

MET = scored(1.0, "met")
SOURCE = str(Path(trueup.__path__[0]).parent)

OPEN = """
import sys
from trueup.store.store import Store
print("ready", flush=True)
sys.stdin.readline()
Store.open(sys.argv[1]).close()
"""

WRITE = """
import asyncio, sys
from trueup.judge.verdict import scored
from trueup.store.rows import finding_columns
from trueup.store.store import Store
from trueup.store.writer import Writer

async def write(store, first, count):
    writer = Writer(store)
    for number in range(first, first + count):
        writer.put("verdict", {
            **finding_columns(scored(1.0, "met", f"number {number}")),
            "content": number, "instrument": 1, "replicate": 0, "occasion": "",
            "run": first, "at": 0,
        })
        if number % 50 == 0:
            await writer.settled()
    writer.close()

with Store.open(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    asyncio.run(write(store, int(sys.argv[2]), int(sys.argv[3])))
"""


def together(script: str, *arguments: list[str]) -> list[str]:
    """Run a script once for each list of arguments, all from the same moment on."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-W", "error", "-c", script, *given],
                    env={**os.environ, "PYTHONPATH": SOURCE},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for given in arguments
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [process.communicate()[1] for process in processes]


def test_processes_that_open_a_new_store_at_once_all_get_it(path: Path) -> None:
    said = together(OPEN, *([str(path)] for _ in range(3)))

    assert said == [""] * 3
    with Store.open(path) as store:
        assert store.runs() == []


def test_a_store_opens_once_another_program_has_let_go_of_the_new_file(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE early (n)")
    other.execute("DROP TABLE early")
    other.execute("BEGIN IMMEDIATE")
    letting_go = threading.Timer(0.3, other.rollback)
    letting_go.start()

    with Store.open(path) as store:
        assert not letting_go.is_alive()
        assert store.runs() == []

    letting_go.join()
    other.close()


def test_two_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    Store.open(path).close()

    said = together(WRITE, [str(path), "0", "2000"], [str(path), "2000", "2000"])

    assert said == ["", ""]
    with Store.open(path) as store:
        kept = found(store, *range(4000))
    assert len(kept) == 4000
    assert kept[3999].explanation == "number 3999"


def test_a_reader_sees_what_another_connection_has_committed(
    path: Path, store: Store, verdict_row: VerdictRow, call_row: CallRow
) -> None:
    with Store.open(path) as reader:
        assert found(reader, 1) == {}

        store.write({"verdict": [verdict_row(1, MET)], "call": [call_row(2, Reply(text=""))]})

        assert len(found(reader, 1)) == 1
        assert len(reader.replies([(2).to_bytes(16, "big")])) == 1
