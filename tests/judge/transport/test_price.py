"""Prices from the list that litellm ships."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from trueup.judge.transport import price as prices
from trueup.judge.transport.price import price

LIST: dict[str, Any] = {
    "big-1": {
        "litellm_provider": "acme",
        "input_cost_per_token": 2e-6,
        "output_cost_per_token": 8e-6,
        "cache_read_input_token_cost": 5e-7,
    },
    "other/small": {
        "litellm_provider": "other",
        "input_cost_per_token": 1e-7,
        "output_cost_per_token": 0,
    },
    "by-picture": {"litellm_provider": "acme", "output_cost_per_image": 0.1},
}


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "litellm", SimpleNamespace(model_cost=LIST))


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("model", ["big-1", "acme/big-1"])
def test_a_price_is_found_with_and_without_the_prefix(model: str) -> None:
    found = price(model)

    assert found is not None
    assert (found.input, found.output, found.cached) == pytest.approx((2.0, 8.0, 0.5))


@pytest.mark.usefixtures("listed")
def test_cached_tokens_cost_the_full_price_where_no_other_is_named() -> None:
    found = price("other/small")

    assert found is not None
    assert (found.input, found.output, found.cached) == pytest.approx((0.1, 0.0, 0.1))


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    "model", ["rival/big-1", "small", "by-picture", "acme/nothing", "", "/", "acme/by-picture"]
)
def test_an_unknown_price_is_none(model: str) -> None:
    assert price(model) is None


def test_the_shipped_list_is_read_without_importing_litellm() -> None:
    code = (
        "import sys; from trueup.judge.transport.price import price; "
        "found = price('openai/gpt-4o-mini'); "
        "print(found.input > found.cached > 0, 'litellm' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert done.stdout.split() == ["True", "False"]


def test_without_litellm_there_are_no_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "litellm", raising=False)
    monkeypatch.setattr(prices, "find_spec", lambda _: None)
    prices._shipped.cache_clear()

    assert price("openai/gpt-4o-mini") is None

    prices._shipped.cache_clear()


def test_a_price_is_for_a_million_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "litellm", raising=False)

    found = price("openai/gpt-4o-mini")

    assert found is not None
    assert 0.01 < found.input < 10
