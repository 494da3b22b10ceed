"""People: who in the store gave the answers that a tool signs with the id trueup made for it.

Argilla knows people by UUIDs, and gives back neither a name nor a time. The id that an export made
of a name is told again from the names in the store, so that nobody becomes two people.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from trueup.label.tool.argilla import user_id
from trueup.store.labels import all_of_people, annotators_of
from trueup.store.rows import storable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueup.label.model import Label
    from trueup.store.store import Store


def with_known_people(store: Store, labels: Sequence[Label]) -> list[Label]:
    """Return labels signed by the people whom the store knows under the ids they are signed with.

    An answer that such a person has given before, and that comes back without its time, is that
    answer, and no new one.

    Args:
        store: Whose people are known.
        labels: As `as_asked_today` returns them.
    """
    ids = {label.annotator for label in labels if label.annotator and _is_id(label.annotator)}
    if not ids:
        return list(labels)
    known = {user_id(name): name for name in annotators_of(store) if not _is_id(name)}
    names = {id_: known[id_] for id_ in ids & known.keys()}
    if not names:
        return list(labels)
    given = {_answer(one): one.labelled_at for one in all_of_people(store, names.values())}
    found = []
    for label in labels:
        own = label
        if label.annotator in names:
            own = replace(label, annotator=names[label.annotator])
            if own.labelled_at is None:
                own = replace(own, labelled_at=given.get(_answer(own)))
        found.append(own)
    return found


def _answer(label: Label) -> tuple[object, ...]:
    return (label.unit_kind, storable(label.item_id), label.question, label.value, label.annotator)


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
