"""A Goodhart report as JUnit XML: a test case for the verdict, and one for each alarm."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from trueup.report.goodhart import words
from trueup.report.safe import one_line

if TYPE_CHECKING:
    import datetime as dt

    from trueup.report.goodhart.model import Gate, GoodhartReport

_FORBIDDEN = re.compile("[\ufffe\uffff]")
_NO_STAMP = "1970-01-01T00:00:00"
_LONGEST = 2000


def junit(report: GoodhartReport) -> str:
    """Return JUnit XML: the verdict fails where it is gaming, and so does every open alarm."""
    look = report.last
    name = _text(f"trueup.goodhart.{report.product}")
    cases = [("verdict", report.gate, f"{words.headline(look)} {look.message}")]
    for alarm in report.alarms:
        gate: Gate = "failed" if alarm.state == "open" else "passed"
        cases.append((f"alarm {alarm.id}", gate, words.alarm_words(alarm)))
    root = ET.Element("testsuites")
    states = [gate for _, gate, _ in cases]
    made = ET.SubElement(
        root,
        "testsuite",
        {
            "name": name, "package": "trueup", "id": "0", "hostname": "localhost", "time": "0",
            "timestamp": _stamp(report.generated_at), "tests": str(len(cases)),
            "failures": str(states.count("failed")), "errors": "0",
            "skipped": str(states.count("inconclusive")),
        },
    )  # fmt: skip
    properties = ET.SubElement(made, "properties")
    for key, value in words.basis(report):
        ET.SubElement(properties, "property", {"name": key, "value": _text(value)})
    for case, gate, message in cases:
        made.append(_case(_text(case), name, gate, _text(message)))
    strip = "".join(words.KINDS[one.verdict].sign for one in report.looks)
    ET.SubElement(made, "system-out").text = _text(f"{words.span_words(report)}: {strip}")
    ET.SubElement(made, "system-err").text = ""
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(name: str, suite: str, gate: Gate, message: str) -> ET.Element:
    case = ET.Element("testcase", {"classname": suite, "name": name, "time": "0"})
    if gate == "failed":
        failure = ET.SubElement(case, "failure", {"type": "goodhart", "message": message})
        failure.text = message
    elif gate == "inconclusive":
        ET.SubElement(case, "skipped", {"message": message})
    return case


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", one_line(text, _LONGEST))


def _stamp(at: dt.datetime | None) -> str:
    """Return an instant without its zone, as the schema wants it."""
    return _NO_STAMP if at is None else at.replace(microsecond=0, tzinfo=None).isoformat()
