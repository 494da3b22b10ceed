"""A terminal to test against: a pseudo-terminal, and a screen that shows what is sent to it."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

SOURCE = Path(__file__).parents[2] / "src"
PATIENCE = 60

_RUN = """
import fcntl, sys, termios, signal
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)
from trueup.cli.main import main
main()
"""
"""The terminal becomes the process's own, so that its Ctrl-C is an interrupt."""

_SENT = re.compile(
    r"\x1b\[(?P<row>\d+);1H|\x1b\[(?P<erase>K|2J)|\x1b\[[0-9;]*m|\x1b\[\?(?P<mode>\d+)(?P<on>[hl])"
    r"|(?P<text>[^\x1b])"
)


class Screen:
    """What stands on a terminal: places rows, erases, and knows the other screen."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.modes: dict[int, bool] = {}
        self.log = ""
        """What was written where a program leaves it, the other screen apart."""
        self.received = 0
        """Characters."""
        self._rows = [""] * lines
        self._row = 0
        self._rest = ""

    def feed(self, sent: str) -> None:
        """Take what a program sends."""
        self.received += len(sent)
        self._rest += sent
        at = 0
        while found := _SENT.match(self._rest, at):
            at = found.end()
            self._take(found)
        self._rest = self._rest[at:]

    def _take(self, found: re.Match[str]) -> None:
        if found["mode"]:
            self.modes[int(found["mode"])] = found["on"] == "h"
            if found["mode"] == "1049":
                self._rows = [""] * self.lines
        elif found["row"]:
            self._row = int(found["row"]) - 1
            self._rows += [""] * (self._row + 1 - len(self._rows))
            self._rows[self._row] = ""
        elif found["erase"] == "2J":
            self._rows = [""] * self.lines
        elif found["text"]:
            if self.modes.get(1049):
                self._rows[self._row] += found["text"]
            else:
                self.log += found["text"]

    @property
    def text(self) -> str:
        """The rows that a person sees."""
        return "\n".join(row.rstrip() for row in self._rows)


class Window:
    """A command under a pseudo-terminal.

    Args:
        arguments: The command line.
        folder: Where it runs.
        environment: What is set besides what is set here.
    """

    def __init__(
        self,
        *arguments: object,
        folder: Path,
        columns: int = 80,
        lines: int = 24,
        **environment: str,
    ) -> None:
        self.screen = Screen(columns, lines)
        self._master, slave = pty.openpty()
        self.resize(columns, lines)
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self.process = subprocess.Popen(
            [sys.executable, "-c", _RUN, *map(str, arguments)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(SOURCE), "TERM": "xterm-256color", **environment},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self.process as process:
            process.kill()
        os.close(self._master)
        os.close(self._slave)

    def resize(self, columns: int, lines: int) -> None:
        """Change the window's size; whoever runs in it is told."""
        self.screen.columns, self.screen.lines = columns, lines
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def press(self, keys: str) -> None:
        """Send keys as they come from a keyboard."""
        os.write(self._master, keys.encode())

    def sees(self, *wanted: str) -> str:
        """Wait until all of this stands on a screen that is drawn to its end; return the screen.

        Raises:
            AssertionError: It never does.
        """

        def shown() -> bool:
            drawing = self.screen.modes.get(2026, False)
            return not drawing and all(part in self.screen.text for part in wanted)

        return self._until(shown, wanted)

    def tells(self, wanted: str) -> str:
        """Wait until this was printed where the command was called; return all of that.

        Raises:
            AssertionError: It never is.
        """
        self._until(lambda: wanted in self.screen.log, wanted)
        return self.screen.log

    def status(self) -> int:
        """Wait for the end; return the exit status."""
        self._until(lambda: self.process.poll() is not None, "its end")
        self._read(0.0)
        return self.process.returncode

    def given_back(self) -> bool:
        """Tell whether the terminal is as it was before."""
        modes = {1049: False, 7: True, 25: True, 2004: False}
        self._read(0.0)
        same = termios.tcgetattr(self._slave)[:4] == self.before[:4]
        return same and modes.items() <= self.screen.modes.items()

    def _until(self, done: Callable[[], bool], wanted: object) -> str:
        end = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > end:
                shown = f"{self.screen.text}\n---\n{self.screen.log}"
                raise AssertionError(f"never saw {wanted!r} on:\n{shown}")
            self._read(0.05)
        return self.screen.text

    def _read(self, seconds: float) -> None:
        while select.select([self._master], [], [], seconds)[0]:
            self.screen.feed(self._decode(os.read(self._master, 65536)))
            seconds = 0.0
