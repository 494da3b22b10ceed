"""Tied: how far best-of-n moves a policy where samples tie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def plain_divergence(n: NDArray[np.int64]) -> Floats:
    """Return KL of best-of-n from the policy in nats where no two samples ever tie.

    Source: Hilton (2023), "KL divergence of max-of-n".
    """
    return np.asarray(np.log(n) - (n - 1) / n)


def divergence(sizes: NDArray[np.int64], n: NDArray[np.int64]) -> Floats:
    """Return KL of best-of-n from the policy, ties as they are among a prompt's samples.

    With F the distribution of the proxy, best-of-n draws from density n F^(n - 1) times the
    policy's, and KL is the integral of n u^(n - 1) log(n u^(n - 1)) over u = F in (0, 1). Where a
    share p = v - u of samples has one value, the winner among them is chosen by chance: all of them
    are as likely as each other, and their part is P log(P / p) with P = v^n - u^n. That is the
    integral's part with its density levelled, so never more than it (convexity). Samples that are
    alone keep the integral's part, as of a continuous proxy:
    [u^n (log n - (n - 1) / n + (n - 1) log u)]. Without ties the sum is log n - (n - 1) / n; with
    one value only it is 0; with all samples in groups it is the exact KL of a discrete proxy with
    the shares that were observed.

    Args:
        sizes: Shape (groups,): samples of each proxy value, from the lowest on.
        n: Shape (n,).

    Returns:
        Shape (n,), in nats.
    """
    power = n[:, None].astype(np.float64)
    ends = np.concatenate([[0.0], np.cumsum(sizes) / sizes.sum()])
    logs = np.log(np.maximum(ends, np.finfo(np.float64).tiny))
    raised = np.where(ends > 0, np.exp(power * logs), 0.0)
    whole = raised * (np.log(power) - (power - 1) / power + (power - 1) * logs)
    won = np.diff(raised, axis=1)
    shares = np.diff(ends)
    ratio = np.maximum(won, np.finfo(np.float64).tiny) / shares
    parts = np.where(sizes > 1, won * np.log(ratio), np.diff(whole, axis=1))
    return np.where(n == 1, 0.0, np.maximum(parts.sum(axis=1), 0.0))
