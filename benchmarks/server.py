"""The endpoint that every client asks: trueup's fault server, without faults, as a process.

The answer is the same for everybody: a whole object of the schema, or of the tool's parameters,
that was sent, with a quotation from the item and a sentence, as a model would write.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import Any

from benchmarks.clients.work import QUOTE
from trueup.testing.faultserver import FaultServer, Reply

_SENTENCE = "The reply names the three steps in their order and says what becomes of the tax."
_FIRST = {"answer": "met", "cannot_tell_reason": "none"}


def answer(request: dict[str, Any]) -> str | Reply:
    """Return a verdict in the shape that a request demands."""
    tools = request.get("tools")
    if tools:
        function = tools[0]["function"]
        return _calling(function["name"], _filled(function["parameters"]))
    form = request.get("response_format") or {}
    return _filled(form.get("json_schema", {}).get("schema", {}))


def _filled(schema: dict[str, Any]) -> str:
    return json.dumps({name: _value(name, part) for name, part in schema["properties"].items()})


def _value(name: str, part: dict[str, Any]) -> object:
    if "enum" in part:
        return _FIRST.get(name, part["enum"][0])
    kinds = {"array": [QUOTE], "boolean": True, "number": 1.0, "integer": 1}
    return kinds.get(part.get("type", ""), _FIRST.get(name, _SENTENCE))


def _calling(name: str, arguments: str) -> Reply:
    call = {"id": "call-1", "type": "function", "function": {"name": name, "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "bench",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 300, "completion_tokens": 40, "total_tokens": 340},
    }
    return Reply(raw=json.dumps(body).encode())


async def _serve(latency: float, seconds: float) -> None:
    until = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, until.set)
    loop.call_later(seconds, until.set)
    server = FaultServer(answer=answer, latency=latency, record=False)
    await server.serve(lambda url: print(url, flush=True), until=until)


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), float(sys.argv[2])))
