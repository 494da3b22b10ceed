"""Events of product analytics: which of a stream of everything users do are signals, as declared.

Of a product's own events, whose names nobody can know, only those are taken that are named: an
event, whose occurrence is the signal (`copied="Answer Copied"`), or one of its properties, after
the last dot (`stars="Answer Rated.stars"`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.label.tool.shape import first

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trueup.signal.tool.shape import Names

OTHER_EVENT = "an event that is not named as a signal"


def named_values(
    event: str, properties: Mapping[str, object], names: Names
) -> Iterator[tuple[str, object]]:
    """Yield signal and value of what is named of an event."""
    if event in names:
        yield names(event), 1
    for named in names:
        of, dot, name = named.rpartition(".")
        if dot and of == event and properties.get(name) is not None:
            yield names(named), properties[name]


def item_id(properties: Mapping[str, object]) -> object:
    """Return the id of the output that an event is about, where a property says it."""
    return first(properties, "item_id", "message_id", "response_id", "messageId", "responseId")
