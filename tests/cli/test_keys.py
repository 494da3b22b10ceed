"""Keys out of what a terminal sends, in whatever pieces it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.cli.keys import Decoder
from trueup.runner.labelling.session import PASTED
from trueup.runner.labelling.work import RESIZED

SENT = {
    "1": "1",
    "é": "é",
    "漢": "漢",
    "\x1b[A": "up",
    "\x1bOB": "down",
    "\x1b[C": "right",
    "\x1b[D": "left",
    "\x1b[5~": "pgup",
    "\x1b[6~": "pgdn",
    "\x1b[H": "home",
    "\x1b[4~": "end",
    "\x1b[3~": "delete",
    "\r": "enter",
    "\x7f": "backspace",
    "\x17": "ctrl-w",
    "\x0c": RESIZED,
    "\x04": "eof",
    "\x1b[200~1\n2\x1b[201~": f"{PASTED}1\n2",
}


@pytest.mark.parametrize(("sent", "key"), SENT.items())
def test_keys_have_names(sent: str, key: str) -> None:
    assert Decoder().feed(sent.encode()) == [key]


@pytest.mark.parametrize("sent", ["\x1b[15~", "\x1b[1;5C", "\x1b[<0;1;2M", "\x1b1", "\x1b\x1b[Z"])
def test_what_is_not_known_is_one_key_and_never_an_answer(sent: str) -> None:
    [key] = Decoder().feed(sent.encode())

    assert len(key) > 1


def test_an_escape_alone_is_a_key_once_nothing_follows() -> None:
    decoder = Decoder()

    assert decoder.feed(b"\x1b") == []
    assert decoder.waiting
    assert decoder.alone() == ["esc"]
    assert not decoder.waiting


def test_bytes_that_are_no_text_are_no_crash() -> None:
    assert Decoder().feed(b"\xff1") == ["\ufffd", "1"]


@given(
    st.lists(st.sampled_from(list(SENT)), max_size=12),
    st.lists(st.integers(1, 6), min_size=1, max_size=30),
)
def test_keys_are_the_same_however_they_are_cut(sent: list[str], sizes: list[int]) -> None:
    whole, decoder, keys = "".join(sent).encode(), Decoder(), []
    for number in range(len(whole)):
        size = sizes[number % len(sizes)]
        keys += decoder.feed(whole[:size])
        whole = whole[size:]

    assert keys == [SENT[one] for one in sent]
