"""What a file calls the fields of a label and the criteria: declared, known, or the same name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from trueup.errors import DataError
from trueup.item.fields import field_map
from trueup.item.names import squash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trueup.label.model import Label
    from trueup.rubric.model import Criterion

# Of two names in one file the earlier one is meant.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "item_id": ("item_id", "id", "item", "example_id", "sample_id"),
    "criterion": ("criterion", "criterion_id", "metric", "key", "name"),
    "value": ("value", "label", "answer", "score", "rating"),
    "annotator": ("annotator", "annotator_id", "rater", "rater_id", "labeller", "labeler"),
    "labelled_at": ("labelled_at", "labeled_at", "annotated_at", "created_at", "timestamp"),
    "question": ("question_hash", "question"),
    "unit_kind": ("unit_kind", "unit_type"),
    "split": ("split",),
    "design": ("design", "label_design", "sampling_design"),
    "probability": (
        "probability", "label_probability", "inclusion_probability", "sampling_probability",
        "propensity",
    ),
    "saw_judge": ("saw_judge", "judge_seen"),
    "prelabelled": ("prelabelled", "prelabeled", "prefilled"),
    "note": ("note", "notes", "comment", "remark"),
    "group": ("group", "group_id", "cluster"),
    "withdrawn": ("withdrawn",),
}  # fmt: skip
"""Every field of a label that a column can fill -> the names that it goes by."""

LABEL_FIELDS = tuple(name for name in ALIASES if name != "group")
"""The fields of a label that no item has, so that one map can declare those of both."""

_CRITERION = "criterion."


def is_labels(name: str) -> bool:
    """Tell whether a declared name is a label's field or a criterion, and no item's field."""
    return name in LABEL_FIELDS or name.startswith(_CRITERION)


def split_map(declared: Mapping[str, str] | None) -> tuple[dict[str, str], dict[str, str]]:
    """Return what a map says of items, and what it says of labels."""
    given = dict(declared or {})
    of_labels = {name: given.pop(name) for name in list(given) if is_labels(name)}
    return given, of_labels


def split_declared(
    declared: Mapping[str, str] | None, *, where: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return what is declared of fields, and what the file calls criteria.

    Args:
        declared: Field -> column, and `criterion.ID` -> the column, question or name that is the
            criterion of that id.
        where: The source's name, for messages.

    Raises:
        DataError: A name is no field of a label.
    """
    named = {
        name.removeprefix(_CRITERION): source
        for name, source in (declared or {}).items()
        if name.startswith(_CRITERION)
    }
    if "" in named:
        mend = "Write criterion.ID=NAME, the criterion's id before the name in the file"
        raise DataError("a criterion is mapped without its id", where=where, mend=mend)
    rest = {k: v for k, v in (declared or {}).items() if not k.startswith(_CRITERION)}
    return field_map(rest, where=where, known=ALIASES, whose="a label"), named


class CriterionNames:
    """Turns what a file calls a criterion into the criterion's id.

    Case, `_`, `-` and blanks do not matter, save where two ids differ by nothing else. A name that
    is not known is kept: `validate` and `label_targets` say what is wrong with it.
    """

    def __init__(
        self, declared: Mapping[str, str] | None = None, known: Iterable[str] = ()
    ) -> None:
        self.known = tuple(known)
        self._exact = {id_: id_ for id_ in self.known}
        self._exact |= {name: id_ for id_, name in (declared or {}).items()}
        alike: dict[str, set[str]] = defaultdict(set)
        for name, id_ in self._exact.items():
            alike[squash(name)].add(id_)
        self._alike = {name: next(iter(ids)) for name, ids in alike.items() if len(ids) == 1}

    def __call__(self, name: str) -> str:
        """Return the id that a name stands for, else the name itself."""
        return self._exact.get(name) or self._alike.get(squash(name), name)

    def knows(self, name: str) -> bool:
        """Tell whether a name stands for a criterion that was declared or is known."""
        return name in self._exact or squash(name) in self._alike


def asked_today(labels: Iterable[Label], criteria: Iterable[Criterion]) -> Iterator[Label]:
    """Yield labels under the ids that their criteria have today.

    The question that was answered says which criterion it is, whatever that was called; where no
    question is named, it is today's of the criterion. Labels of earlier wordings keep their hash,
    and those of no criterion that there is their name.
    """
    today = {criterion.id: criterion.question for criterion in criteria}
    by_question = {question: id_ for id_, question in today.items()}
    names = CriterionNames(known=today)
    for label in labels:
        id_ = names(label.criterion)
        question = label.question or today.get(id_)
        if question in by_question and today.get(id_) != question:
            id_ = by_question[question]
        if (id_, question) == (label.criterion, label.question):
            yield label
        else:
            yield replace(label, criterion=id_, question=question)
