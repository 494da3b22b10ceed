"""The page in a browser: silent, self-contained, within its width, readable in light and dark."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.report.calibration import material
from trueup.report.calibration.write import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trueup.runner.calibration.result import Calibration

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ACTIVE = "<a href='javascript:document.title=1'>x</a>"
LETTERS = "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d \U0001f3f4"
HOSTILE = {
    "markup": (f"</title></style><script>document.title='owned'</script>{ACTIVE}", ACTIVE),
    "a resource": ("<img src=http://127.0.0.1:9/x onerror=\"document.title='owned'\">", "<img src"),
    "a word of 5,000 characters": ("W" * 5000, "W" * 600),
    "prose": ("word " * 1000, "word word word"),
    "marks": (f"\u202e{LETTERS}\u202c\u200d\x1b\ud800",
              f"\\u202e{LETTERS}\\u202c\\u200d\\u001b\\ud800"),
}  # fmt: skip
"""What is put into every text of a calibration, and what is to be seen of it."""

OPEN = "() => document.querySelectorAll('details').forEach(one => { one.open = true; })"
WIDE = """() => {
    const width = document.documentElement.clientWidth;
    const within = one => one.closest('.scroll') || one.closest('svg');
    const past = [...document.querySelectorAll('body *')]
        .filter(one => !within(one) && one.getBoundingClientRect().right > width + 1)
        .map(one => `${one.tagName} ${one.className}`);
    return [document.documentElement.scrollWidth - width, past];
}"""
CHARTS = """() => [...document.querySelectorAll('svg.chart')].map(one => {
    const box = one.getBoundingClientRect();
    return [box.width, box.height, one.querySelectorAll('.dot').length];
})"""
TOUCHING = """() => [...document.querySelectorAll('svg.chart')].flatMap(chart => {
    const boxes = [...chart.querySelectorAll('text')].map(one => one.getBoundingClientRect());
    return boxes.filter((a, i) => boxes.some((b, j) => j > i && a.left < b.right - 0.5
        && b.left < a.right - 0.5 && a.top < b.bottom - 2 && b.top < a.bottom - 2)).length;
})"""
FAINT = """() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const read = (colour, under) => {
        canvas.fillStyle = `rgb(${under})`;
        canvas.fillRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const behind = one => one
        ? read(getComputedStyle(one).backgroundColor, behind(one.parentElement)) : [255, 255, 255];
    const light = rgb => rgb.map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const faint = new Set();
    for (const one of document.querySelectorAll('body, body *')) {
        const words = [...one.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        if (!words || one.closest('.head') || one.tagName === 'title') continue;
        const under = behind(one.closest('svg')?.parentElement ?? one);
        const style = getComputedStyle(one);
        const ink = light(read(one.closest('svg') ? style.fill : style.color, under));
        const paper = light(under);
        const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        if (contrast < 4.5) faint.add(`${one.tagName}.${one.className}: ${contrast.toFixed(1)}`);
    }
    return [...faint];
}"""


class Opened:
    """A page in the browser, with everything that it did."""

    def __init__(self, browser: Any, path: Path, *, width: int, scheme: str = "light") -> None:
        self.heard: list[str] = []
        self.asked: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.on("console", lambda message: self.heard.append(message.text))
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.page.evaluate(OPEN)

    def tell(self, script: str) -> Any:
        """Return what a script finds on the page."""
        return self.page.evaluate(script)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def written(tmp_path: Path, calibration: Calibration) -> Path:
    path = tmp_path / "report.html"
    write_report(calibration, path)
    return path


@pytest.mark.parametrize("width", [400, 760, 1191, 1400])
def test_every_chart_is_seen_and_nothing_is_wider_than_the_page(
    browser: Any, tmp_path: Path, width: int
) -> None:
    opened = Opened(browser, written(tmp_path, material.calibration()), width=width)
    sizes = opened.tell(CHARTS)

    assert opened.tell(WIDE) == [0, []]
    assert len(sizes) == 18
    assert all(w >= 240 and h >= 150 and dots for w, h, dots in sizes)
    assert not any(opened.tell(TOUCHING))


def test_the_page_is_silent_and_asks_for_nothing(browser: Any, tmp_path: Path) -> None:
    path = written(tmp_path, material.calibration())
    opened = Opened(browser, path, width=1400)

    assert opened.heard == []
    assert opened.asked == [path.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(browser: Any, tmp_path: Path, scheme: str) -> None:
    opened = Opened(browser, written(tmp_path, material.calibration()), width=1400, scheme=scheme)
    paper = opened.tell("() => getComputedStyle(document.body).backgroundColor")

    assert opened.tell(FAINT) == []
    assert (paper == "rgb(16, 20, 26)") == (scheme == "dark")


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_text_and_within_the_page(
    browser: Any, tmp_path: Path, name: str, width: int
) -> None:
    text, seen = HOSTILE[name]
    path = written(tmp_path, material.poisoned(material.calibration(), text))
    opened = Opened(browser, path, width=width)

    assert opened.heard == []
    assert opened.asked == [path.as_uri()]
    assert opened.tell(WIDE) == [0, []]
    assert opened.tell("() => document.querySelectorAll('script, img').length") == 0
    assert seen in opened.tell("() => document.body.innerText")
    assert opened.page.title() != "owned"


def test_the_policy_stops_what_would_be_smuggled_in(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(material.calibration(), path)
    smuggled = "<img src='http://127.0.0.1:9/x'><script>document.title='owned'</script></main>"
    path.write_text(path.read_text("utf-8").replace("</main>", smuggled), "utf-8")
    opened = Opened(browser, path, width=1400)

    assert opened.page.title() != "owned"
    assert len([line for line in opened.heard if "Content Security Policy" in line]) == 2


def test_the_filter_shows_one_kind_of_disagreement(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, material.calibration()), width=1400)
    section = opened.page.locator("#c2")
    cases = section.locator(".dis")

    assert [case.is_visible() for case in cases.all()] == [True] * 5
    section.get_by_label("false fails (1)").check()
    assert [case.is_visible() for case in cases.all()] == [False, False, True, False, False]
    section.get_by_label("all", exact=True).check()
    assert [case.is_visible() for case in cases.all()] == [True] * 5
    # other criteria have their own
    assert [case.is_visible() for case in opened.page.locator("#c1 .dis").all()] == [True] * 2


def test_a_link_leads_from_the_table_to_its_criterion(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, material.calibration()), width=1400)
    opened.page.get_by_role("link", name="tone").first.click()

    assert opened.page.locator("#c5").bounding_box()["y"] < 900


def test_what_is_collapsed_is_printed(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, written(tmp_path, material.calibration()), width=1000)
    opened.tell("() => document.querySelectorAll('details').forEach(one => { one.open = false; })")
    height = "() => document.documentElement.scrollHeight"
    closed = opened.tell(height)
    opened.page.emulate_media(media="print")

    assert opened.tell(height) > 1.5 * closed
    assert (tmp_path / "report.html").stat().st_size < 250_000
