"""The labeller's screen: an item, one question about it, and the keys; drawn as rows of text.

    page = Sheet("2026-W47")(session, width=80, height=24)

It shows nobody's answers but the person's own, and what the judge found only where a task carries
it. Nothing that comes from outside reaches the terminal unescaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from trueup.item.model import message_parts
from trueup.report.label_pages import end_lines, help_lines
from trueup.report.safe import one_line, visible
from trueup.report.words import counted
from trueup.report.wrap import limited, wrapped
from trueup.runner.labelling.session import AT_OUTPUT
from trueup.runner.labelling.task import level_keys, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trueup.item.model import Item
    from trueup.item.model import Text as Said
    from trueup.runner.labelling.session import Session

_HEAD = "bold cyan"
_DIM = "dim"
_KEY = "bold"
_CHOSEN = "bold green"
_ODD = "yellow"
_LOW = 16
"""Screens of fewer rows get one row of keys."""
_LONGEST = 12
"""Lines of one answer's text, at most; the help shows all of it."""


class Page(NamedTuple):
    """What is on the screen."""

    rows: list[Text]
    """As many as the screen has."""
    top: int
    """The first line of the text that is shown."""
    lines: int
    """Lines of the text that are shown at once."""


class Sheet:
    """Draws a session.

    Args:
        source: What is labelled: a sitting or a file.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._laid: tuple[object, list[Text], int] = (None, [], 0)

    def __call__(self, session: Session, *, width: int, height: int) -> Page:
        """Return a screen of `height` rows, none wider than `width` cells."""
        head = _head(session, self._source, width)
        foot = _foot(session, width)[: 1 if height < _LOW else 2]
        if session.mode == "help":
            body, output = (
                [Text(f" {line}") for line in help_lines(session.criterion, width - 2)],
                0,
            )
        elif session.done:
            body, output = [Text(f" {line}") for line in end_lines(session, width - 2)], 0
        else:
            body, output = self._item(session.task.item, session.rubric.metadata, width)
        panel: list[Text] = []
        if session.mode != "help" and not session.done:
            room = height - len(head) - len(foot) - 1
            panel = _panel(session, width, max(room - max(room // 3, 3), 1))
        lines = max(height - len(head) - len(panel) - len(foot) - 1, 1)
        top = output if session.top == AT_OUTPUT else session.top
        top = max(min(top, len(body) - lines), 0)
        shown = body[top : top + lines]
        shown += [Text()] * (lines - len(shown))
        rule = _rule(session.message, _range(top, lines, len(body)), width)
        rows = [*head, *shown, rule, *panel, *foot][:height]
        for row in rows:
            row.truncate(width)
        return Page(rows + [Text()] * (height - len(rows)), top, lines)

    def _item(self, item: Item, keys: Sequence[str], width: int) -> tuple[list[Text], int]:
        """Return an item's lines, and which of them is the first of its output."""
        if self._laid[0] != (item.id, width):
            above = list(_above(item, keys, width))
            below = list(_section("output", item.output, width))
            self._laid = ((item.id, width), [*above, *below], len(above))
        return self._laid[1], self._laid[2]


def _head(session: Session, source: str, width: int) -> list[Text]:
    at = session.progress
    right = f"{at.item} of {at.items}  {one_line(session.annotator, 20)} "
    if session.done:
        right = f"{counted(at.items, 'item')}  {one_line(session.annotator, 20)} "
    left = f" {one_line(session.rubric.name, 30)}  {one_line(source, 40)}"
    told = f" {at.answered} of {at.steps} answered"
    told += f", {at.deferred} deferred " if at.deferred else " "
    bar = max(width - cell_len(told) - 1, 0)
    full = round(bar * at.answered / at.steps)
    second = Text(" ")
    second.append("\u2501" * full, style="cyan")
    second.append("\u2500" * (bar - full), style=_DIM)
    second.append(told, style=_DIM)
    first = Text(set_cell_size(left, max(width - cell_len(right), 0)), style="bold")
    first.append(right, style="not bold")
    name = "keys" if session.mode == "help" else one_line(session.task.item.id, 60)
    return [first, second, _rule("", "" if session.done else name, width)]


def _rule(left: str, right: str, width: int) -> Text:
    """Return a line across, with words in it."""
    rule = Text(style=_DIM)
    if left:
        rule.append("\u2500 ")
        rule.append(f"{one_line(left, width - 4)} ", style=f"not dim {_ODD}")
    tail = f" {right} \u2500" if right else ""
    rule.append("\u2500" * max(width - rule.cell_len - cell_len(tail), 0))
    rule.append(tail)
    return rule


def _range(top: int, lines: int, total: int) -> str:
    if total <= lines:
        return ""
    return f"lines {top + 1}\u2013{min(top + lines, total)} of {total}"


# --- the item --------------------------------------------------------------------------------


def _above(item: Item, keys: Iterable[str], width: int) -> Iterator[Text]:
    about = [f"{key}: {item.metadata[key]}" for key in keys if key in item.metadata]
    sections: list[tuple[str, Said | None]] = [
        ("about", "\n".join(about)),
        ("input", item.input),
        ("context", item.context),
        ("reference", item.reference),
    ]
    for name, value in sections:
        if value:
            yield from _section(name, value, width)
            yield Text()


def _section(name: str, value: Said, width: int) -> Iterator[Text]:
    yield Text(f" {name}", style=_HEAD)
    if isinstance(value, str):
        yield from _indented(value or "(empty)", 3, width)
        return
    for message in value:
        for who, what in message_parts(message):
            calls = who == "calls"
            yield Text(f"   {one_line(who, 30)}", style="magenta" if not calls else "blue")
            if what:
                yield from _indented(what, 5, width)


def _indented(text: str, by: int, width: int) -> Iterator[Text]:
    for line in wrapped(text, width - by - 1):
        yield Text(" " * by + line)


# --- the question ----------------------------------------------------------------------------


def _panel(session: Session, width: int, most: int) -> list[Text]:
    """Return the question in at most so many lines; the longest texts give way first."""
    for limit in range(_LONGEST, 0, -1):
        lines = list(_question(session, width, limit))
        if len(lines) <= most:
            return lines
    return lines[:most]


def _question(session: Session, width: int, limit: int) -> Iterator[Text]:
    criterion, at = session.criterion, session.progress
    title = Text(f" {one_line(criterion.id, 40)}", style=_HEAD)
    if at.questions > 1:
        title.append(f"  question {at.question} of {at.questions}", style=f"not bold {_DIM}")
    title.append_text(_again(session))
    yield title
    for line in limited(wrapped(criterion.ask, width - 2), limit):
        yield Text(f" {line}", style="bold")
    if criterion.when:
        for line in limited(wrapped(f"Asked where: {criterion.when}", width - 2), limit):
            yield Text(f" {line}", style=_DIM)
    yield from _levels(session, width, limit)
    value = session.answer.value
    if value is not None and _level(session) is None:
        words = "deferred" if session.is_deferred(session.step) else said(value, criterion)
        yield Text(f" \u25cf {one_line(words, width - 4)}", style=_CHOSEN)
    yield from _judge(session, width, limit)
    if session.answer.note and session.mode != "note":
        yield Text(f" note: {one_line(session.answer.note, width - 8)}", style=_DIM)


def _again(session: Session) -> Text:
    old = session.task.before.get(session.criterion.id)
    if old is None:
        return Text()
    if session.is_open(session.step):
        return Text("  asked again: the question changed", style=f"not bold {_ODD}")
    words = one_line(said(old.value, session.criterion), 20)
    return Text(f"  before the question changed: {words}", style=f"not bold {_ODD}")


def _level(session: Session) -> str | None:
    """Return the level that was answered."""
    words = said(session.answer.value, session.criterion)
    return words if words in session.criterion.values else None


def _levels(session: Session, width: int, limit: int) -> Iterator[Text]:
    criterion, chosen = session.criterion, _level(session)
    texts = {level.key: level.text for level in criterion.levels}
    names = {key: one_line(level, 24) for key, level in level_keys(criterion).items()}
    # a level that is its own key needs no second name
    own = all(key == name for key, name in names.items())
    wide = 0 if own else max(map(cell_len, names.values())) + 2
    for key, level in level_keys(criterion).items():
        style = _CHOSEN if level == chosen else ""
        mark = "\u25cf" if level == chosen else " "
        start = Text(f" {mark} ", style=style)
        start.append(key, style=_CHOSEN if level == chosen else _KEY)
        start.append("  " + set_cell_size("" if own else names[key], wide), style=style)
        room = width - start.cell_len - 1
        lines = limited(wrapped(texts[level], room), limit) if texts[level] else [""]
        for number, line in enumerate(lines):
            row = start.copy() if not number else Text(" " * start.cell_len)
            row.append(line, style=style)
            yield row


def _judge(session: Session, width: int, limit: int) -> Iterator[Text]:
    found = (session.task.verdicts or {}).get(session.criterion.id)
    if session.task.verdicts is None:
        return
    words = "the judge has not answered this"
    if found is not None:
        level = found.level or found.outcome.replace("_", " ")
        words = f"the judge: {level}. {found.explanation}".rstrip()
    for line in limited(wrapped(words, width - 2), limit):
        yield Text(f" {line}", style="blue")


# --- keys ------------------------------------------------------------------------------------


def _foot(session: Session, width: int) -> list[Text]:
    if session.mode == "note":
        return [_note(session, width), _keys([("enter", "keep"), ("esc", "leave as it was")])]
    if session.mode == "help":
        return [_keys([("j k", "scroll"), ("any other key", "back")])]
    if session.done:
        return [_keys([("q", "leave"), ("\u2190", "back"), ("u", "undo"), ("?", "help")])]
    levels = level_keys(session.criterion)
    first = [(key, one_line(level, 12)) for key, level in levels.items()]
    own = all(key == level for key, level in levels.items())
    if own or sum(len(key) + cell_len(name) + 3 for key, name in first) > width // 2:
        first = [(f"{next(iter(levels))}\u2013{list(levels)[-1]}", "level")]
    first += [("a", "not applicable"), ("c", "cannot tell"), ("d", "defer")]
    second = [("u", "undo"), ("n", "note"), ("\u2190 \u2192", "move"), ("j k", "scroll"),
              ("o", "output"), ("?", "help"), ("q", "quit")]  # fmt: skip
    return [_keys(first), _keys(second)]


def _keys(pairs: Iterable[tuple[str, str]]) -> Text:
    row = Text(" ")
    for key, word in pairs:
        row.append(key, style=_KEY)
        row.append(f" {word}  ", style=_DIM)
    return row


def _note(session: Session, width: int) -> Text:
    """Return the line that is edited, moved so that its cursor is in sight."""
    row = Text(" note: ", style=_KEY)
    room = max(width - row.cell_len - 2, 4)
    before = visible(session.line.text[: session.line.at])
    while cell_len(before) > room * 3 // 4:
        before = before[1:]
    under = visible(session.line.text[session.line.at : session.line.at + 1]) or " "
    row.append(before, style="not bold")
    row.append(under, style="not bold reverse")
    row.append(visible(session.line.text[session.line.at + 1 :]), style="not bold")
    return row
