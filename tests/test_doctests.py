"""Examples in docstrings print what they say."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"


def modules() -> list[str]:
    named = (p for p in (SOURCE / "trueup").rglob("*.py") if ">>>" in p.read_text("utf-8"))
    return sorted(".".join(p.relative_to(SOURCE).with_suffix("").parts) for p in named)


@pytest.mark.parametrize("name", modules())
def test_examples_of_a_module_hold(name: str) -> None:
    found = doctest.testmod(import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)

    assert found.attempted
    assert not found.failed
