"""The alternative annotator test: may the judge stand in for one of the people who label?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

import numpy as np
from scipy.stats import false_discovery_control

from trueup.agreement import column
from trueup.agreement.deficit import score_test, t_test
from trueup.agreement.panel import nominal_panel, numeric_panel
from trueup.agreement.shares import share
from trueup.errors import TooFewLabels, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trueup.agreement.column import Floats, Ints
    from trueup.agreement.estimate import Estimate

Level = Literal["nominal", "interval"]
Test = Literal["auto", "t", "score"]

EPSILON: Final = {"experts": 0.2, "skilled": 0.15, "crowd": 0.1}
"""What the paper takes off a person's share, by how much a label of theirs costs."""

_ENOUGH_FOR_T = 30
_WINS = 0.5
_FEWEST_PEOPLE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatorTest:
    """The judge against one person, seen by the others."""

    annotator: int
    """Column of the person in the table of ratings."""
    n: int
    """Units that both answered and others labelled."""
    judge: float
    """Share of units on which the judge is at least as close to the others as the person."""
    human: float
    """Share on which the person is at least as close as the judge."""
    p: float
    """One-sided p-value of: the judge's share is below the person's by epsilon or more."""
    adjusted: float
    """The same, adjusted over all people (Benjamini and Yekutieli)."""
    won: bool
    """Whether that is rejected."""
    test: str
    """Which test gave the p-value: t or score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AltTest:
    """Whether a judge may stand in for the people who labelled."""

    passed: bool
    """Whether the judge won against at least half of the people."""
    winning_rate: float
    """Share of people against whom it won (omega)."""
    advantage: Estimate
    """Mean share of units on which it is at least as close as a person (rho); for comparing
    judges. The people are taken as given."""
    epsilon: float
    """What was taken off a person's share."""
    q: float
    """False discovery rate over the people."""
    annotators: tuple[AnnotatorTest, ...]
    """Each person tested, in the order of the table's columns."""
    skipped: tuple[int, ...]
    """Columns of people with too few units."""
    n_units: int
    """Units that went into a test."""
    n_dropped: int
    """Units left out: no verdict, fewer than two people, or only people who were skipped."""
    method: str
    """Alignment and tests used."""


def alt_test(
    ratings: Iterable[object],
    judged: Iterable[object],
    *,
    epsilon: float | Literal["experts", "skilled", "crowd"],
    level: Level = "nominal",
    q: float = 0.05,
    min_units: int = 30,
    test: Test = "auto",
    ci: float = 0.95,
    cluster: Iterable[object] | None = None,
) -> AltTest:
    """Test whether the judge represents people as well as one of them does.

    Each person h is left out. On each unit both h and the judge are scored by how well they agree
    with the others who labelled it: the share of equal labels (nominal) or the negative root mean
    squared difference (interval). W_judge = 1 where the judge scores at least as high, W_h = 1
    where h does. The null hypothesis mean(W_judge) <= mean(W_h) - epsilon is tested one-sided; the
    p-values of all people are held to a false discovery rate q under any dependence; the judge
    passes if it wins against half of them. Source: Calderon, Reichart and Dror (2025), "The
    alternative annotator test for LLM-as-a-judge", ACL, arXiv 2501.10970; Benjamini and Yekutieli
    (2001), Annals of Statistics 29.

    `test="t"` is the paper's paired t test. Below 30 units they advise Wilcoxon's signed-rank
    test, which is not offered: it asks about the median of W_h - W_judge - epsilon, not its mean,
    and where the null just holds it rejected 8 to 100 % at 5 % (epsilon .1 to .2, n 10 to 100,
    the judge alone closer on 0 to 30 % of the units). The t test rejected 4 to 7 % there from
    n = 30 on, but 6 to 18 % where the judge is never closer alone, as with many ties. The score
    test of Tango (1998), "Equivalence test and confidence interval for the difference in
    proportions for the paired-sample design", Statistics in Medicine 17, rejected at most 7 % in
    all of these. So `test="auto"` takes t from 30 units on, to give the published figures, and
    score below, and wherever no unit differs from another; `test="score"` is the safer choice.
    Groups widen both. The 52 winning rates and advantages that the authors print for nine data
    sets come out of it to their two decimals.

    Args:
        ratings: Units x annotators: labels, or numbers for level interval; None or NaN where a
            person did not label. Shape (n, m).
        judged: The judge's answers in the same levels; None or NaN is missing. Shape (n,).
        epsilon: How much worse the judge may be, for being cheaper: a number in [0, 1), or who
            the people are (see `EPSILON`). Smaller where people agree little.
        level: "nominal" for labels, "interval" for numbers whose distance means something.
        q: False discovery rate over the people, in (0, 1).
        min_units: A person with fewer units is skipped; the paper asks 30, and advises 50 to 100.
        test: "auto", "t" or "score"; see above.
        ci: Two-sided level of the interval of `advantage`.
        cluster: Group of each unit; a unit without one stands for itself. Shape (n,).

    Raises:
        TooFewLabels: Fewer than three people have enough units.

    >>> import numpy as np
    >>> table = np.random.default_rng(0).integers(0, 2, size=(60, 3))
    >>> most = (table.sum(axis=1) > 1).astype(int)  # nobody is closer to two people than this
    >>> found = alt_test(table, most, epsilon="crowd")
    >>> found.passed, found.winning_rate, found.advantage.estimate
    (True, 1.0, 1.0)
    """
    margin = _margin(epsilon, q=q, test=test)
    rows = _rows(ratings, judged, level)
    group = column.groups(cluster, rows.n_units)
    rows = rows if group is None else rows._replace(group=group[rows.unit])
    people = range(rows.n_annotators)
    enough = [a for a in people if (rows.annotator == a).sum() >= max(min_units, 2)]
    if len(enough) < _FEWEST_PEOPLE:
        raise TooFewLabels(
            f"{len(enough)} of {rows.n_annotators} people labelled {min_units} units that the "
            f"judge and others answered too, and the test takes {_FEWEST_PEOPLE}",
            mend="Let more people label the same units",
        )
    annotators = _annotators(rows, enough, margin=margin, q=q, test=test)
    wins = sum(annotator.won for annotator in annotators) / len(annotators)
    rows = rows.only(enough)
    weights = 1 / np.bincount(rows.annotator)[rows.annotator]
    used = len(np.unique(rows.unit))
    return AltTest(
        passed=wins >= _WINS,
        winning_rate=wins,
        advantage=share(rows.judge, weights, group=rows.group, ci=column.level(ci)),
        epsilon=margin,
        q=q,
        annotators=annotators,
        skipped=tuple(a for a in people if a not in enough),
        n_units=used,
        n_dropped=rows.n_units - used,
        method=f"{level} alignment, {test} test, Benjamini-Yekutieli",
    )


class _Rows(NamedTuple):
    """A row for each person and unit: who is at least as close to the others."""

    unit: Ints
    group: Ints
    annotator: Ints
    judge: Floats
    """1 where the judge is."""
    human: Floats
    """1 where the person is; both where they are tied."""
    n_units: int
    n_annotators: int

    def only(self, annotators: list[int]) -> _Rows:
        kept = np.isin(self.annotator, annotators)
        return self._replace(
            unit=self.unit[kept],
            group=self.group[kept],
            annotator=self.annotator[kept],
            judge=self.judge[kept],
            human=self.human[kept],
        )


def _rows(ratings: Iterable[object], judged: Iterable[object], level: Level) -> _Rows:
    if level == "nominal":
        labels = nominal_panel(ratings, judged)
        unit, annotator, shape = labels.unit, labels.annotator, labels.shape
        judge, human = labels.same(labels.judge), labels.same(labels.human)
    elif level == "interval":
        panel = numeric_panel(ratings, judged)
        unit, annotator, shape = panel.unit, panel.annotator, panel.shape
        judge, human = -panel.misfit(panel.judge), -panel.misfit(panel.human)
    else:
        raise ValueError(f"level {level!r} is not known; choose 'nominal' or 'interval'")
    closer = (judge >= human).astype(np.float64), (human >= judge).astype(np.float64)
    return _Rows(unit, unit, annotator, *closer, *shape)


def _annotators(
    rows: _Rows, people: list[int], *, margin: float, q: float, test: Test
) -> tuple[AnnotatorTest, ...]:
    found = []
    for person in people:
        own = rows.only([person])
        chosen = test
        if test == "auto":
            chosen = "t" if len(own.unit) >= _ENOUGH_FOR_T else "score"
        deficit = own.human - own.judge
        if np.ptp(deficit) == 0:
            chosen = "score"
        p = (t_test if chosen == "t" else score_test)(deficit, margin, own.group)
        found.append((person, own, p, chosen))
    adjusted = false_discovery_control([p for _, _, p, _ in found], method="by")
    return tuple(
        AnnotatorTest(
            annotator=person,
            n=len(own.unit),
            judge=float(own.judge.mean()),
            human=float(own.human.mean()),
            p=p,
            adjusted=float(over_all),
            won=bool(over_all <= q),
            test=chosen,
        )
        for (person, own, p, chosen), over_all in zip(found, adjusted, strict=True)
    )


def _margin(epsilon: float | str, *, q: float, test: str) -> float:
    if test not in get_args(Test):
        raise ValueError(f"test {test!r} is not known; choose one of 'auto', 't' and 'score'")
    if not 0 < q < 1:
        raise ValueError(f"q is {q:g}, which is not within 0 and 1; write 0.05 for 5 %")
    if isinstance(epsilon, str):
        if epsilon not in EPSILON:
            raise ValueError(f"epsilon {epsilon!r} is not known. {did_you_mean(epsilon, EPSILON)}")
        return EPSILON[epsilon]
    if not 0 <= epsilon < 1:
        raise ValueError(f"epsilon is {epsilon:g}, which is not within 0 and 1; the paper has 0.1")
    return float(epsilon)
