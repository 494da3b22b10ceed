"""How labels came about: reading verdicts and labels, and recognising designs that were misnamed.

A wrong design is the costliest mistake of all here, and makes no noise: Rogan and Gladen's formula
on labels balanced by the judge's verdict gave 1.00 where the truth was 0.80.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np
from scipy.special import bdtr, bdtrc

from trueup.agreement.column import groups as groups_of
from trueup.agreement.column import numbers, same_length
from trueup.errors import TooFewLabels, Undefined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from trueup.agreement.column import Bools, Floats, Ints


Design = Literal["random", "stratified", "case_control", "other_period"]
DESIGNS: Final = get_args(Design)

_CHANCE: Final = 1e-4
"""A share of verdicts less likely than this under random drawing was not drawn at random."""
_CHANCE_BALANCED: Final = 1e-3
"""The same where the labelled are half and half by the verdict, which chance rarely does."""
_FEW: Final = 10
_UNEVEN: Final = 0.1
"""Labels further from half and half than this share were not balanced by people's answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Verdicts and labels, checked; NaN stands for a verdict that the judge did not give."""

    traffic: Floats
    """The judge's values on the traffic, shape (N,)."""
    traffic_weights: Floats
    """Inverse inclusion probabilities of these, shape (N,)."""
    traffic_groups: Ints | None
    labels: Floats
    """People's answers, shape (n,)."""
    verdicts: Floats
    """The judge's values at the same items, shape (n,)."""
    weights: Floats
    """Inverse inclusion probabilities of the labelled, shape (n,); ones where none were given."""
    weighted: bool
    """Whether inclusion probabilities were given."""
    groups: Ints | None
    yes_no: bool
    """Whether every verdict is 0, 1 or missing."""
    inside: bool
    """Whether the labelled items are among `traffic`."""
    dropped: int
    """Labels left out because they were missing."""

    def only(self, kept: Bools) -> Sample:
        """Return the same with some of the labels."""
        groups = None if self.groups is None else np.unique(self.groups[kept], return_inverse=True)
        return replace(
            self,
            labels=self.labels[kept],
            verdicts=self.verdicts[kept],
            weights=self.weights[kept],
            groups=None if groups is None else groups[1],
        )

    def uneven(self) -> bool:
        """Say whether chances differ or rows come in groups, so that counts are effective ones."""
        grouped = self.groups is not None or self.traffic_groups is not None
        return grouped or any(w.min() < w.max() for w in (self.weights, self.traffic_weights))

    def passes(self) -> tuple[int, int]:
        """Return how many labelled items the judge calls met (above 1/2), of how many it calls."""
        given = self.verdicts[~np.isnan(self.verdicts)]
        return int((given > 0.5).sum()), len(given)  # noqa: PLR2004 - the middle of 0 and 1

    def share(self) -> float:
        """Return the share of the traffic that the judge calls met, of what it calls at all."""
        seen = ~np.isnan(self.traffic)
        met = self.traffic[seen] > 0.5  # noqa: PLR2004 - the middle of 0 and 1
        return float(np.average(met, weights=self.traffic_weights[seen]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """The design that the data bear out."""

    design: Design
    by_verdict: bool
    """Whether the labelled are to be taken as drawn by the verdict alone."""
    warnings: tuple[str, ...]


def read(
    *,
    judged: Iterable[object],
    labels: Iterable[object],
    judged_at_labels: Iterable[object],
    weights: ArrayLike | None,
    judged_weights: ArrayLike | None,
    cluster: Iterable[object] | None,
    judged_cluster: Iterable[object] | None,
    inside: bool | None,
) -> Sample:
    """Check all arrays and drop missing labels.

    Raises:
        TypeError: Of values that are not numbers.
        ValueError: Of shapes that do not fit or values outside [0, 1], naming the argument.
        TooFewLabels: Where no label is left.
        Undefined: Where the judge gave no verdict on the traffic.
    """
    traffic = numbers(judged, "judged", within=(0, 1))
    answers = numbers(labels, "labels", within=(0, 1))
    verdicts = numbers(judged_at_labels, "judged_at_labels", within=(0, 1))
    same_length("judged_at_labels", len(verdicts), len(answers))
    groups = groups_of(cluster, len(answers))
    if np.isnan(traffic).all():
        raise Undefined("No judged item has a verdict", mend="Give the traffic's verdicts.")
    keep = ~np.isnan(answers)
    if not keep.any():
        raise TooFewLabels("No item has a label", mend="Label some of the judged items first.")
    everyone = np.ones(len(traffic), dtype=np.bool_)
    binary = all(np.isin(v[~np.isnan(v)], (0.0, 1.0)).all() for v in (traffic, verdicts))
    return Sample(
        traffic=traffic,
        traffic_weights=1 / _chances(judged_weights, "judged_weights", everyone),
        traffic_groups=groups_of(judged_cluster, len(traffic)),
        labels=answers[keep],
        verdicts=verdicts[keep],
        weights=1 / _chances(weights, "weights", keep),
        weighted=weights is not None,
        groups=None if groups is None else np.unique(groups[keep], return_inverse=True)[1],
        yes_no=binary,
        inside=_fits(traffic, verdicts) if inside is None else inside,
        dropped=int((~keep).sum()),
    )


def recognise(sample: Sample, design: Design) -> Recognised:
    """Compare the declared design with the verdicts among the labelled, and correct or warn.

    Labels with as many met as unmet verdicts (to within one), where the traffic has another
    share, were drawn by the verdict. Declared `random` they are treated so; declared
    `case_control` too, unless people's answers are about balanced as well, which decides nothing
    and is only mentioned.
    Labels declared `random`, half met and half unmet by people's answers with another share of
    verdicts than the traffic, were chosen by the answers.
    """
    met, n = sample.passes()
    share = sample.share()
    chance = _chance(met, n, share, sample.groups)
    balanced = abs(2 * met - n) <= 1 and n >= _FEW
    said = f"{met} of {n} labelled items are judged met, but {share:.0%} of the traffic"
    if design == "random":
        return _random(sample, balanced=balanced, chance=chance, said=said)
    if design == "stratified":
        return _stratified(sample, said=said)
    if not balanced or _chance(met, n, share, None) > 0.05:  # noqa: PLR2004 - balance says the rest
        return Recognised(design=design, by_verdict=False, warnings=())
    odds = abs(2 * float(sample.labels.sum()) - len(sample.labels))
    if odds <= 1 or (design == "other_period" and sample.weighted):
        return Recognised(design=design, by_verdict=False, warnings=())
    if design == "case_control" and odds > _UNEVEN * len(sample.labels):
        note = f"{said}: the labels are balanced by the verdict, not by people's answers, and were"
        note += " treated as stratified by the verdict"
        return Recognised(design="stratified", by_verdict=True, warnings=(f"{note}.",))
    note = f"{said}: if the labels were drawn by the verdict, this figure is wrong"
    mend = "declare them stratified" if design == "case_control" else "give their weights"
    return Recognised(design=design, by_verdict=False, warnings=(f"{note}; {mend}.",))


def _random(sample: Sample, *, balanced: bool, chance: float, said: str) -> Recognised:
    if chance > (_CHANCE_BALANCED if balanced else _CHANCE):
        return Recognised(design="random", by_verdict=False, warnings=())
    half = abs(2 * float(sample.labels.sum()) - len(sample.labels)) <= 1
    half = half and bool(np.isin(sample.labels, (0.0, 1.0)).all())
    note = f"{said}: far beyond chance for random labels"
    if half and not balanced and len(sample.labels) >= _FEW:
        note += ", and people call half of them met: they were treated as case_control, chosen by"
        note += " people's answers"
        return Recognised(design="case_control", by_verdict=False, warnings=(f"{note}.",))
    note += ", so they were treated as stratified by the verdict"
    return Recognised(design="stratified", by_verdict=True, warnings=(f"{note}.",))


def _stratified(sample: Sample, *, said: str) -> Recognised:
    if not sample.weighted:
        if not sample.yes_no:
            message = "label_design 'stratified' needs weights where verdicts are not 0 or 1; give"
            raise ValueError(f"{message} the inclusion probability of each labelled item.")
        return Recognised(design="stratified", by_verdict=True, warnings=())
    seen = ~np.isnan(sample.verdicts)
    w = sample.weights[seen]
    n = int(w.sum() ** 2 / (w**2).sum()) if seen.any() else 0
    met = float(np.average(sample.verdicts[seen] > 0.5, weights=w)) if n else 0.0  # noqa: PLR2004
    off = _chance(round(met * n), n, sample.share(), sample.groups)
    if off > _CHANCE:
        return Recognised(design="stratified", by_verdict=False, warnings=())
    note = f"{said}; weighting gives {met:.0%}, which chance does not explain: check that weights"
    note += " are the labelled items' probabilities of being drawn from this traffic"
    return Recognised(design="stratified", by_verdict=False, warnings=(f"{note}.",))


def _chance(met: int, n: int, share: float, groups: Ints | None) -> float:
    """Return the two-sided probability of so many met among n, or in n / group size draws."""
    if not n:
        return 1.0
    whole = n if groups is None else max(min(n, len(np.unique(groups))), 1)
    k = round(met * whole / n)
    p = min(max(share, 1e-6), 1 - 1e-6)
    upper = 1.0 if k == 0 else float(bdtrc(k - 1, whole, p))
    return min(1.0, 2 * min(float(bdtr(k, whole, p)), upper))


def _fits(traffic: Floats, verdicts: Floats) -> bool:
    """Say whether the labelled items can be among the traffic: no value occurs more often."""
    if len(verdicts) > len(traffic):
        return False
    left = dict(zip(*np.unique(traffic, return_counts=True), strict=True))
    seen = zip(*np.unique(verdicts[~np.isnan(verdicts)], return_counts=True), strict=True)
    return all(count <= left.get(value, 0) for value, count in seen)


def _chances(given: ArrayLike | None, name: str, keep: Bools) -> Floats:
    """Return inclusion probabilities, of rows that are kept, from them or their inverses."""
    if given is None:
        return np.ones(int(keep.sum()))
    found = numbers(np.asarray(given), name)
    same_length(name, len(found), len(keep))
    found = found[keep]
    if not (found > 0).all() or found.min() < 1 < found.max():
        message = f"{name} are probabilities, above 0 and at most 1, or all inverse ones"
        raise ValueError(f"{message}, 1 or more; they hold {found.min():g} and {found.max():g}")
    return found if found.max() <= 1 else 1 / found
