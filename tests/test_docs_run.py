"""What the documentation tells to write and to run is written and run: Python, YAML, the tutorial.

A block whose first line is a comment with a path, such as `# judges/short.py`, is that file. A
block after `<!-- no-run: reason -->` is left alone.

    python tests/test_docs_run.py --write

refreshes what the tutorial prints, but for lines with `...`, which stand for anything.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import trueup
from trueup.cli import commands
from trueup.runner.demo import make_workspace, run_demo
from trueup.runner.spec import load_runner
from trueup.testing import FaultServer, check_judge

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TUTORIAL = DOCS / "tutorial.md"
PAGES = sorted(
    [ROOT / "README.md", ROOT / "examples" / "support" / "README.md", *DOCS.rglob("*.md")]
)
STAND_IN = "127.0.0.1:8091"
"""Where the pages say that a stand-in for a model answers."""

_BLOCK = re.compile(r"(<!-- no-run: .+? -->\n)?^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_PLACE = re.compile(r"# ((?:rubrics|judges|runners)/[\w.-]+)\n")
_SECONDS = re.compile(r"\b\d+\.\d s\b")


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    kind: str
    text: str

    @property
    def place(self) -> str | None:
        """The path that its first line names."""
        named = _PLACE.match(self.text)
        return named[1] if named else None


def blocks(path: Path, *kinds: str) -> list[Block]:
    """Return a page's blocks of some kinds that are to be run, in order."""
    found = _BLOCK.finditer(path.read_text("utf-8"))
    name = str(path.relative_to(ROOT))
    return [Block(name, m[2], m[3]) for m in found if m[2] in kinds and not m[1]]


def of_kind(*kinds: str) -> list[Path]:
    """Return the pages that have such blocks."""
    return [path for path in PAGES if path != TUTORIAL and blocks(path, *kinds)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that `trueup demo` makes, and what the pages take for granted beside it."""
    folder = tmp_path_factory.mktemp("demo") / "trueup-demo"
    make_workspace(folder)
    run_demo(folder)
    shutil.copy(ROOT / "rubrics" / "support-reply.yaml", folder / "rubrics")
    (folder / "judges" / "recorded.jsonl").write_text(
        '{"item_id": "1", "criterion": "c", "value": 1}\n', "utf-8"
    )
    return folder


@pytest.fixture
def workspace(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "trueup-demo"
    shutil.copytree(demo, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def stand_in() -> Iterator[str]:
    """Yield where a server answers that stands in for every model of the pages."""
    with FaultServer() as server:
        yield server.url.removeprefix("http://").removesuffix("/v1")


def written(block: Block, folder: Path, stand_in: str) -> Path:
    """Write a block to its place, or to one that its content asks for."""
    text = re.sub(r"127\.0\.0\.1:\d+", stand_in, block.text)
    name = re.search(r"^name: (\S+)$", text, re.MULTILINE)
    kind = re.search(r"^kind: (\w+)$", text, re.MULTILINE)
    rubric = f"rubrics/{name[1]}.yaml" if name else ""
    path = folder / (block.place or (f"judges/page-{kind[1]}.yaml" if kind else rubric))
    path.write_text(text, "utf-8")
    return path


# --- blocks of the reference -----------------------------------------------------------------


@pytest.mark.parametrize("page", of_kind("yaml"), ids=lambda p: p.name)
def test_yaml_on_a_page_loads(page: Path, workspace: Path, stand_in: str) -> None:
    for block in blocks(page, "yaml"):
        if block.text.startswith("  - id:"):  # a criterion on its own
            text = f"name: part\ntask: The assistant replies.\ncriteria:\n{block.text}"
            block = block._replace(text=text)  # noqa: PLW2901 - the same block, whole
        path = written(block, workspace, stand_in)
        if path.parent.name == "rubrics":
            assert trueup.load_rubric(path).criteria
        elif path.parent.name == "judges":
            assert trueup.load_judge(path).name
        else:
            assert load_runner(path).kind == "score"


@pytest.mark.parametrize("page", of_kind("python"), ids=lambda p: p.name)
def test_python_on_a_page_runs(page: Path, workspace: Path, stand_in: str) -> None:
    for block in blocks(page, "yaml"):
        if not block.text.startswith("  - id:"):
            written(block, workspace, stand_in)
    for block in blocks(page, "python"):
        if block.place is not None:
            check_judge(trueup.load_judge(written(block, workspace, stand_in)))
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block.text, page.name, "exec"), {"__name__": "page"})  # noqa: S102 - that is the test


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "console")], ids=lambda p: p.name)
def test_commands_on_a_page_have_the_options_that_they_are_given(page: Path) -> None:
    wrong = []
    for block in blocks(page, "console"):
        for command, rest in re.findall(r"^\$ .*?\btrueup (\w+)(.*)$", block.text, re.MULTILINE):
            known = typed(["trueup", command, "--help"])[1]
            given = re.findall(r"(?<=\s)--?[a-z][\w-]*", rest.partition("#")[0])
            wrong += [f"{command} {name}" for name in given if f" {name}" not in known]

    assert wrong == []


# --- the tutorial ----------------------------------------------------------------------------


def test_the_tutorial_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: str
) -> None:
    monkeypatch.setattr(_DRAWN, one_secret)
    monkeypatch.chdir(tmp_path)

    wrong = [
        f"$ {command}\n--- expected\n{expected}\n--- printed\n{printed}"
        for command, expected, printed in followed(TUTORIAL, stand_in)
        if not alike(expected, printed)
    ]

    assert not wrong, "\n\n".join([*wrong, "Run: python tests/test_docs_run.py --write"])


_DRAWN = "trueup.store.migrate.secrets.token_hex"
"""The stand-in's answers hang on the prompt, and the prompt on the store's secret."""


def one_secret(size: int) -> str:
    return "0f" * size


def followed(page: Path, stand_in: str) -> Iterator[tuple[str, str, str]]:
    """Do what a page says; yield each command, what it should print and what it prints."""
    status, here = 0, f"{Path.cwd()}/"
    for block in blocks(page, "yaml", "diff", "console"):
        if block.kind == "yaml":
            written(block, Path.cwd(), stand_in)
        elif block.kind == "diff":
            edit(block)
        else:
            for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                command, _, expected = part.partition("\n")
                status, printed = do(command, status)
                yield command, expected.rstrip("\n"), printed.replace(here, "")


def do(command: str, status: int) -> tuple[int, str]:
    """Return the status of a command line, and what it prints."""
    words = shlex.split(command)
    if words[0] == "trueup":
        return typed(words)
    if words == ["echo", "$?"]:
        return 0, str(status)
    if words[0] == "cd":
        os.chdir(words[1])
        return 0, ""
    if words[0] == "python":  # the stand-in: it is there already
        return 0, ""
    ran = subprocess.run(words, capture_output=True, text=True, check=True)
    return 0, ran.stdout.rstrip("\n")


def edit(block: Block) -> None:
    """Change a file as a block with `-` and `+` says, which has to fit exactly once."""
    assert block.place is not None
    rows = block.text.splitlines()[1:]
    old = "\n".join(row[1:] for row in rows if row[:1] != "+")
    new = "\n".join(row[1:] for row in rows if row[:1] != "-")
    path = Path(block.place)
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{block.place} has this {text.count(old)} times:\n{old}"
    path.write_text(text.replace(old, new), "utf-8")


def typed(words: list[str]) -> tuple[int, str]:
    """Return the status of a trueup command, and what it prints on 80 columns."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            status = commands.run(words[1:])
    return status, "\n".join(row.rstrip() for row in printed.getvalue().splitlines())


def alike(expected: str, printed: str) -> bool:
    """Tell whether a text is what was expected, in which `...` stands for anything."""
    parts = [_SECONDS.sub("0.0 s", part) for part in expected.split("...")]
    pattern = ".*".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, _SECONDS.sub("0.0 s", printed), re.DOTALL) is not None


def renewed(expected: str, printed: str) -> str:
    """Return what is printed now, with the lines of before that stand for anything."""
    if alike(expected, printed):
        return expected
    then, now = expected.split("\n"), printed.split("\n")
    if "..." in expected and len(then) != len(now):
        return expected
    pairs = zip(then, now, strict=False)
    return (
        printed
        if "..." not in expected
        else "\n".join(old if "..." in old else new for old, new in pairs)
    )


def write() -> None:
    """Follow the tutorial and put what is printed into it."""
    with (
        FaultServer() as server,
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(_DRAWN, one_secret)
        at = server.url.removeprefix("http://").removesuffix("/v1")
        parts = list(followed(TUTORIAL, at))
    text, begin = TUTORIAL.read_text("utf-8"), 0
    for command, expected, printed in parts:
        begin = text.index(f"$ {command}\n", begin) + len(f"$ {command}\n")
        new = renewed(expected, printed)
        rest = text[begin:].removeprefix(f"{expected}\n" if expected else "")
        text = text[:begin] + (f"{new}\n" if new else "") + rest
    TUTORIAL.write_text(text, "utf-8")


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    write()
