"""A store that lasts for a test, and calibrations over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.runner.calibration.material import ONE, judge
from trueup.runner.calibration import surface
from trueup.runner.calibration.calibrate import calibrate
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trueup.runner.calibration.result import Calibration


class Calibrate(Protocol):
    """Calibrate the usual rubric and judge over the test's store; anything can be said anew."""

    def __call__(self, items: object, **options: Any) -> Calibration: ...


@pytest.fixture(autouse=True, scope="module")
def _no_canary() -> Iterator[None]:
    """Leave out what takes longest: with so few items nothing is fitted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surface, "MOST", 10)
        yield


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def run(store: Store) -> Calibrate:
    def calibrated(items: object, **options: Any) -> Calibration:
        given = {"rubric": ONE, "judge": judge(), "store": store, **options}
        return calibrate(items, **given)

    return calibrated
