"""A calibration as JUnit XML, for boards that show test results: a test case a criterion."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from trueup.report.calibration.figures import number, share
from trueup.report.calibration.standing import drift_words, since_words
from trueup.report.safe import one_line, visible
from trueup.runner.calibration.gate import standing
from trueup.runner.calibration.result import Absent

if TYPE_CHECKING:
    from trueup.runner.calibration.result import Calibration, CriterionResult, Gate

_FORBIDDEN = re.compile("[\ufffe\uffff]")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_NO_STAMP = "1970-01-01T00:00:00"
_GATE = "gate"


def suite(calibration: Calibration) -> str:
    """Return JUnit XML: a test case for each criterion, and one for the gate over all of them."""
    root = ET.Element("testsuites")
    made = ET.SubElement(root, "testsuite")
    ET.SubElement(made, "properties").extend(_properties(calibration))
    states: list[Gate] = []
    name = _text(f"trueup.{calibration.rubric}")
    for one in calibration.criteria:
        found = standing(one)
        states.append(found.gate)
        made.append(_case(_text(one.id), name, found.gate, found.reasons))
    states.append(calibration.gate)
    made.append(_case(_GATE, name, calibration.gate, calibration.reasons))
    lines = [_line(one) for one in calibration.criteria]
    ET.SubElement(made, "system-out").text = _lines("\n".join(lines))
    ET.SubElement(made, "system-err").text = ""
    made.attrib |= {
        "name": name,
        "package": "trueup",
        "id": "0",
        "hostname": "localhost",
        "timestamp": _stamp(calibration.made_at),
        "time": _seconds(calibration),
        "tests": str(len(states)),
        "failures": str(states.count("failed")),
        "errors": "0",
        "skipped": str(states.count("inconclusive")),
    }
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(name: str, classname: str, gate: Gate, reasons: tuple[str, ...]) -> ET.Element:
    case = ET.Element("testcase", {"classname": classname, "name": name, "time": "0"})
    if gate == "passed":
        return case
    message = _text(" ".join(reasons)) or f"The gate is {gate}."
    if gate == "failed":
        failure = ET.SubElement(case, "failure", {"type": "calibration", "message": message})
        failure.text = _lines("\n".join(reasons))
    else:
        ET.SubElement(case, "skipped", {"message": message})
    return case


def _properties(calibration: Calibration) -> list[ET.Element]:
    found = {
        "sitting": calibration.sitting,
        "judge": calibration.judge,
        "rubric version": calibration.rubric_version,
        "run": str(calibration.run),
        "ledger": calibration.ledger or "",
        "test split opened": "; ".join(f"{o.at[:10]} by {o.by}" for o in calibration.openings),
    }
    return [ET.Element("property", {"name": k, "value": _text(v)}) for k, v in found.items()]


def _line(criterion: CriterionResult) -> str:
    found = criterion.agreement
    parts = [f"pass rate {share(criterion.pass_rate.corrected)}"]
    if not isinstance(found, Absent):
        parts += [f"TPR {share(found.tpr)}", f"TNR {share(found.tnr)}",
                  f"alpha {number(found.alpha)}", f"people {number(found.people)}"]  # fmt: skip
    drift = f"{drift_words(criterion.drift)} {since_words(criterion.drift)}".strip()
    return f"{one_line(criterion.id, 80)}: {', '.join([*parts, drift])}"


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", one_line(text, 1000))


def _lines(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", visible(text))


def _stamp(made_at: str) -> str:
    """Return an instant in UTC without its zone, as the schema wants it."""
    found = _STAMP.match(made_at)
    return found[0] if found else _NO_STAMP


def _seconds(calibration: Calibration) -> str:
    cost = calibration.sampled.cost or {}
    return f"{cost.get('seconds', 0):.3f}"
