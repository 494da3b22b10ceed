"""What `trueup.agreement` offers."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

from trueup import agreement

STATISTICS = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text("utf-8")
PARTS = {"keep", "proportion", "rmse", "wilson"}
"""What the methods are made of."""
FUNCTIONS = [name for name in agreement.__all__ if inspect.isfunction(getattr(agreement, name))]


def test_no_name_is_hidden_by_a_module_whatever_is_imported() -> None:
    for module in pkgutil.walk_packages(agreement.__path__, "trueup.agreement."):
        import_module(module.name)

    assert not [n for n in agreement.__all__ if inspect.ismodule(getattr(agreement, n))]


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(AttributeError, match="Did you mean 'alpha'"):
        agreement.alfa  # noqa: B018 - reading it is the test


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_shows_an_example(name: str) -> None:
    assert ">>>" in (inspect.getdoc(getattr(agreement, name)) or "")


@pytest.mark.parametrize("name", sorted({*FUNCTIONS} - PARTS))
def test_every_method_stands_in_the_docs(name: str) -> None:
    assert f"`{name}`" in STATISTICS
