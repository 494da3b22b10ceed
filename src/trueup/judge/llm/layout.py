"""Layout: which criteria share a call, and what such calls have in common for every item.

The layout is that of the whole rubric, whatever is wanted of it: otherwise a resumed run would
ask in another layout, which is another instrument.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trueup.judge.llm import answer, template
from trueup.judge.llm.expected import LETTERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trueup.judge.llm.spec import LLMSpec
    from trueup.rubric.model import Criterion, Rubric


@dataclass(frozen=True, slots=True)
class Form:
    """One call's fixed parts: rendered once for a rubric, not once for an item."""

    ids: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    system: Mapping[str, str]
    questions: tuple[str, ...]
    schema: Mapping[str, Any]


def layout(rubric: Rubric, spec: LLMSpec) -> tuple[Form, ...]:
    """Return the calls that one item needs, in the order of asking.

    With one call a criterion, equal schemas stand side by side: providers that put the schema
    before the prompt can then serve its prefix from their cache.
    """
    judged = rubric.judged
    size = spec.group(len(judged))
    parts = [judged[start : start + size] for start in range(0, len(judged), size)]
    forms = [_form(part, spec) for part in parts]
    often = Counter(str(form.schema) for form in forms)
    forms.sort(key=lambda form: (-often[str(form.schema)], str(form.schema)))
    return tuple(forms)


def _form(criteria: tuple[Criterion, ...], spec: LLMSpec) -> Form:
    keys = [answer_keys(criterion, spec) for criterion in criteria]
    pairs = list(zip(criteria, keys, strict=True))
    system = template.system(explain=spec.explain, many=len(criteria) > 1)
    return Form(
        ids=tuple(criterion.id for criterion in criteria),
        criteria=criteria,
        system={"role": "system", "content": system},
        questions=tuple(template.question(c, k) for c, k in pairs),
        schema=answer.schema({c.id: answer.fields(c, k, spec.explain) for c, k in pairs}),
    )


def answer_keys(criterion: Criterion, spec: LLMSpec) -> tuple[str, ...]:
    """Return what the judge answers with: level keys, or single letters for expected values."""
    if spec.value == "expected":
        return tuple(LETTERS[: len(criterion.levels)])
    return tuple(level.key for level in criterion.levels)
