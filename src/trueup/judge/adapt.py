"""as_judge: whatever somebody wrote as a judge becomes one that keeps the contract."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from trueup.errors import JudgeError, TrueupError
from trueup.item.plain import excerpt
from trueup.judge.code import code_version
from trueup.judge.discipline import raised
from trueup.judge.protocol import Capabilities, Judge
from trueup.judge.reading import finding_of
from trueup.judge.verdict import Verdict, unscored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trueup.item.model import Item
    from trueup.judge.protocol import Request
    from trueup.rubric.model import Rubric

Form: TypeAlias = Literal["batch", "plain"]
"""How a judge is asked: with a list of requests, or with one item and its rubric."""

_CONTRACT = ("name", "version", "capabilities", "instrument")
_BATCH = 16
_PLAIN_PARAMETERS = 2
_MEND = (
    "Give a judge by its name, by its path, or as an object: one that has `async def judge(self, "
    "requests)`, which yields (request id, Verdict), or `judge(self, item, rubric)`, or a function "
    "(item, rubric), plain or async, that returns a Verdict or a mapping from criterion ids to "
    "answers"
)


def as_judge(obj: object, *, name: str | None = None, version: str | None = None) -> Judge:
    """Return a judge that keeps the whole contract, made from what somebody wrote.

    A full judge comes back as it is. What is missing of the contract gets defaults: the name of
    the class or function, a hash of its code as version, and an instrument made of name, version
    and question.

    Verdicts are reused as long as the instrument stays the same. Where a judge declares no
    `version`, an edit of its code asks again; `judge.code` says what is not seen, such as code
    in other modules. A declared version counts alone: change it with every change that may
    change an answer.

    Functions and `judge(item, rubric)` methods answer with a `Verdict`, or with a mapping from
    criterion ids to answers, each a `Finding`, True or False, a level's key, a number in [0, 1]
    or None for an abstention. Plain functions are called one at a time in a thread of their own,
    so that they may block; write them async to have many under way at once. They may look at
    texts and metadata; verdicts are shared between items that are equal in these.

    Args:
        obj: A judge, an object with a `judge` method, or a function.
        name: What to call it where it has no `name` of its own.
        version: What stands for its version where it declares none; None for a hash of its code.

    Raises:
        JudgeError: This is no judge; the message says what one looks like.
    """
    if isinstance(obj, type):
        mend = f"Pass an object of it: {obj.__name__}()"
        raise JudgeError("a class is no judge yet", where=obj.__name__, mend=mend)
    method = getattr(obj, "judge", None)
    if method is None and callable(obj):
        method = obj
    if not callable(method):
        what = f"{_shown(obj)} is no judge: it has no method `judge` and cannot be called"
        raise JudgeError(what, where=name, mend=_MEND)
    form = _form(method, obj, name)
    missing = [part for part in _CONTRACT if not hasattr(obj, part)]
    if form == "batch" and not missing and isinstance(obj, Judge):
        _check(obj)
        return obj
    if hasattr(obj, "connect"):
        what = f"{_shown(obj)} has `connect` but lacks {', '.join(missing) or 'a batch judge'}"
        raise JudgeError(what, where=name, mend="Give it the whole contract of trueup.judge")
    batch = form == "batch" or not _is_async(method)
    judge = Adapted(
        obj,
        name=_name(obj, name),
        version=str(getattr(obj, "version", version or code_version(obj))),
        ask=method if form == "batch" else _Plain(method).judge,
        capabilities=Capabilities(batch=_BATCH if batch else 1, all_metadata=True),
    )
    _check(judge)
    return judge


class Adapted:
    """A judge made of an object that lacks some of the contract."""

    def __init__(
        self,
        obj: object,
        *,
        name: str,
        version: str,
        ask: Callable[[Sequence[Request]], AsyncIterator[tuple[str, Verdict]]],
        capabilities: Capabilities,
    ) -> None:
        self.name = name
        self.version = version
        self.capabilities: Capabilities = getattr(obj, "capabilities", capabilities)
        self._instrument = getattr(obj, "instrument", None)
        self._ask = ask

    def instrument(self, rubric: Rubric, criterion: str) -> Mapping[str, Any]:
        """Return what the object declares, or its name and version with the question."""
        if self._instrument is not None:
            return cast("Mapping[str, Any]", self._instrument(rubric, criterion))
        return {
            "kind": "python",
            "name": self.name,
            "version": self.version,
            "question": rubric.by_id[criterion].question,
            "task": " ".join(rubric.task.split()),
            "shown": list(rubric.metadata),
        }

    def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield a verdict for each request."""
        return self._ask(requests)


class _Plain:
    """Asks a function or method about one item at a time."""

    def __init__(self, function: Callable[[Item, Rubric], Any]) -> None:
        self._function = function
        self._async = _is_async(function)
        self._thread: ThreadPoolExecutor | None = None

    async def judge(self, requests: Sequence[Request]) -> AsyncIterator[tuple[str, Verdict]]:
        """Yield a verdict for each request, as they come."""
        tasks = [asyncio.ensure_future(self._one(request)) for request in requests]
        try:
            for done in asyncio.as_completed(tasks):
                yield await done
        finally:
            for task in tasks:
                task.cancel()

    async def _one(self, request: Request) -> tuple[str, Verdict]:
        try:
            said = await self._ask(request.item, request.rubric)
            return request.id, _verdict(said, request)
        except TrueupError:
            raise
        except Exception as error:  # noqa: BLE001 - anybody's code; its fault is named
            return request.id, raised(request, error)

    async def _ask(self, item: Item, rubric: Rubric) -> object:
        if self._async:
            return await self._function(item, rubric)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="trueup-judge")
        call = partial(copy_context().run, self._function, item, rubric)
        said = await asyncio.get_running_loop().run_in_executor(self._thread, call)
        return await said if inspect.isawaitable(said) else said


def _verdict(said: object, request: Request) -> Verdict:
    by_id = request.rubric.by_id
    if isinstance(said, Verdict):
        asked = {n: f for n, f in said.findings.items() if n in request.criteria or n not in by_id}
        return said if len(asked) == len(said.findings) else replace(said, findings=asked)
    if isinstance(said, Mapping):
        known = {name: by_id[name] for name in request.criteria if name in said}
        findings = {name: finding_of(said[name], known[name]) for name in known}
        # kept so that an id that the rubric lacks is seen and counted
        unknown = {str(name): unscored("skipped", "unknown") for name in said if name not in by_id}
        return Verdict({**findings, **unknown})
    if said is None:
        finding = unscored("failed", "no_verdict", "the judge returned None")
    else:
        why = f"a verdict is no {excerpt(type(said).__name__)}"
        finding = unscored("unparsable", "wrong_type", why)
    return Verdict(dict.fromkeys(request.criteria, finding))


def _form(method: Callable[..., Any], obj: object, name: str | None) -> Form:
    """Return how a judge is asked, by what its method takes."""
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError) as error:
        what = f"the parameters of {_shown(obj)} cannot be seen"
        raise JudgeError(what, where=name, mend=_MEND) from error
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.kind in positional and p.default is p.empty]
    others = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if not others and len(needed) == 1 and _streams(method, needed[0].name):
        return "batch"
    if not others and len(needed) == _PLAIN_PARAMETERS and not inspect.isasyncgenfunction(method):
        return "plain"
    takes = ", ".join([*(p.name for p in needed), *others]) or "nothing"
    raise JudgeError(f"{_shown(obj)} cannot judge: it takes {takes}", where=name, mend=_MEND)


def _streams(method: Callable[..., Any], parameter: str) -> bool:
    """Tell an async generator, or what hands one on, from a function of one item."""
    hands_on = parameter == "requests" and not inspect.iscoroutinefunction(method)
    return inspect.isasyncgenfunction(method) or hands_on


def _is_async(function: Callable[..., Any]) -> bool:
    called = getattr(function, "__call__", None)  # noqa: B004 - an object whose call is async
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


def _name(obj: object, name: str | None) -> str:
    own = getattr(obj, "name", None) or name
    if own is None:
        own = getattr(obj, "__name__", None) or type(obj).__name__
    if own in ("<lambda>", "partial"):
        what = f"{_shown(obj)} has no name to keep its verdicts under"
        raise JudgeError(what, mend="Define it with def, or give it an attribute `name`")
    return str(own)


def _check(judge: Judge) -> None:
    """Refuse a judge whose declarations cannot be used."""
    for part in ("name", "version"):
        said = getattr(judge, part)
        if not (isinstance(said, str) and said.strip()):
            what = f"a judge's {part} is a text, not {excerpt(repr(said))}"
            raise JudgeError(what, where=_shown(judge), mend=f"Set {part} to a short text")
    if not isinstance(judge.capabilities, Capabilities) or judge.capabilities.batch < 1:
        what = "a judge's capabilities are a Capabilities object with a batch of at least 1"
        raise JudgeError(what, where=judge.name, mend="Use trueup.judge.protocol.Capabilities")


def _shown(obj: object) -> str:
    name = getattr(obj, "__qualname__", None)
    return excerpt(str(name)) if name else f"an object of type {type(obj).__qualname__}"
