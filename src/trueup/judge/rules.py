"""Rules: a judge of plain functions, one for each criterion that code can decide.

    rules = Rules("support-rules", version="1")

    @rules.rule("no-placeholder")
    def no_placeholder(item):
        return "[name]" not in item.output

Free, instant and certain; what no rule is for stays undecided.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from trueup.errors import JudgeError, TrueupError
from trueup.judge.code import code_version
from trueup.judge.discipline import raised_finding
from trueup.judge.protocol import Capabilities
from trueup.judge.reading import finding_of
from trueup.judge.verdict import Verdict, unscored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from trueup.item.model import Item
    from trueup.judge.protocol import Request
    from trueup.judge.verdict import Finding
    from trueup.rubric.model import Criterion, Rubric

_Function = TypeVar("_Function", bound="Callable[..., Any]")

_BATCH = 256
_NO_RULE = unscored("abstained", "no_rule").by("rule")
_WITH_CRITERION = 2


class _Rule(NamedTuple):
    function: Callable[..., Any]
    sees_criterion: bool


class Rules:
    """A judge that decides by functions.

    A rule is `(item)` or `(item, criterion)` and returns True or False for met and unmet, a
    level's key, a number in [0, 1], or None where it cannot tell; with a text beside it, as in
    `(False, "no clause is cited")`, that is the explanation. A `Finding` says anything else.

    Rules look at texts and metadata and nothing else: verdicts are shared between items that are
    equal in these. They are called in the event loop, so they do not wait for anything.

    Args:
        name: The name that reports show.
        version: A change decides everything anew. A rule whose code changes is decided anew
            without it; it is for what code does not show, such as a list that a file holds.
    """

    def __init__(self, name: str, *, version: str) -> None:
        if not (name and version):
            raise JudgeError("rules need a name and a version", where=name or None)
        self.name = name
        self.version = version
        self.capabilities = Capabilities(batch=_BATCH, all_metadata=True)
        self._rules: dict[str, _Rule] = {}

    @property
    def criteria(self) -> tuple[str, ...]:
        """The ids of the criteria that there are rules for."""
        return tuple(self._rules)

    def rule(self, *criteria: str) -> Callable[[_Function], _Function]:
        """Make the decorated function the rule for these criterion ids.

        Raises:
            JudgeError: A criterion has a rule already, or the function takes or is something else.
        """

        def register(function: _Function) -> _Function:
            rule = _Rule(function, _sees_criterion(function, self.name))
            for criterion in criteria:
                if criterion in self._rules:
                    what = f"there are two rules for '{criterion}'"
                    raise JudgeError(what, where=self.name, mend="Delete one of the two")
                self._rules[criterion] = rule
            return function

        if not criteria or not all(isinstance(criterion, str) for criterion in criteria):
            mend = 'Write @rules.rule("criterion-id")'
            raise JudgeError("a rule names its criteria", where=self.name, mend=mend)
        return register

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        """Return name, version and question, and the version of the rule's code."""
        rule = self._rules.get(criterion)
        return {
            "kind": "rules",
            "name": self.name,
            "version": self.version,
            "rule": None if rule is None else code_version(rule.function),
            "question": rubric.by_id[criterion].question,
        }

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield a verdict for each request, in their order."""
        await asyncio.sleep(0)  # a run of rules alone must leave others their turn
        for request in requests:
            by_id = request.rubric.by_id
            findings = {c: self._decide(by_id[c], request.item) for c in request.criteria}
            yield request.id, Verdict(findings)

    def _decide(self, criterion: Criterion, item: Item) -> Finding:
        rule = self._rules.get(criterion.id)
        if rule is None:
            return _NO_RULE
        try:
            said = rule.function(item, criterion) if rule.sees_criterion else rule.function(item)
            return finding_of(said, criterion, by="rule")
        except TrueupError:
            raise
        except Exception as error:  # noqa: BLE001 - anybody's code; one broken rule stops no other
            return raised_finding(error).by("rule")


def _sees_criterion(function: Callable[..., Any], where: str) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some built-in functions do not tell
        parameters = []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.kind in positional and p.default is p.empty]
    plain = not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function))
    if plain and len(needed) in (1, _WITH_CRITERION):
        return len(needed) == _WITH_CRITERION
    mend = "Write def name(item), or def name(item, criterion), without async"
    what = f"{getattr(function, '__name__', 'this')} cannot be a rule"
    raise JudgeError(what, where=where, mend=mend)
