"""The terminal as a labeller needs it: single keys, and a whole screen that is drawn in place."""

from __future__ import annotations

import codecs
import os
import re
import select
import signal
import sys
from collections import deque
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Self

from trueup.errors import ConfigError
from trueup.runner.labelling.session import PASTED
from trueup.runner.labelling.work import RESIZED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

    from rich.text import Text

    from trueup.report.labelling import Sheet
    from trueup.runner.labelling.session import Session

_MEND = "Label elsewhere, and bring the answers in: trueup label --import FILE"
_ENTER = "\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[?2004h\x1b[2J"
"""The other screen; no line goes on into the next; no cursor; pasted text comes marked."""
_LEAVE = "\x1b[?2004l\x1b[?25h\x1b[?7h\x1b[?1049l"
_STOP = b"s"
_ALONE = 0.05
"""Seconds after which an escape is the key of that name, and begins no sequence."""
_SEQUENCE = re.compile(r"\x1b+(?:\[[0-?]*[ -/]*[@-~]|O[@-~]|[^\x1b\[O])")
_UNFINISHED = re.compile(r"\x1b+(?:\[[0-?]*[ -/]*|O)?")
_PASTE, _PASTE_END = "\x1b[200~", "\x1b[201~"
_NAMED = {
    "\x1b[A": "up", "\x1bOA": "up", "\x1b[B": "down", "\x1bOB": "down",
    "\x1b[C": "right", "\x1bOC": "right", "\x1b[D": "left", "\x1bOD": "left",
    "\x1b[5~": "pgup", "\x1b[6~": "pgdn", "\x1b[3~": "delete",
    "\x1b[H": "home", "\x1bOH": "home", "\x1b[1~": "home", "\x1b[7~": "home", "\x01": "home",
    "\x1b[F": "end", "\x1bOF": "end", "\x1b[4~": "end", "\x1b[8~": "end", "\x05": "end",
    "\r": "enter", "\n": "enter", "\x7f": "backspace", "\x08": "backspace", "\t": "tab",
    "\x15": "ctrl-u", "\x0b": "ctrl-k", "\x17": "ctrl-w", "\x0c": RESIZED, "\x04": "eof",
}  # fmt: skip


def require_terminal() -> None:
    """Raise where nobody can press keys and see a screen.

    Raises:
        ConfigError: Input or output is no terminal, or one that cannot place a cursor.
    """
    if sys.platform == "win32":
        what = "the labeller needs a Unix terminal, as of WSL"
        raise ConfigError(what, mend=_MEND)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        what = "the labeller needs a terminal: input or output is a file or a pipe"
        raise ConfigError(what, mend=_MEND)
    if os.environ.get("TERM", "").casefold() in {"dumb", "unknown"}:
        what = f"this terminal (TERM={os.environ['TERM']}) cannot draw a screen in place"
        raise ConfigError(what, mend=_MEND)


class Decoder:
    """Turns what a terminal sends into keys, in whatever pieces it comes."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    @property
    def waiting(self) -> bool:
        """Whether what came last may be an escape, or the beginning of more."""
        return _UNFINISHED.fullmatch(self._rest) is not None

    def feed(self, sent: bytes) -> list[str]:
        """Return the keys that are whole by now."""
        self._rest += self._decode(sent)
        return list(self._taken())

    def alone(self) -> list[str]:
        """Return the keys, now that nothing more has come: an escape was one."""
        self._rest = self._rest[1:]
        return ["esc", *self._taken()]

    def _taken(self) -> Iterator[str]:
        while self._rest:
            if self._rest.startswith(_PASTE):
                text, end, after = self._rest.removeprefix(_PASTE).partition(_PASTE_END)
                if not end:
                    return
                self._rest = after
                yield PASTED + text
                continue
            found = _SEQUENCE.match(self._rest)
            if found is None and self.waiting:
                return
            key = found[0] if found else self._rest[0]
            self._rest = self._rest[len(key) :]
            yield _NAMED.get(key, key)


class Terminal:
    """A terminal in whose place a session is shown, and given back as it was.

    Args:
        sheet: Draws sessions.
    """

    def __init__(self, sheet: Sheet) -> None:
        from trueup.report.console import PlainConsole  # noqa: PLC0415 - heavy

        self._sheet = sheet
        self._console = PlainConsole()
        self._in, self._out = sys.stdin.fileno(), sys.stdout.fileno()
        self._decoder = Decoder()
        self._keys: deque[str] = deque()
        self._drawn: list[str] = []
        self._size = (0, 0)
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        import termios  # noqa: PLC0415 - Unix alone

        before = termios.tcgetattr(self._in)

        def restore() -> None:
            self._write(_LEAVE)
            with suppress(termios.error):  # as the terminal's window was closed
                termios.tcsetattr(self._in, termios.TCSAFLUSH, before)

        self._undo.callback(restore)
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        for end in (self._wake, self._waker):
            self._undo.callback(os.close, end)
        for number, handler in self._handlers():
            self._undo.callback(signal.signal, number, signal.signal(number, handler))
        self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._undo.close()

    # --- keys ------------------------------------------------------------------------------

    def read(self) -> str:
        """Wait for a key."""
        while not self._keys:
            timeout = _ALONE if self._decoder.waiting else None
            ready, _, _ = select.select([self._in, self._wake], [], [], timeout)
            if self._wake in ready:
                if _STOP in os.read(self._wake, 100):
                    self._stop()
                return RESIZED
            if not ready:
                self._keys.extend(self._decoder.alone())
                continue
            sent = self._sent()
            if not sent:
                return "eof"
            self._keys.extend(self._decoder.feed(sent))
        return self._keys.popleft()

    def _sent(self) -> bytes:
        with suppress(OSError):  # as the terminal's window was closed
            return os.read(self._in, 4096)
        return b""

    # --- screen ----------------------------------------------------------------------------

    def show(self, session: Session) -> int:
        """Draw where a session is; only rows that differ from what is there are written."""
        size = self._measured()
        page = self._sheet(session, width=size.columns, height=size.lines)
        session.top = page.top
        if size != self._size:
            self._drawn, self._size = [], size
        rows = [self._styled(row, size.columns) for row in page.rows]
        old = self._drawn or [""] * len(rows)
        clear = "" if self._drawn else "\x1b[2J"
        changed = "".join(
            f"\x1b[{number};1H{row}"
            for number, (row, before) in enumerate(zip(rows, old, strict=True), 1)
            if row != before
        )
        self._write(f"\x1b[?2026h{clear}{changed}\x1b[?2026l")
        self._drawn = rows
        return page.lines

    def _measured(self) -> os.terminal_size:
        with suppress(OSError):
            size = os.get_terminal_size(self._out)
            if size.columns and size.lines:
                return size
        return os.terminal_size((80, 24))

    def _styled(self, row: Text, width: int) -> str:
        with self._console.capture() as got:
            self._console.print(row, end="")
        # past the last column there is nothing to erase but that column itself
        return f"{got.get()}\x1b[0m" + ("\x1b[K" if row.cell_len < width else "")

    def _begin(self) -> None:
        import tty  # noqa: PLC0415 - Unix alone

        tty.setcbreak(self._in)  # Ctrl-C and Ctrl-Z go on meaning what they mean
        self._write(_ENTER)
        self._drawn = []

    def _write(self, text: str) -> None:
        left = text.encode(sys.stdout.encoding or "utf-8", "replace")
        with suppress(OSError):  # as the terminal's window was closed
            while left:
                left = left[os.write(self._out, left) :]

    # --- signals ---------------------------------------------------------------------------

    def _handlers(self) -> Iterator[tuple[signal.Signals, Any]]:
        for number in (signal.SIGWINCH, signal.SIGTSTP):
            yield number, self._woken
        for number in (signal.SIGTERM, signal.SIGHUP):
            yield number, self._ended

    def _woken(self, number: int, _frame: FrameType | None) -> None:
        """Leave word for `read`: in the middle of a screen nothing else may be written."""
        with suppress(BlockingIOError):
            os.write(self._waker, _STOP if number == signal.SIGTSTP else b"r")

    def _stop(self) -> None:
        """Give the terminal back until the program is called to the front again."""
        import termios  # noqa: PLC0415 - Unix alone

        now = termios.tcgetattr(self._in)
        self._write(_LEAVE)
        now[3] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(self._in, termios.TCSANOW, now)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._begin()

    def _ended(self, number: int, _frame: FrameType | None) -> None:
        """Give the terminal back, and end as the signal ends a program."""
        self._undo.close()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
