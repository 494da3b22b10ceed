"""SVG as text: elements whose attributes and texts are escaped, and numbers short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from trueup.report.safe import visible

if TYPE_CHECKING:
    from collections.abc import Iterable


def tag(name: str, *children: str, **attributes: str | float) -> Markup:
    """Return an element.

    Args:
        name: The element's.
        children: Markup as it is; any other text escaped, with control characters written out.
        attributes: Values by name, where `_` stands for `-`, and a last `_` for nothing.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    inner = "".join(map(text, children))
    return Markup(f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>")  # noqa: S704 - of escaped parts


def text(content: str) -> Markup:
    """Return text escaped; markup as it is."""
    return content if isinstance(content, Markup) else escape(visible(content))


def path(points: Iterable[tuple[float, float]], *, closed: bool = False) -> str:
    """Return the data of a path through points."""
    data = "L".join(f"{_number(x)},{_number(y)}" for x, y in points)
    return f"M{data}{'Z' if closed else ''}"


def _value(value: str | float) -> Markup:
    return text(value) if isinstance(value, str) else Markup(_number(value))  # noqa: S704 - digits


def _number(value: float) -> str:
    written = f"{value:.1f}"
    return written.removesuffix(".0") if written != "-0.0" else "0"
