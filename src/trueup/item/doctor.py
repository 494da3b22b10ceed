"""diagnose: what a source holds, what that allows, and what is missing for the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trueup.errors import DataError
from trueup.item.abilities import Ability, abilities
from trueup.item.fields import FieldError, field_map, missing_output
from trueup.item.names import ALIASES, Recognised, recognise, resembles, squash
from trueup.item.read import ItemSource, Source, open_items
from trueup.item.survey import Lengths, Survey

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a source holds and allows."""

    name: str
    format: str
    rows: int
    columns: tuple[str, ...]
    fields: Mapping[str, str]
    """Field -> the column or path that fills it."""
    unmapped: tuple[str, ...]
    """Columns that become metadata."""
    resembles: str | None
    """The tool whose names of columns these are."""
    ids_derived: bool
    present: Mapping[str, float]
    """Field -> share of the items that have it, where any has."""
    messages: Mapping[str, float]
    """Text field -> share of the items in which it is chat messages, where any is."""
    lengths: Mapping[str, Lengths]
    faults: Mapping[str, int]
    empty_outputs: int
    repeated_ids: int
    repeated_outputs: int
    repeated_items: int
    """Items whose input and output both occurred before."""
    first: datetime | None
    last: datetime | None
    weeks: int
    """ISO weeks in UTC with at least one item."""
    groups: int
    versions: int
    arms: int
    segments: int
    label_columns: tuple[str, ...]
    judge_columns: tuple[str, ...]
    signal_columns: tuple[str, ...]
    problems: tuple[str, ...]
    """What stops the source from being scored as it is."""
    notes: tuple[str, ...]
    """What is worth knowing and stops nothing."""
    abilities: tuple[Ability, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        body = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for key, value in body.items():
            if isinstance(value, tuple):
                body[key] = list(value)
            elif isinstance(value, datetime):
                body[key] = value.isoformat()
        body["lengths"] = {name: found._asdict() for name, found in self.lengths.items()}
        body["abilities"] = [dataclasses.asdict(ability) for ability in self.abilities]
        return body


def diagnose(
    source: Source,
    *,
    fields: Mapping[str, str] | None = None,
    timezone: str | None = None,
) -> Diagnosis:
    """Read a source through and say what is in it.

    What would stop a run, an ambiguous column or a timestamp without a zone, is reported as a
    problem; the field is then left out and the rest is read.

    Args:
        source: What `open_items` takes.
        fields: What is known about its columns.
        timezone: The zone of timestamps that name none.

    Raises:
        DataError: It cannot be opened at all, or a line is damaged.
    """
    declared = field_map(fields)
    source = _held(source)
    problems: dict[str, DataError] = {}
    while True:
        try:
            items = open_items(source, fields=declared, timezone=timezone)
            if items.columns and not items.fields.get("output"):
                problems.setdefault("output", missing_output(items.columns, items.name))
            survey = Survey()
            for _, item in items.numbered(needs_output=False):
                survey.add(item)
        except FieldError as error:
            if error.field is None or declared.get(error.field) == "":
                raise
            problems.setdefault(error.field, error)
            declared |= {error.field: ""}
            continue
        return _diagnosis(items, survey, problems)


def _held(source: Source) -> Source:
    """Return a source that can be read again."""
    if hasattr(source, "read_all"):  # an Arrow stream
        return source.read_all()
    return list(source) if isinstance(source, Iterator) else source


def _diagnosis(items: ItemSource, survey: Survey, blocked: Mapping[str, DataError]) -> Diagnosis:
    mapped = {field: source for field, source in items.fields.items() if source}
    used = {source for source in mapped.values() if source in items.columns}
    unmapped = tuple(column for column in items.columns if column not in used)
    found = recognise(dict.fromkeys((*unmapped, *survey.keys)))
    derived = bool(items.columns) and not items.fields.get("id")
    problems = [*blocked.values(), *_of_all(items, survey, derived=derived)]
    return Diagnosis(
        name=items.name,
        format=items.format,
        rows=survey.rows,
        columns=items.columns,
        fields=mapped,
        unmapped=unmapped,
        resembles=resembles(items.columns),
        ids_derived=derived,
        present=_shares(survey.present, survey.rows),
        messages=_shares(survey.messages, survey.rows),
        lengths=survey.lengths(),
        faults=dict(survey.faults),
        empty_outputs=survey.empty_outputs,
        repeated_ids=survey.repeated_ids,
        repeated_outputs=survey.repeated_outputs,
        repeated_items=survey.repeated_items,
        first=survey.first,
        last=survey.last,
        weeks=len(survey.weeks),
        groups=survey.distinct("group"),
        versions=survey.distinct("version"),
        arms=survey.distinct("arm"),
        segments=survey.distinct("segment"),
        label_columns=found.labels,
        judge_columns=found.judge_scores,
        signal_columns=found.signals,
        problems=tuple(map(str, problems)),
        notes=tuple(_notes(items, survey, found, derived=derived)),
        abilities=abilities(survey, found, _places(items, mapped, blocked), stops=problems),
    )


def _of_all(items: ItemSource, survey: Survey, *, derived: bool) -> Iterator[DataError]:
    """Yield what stops a run and shows only when all items are seen together."""
    if survey.repeated_ids and not derived:
        doubles = f"{survey.repeated_ids:,} of {survey.rows:,} items have the id of an earlier one"
        mend = (
            "Name another column with `--map id=COLUMN`, or let trueup make ids from the content "
            "with `--map id=`"
        )
        what = f"{doubles} (column '{items.fields['id']}')"
        yield DataError(what, where=items.name, mend=mend)
    if not survey.rows:
        yield DataError("there are no items in it", where=items.name, mend="Add at least one")


def _shares(counts: Mapping[str, int], rows: int) -> dict[str, float]:
    return {name: count / rows for name, count in counts.items() if count}


def _notes(items: ItemSource, survey: Survey, found: Recognised, *, derived: bool) -> Iterable[str]:
    if derived:
        yield (
            "No column holds an id, so ids are made from input and output: an item keeps its id "
            "for as long as its text stays the same, and repeats are numbered"
        )
    for fault, n in survey.faults.items() if items.fields.get("output") else ():
        why = {"missing_output": "have no output", "invalid_utf8": "hold broken characters"}[fault]
        yield f"{n:,} of {survey.rows:,} items {why}; they are counted as `{fault}` and not judged"
    if survey.empty_outputs:
        yield f"{survey.empty_outputs:,} of {survey.rows:,} outputs are empty" + (
            "; a CSV cannot tell an empty reply from a missing one, JSON lines and Parquet can"
            if items.format.startswith(("CSV", "TSV"))
            else ""
        )
    if survey.null_words:
        words = f"{survey.null_words:,} of {survey.rows:,} outputs"
        yield f"{words} are nothing but a word like nan or null"
    if survey.repeated_items:
        repeats = f"{survey.repeated_items:,} of {survey.rows:,} items repeat an earlier one"
        yield f"{repeats} in input and output; they share calls"
    for name in ("p_logged", "p_judged"):
        there = survey.present[name]
        if there:
            yield f"{there:,} of {survey.rows:,} items have {name}, so figures can be weighted"
    if found.judge_scores:
        yield f"What look like judge scores are kept as metadata: {', '.join(found.judge_scores)}"


def _places(items: ItemSource, mapped: Mapping[str, str], blocked: Iterable[str]) -> dict[str, str]:
    """Return what to do about fields without a column that the source may hold after all."""
    inside: dict[str, str] = {}
    for row in items.sample:
        for column, value in row.items():
            for key in value if isinstance(value, Mapping) else ():
                inside.setdefault(squash(str(key)), f"{column}.{key}")
    found = {}
    for field, tiers in ALIASES.items():
        names = (squash(field), *(alias for tier in tiers for alias in tier))
        place = next((inside[name] for name in names if name in inside), None)
        if place and field not in mapped:
            found[field] = place
    if "group" not in mapped and "session_id" in mapped:
        found.setdefault("group", mapped["session_id"])
    mends = {
        field: f"'{place}' may be it: `--map {field}={place}`" for field, place in found.items()
    }
    return mends | {field: f"Mend the problem with its {field} first" for field in blocked}
