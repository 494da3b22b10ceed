"""JUnit XML: a test case a criterion, of the form that boards read."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from tests.report.calibration import material
from trueup.report.calibration.junit import suite

HOSTILE = "<a>&]]>\x00\x1b\x0b\ufffe\uffff\ud800\u202e\"'\n\tx"


def read(text: str) -> ET.Element:
    return ET.fromstring(text.encode())  # noqa: S314 - our own, and that it is safe is the test


def cases(root: ET.Element) -> dict[str, ET.Element]:
    return {case.attrib["name"]: case for case in root.iter("testcase")}


def test_each_criterion_and_the_gate_are_a_test_case() -> None:
    found = cases(read(suite(material.calibration())))

    assert list(found) == ["grounded", "next-step", "apology", "padding", "tone", "gate"]
    assert [[child.tag for child in case] for case in found.values()] == [
        [], ["failure"], ["skipped"], [], [], ["failure"],
    ]  # fmt: skip


def test_a_failure_and_a_skip_say_why() -> None:
    found = cases(read(suite(material.calibration())))
    failure, skipped = found["next-step"][0], found["apology"][0]

    assert "TNR is 62% [52, 72], below the bar of 75%." in failure.attrib["message"]
    assert "The judge has passed more" in (failure.text or "")
    assert "6 labels, and 30 are the least." in skipped.attrib["message"]


def test_counts_are_those_of_the_cases() -> None:
    made = read(suite(material.calibration()))[0]

    assert {name: made.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "6", "failures": "2", "errors": "0", "skipped": "1",
    }  # fmt: skip


@pytest.mark.parametrize("gate", ["passed", "inconclusive"])
def test_the_gate_is_told_where_no_criterion_is_at_fault(gate: str) -> None:
    made = material.calibration(criteria=(material.grounded(),), gate=gate, reasons=())
    tags = [child.tag for child in cases(read(suite(made)))["gate"]]

    assert tags == ([] if gate == "passed" else ["skipped"])


def test_elements_and_attributes_are_those_of_the_schema_in_its_order() -> None:
    root = read(suite(material.calibration()))
    made = root[0]

    assert (root.tag, root.attrib, len(root)) == ("testsuites", {}, 1)
    assert [child.tag for child in made] == [
        "properties", *["testcase"] * 6, "system-out", "system-err",
    ]  # fmt: skip
    assert made.attrib.keys() == {"name", "package", "id", "hostname", "timestamp", "time", "tests",
                                  "failures", "errors", "skipped"}  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", made.attrib["timestamp"])
    assert float(made.attrib["time"]) == 412
    for case in made.iter("testcase"):
        assert case.attrib.keys() == {"classname", "name", "time"}
        assert len(case) <= 1
    for failure in made.iter("failure"):
        assert failure.attrib.keys() == {"type", "message"}


def test_hostile_text_leaves_well_formed_xml() -> None:
    text = suite(material.poisoned(material.calibration(), HOSTILE))
    root = read(text)

    assert not re.search("[\x00-\x08\x0b-\x1f\ufffe\uffff]", text)
    assert text.encode("utf-8")
    assert len(cases(root)) == 2  # every criterion has the same hostile name, and the gate
    assert all(case.attrib["name"] == case.attrib["name"].strip() for case in root.iter("testcase"))


def test_a_time_that_is_not_known_is_still_a_time() -> None:
    made = read(suite(material.calibration(made_at="yesterday")))[0]

    assert made.attrib["timestamp"] == "1970-01-01T00:00:00"
