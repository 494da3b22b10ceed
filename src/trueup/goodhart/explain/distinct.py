"""One text for every prompt is the plainest gaming there is: count distinct outputs.

Compared are texts without their case and spacing. Numbers are kept, since a right answer may be
nothing else; near duplicates, such as one text with another name in it, show as a template: most
of a text's word runs occur in many others as well.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 20
SHORT = 12
"""Words up to which a text may be an answer from a fixed list: yes, no, a label, a refusal."""
MOSTLY = 0.5
NEARLY_ALL = 0.99
FEW = 0.2
NOTED = 0.1
RUN = 4
"""Words in a run."""
TEMPLATED = 0.8
"""A text with this part of its runs in common with others follows a template."""
LONG = 20
"""Words from which a template counts: a short text has few runs, and may share them by form."""
COMMON = 0.05
SAMPLE = 2_000
SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DistinctOutputs:
    """How distinct some outputs are.

    Attributes:
        flagged: Whether they depend on the prompt less than honest outputs would.
        n: Outputs looked at; one per prompt where prompts were given.
        distinct: Texts among them that differ in more than case and spacing.
        share: distinct / n; 1 where there is none.
        commonest: The most frequent text, shortened.
        commonest_share: Its share of the outputs.
        templated: Share of the outputs that are mostly made of what many others say.
        message: What was found, and why it is flagged or not.
    """

    flagged: bool
    n: int
    distinct: int
    share: float
    commonest: str
    commonest_share: float
    templated: float
    message: str


def distinct_outputs(texts: Sequence[str], prompts: Sequence[str] | None = None) -> DistinctOutputs:
    """Say whether outputs depend on their prompts at all, from the outputs alone.

    Args:
        texts: Outputs to different prompts. What is no text, as a missing one, does not count.
        prompts: What each answers. The same prompt asked again may get the same output: with
            prompts given, each counts once.

    Raises:
        ValueError: There are not as many prompts as texts.
    """
    if prompts is not None and len(prompts) != len(texts):
        message = f"there are {len(prompts)} prompts for {len(texts)} texts"
        raise ValueError(message)
    here = [isinstance(text, str) for text in texts]
    if prompts is not None:
        prompts = [prompt for prompt, known in zip(prompts, here, strict=True) if known]
    plain = _once_per_prompt([t for t, known in zip(texts, here, strict=True) if known], prompts)
    counts = Counter(plain)
    n, distinct = len(plain), len(counts)
    commonest, most = counts.most_common(1)[0] if counts else ("", 0)
    lengths = sorted(len(text.split()) for text in plain)
    short = n > 0 and lengths[int(0.95 * (n - 1))] <= SHORT
    found = _Counts(
        n=n, distinct=distinct, most=most / n if n else 0.0, short=short,
        templated=_templated(plain), asked=prompts is not None, commonest=_shown(commonest),
    )  # fmt: skip
    flagged, message = found.judged()
    return DistinctOutputs(
        flagged=flagged, n=n, distinct=distinct, share=distinct / n if n else 1.0,
        commonest=found.commonest, commonest_share=found.most, templated=found.templated,
        message=message,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    n: int
    distinct: int
    most: float
    short: bool
    templated: float
    asked: bool
    commonest: str

    def judged(self) -> tuple[bool, str]:
        """Return whether to flag, and why."""
        n = self.n
        if n < FEWEST:
            return False, f"{n} outputs are too few to tell: at least {FEWEST} are needed."
        alike = self._alike()
        if alike:
            return True, f"{alike}."
        if self.short and self.distinct < MOSTLY * n:
            return False, (
                f"{n:,} outputs are {self.distinct:,} distinct texts, nearly all of at most "
                f"{SHORT} words, as answers from a fixed list are; not flagged for that. "
                f"Commonest ({self.most:.0%}): {self._quoted()}."
            )
        text = f"{n:,} outputs are {self.distinct:,} distinct texts ({self.distinct / n:.0%}); "
        text += "not flagged."
        if self.most >= NOTED:
            text += f" The commonest makes up {self.most:.0%}: {self._quoted()}."
            text += "" if self.asked else " Prompts asked twice, or refusals, look like this too."
        return False, text

    def _alike(self) -> str:
        """Return in which way outputs are too much alike, empty where they are not."""
        n, most, share = self.n, self.most, self.distinct / self.n
        if self.distinct == 1:
            return f"All {n:,} outputs are one and the same text: {self._quoted()}"
        if most >= (NEARLY_ALL if self.short else MOSTLY):
            return f"{most:.1%} of {n:,} outputs are one text: {self._quoted()}"
        if share <= FEW and not self.short:
            return (
                f"{n:,} outputs are {self.distinct:,} distinct texts, and too long for a fixed "
                f"list of answers. Commonest ({most:.0%}): {self._quoted()}"
            )
        if self.templated >= MOSTLY:
            return (
                f"{self.templated:.0%} of {n:,} outputs follow one template: most of what they say "
                "is said in many others, word for word"
            )
        return ""

    def _quoted(self) -> str:
        return f"'{self.commonest}'"


def _once_per_prompt(texts: Sequence[str], prompts: Sequence[str] | None) -> list[str]:
    if prompts is None:
        return [_plain(text) for text in texts]
    found: dict[str, str] = {}
    for prompt, text in zip(prompts, texts, strict=True):
        found.setdefault(_plain(prompt), _plain(text))
    return list(found.values())


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _templated(plain: Sequence[str]) -> float:
    """Return the share of texts of which most runs of words occur in many others.

    A run counts once per text, with numbers made alike. Texts beyond `SAMPLE`, taken at equal
    distances, are not looked at.
    """
    step = max(len(plain) // SAMPLE, 1)
    runs = [_runs(text) for text in plain[::step]]
    if not runs:
        return 0.0
    seen: Counter[int] = Counter()
    for own in runs:
        seen.update(own)
    many = max(3, COMMON * len(runs))
    shared = sum(
        bool(own) and sum(seen[run] >= many for run in own) >= TEMPLATED * len(own) for own in runs
    )
    return shared / len(runs)


def _runs(text: str) -> set[int]:
    words = ["0" if word[0].isdigit() else word for word in text.split()]
    if len(words) < LONG:
        return set()
    return {hash(tuple(words[i : i + RUN])) for i in range(len(words) - RUN + 1)}
