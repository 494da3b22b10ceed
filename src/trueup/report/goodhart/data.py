"""A Goodhart report as plain data, as `schema.json` describes it: no NaN, no infinity."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from trueup.report.goodhart import words

if TYPE_CHECKING:
    from trueup.goodhart.look import Look
    from trueup.goodhart.spec import WatchSpec
    from trueup.report.goodhart.model import GoodhartReport

FORMAT = "trueup/goodhart-report/1"


def to_json(report: GoodhartReport) -> str:
    """Return a report as JSON; the same report gives the same text."""
    return json.dumps(to_dict(report), indent=2, allow_nan=False) + "\n"


def to_dict(report: GoodhartReport) -> dict[str, Any]:
    """Return a report as plain data; a figure that is not known is None."""
    last = report.last
    found: dict[str, Any] = _plain(
        {
            "format": FORMAT,
            "product": report.product,
            "verdict": last.verdict,
            "backfire": last.backfire,
            "gate": report.gate,
            "headline": words.headline(last),
            "message": last.message,
            "missing": last.missing,
            "design": last.design,
            "instrument": report.instrument,
            "simulated": report.simulated,
            "generated_at": report.generated_at,
            "spec": _spec(report.spec),
            "looks": [_look(look) for look in report.looks],
            "explanations": report.explanations,
            "alarms": [asdict(alarm) for alarm in report.alarms],
            "picture": None if report.picture is None else asdict(report.picture),
        }
    )
    return found


def schema() -> dict[str, Any]:
    """Return the JSON Schema of what `to_dict` returns."""
    text = files("trueup.report.goodhart").joinpath("schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _look(look: Look) -> dict[str, Any]:
    found = asdict(look)
    found["called"] = look.called
    found["holds_always"] = look.holds_to is not None and math.isinf(look.holds_to)
    found["detail"] = dict(look.detail)
    return found


def _spec(spec: WatchSpec) -> dict[str, Any]:
    return {
        "judge": spec.judge,
        "signals": [
            {
                "name": signal.name,
                "said": signal.said,
                "better": signal.better,
                "within_days": signal.window / dt.timedelta(days=1),
            }
            for signal in spec.signals
        ],
        "design": spec.design,
        "period_days": spec.step / dt.timedelta(days=1),
        "reference": spec.reference,
        "horizon": "none" if spec.horizon is None else spec.horizon,
        "primary": spec.first.name if spec.first else None,
        "worth": spec.worth,
        "overstate": spec.overstate,
        "alpha": spec.alpha,
        "c": spec.c,
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a report holds
    """Return a value as JSON has it: what is no number is None, instants are ISO 8601 in UTC."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dt.datetime):
        return (value.astimezone(dt.UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return _number(value)


def _number(value: Any) -> int | float | None:  # noqa: ANN401 - numpy's numbers too
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(value) if isinstance(value, int) else number
