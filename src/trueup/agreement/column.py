"""Columns and tables as users have them, read into arrays: numbers, labels, groups of units."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trueup.errors import Undefined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_NOTHING = frozenset({"NAType", "NaTType"})
_NUMERIC = "biuf"


def numbers(
    values: Iterable[object],
    name: str,
    *,
    ndim: int = 1,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> Floats:
    """Read numbers, booleans among them; missing ones become NaN.

    Args:
        values: Numbers, NaN, None or pandas' missing values; of `ndim` dimensions.
        name: What an error message calls them.
        ndim: 1 for a column, 2 for a table.
        within: Smallest and largest number allowed.

    Raises:
        TypeError: A value is not a number.
        ValueError: The shape is another, a number is infinite or out of range.
    """
    raw = _array(values, name, ndim=ndim)
    if raw.dtype.kind in _NUMERIC:
        found = raw.astype(np.float64)
    else:
        found = np.array([_number(v, name) for v in raw.ravel()], dtype=np.float64)
        found = found.reshape(raw.shape)
    if np.isinf(found).any():
        raise ValueError(f"{name} holds an infinite number; leave it out or mark it as missing")
    low, high = within
    outside = found[(found < low) | (found > high)]
    if outside.size:
        raise ValueError(
            f"{name} holds {outside[0]:g}, which is not within {low:g} and {high:g}; "
            "rescale it or mark it as missing"
        )
    return found


def binary(values: Iterable[object], name: str) -> Floats:
    """Read yes and no, given as booleans or as 1 and 0; missing ones become NaN.

    Raises:
        TypeError: A value is not a number.
        ValueError: A number is neither 0 nor 1.
    """
    found = numbers(values, name)
    other = found[~np.isnan(found) & (found != 0) & (found != 1)]
    if other.size:
        raise ValueError(
            f"{name} holds {other[0]:g}, which is neither 0 nor 1; choose a threshold first, or "
            "ask `calibration` where these are probabilities"
        )
    return found


def codes(*arrays: tuple[Iterable[object], str, int]) -> tuple[list[Ints], tuple[Any, ...]]:
    """Number the labels of several arrays alike, missing ones -1, and return all labels sorted.

    Args:
        arrays: Values, their name in error messages and their dimensions.

    Raises:
        TypeError: A label cannot be compared, as a list.
        ValueError: The shape is another, or a label is an infinite number.
    """
    raw = [_array(values, name, ndim=ndim, mixed=True) for values, name, ndim in arrays]
    if all(array.dtype.kind in _NUMERIC for array in raw):
        return _numeric_codes(raw, arrays[0][1])
    flat = [label for array in raw for label in array.ravel().tolist() if not _missing(label)]
    try:
        known = set(flat)
    except TypeError:
        raise TypeError(
            f"{arrays[0][1]} holds labels that cannot be compared, as lists; use text or numbers"
        ) from None
    if known & {math.inf, -math.inf}:
        raise ValueError(f"{arrays[0][1]} holds an infinite number; mark it as missing")
    labels = _sorted(known)
    place = {label: n for n, label in enumerate(labels)}
    found = [
        np.array(
            [-1 if _missing(label) else place[label] for label in array.ravel().tolist()],
            dtype=np.int64,
        ).reshape(array.shape)
        for array in raw
    ]
    return found, labels


def _numeric_codes(raw: Sequence[NDArray[Any]], name: str) -> tuple[list[Ints], tuple[Any, ...]]:
    flat = np.concatenate([array.ravel() for array in raw])
    known = flat == flat  # noqa: PLR0124 - NaN
    if np.isinf(flat).any():
        raise ValueError(f"{name} holds an infinite number; mark it as missing")
    labels, place = np.unique(flat[known], return_inverse=True)
    numbered = np.full(len(flat), -1, dtype=np.int64)
    numbered[known] = place
    parts = np.split(numbered, np.cumsum([array.size for array in raw])[:-1])
    shaped = [part.reshape(array.shape) for part, array in zip(parts, raw, strict=True)]
    return shaped, tuple(labels.tolist())


def groups(cluster: Iterable[object] | None, n: int) -> Ints | None:
    """Number the groups of n units; a unit without a group is one of its own.

    Returns None where nothing is grouped.

    Raises:
        ValueError: There are not n group labels.
    """
    if cluster is None:
        return None
    (found,), labels = codes((cluster, "cluster", 1))
    same_length("cluster", len(found), n)
    alone = found < 0
    found[alone] = len(labels) + np.arange(alone.sum())
    return found


def same_length(name: str, length: int, units: int) -> None:
    """Refuse a column that is not as long as there are units."""
    if length != units:
        raise ValueError(
            f"{name} has {length:,} values for {units:,} units; give one for every unit, in the "
            "same order"
        )


def level(ci: float) -> float:
    """Return a two-sided confidence level that lies in (0, 1).

    Raises:
        ValueError: It does not, as 95 for 95 %.
    """
    if not 0 < ci < 1:
        raise ValueError(f"ci is {ci:g}, which is not within 0 and 1; write 0.95 for 95 %")
    return ci


def complete(*columns: Floats) -> Bools:
    """Tell which units have a value in every column.

    Raises:
        Undefined: None has.
    """
    kept = np.asarray(~np.isnan(np.stack(columns)).any(axis=0))
    if not kept.any():
        raise Undefined(
            f"none of {kept.size:,} units has a value in every column",
            mend="Label units that the judge has scored",
        )
    return kept


def _array(values: Iterable[object], name: str, *, ndim: int, mixed: bool = False) -> NDArray[Any]:
    listed = values if hasattr(values, "__array__") or isinstance(values, list) else list(values)
    try:
        found = np.asarray(listed)
        if mixed and isinstance(listed, list) and found.dtype.kind not in _NUMERIC:
            found = np.array(listed, dtype=object)  # numpy would write 1 and "a" as texts
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths; fill up with None") from None
    if found.ndim != ndim:
        wanted = "one value a unit" if ndim == 1 else "a table, units x annotators"
        raise ValueError(f"{name} has {found.ndim} dimensions; give {wanted}")
    return found


def _missing(value: object) -> bool:
    return value is None or value != value or type(value).__name__ in _NOTHING  # noqa: PLR0124 - NaN


def _number(value: object, name: str) -> float:
    if value is None or type(value).__name__ in _NOTHING:
        return math.nan
    if isinstance(value, int | float | np.number | np.bool_):
        return float(value)
    raise TypeError(f"{name} holds {value!r}, which is not a number; map labels to numbers first")


def _sorted(labels: Iterable[Any]) -> tuple[Any, ...]:
    found: Sequence[Any] = list(labels)
    try:
        return tuple(sorted(found))
    except TypeError:
        return tuple(sorted(found, key=lambda label: (type(label).__name__, str(label))))
