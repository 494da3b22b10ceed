"""Layout: which criteria share a call, how it puts them, and what all items' calls share.

The layout is that of the whole rubric, whatever is wanted of it: otherwise a resumed run would
ask in another layout, which is another instrument.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from trueup.errors import JudgeError
from trueup.judge.llm import answer, template
from trueup.judge.llm.expected import LETTERS
from trueup.judge.llm.order import draw
from trueup.judge.transport.base import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trueup.judge.llm.spec import LLMSpec
    from trueup.rubric.model import Criterion, Rubric

_TOP_LOGPROBS = 10

Labels: TypeAlias = "Mapping[str, Mapping[str, str]]"
"""Criterion id -> level key -> what the judge answers where that level fits, as shown."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The questions of one call as they are put, and what their answers mean."""

    questions: tuple[str, ...]
    labels: Labels


@dataclass(frozen=True, slots=True)
class Asking:
    """One call, and what its reply is read by."""

    call: Call
    criteria: tuple[Criterion, ...]
    labels: Labels


@dataclass(frozen=True, slots=True)
class Form:
    """One call's fixed parts: rendered once for a rubric, not once for an item."""

    criteria: tuple[Criterion, ...]
    answers: tuple[tuple[str, ...], ...]
    """For each criterion, what the judge answers with, in the order shown."""
    sheet: Sheet
    """The questions with their levels as the rubric has them."""
    shuffled: bool
    questions_first: bool
    """Whether the questions are what items share, and so come before them."""
    blank: Call
    """The call without what an item brings."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The criterion ids, in the order of asking."""
        return self.blank.criteria

    def put(self, call: Call, material: str, *, asks: int) -> tuple[Asking, ...]:
        """Return the calls that put the questions about one item, in the order of asking.

        Args:
            call: The blank with all that an item brings but the last message.
            material: The item as the prompt shows it.
            asks: How often the questions are put.
        """
        return tuple(
            self._asking(call, material, sheet, number)
            for number, sheet in enumerate(self._sheets(call.about, asks))
        )

    def _asking(self, call: Call, material: str, sheet: Sheet, number: int) -> Asking:
        first = self.questions_first
        user = template.user(material, sheet.questions, questions_first=first)
        messages = (*call.messages[:-1], {"role": "user", "content": user})
        call = replace(call, messages=messages, replicate=call.replicate + number)
        return Asking(call, self.criteria, sheet.labels)

    def _sheets(self, about: bytes, asks: int) -> Sequence[Sheet]:
        if not self.shuffled:
            return (self.sheet,) * asks
        drawn = (draw(len(c.levels), asks, seed=about + c.id.encode()) for c in self.criteria)
        orders = zip(*drawn, strict=True)
        return [_sheet(self.criteria, self.answers, together) for together in orders]


def layout(rubric: Rubric, spec: LLMSpec) -> tuple[tuple[Form, ...], ...]:
    """Return the calls that one item needs, in the order of asking.

    Each comes in every order in which items are asked its criteria: one, or all rotations.

    With one call a criterion, equal schemas stand side by side: providers that put the schema
    before the prompt can then serve its prefix from their cache.

    Raises:
        JudgeError: A criterion has more levels than there are letters to answer with.
    """
    judged = rubric.judged
    size = spec.group(len(judged))
    parts = [judged[start : start + size] for start in range(0, len(judged), size)]
    calls = [tuple(_form(turned, spec) for turned in _turns(part, spec)) for part in parts]
    often = Counter(_schema(forms) for forms in calls)
    calls.sort(key=lambda forms: (-often[_schema(forms)], _schema(forms)))
    return tuple(calls)


def _turns(part: tuple[Criterion, ...], spec: LLMSpec) -> Iterator[tuple[Criterion, ...]]:
    turns = len(part) if spec.criteria_order == "rotated" else 1
    return (part[at:] + part[:at] for at in range(turns))


def _schema(forms: Sequence[Form]) -> str:
    return str(forms[0].blank.schema)


def _form(criteria: tuple[Criterion, ...], spec: LLMSpec) -> Form:
    answers = tuple(_answers(criterion, spec) for criterion in criteria)
    shuffled = spec.shuffle_options is not None
    return Form(
        criteria=criteria,
        answers=answers,
        sheet=_sheet(criteria, answers, [range(len(c.levels)) for c in criteria]),
        shuffled=shuffled,
        questions_first=len(criteria) > 1 and not shuffled,
        blank=_blank(criteria, answers, spec),
    )


def _blank(
    criteria: tuple[Criterion, ...], answers: Sequence[Sequence[str]], spec: LLMSpec
) -> Call:
    system = template.system(explain=spec.explain, many=len(criteria) > 1)
    pairs = zip(criteria, answers, strict=True)
    call = Call(
        criteria=tuple(criterion.id for criterion in criteria),
        messages=({"role": "system", "content": system}, {"role": "user", "content": ""}),
        schema=answer.schema({c.id: answer.fields(c, keys, spec.explain) for c, keys in pairs}),
        endpoint=spec.endpoint(),
        deployment=spec.declared_deployment(),
        sampling=spec.sampling(len(criteria)),
        logprobs=_TOP_LOGPROBS if spec.value == "expected" else 0,
        structured=spec.structured,
    )
    return replace(call, fixed=call.fixed_hash())


def _answers(criterion: Criterion, spec: LLMSpec) -> tuple[str, ...]:
    """Return what the judge answers with, in the order shown: level keys, or letters by place."""
    keys = tuple(level.key for level in criterion.levels)
    if not spec.lettered:
        return keys
    # a level that is called B must not stand behind another level's B
    names = {key.casefold() for key in keys}
    letters = tuple(letter for letter in LETTERS if letter.casefold() not in names)[: len(keys)]
    if len(letters) < len(keys):
        what = f"{criterion.id} has {len(keys)} levels, more than there are letters to answer with"
        raise JudgeError(what, mend="Leave out shuffle_options and value: expected")
    return letters


def _sheet(
    criteria: Sequence[Criterion],
    answers: Sequence[Sequence[str]],
    orders: Iterable[Iterable[int]],
) -> Sheet:
    """Return the questions with their levels in the given orders, one for each criterion."""
    labels = {
        c.id: dict(zip((c.levels[at].key for at in order), shown, strict=True))
        for c, shown, order in zip(criteria, answers, orders, strict=True)
    }
    return Sheet(tuple(template.question(c, labels[c.id]) for c in criteria), labels)
