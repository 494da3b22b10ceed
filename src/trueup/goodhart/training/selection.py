"""Selection: what the best of n samples by the proxy is worth in gold, without any training.

One batch of samples and its scores give a whole curve from weak to strong optimisation of the
proxy, and say before a run how much of it gold withstands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import gammaln

from trueup.errors import DataError
from trueup.goodhart.training.advice import UnusableSetting
from trueup.goodhart.training.reading import UNREADABLE, numbers
from trueup.goodhart.training.tied import divergence, plain_divergence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_SURE = 2.0
"""Standard errors from which on a difference is spoken of."""
_GRID = (1, 1.5)
"""Factors of each power of two in the default grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOfN:
    """Gold and proxy of the best of n by proxy; tuples are as long as `n`."""

    n: tuple[int, ...]
    gold: tuple[float, ...]
    """Expected gold of the sample that the proxy picks out of n, mean over prompts."""
    gold_se: tuple[float, ...] | None
    """Standard errors over prompts; None for a single prompt."""
    gain_se: tuple[float, ...] | None
    """Those of the difference from the first n, paired by prompt."""
    proxy: tuple[float, ...]
    proxy_se: tuple[float, ...] | None
    kl: tuple[float, ...]
    """Divergence from the sampled policy in nats, ties counted as they are, mean over prompts."""
    kl_untied: tuple[float, ...]
    """log n - (n - 1) / n, which it would be without ties."""
    beyond: tuple[bool, ...]
    """Whether n exceeds a quarter of the samples: estimates there lean on few of them."""
    peak: int
    """The n of the highest gold."""
    fall: float
    """Gold at the peak less gold at the largest n."""
    fall_se: float | None
    """Its standard error, paired by prompt; takes the peak as given."""
    prompts: int
    samples: int
    """Fewest that a prompt has."""
    left_out: int
    """Prompts with fewer samples than the largest n, or fewer than half of the usual."""
    warning: str | None
    text: str
    """One sentence."""


class _Prompt(NamedTuple):
    """A prompt's samples, grouped by proxy from the lowest on."""

    ends: NDArray[np.int64]
    """Shape (groups,): samples up to and including each group."""
    proxy: Floats
    gold: Floats
    """Means of each group."""
    samples: int


def best_of_n(
    proxy: ArrayLike | Sequence[ArrayLike],
    gold: ArrayLike | Sequence[ArrayLike],
    ns: Sequence[int] | None = None,
) -> BestOfN:
    """Estimate gold of the best of n samples by proxy, without bias, from one batch.

    Of N samples of a prompt, sorted by proxy, the i-th is the best of n drawn without replacement
    with probability C(i - 1, n - 1) / C(N, n), and the estimate is the mean of gold with these
    weights: exact over all subsets, and unbiased for n new samples. Samples that tie share the
    weight of their places, which is the expectation over random tie-breaking. Prompts count
    equally; errors are their scatter.

    KL: without ties log n - (n - 1) / n. Where samples tie, picking among them is by chance and
    moves the policy less; see `tied.divergence`. Wrong for n above about a quarter of the samples,
    where the variance of few top samples is not seen by the scatter over prompts.

    Source: the estimator of pass@k in its form for any score, Chen et al. (2021), "Evaluating large
    language models trained on code"; best-of-n as optimisation, Gao, Schulman and Hilton (2023);
    KL, Hilton (2023), "KL divergence of max-of-n".

    Args:
        proxy: Shape (prompts, samples), or one array for each prompt; NaN where a judge failed.
        gold: The same for the same samples; a sample without both is left out.
        ns: Numbers of samples to pick from; 1, 2, 3, 4, 6, 8, 12 ... where None, up to the fewest
            samples of a prompt, prompts with fewer than half of the median left out.

    Raises:
        DataError: Proxy and gold differ in shape, a value is infinite, or no prompt has enough
            samples.
        UnusableSetting: `ns` holds other than whole numbers from 1 on. It is a ConfigError and a
            ValueError.

    >>> found = best_of_n([[1, 2, 3, 4]], [[0, 0, 1, 0]], ns=[1, 2, 4])
    >>> [round(value, 4) for value in found.gold]
    [0.25, 0.3333, 0.0]
    """
    every = list(_prompts(proxy, gold))
    prompts = [one for one in every if one.samples]
    wanted = None if ns is None else _checked(ns)
    counts = np.array([one.samples for one in prompts])
    if not len(counts):
        raise DataError("no sample has both proxy and gold", mend="Give scores, NaN for failures.")
    least = float(np.median(counts)) / 2 if wanted is None else wanted[-1]
    kept = [one for one in prompts if one.samples >= least]
    if not kept:
        raise DataError(
            f"no prompt has {least:g} samples with both proxy and gold",
            mend=f"Ask for n up to {counts.max()}.",
        )
    samples = min(one.samples for one in kept)
    grid = np.array(wanted or _grid(samples))
    golds, proxies, kls = _curves(kept, grid)
    return _found(grid, golds, proxies, kls, samples=samples, left_out=len(every) - len(kept))


def _curves(kept: Sequence[_Prompt], grid: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Return gold, proxy and KL of shape (prompts, n)."""
    below = {count: _below(count, grid) for count in {one.samples for one in kept}}
    golds, proxies, kls = np.empty((3, len(kept), len(grid)))
    for row, one in enumerate(kept):
        weights = np.diff(below[one.samples][:, one.ends], axis=1, prepend=0.0)
        golds[row], proxies[row] = weights @ one.gold, weights @ one.proxy
        kls[row] = divergence(np.diff(one.ends, prepend=0), grid)
    return golds, proxies, kls


def _below(count: int, grid: NDArray[np.int64]) -> Floats:
    """Return C(c, n) / C(count, n) for c of 0 to count, shape (n, count + 1)."""
    c, n = np.arange(count + 1.0), grid[:, None].astype(np.float64)
    rest = np.maximum(c - n, 0)
    ratio = gammaln(c + 1) - gammaln(rest + 1) - (gammaln(count + 1.0) - gammaln(count - n + 1))
    found = np.where(c < n, 0.0, np.exp(ratio))
    found[:, -1] = 1.0
    return found


def _found(
    grid: NDArray[np.int64],
    golds: Floats,
    proxies: Floats,
    kls: Floats,
    *,
    samples: int,
    left_out: int,
) -> BestOfN:
    means = golds.mean(axis=0)
    peak = int(means.argmax())
    falls = golds[:, peak] - golds[:, -1]
    fall_se = _errors(falls[:, None])
    beyond = tuple(bool(n > samples / 4) for n in grid)
    return BestOfN(
        n=tuple(grid.tolist()),
        gold=tuple(means.tolist()),
        gold_se=_errors(golds),
        gain_se=_errors(golds - golds[:, :1]),
        proxy=tuple(proxies.mean(axis=0).tolist()),
        proxy_se=_errors(proxies),
        kl=tuple(kls.mean(axis=0).tolist()),
        kl_untied=tuple(plain_divergence(grid).tolist()),
        beyond=beyond,
        peak=int(grid[peak]),
        fall=float(falls.mean()),
        fall_se=None if fall_se is None else fall_se[0],
        prompts=len(golds),
        samples=samples,
        left_out=left_out,
        warning=_warning(grid, beyond, samples),
        text=_text(grid, golds, proxies, peak),
    )


def _warning(grid: NDArray[np.int64], beyond: tuple[bool, ...], samples: int) -> str | None:
    if not any(beyond):
        return None
    first = int(grid[beyond.index(True)])
    return (
        f"From n={first} on, n is more than a quarter of the {samples} samples of a prompt: these "
        f"figures rest on few samples; draw {4 * int(grid[-1])} for n={int(grid[-1])}."
    )


def _text(grid: NDArray[np.int64], golds: Floats, proxies: Floats, peak: int) -> str:
    """Say what gold does as the proxy is optimised, and no more than is shown."""
    first, last = int(grid[0]), int(grid[-1])
    gold, proxy = golds.mean(axis=0), proxies.mean(axis=0)
    top = int(grid[peak])
    if _clear(golds[:, peak] - golds[:, -1]):
        return (
            f"Gold peaks at best of {top} ({gold[peak]:.3g}) and is {gold[peak] - gold[-1]:.2g} "
            f"lower at best of {last}, while the proxy goes from {proxy[peak]:.3g} to "
            f"{proxy[-1]:.3g}: past {top} the proxy is gamed."
        )
    if _clear(golds[:, -1] - golds[:, 0]):
        return (
            f"Gold rises with the proxy, from {gold[0]:.3g} to {gold[-1]:.3g} at best of {last}; "
            f"no fall is shown up to there."
        )
    return (
        f"Neither a rise nor a fall of gold is shown from best of {first} to best of {last} "
        f"({gold[0]:.3g} to {gold[-1]:.3g})."
    )


def _clear(differences: Floats) -> bool:
    """Tell whether a mean over prompts is clearly above 0."""
    if len(differences) < 2:  # noqa: PLR2004 - one prompt has no scatter
        return False
    se = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    return float(differences.mean()) > _SURE * se


def _errors(values: Floats) -> tuple[float, ...] | None:
    if len(values) < 2:  # noqa: PLR2004 - one prompt has no scatter
        return None
    return tuple((values.std(axis=0, ddof=1) / math.sqrt(len(values))).tolist())


def _grid(samples: int) -> list[int]:
    steps = {int(factor * 2**power) for power in range(samples.bit_length()) for factor in _GRID}
    return sorted({1, samples} | {n for n in steps if n <= samples})


def _checked(ns: object) -> list[int]:
    given = list(ns) if isinstance(ns, Iterable) and not isinstance(ns, str) else []
    real = [isinstance(n, Real) and not isinstance(n, bool) for n in given]
    if not given or not all(real) or not all(n >= 1 and n % 1 == 0 for n in given):
        raise UnusableSetting(
            f"ns is {ns!r}", where="best_of_n", mend="Give a list of whole numbers from 1 on."
        )
    return sorted({int(n) for n in given})


def _rows(values: ArrayLike | Sequence[ArrayLike]) -> list[Floats]:
    """Return one array for each prompt; a flat one is a single prompt."""
    if hasattr(values, "__array__"):
        return list(np.atleast_2d(numbers(values)))
    if isinstance(values, str | bytes | Mapping):
        raise TypeError
    rows = [numbers(one) for one in values]  # type: ignore[union-attr]  # a number raises TypeError
    return [np.array(rows)] if rows and rows[0].ndim == 0 else rows


def _prompts(
    proxy: ArrayLike | Sequence[ArrayLike], gold: ArrayLike | Sequence[ArrayLike]
) -> Iterator[_Prompt]:
    try:
        left, right = _rows(proxy), _rows(gold)
    except UNREADABLE:
        raise DataError(
            "proxy or gold is no table of numbers",
            mend="Give prompts x samples, or a list of arrays, with NaN for failures.",
        ) from None
    if [one.shape for one in left] != [one.shape for one in right]:
        raise DataError(
            "proxy and gold differ in shape", mend="Give both for the same samples of each prompt."
        )
    for at, (a, b) in enumerate(zip(left, right, strict=True)):
        where = f"prompt {at}"
        if a.ndim != 1:
            raise DataError("its samples are no flat list", where=where, mend="Give numbers.")
        if np.isinf(a).any() or np.isinf(b).any():
            raise DataError(
                "a value is infinite", where=where, mend="Give NaN where the judge failed."
            )
        both = ~(np.isnan(a) | np.isnan(b))
        values, group, sizes = np.unique(a[both], return_inverse=True, return_counts=True)
        means = np.bincount(group, weights=b[both], minlength=len(values)) / sizes
        yield _Prompt(np.cumsum(sizes), values, means, int(both.sum()))
