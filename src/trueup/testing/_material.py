"""What judges are tested on: a rubric of every kind of criterion, ordinary and odd items."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trueup.item.model import Item
from trueup.judge.protocol import Answered
from trueup.judge.transport.base import Call, Reply
from trueup.judge.verdict import Usage
from trueup.rubric.load import parse_rubric
from trueup.testing._fill import fill_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trueup.judge.verdict import Finding

_HUGE = 300_000

RUBRIC = parse_rubric("""
name: conformance
task: The assistant answers a question about a parcel.
criteria:
  - {id: answers, ask: Does the reply answer the question?}
  - {id: next-step, ask: Does the reply say what to do?, when: Something is to be done.}
  - {id: padding, ask: Does the reply repeat itself?, weight: -1}
  - {id: tone, ask: How fitting is the tone?, scale: {1: rude, 2: plain, 3: kind}}
  - {id: result, ask: What became of it?, choices: {done: 1, passed-on: 0.5, refused: 0}}
""")
"""Every kind of criterion. Simulated: written for tests."""

ITEMS: tuple[Item, ...] = tuple(
    Item(id=f"item-{number}", input=asked, output=said, context="Parcels take three days.")
    for number, (asked, said) in enumerate(
        [
            ("Where is my parcel?", "It takes three days; please wait until Friday."),
            ("Where is my parcel?", "No idea."),
            ("Can I change the address?", "Yes: open the order, press Edit, save."),
            ("Thanks!", "You are welcome. You are welcome. You are welcome."),
            ("Stop the delivery.", "I have passed this on to the depot."),
        ]
    )
)

_CHAT = (
    {"role": "user", "content": "Where is my parcel?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"function": {"name": "track", "arguments": '{"id": 7}'}}],
    },
    {"role": "tool", "content": "in transit"},
    {"role": "assistant", "content": [{"type": "text", "text": "It is on its way."}]},
)

ODD_ITEMS: Mapping[str, Item] = {
    "an empty item": Item(id="empty", output=""),
    "a huge item": Item(id="huge", output="It is on its way. " * (_HUGE // 18)),
    "odd characters": Item(
        id="odd \u202e\0\n",
        input="\ud800 lone surrogate",
        output="e\u0301\u200d\U0001f468\u200d\U0001f469 \x1b[31m\0\ufffe \u0627\u0644 {} %s {{x}}",
        context="\u2028",
    ),
    "chat messages": Item(id="chat", input=_CHAT[:1], output=_CHAT[1:]),
    "metadata": Item(id="meta", output="Yes.", metadata={"channel": "chat", "turns": 3, "x": None}),
}
"""What an item is called in a message -> the item."""


class ScriptedCalls:
    """`Calls` without a model: every answer is made up and fits the schema."""

    secret = b"scripted"

    async def ask(self, call: Call, read: Callable[[Reply], Mapping[str, Finding]]) -> Answered:
        """Return what is read from a reply that the schema allows."""
        text = json.dumps(fill_schema(call.schema, call.key()))
        reply = Reply(text=text, rung="schema", model=call.endpoint.model)
        return Answered(read(reply), Usage(calls=1), {"model": reply.model}, fresh=True)
