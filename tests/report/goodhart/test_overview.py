"""The picture shows what there is: where the change began, who gained, and what is not known."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from tests.report.goodhart import material
from trueup.report.goodhart import charts
from trueup.report.goodhart.marks import NARROW, WIDE
from trueup.report.goodhart.overview import overview
from trueup.report.goodhart.picture import Line, Picture
from trueup.report.goodhart.verdicts import placed


def drawn(picture: Picture, *, verdict: str = "gaming", wide: bool = True) -> ET.Element:
    svg = overview(picture, verdict=verdict, frame=WIDE if wide else NARROW)  # type: ignore[arg-type] # one of the five
    return ET.fromstring(svg)  # noqa: S314 - our own


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in root.iter() if name in one.attrib.get("class", "").split()]


def points(path: ET.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)",
                                                        path.attrib["d"])]  # fmt: skip


def lines(root: ET.Element) -> dict[str, list[tuple[float, float]]]:
    found = {}
    for role in ("judge", "people"):
        for group in of_class(root, f"c-{role}"):
            for path in of_class(group, "line"):
                found[role] = points(path)
    return found


def test_the_judge_ends_above_users_who_gained_nothing() -> None:
    found = lines(drawn(material.picture(0.0)))

    assert found["judge"][-1][1] < found["people"][-1][1] - 60


def test_judge_and_users_share_one_scale() -> None:
    found = lines(drawn(material.picture(0.22), verdict="improvement"))
    after = [y for _, y in found["judge"][material.REFERENCE :]]
    users = [y for _, y in found["people"][material.REFERENCE :]]

    assert sum(after) / len(after) == pytest.approx(sum(users) / len(users), abs=2)


def test_users_end_where_signals_are_still_arriving() -> None:
    root = drawn(material.picture())
    (waiting,) = of_class(root, "waiting")
    found = lines(root)

    assert len(found["judge"]) == material.WEEKS
    assert len(found["people"]) == material.WEEKS - material.WAITING
    assert found["people"][-1][0] < float(waiting.attrib["x"])


def test_the_reference_the_change_and_the_alarm_stand_in_their_weeks() -> None:
    root = drawn(material.picture())
    xs = [x for x, _ in lines(root)["judge"]]
    (reference,) = of_class(root, "reference")
    onset, alarm = (
        float(next(one for one in of_class(root, kind) if one.tag == "line").attrib["x1"])
        for kind in ("onset", "alarm")
    )

    assert float(reference.attrib["width"]) == pytest.approx(onset - WIDE.left, abs=0.2)
    assert xs[material.REFERENCE - 1] < onset < xs[material.REFERENCE]
    assert alarm == pytest.approx(xs[material.REFERENCE + 8], abs=0.1)


def test_words_at_the_line_ends_say_what_the_looks_found_and_stand_apart() -> None:
    ends = of_class(drawn(material.picture(0.21), verdict="improvement"), "end")
    heights = sorted(float(one.attrib["y"]) for one in ends)

    assert {one.text for one in ends} == {"judge +0.22", "users +0.21"}
    assert all(b - a > 14 for a, b in pairwise(heights))


def test_without_a_finding_no_figure_stands_at_the_ends() -> None:
    ends = of_class(drawn(material.picture(after=None, judge_after=None)), "end")

    assert {one.text for one in ends} == {"judge", "users"}


def test_of_releases_the_ends_say_what_the_lines_end_at() -> None:
    labels = tuple(f"v{at}" for at in range(material.WEEKS))
    root = drawn(material.picture(0.02, kind="releases", labels=labels, reference=0, waiting=0))
    (judge,) = (one.text for one in of_class(root, "end") if "judge" in str(one.text))

    assert judge == "judge +0.21"  # not the mean of +0.22
    assert "judge +0.21 in v25" in root.attrib["aria-label"]


def test_verdicts_stand_under_the_periods_they_are_of() -> None:
    picture, looks = material.picture(), material.looks("gaming")
    svg = overview(picture, verdict="gaming", frame=WIDE, looks=placed(picture, looks))
    root = ET.fromstring(svg)  # noqa: S314 - our own
    signs = {float(t.attrib["x"]): t.text for g in of_class(root, "cell") for t in g.iter("text")}
    xs = [x for x, _ in lines(root)["judge"]]

    assert "".join(signs[x] or "" for x in sorted(signs)) == "????????!!!!!!"
    assert sorted(signs) == pytest.approx(xs[material.REFERENCE :], abs=0.1)
    below = [float(r.attrib["y"]) for g in of_class(root, "cell") for r in g.iter("rect")]
    assert min(below) > WIDE.floor + 31  # the years
    assert max(below) + 18 <= float(root.attrib["viewBox"].split()[3])


def test_looks_that_have_no_period_in_the_picture_are_not_placed() -> None:
    early = material.look("inconclusive", -40)

    assert placed(material.picture(), (early, material.look("gaming"))) == ()
    assert placed(material.picture(), (material.look("gaming"),) * 2) == ()


@pytest.mark.parametrize("alarm", range(12, 26))
@pytest.mark.parametrize("wide", [True, False])
def test_the_words_of_change_and_alarm_never_meet(alarm: int, *, wide: bool) -> None:
    since = alarm - 1
    root = drawn(material.picture(since=since, alarm=alarm), wide=wide)
    spans = []
    for one in root.iter("text"):
        if "moment" in one.attrib.get("class", ""):
            x, size = float(one.attrib["x"]), 6.6 * len(one.text or "")
            left = x - size if one.attrib["text-anchor"] == "end" else x
            spans.append((float(one.attrib["y"]), left, left + size))
            assert left >= -2
            assert left + size <= float(root.attrib["viewBox"].split()[2]) + 2
    (top, a, b), (other, c, d) = spans

    assert top != other or b <= c + 1 or d <= a + 1


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    whole = material.picture()
    holes = [None if at == 5 else value for at, value in enumerate(whole.judge.mean)]
    judge = material.line(holes, 0.03)
    root = drawn(material.picture(judge=judge, expected=judge))

    paths = [p for g in of_class(root, "c-judge") for p in of_class(g, "line")]
    assert [len(points(path)) for path in paths] == [5, material.WEEKS - 6]


def test_few_looks_are_points_with_whiskers() -> None:
    two = material.line([0.2, 0.25], 0.1)
    labels = ("2026-01-05", "2026-01-12")
    picture = Picture(kind="looks", labels=labels, starts=(None, None), reference=0, judge=two,
                      expected=two, users=material.line([None, 0.05], 0.1))  # fmt: skip
    root = drawn(picture)

    assert len(of_class(root, "whisker")) == len(of_class(root, "dot")) == 3
    assert of_class(root, "band") == of_class(root, "reference") == []


def test_every_period_tells_its_figures() -> None:
    titles = [one.text or "" for one in drawn(material.picture()).iter("title")]

    assert len(titles) == material.WEEKS
    assert titles[0] == (
        "2026-01-05; judge +0.01 (\u22120.02 to +0.04); users \u22120.02 (\u22120.08 to +0.04)"
    )
    assert titles[-1].endswith("signals are still arriving")


def test_what_is_no_figure_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="no figure"):
        Line(mean=(float("nan"),), low=(0.0,), high=(1.0,))
    with pytest.raises(ValueError, match="one entry per period"):
        Line(mean=(1.0,), low=(), high=(1.0,))


def test_a_signal_is_drawn_per_hundred_outputs_with_what_was_due() -> None:
    picture = material.picture()
    root = ET.fromstring(charts.signal(picture.signals[0], picture))  # noqa: S314 - our own
    names = [one.text or "" for one in root.iter("text") if one.attrib["text-anchor"] == "end"]
    found = lines(root)

    assert all(20 <= float(name) <= 40 for name in names)
    # retries should have fallen: what was due ends lower on the page than what came
    assert found["judge"][-1][1] > found["people"][-1][1]


def test_the_realised_part_has_its_line_and_an_open_end_reaches_the_border() -> None:
    looks = [material.look("gaming"), material.look("inconclusive", 14)]
    svg = charts.realised(looks, 0.5, frame=charts.PHI_WIDE)
    assert svg is not None
    root = ET.fromstring(svg)  # noqa: S314 - our own
    (limit,) = [one for one in of_class(root, "limit") if one.tag == "line"]
    gamed, open_ = (float(one.attrib["cy"]) for one in of_class(root, "dot"))
    whiskers = of_class(root, "whisker")

    assert [one.text for one in of_class(root, "sign-of")] == ["!", "?"]
    assert gamed > float(limit.attrib["y1"]) > open_
    assert float(whiskers[1].attrib["y2"]) == charts.PHI_WIDE.top
    assert charts.realised([material.look("judge_flat")], 0.5, frame=charts.PHI_WIDE) is None
