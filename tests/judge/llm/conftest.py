"""A scripted model that reads the prompt as a model would, and a door that leads straight to it."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.protocol import Answered, Request
from trueup.judge.transport.base import Reply
from trueup.judge.verdict import Finding, Usage
from trueup.rubric.load import parse_rubric

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trueup.item.model import Item
    from trueup.judge.transport.base import Call
    from trueup.rubric.model import Rubric

SECRET = b"0123456789abcdef"
_OUTPUT = re.compile(r"^\[OUTPUT (\w{12})\]\n(.*)\n\[/OUTPUT \1\]$", re.DOTALL | re.MULTILINE)
_QUESTION = re.compile(r"^Question ([\w-]+): (.*)$", re.MULTILINE)
_ASKED = re.compile(r"^Question ([\w-]+): .*\n(?:.*\n)*?Answers:\n((?:- .*\n?)+)", re.MULTILINE)
_OFFERED = re.compile(r"^- (\w+)(?: \(([\w-]+)\))?(?::|$)", re.MULTILINE)
_FIELDS = re.compile(r"with the fields (.+), and last a field nonce .*\nnonce: (\w+)")


class Model:
    """Answers every question of a prompt, whatever the layout and the rung.

    Args:
        decide: From a question's text and the output to the fields that differ from the usual.
    """

    def __init__(self, decide: Callable[[str, str], Mapping[str, Any]]) -> None:
        self._decide = decide

    def __call__(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a chat completion's request."""
        form = request.get("response_format") or {}
        schema = form.get("json_schema", {}).get("schema")
        return self.answer(request["messages"], schema)

    def answer(self, messages: Any, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        text = messages[-1]["content"]
        found = _OUTPUT.search(text)
        output = found[2] if found else ""
        asked = dict(_QUESTION.findall(text))
        if schema is not None:
            return self._filled(asked, schema["properties"], output)
        names, nonce = _FIELDS.findall(text)[-1]
        parts: dict[str, dict[str, Any]] = {name: {} for name in names.split(", ")}
        return {**self._filled(asked, parts, output), "nonce": nonce}

    def _filled(
        self, asked: Mapping[str, str], parts: Mapping[str, Any], output: str
    ) -> dict[str, Any]:
        if "answer" in parts:
            return self._one(next(iter(asked.values())), parts, output)
        names = ("applies", "evidence", "explanation", "answer", "cannot_tell_reason")
        return {
            name: self._one(asked[name], part.get("properties") or dict.fromkeys(names[1:]), output)
            for name, part in parts.items()
        }

    def _one(self, question: str, parts: Mapping[str, Any], output: str) -> dict[str, Any]:
        said = {
            "applies": True,
            "evidence": [],
            "explanation": "It says so.",
            "answer": "unmet",
            "cannot_tell_reason": "none",
            **self._decide(question, output),
        }
        return {name: said[name] for name in parts}


@dataclass
class Door:
    """`Calls` that lead to a function and keep what went through."""

    answer: Callable[[Call], Reply]
    secret: bytes = SECRET
    calls: list[Call] = field(default_factory=list)

    async def ask(self, call: Call, read: Callable[[Reply], Mapping[str, Finding]]) -> Answered:
        self.calls.append(call)
        return Answered(read(self.answer(call)), Usage(calls=1), {}, fresh=True)


class Judged(Protocol):
    """Judge one item and return the findings, and the door that was used."""

    def __call__(
        self, item: Item, rubric: Rubric, answer: Any, **spec: Any
    ) -> tuple[Mapping[str, Finding], Door]: ...


def as_reply(answer: Any, call: Call) -> Reply:
    """Return what a model, a function, a text or an object means as a reply."""
    if isinstance(answer, Model):
        return Reply(text=json.dumps(answer.answer(call.messages, call.schema)))
    if callable(answer):
        return as_reply(answer(call), call)
    if isinstance(answer, Reply):
        return answer
    return Reply(text=answer if isinstance(answer, str) else json.dumps(answer))


def judge_of(**spec: Any) -> LLMJudge:
    return LLMJudge(LLMSpec(kind="llm", **{"model": "tiny", **spec}), name="judge")


@pytest.fixture
def judged() -> Judged:
    def judge(
        item: Item, rubric: Rubric, answer: Any, **spec: Any
    ) -> tuple[Mapping[str, Finding], Door]:
        door = Door(lambda call: as_reply(answer, call))
        asked = tuple(criterion.id for criterion in rubric.judged)
        request = Request(id="r", rubric=rubric, criteria=asked, candidates=(item,))

        async def go() -> Mapping[str, Finding]:
            found = [part async for part in judge_of(**spec).connect(door).judge([request])]
            assert [name for name, _ in found] == ["r"]
            return found[0][1].findings

        return asyncio.run(go()), door

    return judge


class Rendered(Protocol):
    """Render the prompts of one item."""

    def __call__(self, item: Item, rubric: Rubric, **spec: Any) -> list[Call]: ...


@pytest.fixture
def rendered() -> Rendered:
    def render(item: Item, rubric: Rubric, **spec: Any) -> list[Call]:
        asked = tuple(criterion.id for criterion in rubric.judged)
        request = Request(id="r", rubric=rubric, criteria=asked, candidates=(item,))
        return judge_of(**spec).calls_of(request, secret=SECRET)

    return render


class Choose(Protocol):
    """Choose an answer from a criterion's id and what was shown: level key -> label, in order."""

    def __call__(self, criterion: str, shown: Mapping[str, str], /) -> str: ...


class Chooser(Protocol):
    """Make a model that reads a prompt's questions and answers, and chooses among these."""

    def __call__(self, choose: Choose) -> Callable[[Any], dict[str, Any]]: ...


def offered(prompt: str) -> dict[str, dict[str, str]]:
    """Return what a prompt offers: criterion id -> level key -> label, all in the order shown."""
    return {
        name: {key or label: label for label, key in _OFFERED.findall(answers)}
        for name, answers in _ASKED.findall(prompt)
    }


@pytest.fixture
def chooser() -> Chooser:
    def make(choose: Choose) -> Callable[[Any], dict[str, Any]]:
        def answer(asked: Any) -> dict[str, Any]:
            messages = asked["messages"] if isinstance(asked, dict) else asked.messages
            entries = {
                name: {
                    "evidence": [],
                    "explanation": "It says so.",
                    "answer": choose(name, shown),
                    "cannot_tell_reason": "none",
                }
                for name, shown in offered(messages[-1]["content"]).items()
            }
            return entries if len(entries) > 1 else next(iter(entries.values()))

        return answer

    return make


@pytest.fixture
def shown_in() -> Callable[[Call], dict[str, dict[str, str]]]:
    """Read what a call offers: criterion id -> level key -> label, all in the order shown."""
    return lambda call: offered(call.messages[-1]["content"])


class Named(Protocol):
    """Make a rubric of binary criteria from `id: question`."""

    def __call__(self, **asks: str) -> Rubric: ...


@pytest.fixture
def binary() -> Named:
    def make(**asks: str) -> Rubric:
        lines = [f"  - {{id: {name}, ask: '{ask}'}}" for name, ask in asks.items()]
        return parse_rubric("\n".join(["name: r", "task: t", "criteria:", *lines]))

    return make


class ModelOf(Protocol):
    """Make a scripted model from what it thinks about a question and an output."""

    def __call__(self, decide: Callable[[str, str], Mapping[str, Any]]) -> Model: ...


@pytest.fixture
def model() -> ModelOf:
    return Model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"
