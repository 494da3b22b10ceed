"""Charts draw what there is: no line over a gap or a change, every figure with its interval."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.report.calibration import material
from trueup.report.calibration import charts, pictures
from trueup.report.calibration.charts import Series
from trueup.report.calibration.timeline import timeline
from trueup.runner.calibration.result import Absent, Curve, Drift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.runner.calibration.result import Point

CORRECTED = Series(name="corrected", role="truth", pick=lambda p: p.corrected, band=True)
JUDGED = Series(name="judged", role="judge", pick=lambda p: p.judged)
STEADY = material.grounded().drift


def drawn(
    points: Sequence[Point], *series: Series, drift: Drift = STEADY, unit: charts.Unit = "share"
) -> ET.Element:
    svg = charts.weekly(timeline(points, drift), series, title="Rate", unit=unit)
    assert svg is not None
    return read(svg)


def read(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in root.iter() if name in one.attrib.get("class", "").split()]


def xs(path: ET.Element) -> list[float]:
    return [float(x) for x in re.findall(r"[ML](-?[\d.]+),", path.attrib["d"])]


def test_a_line_is_broken_where_a_week_has_no_labels_and_the_judges_goes_on() -> None:
    points = material.weeks(changes={3: {"n_labels": 0}})
    corrected, judged = (drawn(points, one) for one in (CORRECTED, JUDGED))

    assert [len(xs(one)) for one in of_class(corrected, "line")] == [3, 4]
    assert [len(xs(one)) for one in of_class(judged, "line")] == [8]
    assert len(of_class(corrected, "dot")) == 7
    assert len(of_class(corrected, "empty")) == 1


def test_no_line_and_no_band_crosses_a_change_of_instrument() -> None:
    points = material.weeks(changes={at: {"instrument": "new"} for at in (5, 6, 7)})
    root = drawn(points, CORRECTED)
    (mark,) = of_class(root, "mark")
    at = float(mark.attrib["x1"])

    assert "instrument" in mark.attrib["class"]
    for one in [*of_class(root, "line"), *of_class(root, "band")]:
        assert max(xs(one)) < at or min(xs(one)) > at


def test_a_figure_that_stands_alone_has_a_whisker_for_its_interval() -> None:
    root = drawn([material.point(0)], CORRECTED)

    assert len(of_class(root, "dot")) == len(of_class(root, "whisker")) == 1
    assert of_class(root, "line") == of_class(root, "band") == []


def test_an_alarm_is_drawn_in_its_week_with_the_time_since_the_change_shaded() -> None:
    root = drawn(material.weeks(), CORRECTED, drift=material.next_step().drift)
    (mark,), (since,) = of_class(root, "mark"), of_class(root, "since")
    dots = sorted(float(dot.attrib["cx"]) for dot in of_class(root, "dot"))
    start = float(since.attrib["x"])

    assert float(mark.attrib["x1"]) == pytest.approx(dots[6], abs=0.1)
    assert dots[4] < start < dots[5]
    assert dots[6] < start + float(since.attrib["width"]) < dots[7]


def test_every_point_tells_its_figures_and_the_chart_is_told_in_words() -> None:
    root = drawn(material.weeks(changes={0: {"n_labels": 0}}), CORRECTED, JUDGED)
    titles = [one.text or "" for one in root.iter("title")]

    assert "2026-W41: corrected 80% [75, 85], n 260" in titles
    assert root.attrib["role"] == "img"
    assert "corrected: 80% in 2026-W41, 78% in 2026-W47" in root.attrib["aria-label"]


def test_figures_are_drawn_higher_where_they_are_higher() -> None:
    points = [material.point(at, corrected=material.figure(0.5 + at / 20, 200)) for at in range(4)]
    ys = [float(dot.attrib["cy"]) for dot in of_class(drawn(points, CORRECTED), "dot")]

    assert ys == sorted(ys, reverse=True)


def test_alpha_below_chance_stays_on_the_chart() -> None:
    low = replace(material.figure(0.1, 20), estimate=-0.3, low=-0.9, high=0.2)
    alpha = Series(name="alpha", role="truth", pick=lambda p: p.alpha)
    root = drawn([replace(material.point(0), alpha=low)], alpha, unit="alpha")
    (dot,) = of_class(root, "dot")

    assert 0 < float(dot.attrib["cy"]) < charts.HEIGHT
    assert any(text.text == "\u22121.00" for text in root.iter("text"))


def test_nothing_to_draw_is_no_chart() -> None:
    none = Absent(why="x")
    points = [material.point(0, corrected=none)]

    assert charts.weekly(timeline(points, STEADY), [CORRECTED], title="", unit="share") is None
    assert charts.weekly(timeline([], STEADY), [CORRECTED], title="", unit="share") is None
    assert pictures.rate(replace(material.pass_rate(0.5, 0.5), corrected=none, judge=none)) is None
    assert pictures.effect(material.next_step().drift.evidence[1], within=1) is None


@pytest.mark.parametrize("count", [1, 8, 9, 26, 52, 60])
def test_names_of_weeks_stand_apart_however_many_there_are(count: int) -> None:
    names = [f"{2025 + at // 52}-W{at % 52 + 1:02d}" for at in range(count)]
    points = [replace(material.point(at % 8), week=name) for at, name in enumerate(names)]
    texts = [text for text in drawn(points, CORRECTED).iter("text")
             if text.attrib["text-anchor"] == "middle"]  # fmt: skip
    for y in {text.attrib["y"] for text in texts}:
        row = sorted(float(text.attrib["x"]) for text in texts if text.attrib["y"] == y)
        assert all(b - a > 29 for a, b in pairwise(row))


def test_an_effect_is_drawn_on_its_side_of_nothing() -> None:
    judge, _, raters, *_ = material.next_step().drift.evidence
    up, down = (read(pictures.effect(one, within=0.25) or "") for one in (judge, raters))
    centre = float(of_class(up, "zero")[0].attrib["x1"])

    assert float(of_class(up, "dot")[0].attrib["cx"]) > centre
    assert float(of_class(up, "whisker")[0].attrib["x1"]) > centre
    assert float(of_class(down, "dot")[0].attrib["cx"]) < centre


def test_a_calibration_curve_has_a_point_a_bin_and_the_larger_has_more_items() -> None:
    found = material.grounded().curve
    assert isinstance(found, Curve)
    dots = of_class(read(pictures.curve(found)), "dot")
    radii = [float(dot.attrib["r"]) for dot in dots]

    assert len(dots) == len(found.bins)
    assert radii.index(max(radii)) == 4


def test_hostile_names_of_weeks_stay_text() -> None:
    hostile = '"><script>x</script>\u202e\x1b'
    points = [replace(material.point(0), week=hostile), replace(material.point(1), week=hostile)]
    root = drawn(points, CORRECTED)

    assert not list(root.iter("script"))
    assert not re.search("[\x1b\u202e]", ET.tostring(root, encoding="unicode"))
