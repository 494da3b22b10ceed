"""The page in a browser: silent, within its width, readable in light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.report.calibration.test_browser import (
    CHARTS,
    CHROMIUM,
    FAINT,
    FLAGS,
    TOUCHING,
    WIDE,
    Opened,
)
from tests.report.goodhart import material
from trueup.report.goodhart.write import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trueup.report.goodhart.model import GoodhartReport

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def written(tmp_path: Path, report: GoodhartReport) -> Path:
    path = tmp_path / "report.html"
    write_report(report, path)
    return path


@pytest.mark.parametrize("width", [400, 760, 1400])
def test_every_chart_is_seen_and_nothing_is_wider_than_the_page(
    browser: Any, tmp_path: Path, width: int
) -> None:
    opened = Opened(browser, written(tmp_path, material.report()), width=width)
    seen = [(w, h) for w, h, _ in opened.tell(CHARTS) if w]

    assert opened.tell(WIDE) == [0, []]
    assert len(seen) == 3  # of the wide and the narrow form one is shown
    assert all(w >= 240 and h >= 110 for w, h in seen)
    assert not any(opened.tell(TOUCHING))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_silent_asks_for_nothing_and_can_be_read(
    browser: Any, tmp_path: Path, scheme: str
) -> None:
    path = written(tmp_path, material.report())
    opened = Opened(browser, path, width=1400, scheme=scheme)

    assert opened.heard == []
    assert opened.asked == [path.as_uri()]
    # signs in the strip stand on a ground of their own, which the script does not see
    assert opened.tell(FAINT.replace("closest('.head')", "closest('.head, .cell')")) == []


def test_hostile_text_neither_runs_nor_bursts_the_page(browser: Any, tmp_path: Path) -> None:
    text = "</title></style><script>document.title='owned'</script>" + "W" * 3000
    path = written(tmp_path, material.poisoned(material.report(), text))
    opened = Opened(browser, path, width=400)

    assert opened.heard == []
    assert opened.tell("() => document.title") != "owned"
    assert opened.tell(WIDE) == [0, []]
