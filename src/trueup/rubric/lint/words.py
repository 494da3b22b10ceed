"""Words: the word lists of one language, and the patterns made from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from trueup.rubric.lint.prose import Prose, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_VOWELS = "aeiou"


@dataclass(frozen=True, eq=False)
class Words:
    """The lists of one language, by name."""

    language: str
    lists: Mapping[str, Any]

    def of(self, *names: str) -> frozenset[str]:
        """Return the words of one or several lists."""
        return frozenset(str(word) for name in names for word in self.lists[name])

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a list that gives each word something."""
        table: Mapping[str, Any] = self.lists[name]
        return table

    def either(self, *names: str) -> str:
        """Return a pattern that matches any word of the lists, the longest first."""
        return either(self.of(*names))

    def verbs(self, *names: str) -> Mapping[str, str]:
        """Return every form of the lists' verbs, with the base form that it stands for."""
        return {form: base for base in self.of(*names) for form in (base, third(base))}

    @cached_property
    def fixed(self) -> re.Pattern[str]:
        """The phrases that are masked before a rule looks."""
        return re.compile(self.either("fixed_phrases"))

    @cached_property
    def stop(self) -> frozenset[str]:
        """The words without content."""
        return self.of("stop_words")

    def read(self, text: str | None) -> Prose:
        """Return a text as the rules read it in this language."""
        return read(text, self.fixed)


@cache
def load(language: str) -> Words | None:
    """Return the words of a language tag such as `en` or `en-GB`; None where there are none."""
    name = language.lower().replace("_", "-").split("-")[0]
    if not name.isalpha():
        return None
    file = files(__package__).joinpath("lists", f"{name}.yaml")
    if not file.is_file():
        return None
    from ruamel.yaml import YAML  # noqa: PLC0415 - a rubric in another language needs no parser

    lists = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    return Words(name, lists)


def either(words: Iterable[str]) -> str:
    """Return a pattern that matches any of the words as whole words, the longest first."""
    longest = sorted(words, key=lambda word: (-len(word), word))
    body = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest)
    return rf"(?<![\w-])(?:{body})(?![\w-])"


def third(verb: str) -> str:
    """Return the third person of a verb: `carry out` gives `carries out`."""
    first, _, rest = verb.partition(" ")
    if first.endswith("y") and first[-2:-1] not in _VOWELS:
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
