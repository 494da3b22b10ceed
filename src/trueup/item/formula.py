"""Formulas: text that a spreadsheet would carry out, written so that it does not, and read back."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_QUOTED = re.compile(r"'+[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def protected(value: object) -> object:
    """Return a CSV cell that no spreadsheet takes for a formula; numbers stay numbers.

    A quote is put before it, also before one that is there, so that `bare` can tell them apart.
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}" if _FORMULA.match(value) else value


def bare(cell: object) -> object:
    """Return a cell as it was before `protected`."""
    if isinstance(cell, str) and _QUOTED.match(cell):
        return cell[1:]
    return cell
