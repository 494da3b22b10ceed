"""Make the simulated log, its anchors and what the simulated annotators say, from replies.yaml.

    python examples/weekly/simulated/make.py

Everything is drawn with one seed: the same pieces give the same files. What a reply was written to
be decides what people say of it, but for the slips that each annotator makes.
"""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from ruamel.yaml import YAML

import trueup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
SEED = 20260629
WEEKS = 9
A_WEEK = 80
MONDAY = datetime(2026, 6, 29, tzinfo=UTC)
"""Of the first week, 2026-W27."""
RELEASE = 4
"""Weeks of version 1.3, after which 1.4 answers."""
USERS = 420
SEGMENTS = {"billing": 0.35, "shipping": 0.4, "technical": 0.25}
ANCHORS = {
    "right": 8, "wrong": 16, "padded": 3, "deflect": 3, "bare": 2, "swapped": 2, "talky": 2,
    "askback": 2, "derived": 1, "promise": 1,
}  # fmt: skip
"""More that go wrong than in the log: a judge that grows lenient shows in these."""
NOTES = {
    "swapped": ("grounded", "The figures are in the policy, but not for this."),
    "promise": ("grounded", "We cannot grant that."),
    "derived": ("grounded", "Right, it can be worked out."),
    "deflect": ("resolves", "Sends them away."),
    "aside": ("resolves", "True, and not what was asked."),
}
"""What a kind of reply makes the last annotator note, and at which criterion."""


class Annotator(NamedTuple):
    """How a simulated annotator errs."""

    passes: float
    """Chance of calling met what is not."""
    fails: float
    """Chance of calling unmet what is met."""
    strict: float
    """Added to the chance of calling a wordy reply padded."""


ANNOTATORS = {
    "annotator-1": Annotator(passes=0.03, fails=0.05, strict=0.12),
    "annotator-2": Annotator(passes=0.1, fails=0.01, strict=-0.12),
    "annotator-3": Annotator(passes=0.04, fails=0.03, strict=0.0),
}


class Reply(NamedTuple):
    """One item, and what it was written to be."""

    kind: str
    topic: str
    case: str
    """The first way to ask; with the kind it tells the hand-written reply."""
    segment: str
    excerpt: str
    asked: str
    said: str
    grounded: bool
    resolves: bool
    padding: float

    def fields(self, item_id: str) -> dict[str, Any]:
        """Return the texts of an item."""
        return {
            "id": item_id, "input": self.asked, "output": self.said, "context": self.excerpt,
            "segment": self.segment, "metadata": {"simulated": True, "topic": self.topic},
        }  # fmt: skip


class Pool:
    """All hand-written pieces, to be drawn from.

    Args:
        pieces: The content of replies.yaml.
        rng: What draws.
    """

    def __init__(self, pieces: dict[str, Any], rng: np.random.Generator) -> None:
        self._pieces = pieces
        self._rng = rng

    def kind(self, version: str) -> str:
        """Draw what a reply of this version is."""
        kinds = self._pieces["kinds"]
        shares = np.array([kind["share"][version] for kind in kinds.values()], dtype=float)
        return str(self._rng.choice(list(kinds), p=shares / shares.sum()))

    def reply(self, kind: str, segment: str | None = None) -> Reply:
        """Draw a reply of a kind, with a way to ask for it and some words around it."""
        cases = [
            (topic, case)
            for topic in self._pieces["topics"]
            for case in topic["cases"]
            if kind in case and segment in {None, topic["segment"]}
        ]
        topic, case = cases[int(self._rng.integers(len(cases)))]
        what = self._pieces["kinds"][kind]
        said, filled = self._dressed(case[kind], kind)
        return Reply(
            kind=kind,
            topic=topic["topic"],
            case=case["asks"][0],
            segment=topic["segment"],
            excerpt=topic["excerpt"],
            asked=self._one(case["asks"]),
            said=said,
            grounded=what["grounded"],
            resolves=what["resolves"],
            padding=max(what["padding"], 0.6) if filled else what["padding"],
        )

    def _dressed(self, said: str, kind: str) -> tuple[str, bool]:
        """Return a reply with a greeting, filler and a closing line where these were drawn."""
        opens, fills, closes = (self._rng.random(3) < (0.2, 0.1, 0.2)).tolist()
        if kind == "bare":
            return said, False
        said = (self._one(self._pieces["openings"]) if opens else "") + said
        said += self._one(self._pieces["filler"]) if fills else ""
        said += self._one(self._pieces["closings"]) if closes and kind != "askback" else ""
        return said, fills

    def _one(self, texts: Sequence[str]) -> str:
        return texts[int(self._rng.integers(len(texts)))]


def log(pool: Pool, rng: np.random.Generator) -> Iterator[tuple[dict[str, Any], Reply]]:
    """Yield every item of the log with what it was written to be, by time."""
    for week in range(WEEKS):
        version = "1.3" if week < RELEASE else "1.4"
        seconds = np.sort(rng.integers(7 * 24 * 3600, size=A_WEEK)).tolist()
        for number, second in enumerate(seconds, week * A_WEEK + 1):
            segment = str(rng.choice(list(SEGMENTS), p=list(SEGMENTS.values())))
            reply = pool.reply(pool.kind(version), segment)
            at = MONDAY + timedelta(weeks=week, seconds=second)
            about = {
                "timestamp": at.isoformat().replace("+00:00", "Z"),
                "product": "ovenlark-support",
                "version": version,
                "group": f"u-{rng.integers(USERS):03}",
            }
            yield reply.fields(f"wk-{number:03}") | about, reply


def anchors(
    pool: Pool, rng: np.random.Generator, rubric: trueup.Rubric
) -> Iterator[dict[str, Any]]:
    """Yield the anchors with their trusted labels."""
    kinds = [kind for kind, count in ANCHORS.items() for _ in range(count)]
    rng.shuffle(kinds)
    taken: set[tuple[str, str]] = set()
    for number, kind in enumerate(kinds, 1):
        reply = pool.reply(kind)
        while (kind, reply.case) in taken:  # two anchors of one text tell what one tells
            reply = pool.reply(kind)
        taken.add((kind, reply.case))
        labels = {"grounded": reply.grounded, "resolves": reply.resolves,
                  "padding": round(reply.padding) == 1}  # fmt: skip
        yield reply.fields(f"anchor-{number:02}") | {
            "labels": {name: _level(met) for name, met in labels.items()},
            "questions": {name: rubric.by_id[name].question for name in labels},
        }


def answers(item_id: str, reply: Reply, rng: np.random.Generator) -> Iterator[list[str]]:
    """Yield what each annotator says of an item, a row a criterion."""
    place, note = NOTES.get(reply.kind, ("", ""))
    wordy = reply.padding > ANNOTATORS["annotator-1"].strict / 2
    for who, person in ANNOTATORS.items():
        said = {
            "grounded": _slipped(person, rng, met=reply.grounded),
            "resolves": _slipped(person, rng, met=reply.resolves),
            "padding": bool(rng.random() < reply.padding + person.strict * wordy),
        }
        truth = {"grounded": reply.grounded, "resolves": reply.resolves}
        for name, met in said.items():
            noted = who == "annotator-3" and name == place and met == truth[name]
            yield [item_id, name, _level(met), who, note if noted else ""]


def _slipped(who: Annotator, rng: np.random.Generator, *, met: bool) -> bool:
    slips = bool(rng.random() < (who.fails if met else who.passes))
    return met != slips


def _level(met: bool) -> str:  # noqa: FBT001 - there is nothing else it could say
    return "met" if met else "unmet"


def write(folder: Path) -> None:
    """Write log.jsonl, anchors.jsonl and simulated/annotators.csv into a folder."""
    rng = np.random.default_rng(SEED)
    pool = Pool(YAML(typ="safe").load(HERE / "replies.yaml"), rng)
    rubric = trueup.load_rubric(HERE.parent / "rubrics" / "weekly-replies.yaml")
    items = list(log(pool, rng))
    _lines(folder / "log.jsonl", [item for item, _ in items])
    _lines(folder / "anchors.jsonl", list(anchors(pool, rng, rubric)))
    (folder / "simulated").mkdir(exist_ok=True)
    with (folder / "simulated" / "annotators.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["item_id", "criterion", "value", "annotator", "note"])
        for item, reply in items:
            rows.writerows(answers(item["id"], reply, rng))


def _lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, "utf-8")


if __name__ == "__main__":
    write(HERE.parent)
