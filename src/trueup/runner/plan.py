"""The plan of a run: what it would ask and cost, computed by rendering every open call.

How much of the input a provider's prefix cache can serve is computed from the rendered prompts:
for each call, the longest beginning it shares with an earlier call of the same answer schema
about the same item, or else with the last call before. Providers that put the schema before the
prompt are thereby covered too. Short prefixes are not cached by everybody: about 1,024 tokens is
a common minimum.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.api import load_judge, load_rubric, price_finder
from trueup.errors import ConfigError
from trueup.item.read import check_items, open_items
from trueup.judge.protocol import Request
from trueup.runner.budget import Budget
from trueup.runner.heldout import refuse_fields
from trueup.runner.require import askers, require_judge
from trueup.runner.triage import Triage
from trueup.store.key import VerdictKey
from trueup.store.signals import held_out
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trueup.judge.transport.base import Call, Price

_CHUNK = 256
_UNSEEN = (0, "")
"""The number of an instrument that the store has not seen, under which nothing is known."""
_CHARACTERS_A_TOKEN = 4
_ANSWER_TOKENS = 100
"""About what an answer of evidence, two sentences and a word takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run would do."""

    items: int
    criteria: int
    known: int
    """Findings that the store has already."""
    by_code: int
    """Findings that code decides, free."""
    to_judge: int
    """Findings that a judge would be asked for."""
    calls: int
    known_calls: int
    """Calls that are not made: the store has the reply, or an equal call is made anyway."""
    input_tokens: int
    """About four characters a token."""
    cacheable_tokens: int
    output_tokens: int
    dollars: float | None
    """With what the prefix cache can serve at its price; None where a price is unknown."""
    dollars_uncached: float | None
    priced: str
    """Where the price comes from."""

    @property
    def cacheable_share(self) -> float:
        """Share of input tokens that a provider's prefix cache can serve."""
        return self.cacheable_tokens / self.input_tokens if self.input_tokens else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data."""
        return {**asdict(self), "cacheable_share": self.cacheable_share}


def plan_scoring(
    items: object,
    *,
    rubric: object,
    judge: object = None,
    store: str | Path | None = None,
    budget: object = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
    occasion: str = "",
    replicates: int = 1,
    limit: int | None = None,
    only_failed: bool = False,
    concurrency: int | None = None,
) -> Plan:
    """Return what `ascore` with the same arguments would ask and cost; nothing is asked.

    Raises:
        ConfigError: Something that was given cannot be used, or a dollar budget has no price.
    """
    del concurrency  # changes how fast, not what
    rubric_ = load_rubric(rubric)  # type: ignore[arg-type] # checked there
    judge_ = None if judge is None else load_judge(judge)
    require_judge(rubric_, judge_)
    source = open_items(items, fields=field_map, timezone=timezone)
    checked = check_items(source)
    asking = list(askers(judge_))
    tally = _Tally(dollars_capped=Budget.of(budget).dollars is not None)  # type: ignore[arg-type] # checked there
    with Store.open(_existing(store)) as opened:
        closed = held_out(opened)
        refuse_fields(source.fields, closed, where=source.name)
        triage = Triage(rubric_, judge_, held_out=closed)
        stream = iter(islice(source, limit))
        instruments = opened.instruments(column.key for column in triage.columns)
        numbers = {c.criterion.id: instruments.get(c.key, _UNSEEN)[0] for c in triage.columns}
        while chunk := [triage.sort(item) for item in islice(stream, _CHUNK)]:
            contents = opened.contents({triaged.content for triaged in chunk})
            known = opened.verdicts(contents.values(), [*numbers.values()], occasion=occasion)
            for triaged in chunk:
                content = contents.get(triaged.content, 0)
                for replicate in range(replicates):
                    keys = {c: VerdictKey(content, n, replicate) for c, n in numbers.items()}
                    found = {c: known[key] for c, key in keys.items() if key in known}
                    settled = {c for c, finding in found.items() if not finding.retryable}
                    asked = tuple(
                        c for c in keys
                        if c not in settled and c not in triaged.decided
                        and not (only_failed and c not in found)
                    )  # fmt: skip
                    tally.known += len(settled)
                    tally.by_code += len(triaged.decided.keys() - settled)
                    tally.to_judge += len(asked)
                    if not asked:
                        continue
                    request = Request(
                        id="", rubric=rubric_, criteria=asked, candidates=(triaged.item,),
                        replicate=replicate, occasion=occasion,
                    )  # fmt: skip
                    for asker in asking:
                        calls = asker.calls_of(request, secret=opened.secret)
                        tally.add(calls, opened.replies(call.key() for call in calls))
    total = checked.count if limit is None else min(limit, checked.count)
    return tally.plan(total, len(rubric_.criteria))


def _existing(store: str | Path | None) -> str | Path | None:
    """Return a store that is there; a plan makes none."""
    if store is None or "://" in str(store) or Path(store).exists():
        return store
    return None


def common_prefix(one: str, other: str) -> int:
    """Return how many characters two texts share from their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one.startswith(other[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


class _Tally:
    """Sums over the calls of a plan."""

    def __init__(self, *, dollars_capped: bool) -> None:
        self.known = self.by_code = self.to_judge = 0
        self._calls = self._known_calls = 0
        self._input = self._cached = self._output = 0
        self._dollars = self._uncached = 0.0
        self._capped = dollars_capped
        self._prices: dict[str, Price | None] = {}
        self._last: dict[tuple[object, ...], str] = {}
        self._seen: set[bytes] = set()

    def add(self, calls: Iterable[Call], known: Mapping[bytes, object]) -> None:
        """Add the calls of one item, in the order of asking."""
        before: dict[tuple[object, ...], list[str]] = {}
        for call in calls:
            key = call.key()
            if key in known or key in self._seen:
                self._known_calls += 1
                continue
            self._seen.add(key)
            schema = json.dumps(call.schema)
            cache = (*call.endpoint.lane, schema)
            prompt = schema + "".join(message["content"] for message in call.messages)
            earlier = before.setdefault(cache, [])
            candidates = earlier or [self._last.get(cache, "")]
            shared = max(common_prefix(prompt, other) for other in candidates)
            earlier.append(prompt)
            self._last[cache] = prompt
            self._count(call, len(prompt), shared)

    def _count(self, call: Call, characters: int, shared: int) -> None:
        tokens, cached = characters // _CHARACTERS_A_TOKEN, shared // _CHARACTERS_A_TOKEN
        answer = _ANSWER_TOKENS * len(call.criteria)
        self._calls += 1
        self._input += tokens
        self._cached += cached
        self._output += answer
        price = self._price(call)
        if price is not None:
            self._uncached += (tokens * price.input + answer * price.output) / 1e6
            self._dollars += cached * (price.cached - price.input) / 1e6
            self._dollars += (tokens * price.input + answer * price.output) / 1e6

    def _price(self, call: Call) -> Price | None:
        endpoint = call.endpoint
        if endpoint.price is not None:
            return endpoint.price
        if endpoint.model not in self._prices:
            self._prices[endpoint.model] = price_finder()(endpoint.model)
        found = self._prices[endpoint.model]
        if found is None and self._capped:
            mend = (
                "Declare it in the judge file: price: {input: ..., output: ...} per million tokens"
            )
            raise ConfigError("the price of this model is unknown", where=endpoint.model, mend=mend)
        return found

    def plan(self, items: int, criteria: int) -> Plan:
        """Return the plan."""
        unknown = [model for model, price in self._prices.items() if price is None]
        priced = "the judge file" if not self._prices else "litellm's price list"
        if unknown:
            priced = f"unknown for {', '.join(sorted(unknown))}"
        return Plan(
            items=items,
            criteria=criteria,
            known=self.known,
            by_code=self.by_code,
            to_judge=self.to_judge,
            calls=self._calls,
            known_calls=self._known_calls,
            input_tokens=self._input,
            cacheable_tokens=self._cached,
            output_tokens=self._output,
            dollars=None if unknown else self._dollars,
            dollars_uncached=None if unknown else self._uncached,
            priced=priced if self._calls else "nothing to ask",
        )
