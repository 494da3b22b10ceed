"""LLMJudge: asks a language model, one call for a criterion, an item, or a batch of criteria."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from trueup.item.model import as_text
from trueup.judge.llm import answer, fence, template
from trueup.judge.llm.expected import expected
from trueup.judge.llm.fence import NEUTRALISING
from trueup.judge.llm.layout import Form, answer_keys, layout
from trueup.judge.protocol import Capabilities
from trueup.judge.transport.base import Call
from trueup.judge.verdict import Usage, Verdict, unscored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence

    from trueup.item.model import Item
    from trueup.judge.llm.spec import LLMSpec
    from trueup.judge.protocol import Answered, Calls, Request
    from trueup.judge.transport.base import Reply
    from trueup.judge.verdict import Finding
    from trueup.rubric.model import Criterion, Rubric

T = TypeVar("T")

_CHARACTERS_A_TOKEN = 4
_TOP_LOGPROBS = 10


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
        self._laid_out: tuple[Rubric, tuple[tuple[Form, Call], ...]] | None = None

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
        together = next(form.ids for form, _ in self._layout(rubric) if criterion in form.ids)
        return {
            "kind": "llm",
            "template": template.VERSION,
            "parser": answer.PARSER,
            "neutralising": NEUTRALISING,
            "model": spec.model,
            "deployment": spec.declared_deployment(),
            "sampling": spec.sampling(),
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
        }

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
        if estimated_tokens(request.item) > self.spec.max_item_tokens:
            too_long = unscored("truncated", "item_too_long").by("rule")
            return request.id, Verdict(dict.fromkeys(request.criteria, too_long))
        batches = self.render(request, secret=self._calls.secret)
        # the first call of an item warms the provider's prefix cache for the others
        answered = [await self._sampled(self._calls, request, *batches[0])]
        if len(batches) > 1:
            rest = (self._sampled(self._calls, request, *batch) for batch in batches[1:])
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

    def calls_of(self, request: Request, *, secret: bytes) -> list[Call]:
        """Return every call that a request needs, samples included, in the order of asking."""
        return [
            replace(call, replicate=call.replicate + n)
            for _, call in self.render(request, secret=secret)
            for n in range(self.spec.samples)
        ]

    def render(
        self, request: Request, *, secret: bytes
    ) -> list[tuple[tuple[Criterion, ...], Call]]:
        """Return the calls that a request needs, in the order of asking, and what each asks."""
        spec = self.spec
        about = request.item.content()
        material = template.material(
            request.item,
            request.rubric,
            secret=secret,
            about=about,
            reference=spec.use_reference,
        )
        batches = []
        wanted = set(request.criteria)
        for form, blank in self._layout(request.rubric):
            if wanted.isdisjoint(form.ids):
                continue
            user = template.user(material, form.questions, questions_first=len(form.ids) > 1)
            call = replace(
                blank,
                messages=(form.system, {"role": "user", "content": user}),
                replicate=request.replicate * spec.samples,
                occasion=request.occasion,
                about=about,
                nonce=fence.nonce(secret, about, form.ids),
            )
            batches.append((form.criteria, call))
        return batches

    def _layout(self, rubric: Rubric) -> tuple[tuple[Form, Call], ...]:
        """Return a rubric's forms, each with a call that lacks only what an item brings."""
        if self._laid_out is None or self._laid_out[0] is not rubric:
            forms = layout(rubric, self.spec)
            self._laid_out = (rubric, tuple((form, self._blank(form)) for form in forms))
        return self._laid_out[1]

    def _blank(self, form: Form) -> Call:
        call = Call(
            criteria=form.ids,
            messages=(form.system, {"role": "user", "content": ""}),
            schema=form.schema,
            endpoint=self.spec.endpoint(),
            deployment=self.spec.declared_deployment(),
            sampling=self.spec.sampling(),
            logprobs=_TOP_LOGPROBS if self.spec.value == "expected" else 0,
            structured=self.spec.structured,
        )
        return replace(call, fixed=call.fixed_hash())

    async def _sampled(
        self, calls: Calls, request: Request, criteria: tuple[Criterion, ...], call: Call
    ) -> tuple[dict[str, Finding], Usage, Mapping[str, Any]]:
        def read(reply: Reply) -> dict[str, Finding]:
            return self._read(reply, criteria, item=request.item, nonce=call.nonce)

        first = call.replicate
        more = [replace(call, replicate=first + n) for n in range(1, self.spec.samples)]
        answers: list[Answered] = [await calls.ask(call, read)]
        if more:
            answers += await _together(calls.ask(c, read) for c in more)
        usage = sum((a.usage for a in answers), Usage())
        if len(answers) == 1:
            return dict(answers[0].findings), usage, answers[0].observed
        together = {c.id: combine([a.findings[c.id] for a in answers]) for c in criteria}
        return together, usage, answers[-1].observed

    def _read(
        self, reply: Reply, criteria: tuple[Criterion, ...], *, item: Item, nonce: str
    ) -> dict[str, Finding]:
        keys = {c.id: answer_keys(c, self.spec) for c in criteria}
        explain = self.spec.explain
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


def combine(samples: Sequence[Finding]) -> Finding:
    """Return one finding from several answers to the same question.

    A failed sample makes the whole `failed`, so that a later run asks for it again. Otherwise
    the most frequent outcome decides, and among scored samples the mean; all are kept.
    """
    failed = next((s for s in samples if s.retryable), None)
    if failed is not None:
        return failed
    outcome = Counter(s.outcome for s in samples).most_common(1)[0][0]
    same = [s for s in samples if s.outcome == outcome]
    kept = [{"outcome": s.outcome, "value": s.value, "level": s.level} for s in samples]
    detail: dict[str, Any] = {**same[0].detail, "samples": kept}
    if outcome != "scored":
        return replace(same[0], detail=detail)
    values = [s.value for s in same if s.value is not None]
    levels = Counter(s.level for s in same)
    detail["distribution"] = {str(level): n / len(same) for level, n in levels.items()}
    mean = sum(values) / len(values)
    return replace(same[0], value=mean, level=levels.most_common(1)[0][0], detail=detail)
