"""LLMJudge: asks a language model, one call for a criterion, an item, or a batch of criteria."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from trueup.item.model import as_text
from trueup.judge.llm import answer, fence, template
from trueup.judge.llm.expected import READING, expected
from trueup.judge.llm.fence import NEUTRALISING
from trueup.judge.llm.layout import layout
from trueup.judge.llm.order import DRAWING, turn
from trueup.judge.llm.samples import combine
from trueup.judge.protocol import Capabilities
from trueup.judge.verdict import Usage, Verdict, unscored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence

    from trueup.item.model import Item
    from trueup.judge.llm.layout import Asking, Form
    from trueup.judge.llm.spec import LLMSpec
    from trueup.judge.protocol import Answered, Calls, Request
    from trueup.judge.transport.base import Call, Reply
    from trueup.judge.verdict import Finding
    from trueup.rubric.model import Rubric

T = TypeVar("T")

_CHARACTERS_A_TOKEN = 4


class LLMJudge:
    """A judge that asks a language model through `Calls`.

    Args:
        spec: What the judge file says.
        name: The name that reports show.
    """

    version = f"{template.VERSION}.{answer.PARSER}"

    def __init__(self, spec: LLMSpec, *, name: str) -> None:
        self.spec = spec
        self.name = spec.name or name
        self.capabilities = Capabilities(calls=True)
        self._calls: Calls | None = None
        self._laid_out: tuple[Rubric, tuple[tuple[Form, ...], ...]] | None = None

    def connect(self, calls: Calls) -> LLMJudge:
        """Return this judge, asking through the given door."""
        judge = LLMJudge(self.spec, name=self.name)
        judge._calls = calls
        return judge

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        """Return everything that decides how a criterion is measured, JSON-plain.

        Credentials, addresses under a deployment name, limits and weights are no part of it.
        """
        spec = self.spec
        asked = (forms[0].ids for forms in self._layout(rubric))
        together = next(ids for ids in asked if criterion in ids)
        return {
            "kind": "llm",
            "template": template.VERSION,
            "parser": answer.PARSER,
            "neutralising": NEUTRALISING,
            "model": spec.model,
            "deployment": spec.declared_deployment(),
            "sampling": spec.sampling(len(together)),
            "calls": len(together),
            "explain": spec.explain,
            "value": spec.value,
            "samples": spec.samples,
            "reference": spec.use_reference,
            "structured": spec.structured,
            "task": " ".join(rubric.task.split()),
            "shown": list(rubric.metadata),
            "questions": [[c, rubric.by_id[c].question] for c in together],
            "orders": [[level.key for level in rubric.by_id[c].levels] for c in together],
            **self._drawn(together),
            **({"reading": READING} if spec.value == "expected" else {}),
        }

    def _drawn(self, together: Sequence[str]) -> dict[str, Any]:
        """Return what is drawn for each item anew; empty where all items are asked alike."""
        drawn: dict[str, Any] = {}
        if self.spec.shuffle_options is not None:
            drawn["shuffle_options"] = self.spec.shuffle_options
        if self.spec.criteria_order != "fixed" and len(together) > 1:
            drawn["criteria_order"] = self.spec.criteria_order
        return drawn and {**drawn, "drawing": DRAWING}

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield a verdict for each request, as they come."""
        if len(requests) == 1:
            yield await self._one(requests[0])
            return
        tasks = [asyncio.ensure_future(self._one(request)) for request in requests]
        try:
            for done in asyncio.as_completed(tasks):
                yield await done
        finally:
            for task in tasks:
                task.cancel()

    async def _one(self, request: Request) -> tuple[str, Verdict]:
        if self._calls is None:
            msg = f"judge {self.name} has no way to ask: connect it, or run it with trueup.score"
            raise RuntimeError(msg)
        if self._too_long(request.item):
            too_long = unscored("truncated", "item_too_long").by("rule")
            return request.id, Verdict(dict.fromkeys(request.criteria, too_long))
        item = request.item
        batches = self.render(request, secret=self._calls.secret)
        # the first call of an item warms the provider's prefix cache for the others
        answered = [await self._sampled(self._calls, item, batches[0])]
        if len(batches) > 1:
            rest = (self._sampled(self._calls, item, batch) for batch in batches[1:])
            answered += await _together(rest)
        findings: dict[str, Finding] = {}
        usage = Usage()
        observed: dict[str, Any] = {}
        for part, cost, seen in answered:
            findings |= part
            usage += cost
            observed.update(seen)
        wanted = {c: findings[c] for c in request.criteria}
        return request.id, Verdict(wanted, usage=usage, observed=observed)

    def _too_long(self, item: Item) -> bool:
        return estimated_tokens(item) > self.spec.max_item_tokens

    def calls_of(self, request: Request, *, secret: bytes) -> list[Call]:
        """Return every call that a request makes, in the order of asking."""
        if self._too_long(request.item):
            return []
        return [asking.call for batch in self.render(request, secret=secret) for asking in batch]

    def render(self, request: Request, *, secret: bytes) -> list[tuple[Asking, ...]]:
        """Return the calls that a request needs, in the order of asking.

        Those of the same criteria, samples and orders of answers, come together.
        """
        spec = self.spec
        about = request.item.content()
        material = template.material(
            request.item,
            request.rubric,
            secret=secret,
            about=about,
            reference=spec.use_reference,
        )
        wanted = set(request.criteria)
        batches = []
        for forms in self._layout(request.rubric):
            form = forms[turn(len(forms), seed=about)]
            if wanted.isdisjoint(form.ids):
                continue
            call = replace(
                form.blank,
                replicate=request.replicate * spec.asks,
                occasion=request.occasion,
                about=about,
                nonce=fence.nonce(secret, about, form.ids),
            )
            batches.append(form.put(call, material, asks=spec.asks))
        return batches

    def _layout(self, rubric: Rubric) -> tuple[tuple[Form, ...], ...]:
        if self._laid_out is None or self._laid_out[0] is not rubric:
            self._laid_out = (rubric, layout(rubric, self.spec))
        return self._laid_out[1]

    async def _sampled(
        self, calls: Calls, item: Item, batch: Sequence[Asking]
    ) -> tuple[dict[str, Finding], Usage, Mapping[str, Any]]:
        asked = (calls.ask(a.call, partial(self._read, asking=a, item=item)) for a in batch)
        answers: list[Answered] = [await next(asked)]
        if len(batch) > 1:
            answers += await _together(asked)
        usage = sum((a.usage for a in answers), Usage())
        if len(answers) == 1:
            return dict(answers[0].findings), usage, answers[0].observed
        shuffled = batch if self.spec.shuffle_options else ()
        together = {
            c: combine(
                [a.findings[c] for a in answers], shown=[list(a.labels[c]) for a in shuffled]
            )
            for c in batch[0].call.criteria
        }
        return together, usage, answers[-1].observed

    def _read(self, reply: Reply, *, asking: Asking, item: Item) -> dict[str, Finding]:
        criteria = asking.criteria
        keys = {c.id: [asking.labels[c.id][level.key] for level in c.levels] for c in criteria}
        nonce, explain = asking.call.nonce, self.spec.explain
        found = answer.read(reply, criteria, keys, item=item, nonce=nonce, explain=explain)
        if self.spec.value == "expected":
            return {c.id: expected(found[c.id], reply, c, keys[c.id]) for c in criteria}
        return found


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Return all results; where one raises, none of the others goes on behind the caller's back."""
    tasks = [asyncio.ensure_future(part) for part in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def estimated_tokens(item: Item) -> int:
    """Return about how many tokens an item's texts take."""
    texts = (as_text(item.output), as_text(item.input), item.context or "", item.reference or "")
    return sum(map(len, texts)) // _CHARACTERS_A_TOKEN
