"""The line that a run keeps up to date on a terminal, and nothing where there is none."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.console import Console

from trueup.judge.verdict import Usage
from trueup.report.progress import line, progress_line
from trueup.runner.progress import Progress

if TYPE_CHECKING:
    import pytest


def progress(**values: Any) -> Progress:
    outcomes = Counter(values.pop("outcomes", {}))
    return Progress(outcomes=outcomes, **values)


def test_a_run_that_begins_says_how_much_there_is() -> None:
    assert line(progress(total=1200)) == "0 of 1,200 items"


def test_a_stream_says_what_is_done() -> None:
    assert line(progress(items=3)) == "3 items"


def test_failures_calls_and_cost_are_told_as_they_come() -> None:
    found = progress(
        total=10,
        items=4,
        in_flight=1,
        outcomes={"scored": 9, "not_applicable": 2, "failed": 1, "refused": 1},
        usage=Usage(calls=9, dollars=0.0123),
    )

    assert line(found) == "4 of 10 items, 2 findings without a value, 1 call in flight, $0.0123"


def test_time_left_follows_from_the_items_that_were_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # five of ten were known before and took no time: the five that took 20 s tell the speed
    found = progress(total=20, items=10, asked=5, started=100.0)
    monkeypatch.setattr("trueup.runner.progress.time.monotonic", lambda: 120.0)

    assert line(found) == "10 of 20 items, about 40 s left"


def test_no_time_is_left_to_tell_at_the_end_and_none_before_the_start() -> None:
    assert progress(total=5, items=5, asked=5).seconds_left is None
    assert progress(total=5, items=1).seconds_left is None
    assert progress(items=1, asked=1).seconds_left is None


def test_nothing_is_written_where_output_goes_to_a_file() -> None:
    text = io.StringIO()
    with progress_line(Console(file=text)) as show:
        show(progress(total=3))

    assert not text.getvalue()


def test_a_terminal_sees_the_line_and_gets_it_cleared() -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=80)
    with progress_line(console) as show:
        show(progress(total=3, items=2))
        console.print("something else")

    shown = text.getvalue()
    assert "something else" in shown
    assert "\x1b[2K" in shown  # the line is wiped,
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")  # and the cursor is back
