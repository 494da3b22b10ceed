"""Probability samples of items at hand: which to label next, each with its chance of being drawn.

Picking the items on which judges disagree most tells nothing about the rest. Drawing them more
often, with the chance written down, finds nearly as many and keeps every estimate unbiased.
For a log too long to hold, see `Reservoir`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trueup.agreement import column

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import ArrayLike

    from trueup.agreement.column import Bools, Floats, Ints


_UNSURE: Final = 0.1
"""Without labels a bin's rate is taken to be this far from 0 and 1: judges are overconfident."""
_PRIOR: Final = 4.0
"""Labels that the judge's own value counts for, where a bin's rate is estimated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A probability sample of rows."""

    indices: Ints
    """Rows drawn, shape (n,), in random order, so that the first of them are a sample too."""
    probabilities: Floats
    """Each drawn row's chance of being drawn, shape (n,), in (0, 1]."""
    inclusion: Floats
    """The same for every row, shape (N,); 0 for rows that had a label already."""
    strata: Ints
    """Stratum of each drawn row, shape (n,): alike in segment and bins."""
    method: str
    """Name of the design."""


def draw(
    ids: Sequence[Hashable],
    n: int,
    *,
    value: ArrayLike | None = None,
    disagreement: ArrayLike | None = None,
    segment: Sequence[Hashable] | None = None,
    group: Sequence[Hashable] | None = None,
    spread: ArrayLike | None = None,
    pilot: tuple[ArrayLike, ArrayLike] | None = None,
    already: ArrayLike | None = None,
    bins: int = 5,
    uniform: float = 0.2,
    seed: int | np.random.Generator = 0,
) -> Draw:
    """Draw rows to be labelled, more often where a label teaches more, never by top-k.

    pi_i = n [(1 - uniform) s_i / sum(s) + uniform / N], held to at most 1, where s_i is the
    standard deviation of what the judge's value leaves unsaid about the label. Rows are put in
    random order inside their strata (segment, judge bin, disagreement bin) and drawn at equal
    steps along the running sum of pi: every pi is exact, the number is fixed, and each stratum
    gets its expected number to within one. Without a model of s it comes from the bins (Neyman
    allocation): sqrt(p (1 - p)), with p the bin's share of labels in `pilot`, shrunk towards the
    judge's mean, or the disagreement, where that says more.

    Estimate from it by weights 1 / pi in the ratio (Hajek) or the difference form,
    mean(f) + sum((y - f) / pi) / N. The plain sum(y / pi) / N is unbiased too, but noisy where
    few rows come from a stratum. Joint chances are close to those of Hartley and Rao, but 0 for
    some pairs in tiny strata, so no variance takes them from here.

    Source: Madow (1949), "On the theory of systematic sampling II", Annals of Mathematical
    Statistics 20; Hartley and Rao (1962), same journal 33; allocation after Neyman (1934);
    the mixture after Zrnic and Candes (2024), "Active statistical inference".

    Args:
        ids: One id a row; the rows' order has no say in what is drawn.
        n: Rows wanted.
        value: The judge's value of each row in [0, 1]; NaN where it gave none (a bin of its own).
        disagreement: Share of votes or repeats against the majority, in [0, 1], or a flag.
        segment: Segment of each row, each with its share of the draw.
        group: Rows that stand or fall together, as of one conversation: at most one is drawn.
        spread: s, where a model tells it; then bins only make strata. Shape (N,), above 0.
        pilot: Judge's values and labels (0 or 1) known so far, two arrays of one length.
        already: True where a row is labelled: it takes no part. In an estimate it stands for
            itself alone, and this draw for all others.
        bins: Most bins of the judge's value; fewer levels than that are bins themselves.
        uniform: Share of the draw spread evenly: no row's chance is below `uniform * n / N`,
            save in groups too large for that.
        seed: Of the generator.

    Returns:
        The draw; with fewer than `n` rows where there are fewer rows or groups.

    Raises:
        ValueError: Of arrays of other lengths, repeated ids, or numbers outside their range.

    >>> drawn = draw(["a", "b", "c", "d"], 2, value=[1, 1, 0, 0], seed=1)
    >>> drawn.probabilities.round(3).tolist(), sorted(drawn.strata.tolist())
    ([0.5, 0.5], [0, 1])
    """
    size = len(ids)
    if not size:
        raise ValueError("There is no row to draw from; give the ids of some items.")
    if n < 1 or not 0 < uniform <= 1 or bins < 1:
        message = f"n={n}, uniform={uniform}, bins={bins} is no draw; give 1 or more, uniform > 0."
        raise ValueError(message)
    named = np.asarray([str(identity) for identity in ids])
    order = np.argsort(named, kind="stable")
    if (named[order][1:] == named[order][:-1]).any():
        raise ValueError("An id occurs twice among the rows; draw from one row an item.")
    values = _unit("value", value, size)
    odd = np.minimum(_unit("disagreement", disagreement, size), 0.5)
    edges = _edges(values, bins)
    bin_of = _bin(values, edges)
    strata = _strata(segment, bin_of, _bin(odd, _edges(odd, 3)), size)
    scale = (
        _spread(values, odd, bin_of, edges, pilot) if spread is None else _positive(spread, size)
    )
    open_ = np.ones(size, bool) if already is None else ~_flags(already, size)
    rows = order[open_[order]]
    if not len(rows):
        raise ValueError("Every row is labelled already; give rows that are not.")
    weights = (1 - uniform) * scale[rows] / scale[rows].sum() + uniform / len(rows)
    groups = _codes(group, size)[rows] if group is not None else np.arange(len(rows))
    generator = np.random.default_rng(seed)
    chosen, chances = _one_a_group(weights, groups, n, strata[rows], generator)
    inclusion = np.zeros(size)
    inclusion[rows] = chances
    picked = generator.permutation(rows[chosen])
    return Draw(
        indices=picked,
        probabilities=inclusion[picked],
        inclusion=inclusion,
        strata=strata[picked],
        method=f"systematic over {strata.max() + 1} strata, {len(picked)} of {len(rows)} rows, "
        f"{uniform:.0%} uniform" + (", one a group" if group is not None else ""),
    )


def _one_a_group(
    weights: Floats, groups: Ints, n: int, strata: Ints, generator: np.random.Generator
) -> tuple[Ints, Floats]:
    """Draw one row for each group drawn; return the rows' places and the chances of all rows.

    A row stands for its group with chance w_i / w_g, and groups are drawn with exact chances in
    whatever order their rows lead to; so the product is the row's exact chance.
    """
    by_group = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[by_group], prepend=-1))
    whole = np.add.reduceat(weights[by_group], starts)
    sizes = np.diff(np.append(starts, len(groups)))
    chances = _held(whole, min(n, len(whole)))
    running = np.cumsum(weights[by_group])
    marks = running[starts] - weights[by_group][starts] + generator.random(len(starts)) * whole
    places = np.searchsorted(running, marks, side="right").clip(starts, starts + sizes - 1)
    standing = by_group[places]
    shuffled = np.lexsort((generator.random(len(standing)), strata[standing]))
    sure = chances >= 1
    rest = shuffled[~sure[shuffled]]
    taken = np.append(np.flatnonzero(sure), _steps(chances, rest, generator))
    of_row = np.empty(len(weights))
    of_row[by_group] = np.repeat(chances / whole, sizes) * weights[by_group]
    return standing[taken], np.minimum(of_row, 1.0)


def _held(weights: Floats, n: int) -> Floats:
    """Return chances proportional to the weights that sum to n, none above 1."""
    sure = np.zeros(len(weights), bool)
    while True:
        left = n - int(sure.sum())
        chances = np.where(sure, 1.0, weights * (left / max(weights[~sure].sum(), 1e-300)))
        over = ~sure & (chances >= 1 - 1e-12)
        if not over.any():
            return chances
        sure |= over


def _steps(chances: Floats, order: Ints, generator: np.random.Generator) -> Ints:
    """Walk along the running sum of chances and take a row at every whole step."""
    if not len(order):
        return order
    running = np.cumsum(chances[order])
    count = round(float(running[-1]))
    marks = (generator.random() + np.arange(count)) * (running[-1] / max(count, 1))
    places = np.searchsorted(running, marks, side="right").clip(max=len(order) - 1)
    return np.asarray(order[places], np.int64)


def _strata(segment: Sequence[Hashable] | None, bin_of: Ints, odd_bin: Ints, size: int) -> Ints:
    segments = _codes(segment, size) if segment is not None else np.zeros(size, int)
    crossed = (segments * (bin_of.max() + 1) + bin_of) * (odd_bin.max() + 1) + odd_bin
    return np.unique(crossed, return_inverse=True)[1]


def _edges(values: Floats, bins: int) -> Floats:
    known = values[~np.isnan(values)]
    levels = np.unique(known)
    if len(levels) <= bins:
        return (levels[1:] + levels[:-1]) / 2
    return np.unique(np.quantile(known, np.arange(1, bins) / bins))


def _bin(values: Floats, edges: Floats) -> Ints:
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))


def _spread(
    values: Floats,
    odd: Floats,
    bin_of: Ints,
    edges: Floats,
    pilot: tuple[ArrayLike, ArrayLike] | None,
) -> Floats:
    """Return each row's standard deviation of the label, given its bin and the disagreement."""
    many = len(edges) + 2
    known = ~np.isnan(values)
    counts = np.bincount(bin_of[known], minlength=many)
    sums = np.bincount(bin_of[known], weights=values[known], minlength=many)
    share = np.where(counts > 0, sums / np.maximum(counts, 1), 0.5).clip(_UNSURE, 1 - _UNSURE)
    if pilot is not None:
        labels = np.asarray(pilot[1], float)
        if not np.isin(labels, (0, 1)).all():
            raise ValueError("Labels of the pilot are 0 or 1; leave out those that are missing.")
        at = _bin(_unit("pilot", pilot[0], len(labels)), edges)
        met = np.bincount(at, weights=labels, minlength=many)
        share = (met + _PRIOR * share) / (np.bincount(at, minlength=many) + _PRIOR)
    deviation = np.sqrt(share * (1 - share))[bin_of]
    doubt = np.nan_to_num(odd, nan=0.0)
    found: Floats = np.maximum(deviation, np.sqrt(doubt * (1 - doubt)))
    return found


def _codes(labels: Sequence[Hashable], size: int) -> Ints:
    """Number the labels; a missing one is a label as any other."""
    if len(labels) != size:
        message = f"There are {size} rows but {len(labels)} segments or groups; give one a row."
        raise ValueError(message)
    names = sorted(set(labels), key=lambda label: (str(label), repr(label)))
    place = {name: code for code, name in enumerate(names)}
    return np.fromiter((place[label] for label in labels), np.int64, size)


def _unit(name: str, given: ArrayLike | None, size: int) -> Floats:
    if given is None:
        return np.full(size, np.nan)
    found = column.numbers(np.asarray(given), name, within=(0, 1))
    column.same_length(name, len(found), size)
    return found


def _positive(given: ArrayLike, size: int) -> Floats:
    found = column.numbers(np.asarray(given), "spread", within=(0, np.inf))
    column.same_length("spread", len(found), size)
    if np.isnan(found).any() or not found.any():
        raise ValueError("spread is missing or 0 throughout; give a number above 0 for some row")
    return found


def _flags(given: ArrayLike, size: int) -> Bools:
    found = np.asarray(given)
    if found.shape != (size,) or found.dtype != np.bool_:
        message = f"'already' must be {size} truth values, True where a row has its label."
        raise ValueError(message)
    return found
