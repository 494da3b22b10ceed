"""A rubric file's text as a tree of scalars, lists and mappings that know where they stand.

YAML 1.2 is read from ruamel's events, not its objects: no type is guessed, no tag is obeyed, and
nothing is expanded before it is known how large it gets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from trueup.rubric.problem import Problem, RubricProblems
from trueup.rubric.scalar import Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trueup.errors import ConfigError

MAX_CHARACTERS = 1_000_000
MAX_ALIASED = 1_000_000
"""Characters that a file's aliases may stand for."""
MAX_DEPTH = 20
MAX_LINE = 100_000
"""Some slips on a very long line take the scanner quadratic time."""

Path: TypeAlias = "tuple[str | int, ...]"


@dataclass(slots=True)
class Node:
    """One value of the file: a scalar, a list of `items`, or a mapping of `entries`."""

    line: int
    column: int
    scalar: Scalar | None = None
    items: list[Node] | None = None
    entries: dict[str, tuple[Node, Node]] | None = None
    """Key -> the key's own node and the value."""
    size: int = 1
    """Characters it comes to, aliases written out, and one more for each value."""
    depth: int = 0
    """Lists and mappings inside one another, aliases written out."""

    def plain(self, of: Callable[[Scalar], Any] = lambda scalar: scalar) -> Any:  # noqa: ANN401 - whatever a person wrote
        """Return the value as lists and dicts, aliases written out.

        Args:
            of: What becomes of each scalar, by default nothing.
        """
        if self.items is not None:
            return [item.plain(of) for item in self.items]
        if self.entries is not None:
            return {key: value.plain(of) for key, (_, value) in self.entries.items()}
        return None if self.scalar is None else of(self.scalar)


@dataclass(slots=True)
class Source:
    """A file's root value, and what is wrong with its mappings."""

    root: Node
    problems: list[Problem] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    """First and last offset of each scalar, in order: nothing in there is a comment."""

    def find(self, path: Path, *, key: bool = False) -> Node:
        """Return the node at a path, or the last one on the way to it that exists.

        Args:
            path: Keys and positions from the root.
            key: Return the node of the last key itself, not of its value.
        """
        node, named = self.root, self.root
        for step in path:
            if node.entries is not None and step in node.entries:
                named, node = node.entries[str(step)]
            elif node.items is not None and isinstance(step, int) and step < len(node.items):
                named = node = node.items[step]
            else:
                return node
        # A value that is not written has its mark where the next thing begins.
        unwritten = node.scalar is not None and node.scalar.plain and not node.scalar.text
        return named if key or unwritten else node


def read_faultless(text: str, *, file: str, error: type[ConfigError]) -> Source:
    """Return the tree of a YAML text, of which the first slip is one too many.

    Raises:
        ConfigError: Of the given kind, as `read_source` finds it, or a key that stands twice.
    """
    try:
        source = read_source(text, file=file)
    except RubricProblems as problems:
        raise error(problems.what, where=problems.where, mend=problems.mend) from None
    if source.problems:
        first = min(source.problems)
        raise error(first.what, where=first.where(file), mend=first.mend or None)
    return source


def read_source(text: str, *, file: str) -> Source:
    """Return the tree of a rubric file.

    Args:
        text: The file's text with line feeds as its only line ends.
        file: The file's name, for messages.

    Raises:
        RubricProblems: The text is no YAML, is empty, has tags, or is larger or deeper than any
            rubric; only the first such problem is told.
    """
    _refuse_size(text, file)
    try:
        source = _Builder(file, text).build()
    except MarkedYAMLError as error:
        raise RubricProblems(file, [_syntax(error, text)]) from None
    except ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        what = f"the character {hex(ord(text[error.position]))} cannot stand in YAML"
        raise RubricProblems(file, [Problem(line, column, what, "Delete it")]) from None
    except YAMLError as error:
        raise RubricProblems(file, [Problem(0, 0, f"this is no YAML: {error}")]) from None
    if source is None:
        mend = "Write at least name, task and criteria"
        raise RubricProblems(file, [Problem(0, 0, "the file is empty", mend)])
    return source


def _refuse_size(text: str, file: str) -> None:
    if len(text) > MAX_CHARACTERS:
        what = f"the file has {len(text)} characters, a rubric at most {MAX_CHARACTERS}"
        raise RubricProblems(file, [Problem(0, 0, what, "Keep data in files of items")])
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE:
            what = f"the line has {len(line)} characters, at most {MAX_LINE} are read"
            raise RubricProblems(file, [Problem(number, 1, what, "Break the line")])


class _Builder:
    """Grow the tree from ruamel's events; how deep it may get bounds the recursion."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
        self._problems: list[Problem] = []
        self._spans: list[tuple[int, int]] = []
        self._anchors: dict[str, Node] = {}
        self._aliased = 0

    def build(self) -> Source | None:
        """Return the tree, or None where the text holds no value at all."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent) and root is not None:
                self._stop(event, "the file holds more than one YAML document", "Split it at ---")
            elif isinstance(event, NodeEvent):
                root = self._node(event, 1)
        if root is None or (root.scalar is not None and root.scalar.null):
            return None
        return Source(root, self._problems, self._spans)

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401 - ruamel's events are untyped
        if isinstance(event, AliasEvent):
            return self._alias(event, depth)
        if isinstance(event, CollectionStartEvent):
            self._refuse_depth(event, depth)
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._stop(event, f"the tag {tag} is not allowed", "Delete it: data has no tags")
        node = Node(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, ScalarEvent):
            self._spans.append((event.start_mark.index, event.end_mark.index))
            node.scalar = Scalar(event.value, plain=event.style is None)
            node.size += len(event.value)
        else:
            children = self._children(depth + 1)
            node.size += sum(child.size for child in children)
            node.depth = 1 + max((child.depth for child in children), default=0)
            if isinstance(event, MappingStartEvent):
                node.entries = self._entries(children)
            else:
                node.items = children
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: AliasEvent, depth: int) -> Node:
        if event.anchor not in self._anchors:
            what = f"*{event.anchor} names no anchor above it"
            self._stop(event, what, "Put a text that begins with * in quotes")
        node = self._anchors[event.anchor]
        self._refuse_depth(event, depth - 1 + node.depth)
        self._aliased += node.size
        if self._aliased > MAX_ALIASED:
            what = f"the aliases up to here stand for more than {MAX_ALIASED} characters"
            self._stop(event, what, "Write the texts out where they are needed")
        return node

    def _children(self, depth: int) -> list[Node]:
        children = []
        while isinstance(event := next(self._events), NodeEvent):
            children.append(self._node(event, depth))
        return children

    def _entries(self, children: list[Node]) -> dict[str, tuple[Node, Node]]:
        entries: dict[str, tuple[Node, Node]] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if key.scalar is None:
                what = "a key is a single word, not a list or mapping"
                self._problems.append(Problem(key.line, key.column, what, "Put it in quotes"))
            elif key.scalar.text in entries:
                first = entries[key.scalar.text][0].line
                what = f"the key {key.scalar!r} stands twice, first in line {first}"
                self._problems.append(Problem(key.line, key.column, what, "Delete one of the two"))
            else:
                entries[key.scalar.text] = (key, value)
        return entries

    def _refuse_depth(self, event: NodeEvent, depth: int) -> None:
        if depth > MAX_DEPTH:
            self._stop(event, f"the file is nested deeper than {MAX_DEPTH} levels")

    def _stop(self, event: NodeEvent | DocumentStartEvent, what: str, mend: str = "") -> NoReturn:
        mark = event.start_mark
        raise RubricProblems(self._file, [Problem(mark.line + 1, mark.column + 1, what, mend)])


_MENDS = (
    (r"mapping values are not allowed", "a second ': ' stands in one line",
     "Put a text that holds ': ' in quotes, and align the keys of one mapping"),
    (r"could not find expected ':'", "a key without its ':'", "Write `key: value`"),
    (r"expected <block end>", "the indentation does not fit the lines above",
     "Align the keys of one mapping, and the dashes of one list"),
    (r"unexpected end of stream", "a quotation mark is never closed", "Close it"),
    (r"expected ',' or '[\]}]'", "a bracket is never closed, or a comma is missing",
     "Close the bracket, and put texts that hold commas or brackets in quotes"),
    (r"found character '(.)' that cannot start", "a text cannot begin with {0}",
     "Put the text in quotes"),
    (r"unknown escape character '(.)'", "\\{0} is no escape of a text in double quotes",
     "Use single quotes, which leave backslashes alone"),
)  # fmt: skip


def _syntax(error: MarkedYAMLError, text: str) -> Problem:
    """Return what a scanner or parser error means to somebody who writes a rubric."""
    told = str(error.problem or error.context or "this is no YAML")
    mark = error.problem_mark or error.context_mark
    if "unexpected end of stream" in told and error.context_mark is not None:
        mark = error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    tab = _tab(text, line)
    if tab is not None:
        return Problem(*tab, "a tab indents the line", "Indent with spaces: YAML takes no tabs")
    for pattern, what, mend in _MENDS:
        found = re.search(pattern, told)
        if found:
            return Problem(line, column, what.format(*found.groups()), mend)
    return Problem(line, column, told, "Check the indentation and the quotes around it")


def _tab(text: str, line: int) -> tuple[int, int] | None:
    """Return where a tab indents the line of an error, or the one above it."""
    lines = ["", *text.split("\n")]
    for number in (line, line - 1):
        indent = re.match(r" *\t", lines[number]) if 0 < number < len(lines) else None
        if indent:
            return number, indent.end()
    return None
