"""Words: the word lists of one language, and the patterns made from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, eq=False)
class Words:
    """The lists of one language, by name."""

    lists: Mapping[str, Any]

    def __bool__(self) -> bool:
        return bool(self.lists)

    def of(self, *names: str) -> frozenset[str]:
        """Return the words of one or several lists."""
        return frozenset(str(word) for name in names for word in self.lists.get(name, ()))

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a list that gives each word something."""
        table: Mapping[str, Any] = self.lists[name]
        return table

    @cache  # noqa: B019 - the lists of a language live as long as the process
    def either(self, *names: str) -> str:
        """Return a pattern that matches any word of the lists, the longest first."""
        return either(self.of(*names))

    def pattern(self, *names: str) -> re.Pattern[str]:
        """Return the same compiled."""
        return re.compile(self.either(*names))

    def verbs(self, name: str) -> Mapping[str, str]:
        """Return every form of a list's verbs, with the base form that it stands for."""
        return {form: base for base in self.of(name) for form in (base, third(base))}

    @cached_property
    def fixed(self) -> re.Pattern[str]:
        """The phrases that are masked before a rule looks."""
        return self.pattern("fixed_phrases")

    @cached_property
    def stop(self) -> frozenset[str]:
        """The words without content."""
        return self.of("stop_words")


@cache
def load(language: str) -> Words:
    """Return the words of a language tag such as `en` or `en-GB`; empty where there are none."""
    name = language.lower().replace("_", "-").split("-")[0]
    file = files(__package__).joinpath("lists", f"{name}.yaml")
    if not name.isalpha() or not file.is_file():
        return Words({})
    from ruamel.yaml import YAML  # noqa: PLC0415 - a rubric in another language needs no parser

    return Words(YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8")))


def either(words: Iterable[str]) -> str:
    """Return a pattern that matches any of the words as whole words, the longest first."""
    longest = sorted(words, key=lambda word: (-len(word), word))
    body = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest) or "(?!)"
    return rf"(?<![\w-])(?:{body})(?![\w-])"


def third(verb: str) -> str:
    """Return the third person of a verb: `carry out` gives `carries out`."""
    first, _, rest = verb.partition(" ")
    if first.endswith("y") and not first.endswith(("ay", "ey", "iy", "oy", "uy")):
        form = first[:-1] + "ies"
    elif first.endswith(("s", "x", "z", "ch", "sh", "o")):
        form = first + "es"
    else:
        form = first + "s"
    return f"{form} {rest}".strip()


def gerund(verb: str) -> str:
    """Return the -ing form of a verb, without doubled consonants."""
    first, _, rest = verb.partition(" ")
    drop = first.endswith("e") and not first.endswith(("ee", "ye", "oe"))
    return f"{first[:-1] if drop else first}ing {rest}".strip()
