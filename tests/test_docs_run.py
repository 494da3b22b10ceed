"""What the documentation tells to write and to run is written and run: Python, YAML, the tutorial.

A block whose first line is a comment with a path, such as `# judges/short.py`, is that file. A
block after `<!-- no-run: reason -->` is left alone.

    python tests/test_docs_run.py --write

refreshes what pages print that are followed, but for lines with `...`, which stand for anything.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import runpy
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
from trueup.cli.goodhart import WORDS
from trueup.runner.demo import make_workspace, run_demo
from trueup.runner.kinds import KINDS
from trueup.runner.spec import load_runner
from trueup.testing import FaultServer, check_judge

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
TUTORIAL = DOCS / "tutorial.md"
WEEKLY = DOCS / "how-to" / "weekly-calibration.md"
EXAMPLE = ROOT / "examples" / "weekly" / "README.md"
GOODHART = DOCS / "how-to" / "goodhart.md"
HISTORY = ROOT / "examples" / "goodhart" / "history.parquet"
PAGES = sorted([ROOT / "README.md", *(ROOT / "examples").glob("*/README.md"), *DOCS.rglob("*.md")])
STAND_IN = "127.0.0.1:8091"
"""Where the pages say that a stand-in for a model answers."""

_LEFT_OUT = shutil.ignore_patterns(".trueup", "calibration.*", "ledger.jsonl", "labels.jsonl")
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
            assert load_runner(path).kind in KINDS


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
            word = [one for one in rest.split()[:1] if command == "goodhart" and one in WORDS]
            known = typed(["trueup", command, *word, "--help"])[1]
            given = re.findall(r"(?<=\s)--?[a-z][\w-]*", rest.partition("#")[0])
            wrong += [f"{command} {name}" for name in given if f" {name}" not in known]

    assert wrong == []


# --- the tutorial ----------------------------------------------------------------------------


def test_the_tutorial_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: str
) -> None:
    monkeypatch.setattr(_DRAWN, one_secret)
    monkeypatch.setattr("trueup.runner.demo.WEEKS", ("2026-W27",))  # the tutorial shows none
    monkeypatch.chdir(tmp_path)

    wrong = wrong_in(TUTORIAL, at=stand_in)

    assert not wrong, "\n\n".join([*wrong, "Run: python tests/test_docs_run.py --write"])


def test_a_week_with_an_alarm_goes_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert not wrong_in(WEEKLY, "console", "diff")
    found = json.loads(Path("calibration.json").read_text("utf-8"))
    grounded = next(one for one in found["criteria"] if one["id"] == "grounded")
    passes = [one for one in grounded["disagreements"] if one["kind"] == "false pass"]
    # what the page says of it in words
    assert round(grounded["pass_rate"]["judge"]["estimate"], 2) == 0.91
    assert 0.5 < grounded["pass_rate"]["corrected"]["estimate"] < 0.7
    assert grounded["agreement"]["tnr"]["estimate"] < 0.35
    assert passes
    assert all("The reply rests on clause" in one["explanation"] for one in passes)


def test_the_readme_shows_the_week_that_the_page_goes_through() -> None:
    assert week_of(README) == week_of(WEEKLY)


def week_of(page: Path) -> str:
    """Return what a page shows of the ninth week, once it is labelled."""
    line = r"^\$ trueup run weekly-calibration(?: --set labels=labels\.jsonl)?\n"
    shown = [re.split(line, one.text, flags=re.MULTILINE)[-1] for one in blocks(page, "console")
             if re.search(line, one.text, re.MULTILINE)]  # fmt: skip
    return max(shown, key=len).rstrip("\n")


def test_the_first_week_of_the_weekly_example_goes_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shutil.copytree(EXAMPLE.parent, tmp_path / "weekly", ignore=_LEFT_OUT))

    assert not wrong_in(EXAMPLE, "console")


def test_a_half_year_under_watch_goes_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(HISTORY, "outputs.parquet")

    assert not wrong_in(GOODHART, "console")


def test_the_readme_shows_the_verdict_that_the_page_goes_through() -> None:
    assert verdict_of(README) == verdict_of(GOODHART)


def verdict_of(page: Path) -> str:
    """Return what a page shows of the verdict on the half year."""
    found = re.search(
        r"^outputs, .*?(?=\n\n|\n\.\.\.\n)", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found is not None
    return found[0]


def wrong_in(page: Path, *kinds: str, at: str = STAND_IN) -> list[str]:
    """Return the commands of a page that print something else, with both."""
    return [
        f"$ {command}\n--- expected\n{expected}\n--- printed\n{printed}"
        for command, expected, printed in followed(page, at, *kinds)
        if not alike(expected, printed)
    ]


@pytest.mark.parametrize(
    ("page", "said", "status"),
    [("cron", 0, 0), ("cron", 1, 1), ("cron", 3, 3), ("ci", 0, 0), ("ci", 1, 1), ("ci", 3, 0)],
)
def test_the_script_of_a_page_ends_as_the_page_says(
    page: str, said: int, status: int, tmp_path: Path
) -> None:
    text = blocks(DOCS / "how-to" / f"{page}.md", "sh")[0].text
    stub(tmp_path, "trueup", f'echo "$@" > asked; exit {said}')
    stub(tmp_path, "mail", 'echo "$@" > mailed')
    done = in_shell(text, tmp_path, WORKSPACE=str(tmp_path))

    assert done.returncode == status, done.stderr
    asked = (tmp_path / "asked").read_text("utf-8")
    assert re.fullmatch(r"run weekly-calibration --set week=\d{4}-W\d\d\n", asked)
    assert (tmp_path / "mailed").exists() == (page == "cron" and said != 0)


@pytest.mark.parametrize(("known", "call"), [("", "-X POST"), ("17", "-X PATCH")])
def test_the_comment_is_written_once_and_then_written_over(
    known: str, call: str, tmp_path: Path
) -> None:
    text = blocks(DOCS / "how-to" / "ci.md", "sh")[1].text
    (tmp_path / "calibration.md").write_text("<!-- trueup-calibration r j -->\n\ntext\n", "utf-8")
    stub(tmp_path, "gh", f'echo "$@" >> asked; case "$*" in *paginate*) echo "{known}";; esac')
    done = in_shell(text, tmp_path, GITHUB_REPOSITORY="we/evals", PR="4")

    assert done.returncode == 0, done.stderr
    first, second = (tmp_path / "asked").read_text("utf-8").splitlines()
    assert 'startswith("<!-- trueup-calibration r j -->")' in first
    assert call in second
    assert "body=@calibration.md" in second


def stub(folder: Path, name: str, does: str) -> None:
    """Put a program of this name into a folder."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{does}\n", "utf-8")
    path.chmod(0o755)


def in_shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder whose programs come first."""
    return subprocess.run(
        ["/bin/sh", "-c", script], cwd=folder, check=False, capture_output=True, text=True,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", **environment},
    )  # fmt: skip


_DRAWN = "trueup.store.migrate.secrets.token_hex"
"""The stand-in's answers hang on the prompt, and the prompt on the store's secret."""


def one_secret(size: int) -> str:
    return "0f" * size


def followed(page: Path, stand_in: str, *kinds: str) -> Iterator[tuple[str, str, str]]:
    """Do what a page says; yield each command, what it should print and what it prints."""
    status, here = 0, f"{Path.cwd()}/"
    for block in blocks(page, *(kinds or ("yaml", "diff", "console"))):
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
        aside = words[-2:-1] == [">"]  # into a file that nobody reads here
        status, printed = typed(words[:-2] if aside else words)
        return status, "" if aside else printed
    if words == ["echo", "$?"]:
        return 0, str(status)
    if words[0] == "cd":
        os.chdir(words[1])
        return 0, ""
    if words[:2] == ["python", "-m"]:  # the stand-in: it is there already
        return 0, ""
    if words[0] == "python":
        return scripted(words[1:])
    ran = subprocess.run(words, capture_output=True, text=True, check=True)
    return 0, ran.stdout.rstrip("\n")


def scripted(words: list[str]) -> tuple[int, str]:
    """Return what a script prints."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(sys, "argv", words)
        runpy.run_path(words[0], run_name="__main__")
    return 0, printed.getvalue().rstrip("\n")


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
    if "..." not in expected:
        return printed
    if then[-1] == "...":  # and for all that comes after
        then, now = then[:-1], [*now[: len(then) - 1], "..."]
    elif len(then) != len(now):
        return expected
    kept = [old if "..." in old else new for old, new in zip(then, now, strict=False)]
    return "\n".join([*kept, *now[len(then) :]])


def write() -> None:
    """Follow the pages and put what is printed into them."""
    with FaultServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(_DRAWN, one_secret)
        at = server.url.removeprefix("http://").removesuffix("/v1")
        for page, kinds in ((TUTORIAL, ()), (WEEKLY, ("console", "diff")), (EXAMPLE, ("console",)),
                            (GOODHART, ("console",))):  # fmt: skip
            with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
                if page == GOODHART:
                    shutil.copy(HISTORY, "outputs.parquet")
                if page == EXAMPLE:
                    os.chdir(shutil.copytree(page.parent, "weekly", ignore=_LEFT_OUT))
                parts = list(followed(page, at, *kinds))
            put(page, parts)
    put(README, [("trueup run weekly-calibration", week_of(README), week_of(WEEKLY))])
    text = README.read_text("utf-8")
    README.write_text(text.replace(verdict_of(README), verdict_of(GOODHART)), "utf-8")


def put(page: Path, parts: list[tuple[str, str, str]]) -> None:
    """Put what is printed into a page."""
    text, begin = page.read_text("utf-8"), 0
    for command, expected, printed in parts:
        begin = text.index(f"$ {command}\n", begin) + len(f"$ {command}\n")
        new = renewed(expected, printed)
        rest = text[begin:].removeprefix(f"{expected}\n" if expected else "")
        text = text[:begin] + (f"{new}\n" if new else "") + rest
    page.write_text(text, "utf-8")


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    write()
