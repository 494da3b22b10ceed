"""locate: the line and column of a remark's text inside a criterion."""

from __future__ import annotations

import re

from trueup.rubric.model import Place


def locate(
    source: str, start: Place, *, last_line: int | None = None, field: str = "", span: str = ""
) -> Place:
    """Return where a text stands in a field, else where the field stands, else the start.

    YAML folds lines, so blanks in the span match any white space; the comparison ignores case.

    Args:
        source: The whole file.
        start: Where the criterion begins.
        last_line: The criterion's last line; None: the end of the file.
        field: The key that the text stands under.
        span: The text.
    """
    lines = source.splitlines(keepends=True)
    block = "".join(lines[start.line - 1 : last_line])
    before = sum(len(line) for line in lines[: start.line - 1])
    key = re.search(rf"(?m)(?:^[\s-]*|[{{,]\s*)(['\"]?{re.escape(field)}['\"]?)\s*:", block)
    if key is None:
        return start
    offset = key.start(1)
    if span:
        pattern = r"\s+".join(re.escape(part) for part in span.split())
        match = re.compile(pattern, re.IGNORECASE).search(block, key.end())
        offset = match.start() if match else offset
    return _place(source, start.file, before + offset)


def _place(source: str, file: str, offset: int) -> Place:
    line_start = source.rfind("\n", 0, offset) + 1
    return Place(file, source.count("\n", 0, offset) + 1, offset - line_start + 1)
