"""What a request carries once its endpoint has refused some of it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from trueup.item.model import Item
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.transport.base import Call, Endpoint, Unsupported
from trueup.judge.transport.options import dropped_from, options_of, sent_with
from trueup.rubric.load import parse_rubric
from trueup.runner.score import ScoringRun
from trueup.store.store import Store
from trueup.testing.faultserver import FaultServer
from trueup.testing.faultserver import Reply as Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trueup.judge.transport.base import Reply

CAPS = ("max_tokens", "max_completion_tokens")
MET = {"evidence": [], "explanation": "It is.", "answer": "met", "cannot_tell_reason": "none"}


def call_with(*, logprobs: int = 0, **sampling: Any) -> Call:
    endpoint = Endpoint(model="m")
    return Call(criteria=(), messages=(), schema={}, endpoint=endpoint, sampling=sampling,
                logprobs=logprobs)  # fmt: skip


def refusing(*names: str) -> Callable[[dict[str, Any]], Any]:
    """Answer as OpenAI does where a request has a parameter that the model does not take."""

    def answer(request: dict[str, Any]) -> Any:
        for name in names:
            if name in request:
                other = f"Use '{CAPS[1]}' instead." if name == CAPS[0] else ""
                error = {
                    "message": f"Unsupported parameter: '{name}' is not supported. {other}",
                    "type": "invalid_request_error",
                    "param": name,
                    "code": "unsupported_parameter",
                }
                return Answer(status=400, raw=json.dumps({"error": error}).encode())
        return json.dumps(MET)

    return answer


def test_the_parameters_of_a_request_are_those_that_it_carries() -> None:
    call = call_with(seed=1, top_p=1, logprobs=2)

    everything = sent_with(call, rung="object", drop=frozenset())
    little = sent_with(call, rung="text", drop=frozenset({"logprobs", "seed"}))

    assert everything == {"seed", "top_p", "logprobs", "top_logprobs", "response_format"}
    assert little == {"top_p"}


def test_only_what_was_tried_counts_as_dropped() -> None:
    assert dropped_from(call_with(seed=1), frozenset({"seed", "top_p", "logprobs"})) == ("seed",)
    assert dropped_from(call_with(seed=1), frozenset()) == ()
    assert dropped_from(call_with(seed=1), frozenset(CAPS)) == ()


@pytest.mark.parametrize(
    ("drop", "sent", "dropped"),
    [
        ((), {"max_tokens": 50}, ()),
        (("max_tokens",), {"max_completion_tokens": 50}, ("max_tokens",)),
        (("max_completion_tokens",), {"max_tokens": 50}, ()),
        (CAPS, {}, ("max_completion_tokens", "max_tokens")),
    ],
)
def test_a_refused_cap_goes_out_under_its_other_name_first(
    drop: tuple[str, ...], sent: dict[str, int], dropped: tuple[str, ...]
) -> None:
    call = call_with(max_tokens=50)

    assert options_of(call, frozenset(drop)) == sent
    assert sent_with(call, rung="text", drop=frozenset(drop)) == sent.keys()
    assert dropped_from(call, frozenset(drop)) == dropped


def test_a_cap_that_a_call_has_under_both_names_is_not_put_in_the_others_place() -> None:
    call = call_with(max_tokens=50, max_completion_tokens=70)

    assert options_of(call, frozenset({"max_tokens"})) == {"max_completion_tokens": 70}


def test_every_transport_sends_a_refused_cap_under_its_other_name(
    kind: Any, ask: Callable[..., Reply]
) -> None:
    with FaultServer(answer=refusing("max_tokens")) as server:
        with pytest.raises(Unsupported) as refused:
            ask(kind, server.url)
        reply = ask(kind, server.url, drop=frozenset({refused.value.parameter}))
        sent = server.log[-1].body

    assert refused.value.parameter == "max_tokens"
    assert (sent["max_completion_tokens"], "max_tokens" in sent) == (50, False)
    assert reply.dropped == ("max_tokens",)


def test_every_transport_says_where_both_names_are_refused(
    kind: Any, ask: Callable[..., Reply]
) -> None:
    with FaultServer(answer=refusing(*CAPS)) as server:
        with pytest.raises(Unsupported) as refused:
            ask(kind, server.url, drop=frozenset({"max_tokens"}))
        reply = ask(kind, server.url, drop=frozenset(CAPS))
        sent = server.log[-1].body

    assert refused.value.parameter == "max_completion_tokens"
    assert sent.keys().isdisjoint(CAPS)
    assert reply.dropped == ("max_completion_tokens", "max_tokens")


@pytest.mark.parametrize("transport", ["direct", "litellm"])
def test_a_run_keeps_its_cap_at_an_endpoint_that_wants_it_under_its_newer_name(
    transport: Any, tmp_path: Path
) -> None:
    rubric = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: a, ask: Is it polite?}\n")
    items = [Item(id=f"i{n}", input="hi", output=f"text {n}") for n in range(3)]
    with FaultServer(answer=refusing("max_tokens")) as server, Store.open(tmp_path / "s") as store:
        spec = LLMSpec(kind="llm", model="openai/m", transport=transport, api_base=server.url,
                       concurrency=1)  # fmt: skip
        run = ScoringRun(store, rubric, LLMJudge(spec, name="j"))
        scores = asyncio.run(run.run(items, source="test"))
        outcomes = [row["outcome"] for row in scores.rows()]
        sent = [request.body for request in server.log]

    assert outcomes == ["scored"] * 3
    assert [body.get("max_completion_tokens") for body in sent] == [None, 600, 600, 600]
