"""The documentation says what there is: names and keys, help, printed output, links.

    python tests/test_docs.py --write

refreshes what was printed by commands. What the pages tell to run is run in `test_docs_run.py`.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trueup
from trueup import errors, testing
from trueup.cli import commands, common
from trueup.judge.kinds import PanelSpec, ReplaySpec
from trueup.judge.llm.spec import LLMSpec, PriceSpec
from trueup.judge.transport.base import RUNGS, TransportFault
from trueup.judge.verdict import OUTCOMES
from trueup.judge.vote import AGGREGATES
from trueup.rubric.check_spec import TESTS, CheckSpec, CountSpec
from trueup.rubric.count import UNITS
from trueup.rubric.grounded import KINDS
from trueup.rubric.lint import RULES
from trueup.rubric.spec import (
    NEEDS,
    ChoiceSpec,
    CriterionSpec,
    ExampleSpec,
    GateSpec,
    LevelSpec,
    RubricSpec,
)
from trueup.runner.goodhart.kind import GoodhartSpec, SignalSpec
from trueup.runner.kinds import BarsSpec, BudgetSpec, CalibrateSpec, LabelSpec, ScoreSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "trueup"
README = ROOT / "README.md"
EXAMPLE = ROOT / "examples" / "support" / "README.md"
COMMANDS = DOCS / "reference" / "commands.md"
PAGES = sorted(
    [
        README,
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "examples").glob("*/README.md"),
        *DOCS.rglob("*.md"),
    ]
)

_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_SECONDS = re.compile(r"\b\d+\.\d s\b")


def page(name: str) -> str:
    """Return a reference page."""
    return (DOCS / "reference" / f"{name}.md").read_text("utf-8")


def ticked(text: str) -> set[str]:
    """Return every word that stands between backticks or in a fenced block."""
    spans = [*_FENCE.findall(text), *re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))]
    return {word for span in spans for word in re.findall(r"[A-Za-z_][\w-]*", span)}


def absent(names: Iterable[str], text: str) -> list[str]:
    """Return the names that a page does not set in backticks or in a block."""
    return sorted(set(names) - ticked(text))


def keys(*specs: type[BaseModel]) -> set[str]:
    """Return the keys of specifications as they stand in a file."""
    return {info.alias or name for spec in specs for name, info in spec.model_fields.items()}


# --- what there is, and where it has to stand ------------------------------------------------


def test_every_key_of_a_rubric_is_described() -> None:
    specs = (RubricSpec, CriterionSpec, LevelSpec, ChoiceSpec, GateSpec, ExampleSpec, CheckSpec,
             CountSpec)  # fmt: skip
    names = {*keys(*specs), *TESTS, *UNITS, *KINDS, *NEEDS}

    assert absent(names, page("rubrics")) == []


def test_every_key_of_a_judge_is_described() -> None:
    names = {*keys(LLMSpec, PriceSpec, PanelSpec, ReplaySpec), *AGGREGATES, *RUNGS}

    assert absent(names, page("judges")) == []


def test_every_key_of_a_runner_is_described() -> None:
    specs = (ScoreSpec, BudgetSpec, CalibrateSpec, BarsSpec, LabelSpec, GoodhartSpec, SignalSpec)

    assert absent(keys(*specs), page("commands").split("\n## run\n")[1]) == []


def test_every_outcome_is_described_with_whether_it_is_asked_again() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (yes|no) \|$", page("outcomes"), re.MULTILINE))
    again = {"failed", "truncated", "unparsable", "not_attempted"}

    assert rows == {outcome: "yes" if outcome in again else "no" for outcome in OUTCOMES}


def test_every_reason_in_the_code_is_described() -> None:
    assert absent(reasons(), page("outcomes")) == []


def test_every_lint_rule_is_described() -> None:
    assert absent((rule.id for rule in RULES), page("lint")) == []


def test_every_public_name_is_described() -> None:
    assert absent({*trueup.__all__, *testing.__all__}, page("python")) == []


def test_every_argument_of_the_facade_is_described() -> None:
    names = {*signature(trueup.ascore).parameters, *signature(trueup.fit).parameters}

    assert absent(names, page("python")) == []


def test_the_methods_of_scores_that_are_described_exist() -> None:
    table = page("python").split("## Scores")[1].split("```")[0]
    named = re.findall(r"`(\w+)\(", table)

    assert len(named) == 9
    assert [name for name in named if not callable(getattr(trueup.Scores, name, None))] == []


def test_every_error_is_described() -> None:
    found = {name for name, kind in vars(errors).items()
             if isinstance(kind, type) and issubclass(kind, errors.TrueupError)}  # fmt: skip
    tree = page("python").split("## Errors")[1].split("\n## ")[0]

    assert found - set(re.findall(r"\w+", tree)) == set()


def test_every_exit_status_is_described() -> None:
    named = {**vars(commands), **vars(common)}
    statuses = {value for name, value in named.items() if name.isupper() and isinstance(value, int)}
    raised = {kind.exit_status for kind in vars(errors).values()
              if isinstance(kind, type) and issubclass(kind, errors.TrueupError)}  # fmt: skip
    rows = {int(row) for row in re.findall(r"^\| (\d+) \|", page("commands"), re.MULTILINE)}

    assert rows == statuses | raised


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_every_command_has_a_section(command: str) -> None:
    assert f"\n## {command}\n" in page("commands")


def test_every_decision_is_numbered_and_short() -> None:
    notes = sorted((DOCS / "decisions").glob("*.md"))
    heads = [f"# {note.stem[:3]}: " for note in notes]

    assert [note.stem[:3] for note in notes] == [f"{n:03}" for n in range(1, len(notes) + 1)]
    for note, head in zip(notes, heads, strict=True):
        text = note.read_text("utf-8")
        assert text.startswith(head)
        assert re.findall(r"^## (\w+)", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequence",
        ]
        assert len(text.splitlines()) <= 30


def reasons() -> set[str]:
    """Return the reasons that stand in the code as literals."""
    found: set[object] = {kind.reason for kind in _descendants(TransportFault)}
    found -= {"failed", "unsupported", "forbidden"}  # no finding: asked otherwise, or the run ends
    for path in SOURCE.rglob("*.py"):
        if "testing" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"unscored": 1, "_Unreadable": 0, "CheckResult": 1}.get(node.func.id)
                if place is not None and len(node.args) > place:
                    found.add(getattr(node.args[place], "value", None))
    answer = (SOURCE / "judge" / "llm" / "answer.py").read_text("utf-8")
    wrong = answer.split("def _wrong_shape")[1].split("\ndef ")[0]
    found |= set(re.findall(r'"((?:wrong|unknown|missing)_\w+)"', wrong))
    return {reason for reason in found if isinstance(reason, str) and reason} - {"unknown"}


def _descendants(kind: type[TransportFault]) -> Iterator[type[TransportFault]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("trueup.judge"):
            yield child
        yield from _descendants(child)


# --- links -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", _FENCE.sub("", path.read_text("utf-8"))):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)

    assert broken == []


def _anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", _FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


# --- JSON ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the example in which everything was run once."""
    folder = tmp_path_factory.mktemp("docs") / "support"
    shutil.copytree(EXAMPLE.parent, folder, ignore=shutil.ignore_patterns(".trueup", "scores*"))
    with contextlib.chdir(folder):
        assert typed("run score")[0] == 0
    return folder


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("init", "init new"),
        ("list", "list"),
        ("check", "check"),
        ("check", "check --rules"),
        ("diff", "diff support-demo support-reply"),
        ("doctor", "doctor outputs.jsonl"),
        ("fit", "fit outputs.jsonl labels.jsonl --rubric support-demo --out fitted.yaml"),
        ("score", "score outputs.jsonl --rubric support-demo --judge support --limit 9"),
        ("score", "score outputs.jsonl --rubric support-demo --judge support --plan"),
        ("label", "label --import labels.jsonl --rubric support-demo"),
        ("label", "label --export out.csv --rubric support-demo"),
        ("show", "show"),
        ("show", "show 1 --item sup-010"),
        ("forget", "forget sup-011 --yes"),
    ],
)
def test_every_key_of_the_json_is_described(section: str, line: str, workspace: Path) -> None:
    with contextlib.chdir(workspace):
        _, printed = typed(f"{line} --json")
    text = page("commands").split(f"\n## {section}\n")[1].split("\n## ")[0]
    inside = {"fields", "present", "messages", "lengths", "reasons", "levels", "outcomes", "known",
              "detail", "metadata", "by_criterion", "parts", "passed_over"}  # fmt: skip

    assert absent(_names(json.loads(printed), inside), text) == []


def _names(value: Any, closed: set[str]) -> Iterator[str]:
    """Yield the keys of a JSON value, but not those inside mappings from data."""
    if isinstance(value, list):
        for part in value:
            yield from _names(part, closed)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            if key not in closed:
                yield from _names(part, closed)


# --- printed output --------------------------------------------------------------------------


def typed(line: str) -> tuple[int, str]:
    """Return the status of a command line, and what it prints on a terminal of 80 columns."""
    printed = io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            status = commands.run(line.split()[1:] if line.startswith("trueup") else line.split())
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    return status, "\n".join(row.rstrip() for row in printed.getvalue().splitlines())


def refreshed(path: Path) -> str:
    """Return a page with what its commands print now."""
    text = path.read_text("utf-8")
    if path == COMMANDS:
        return re.sub(
            r"(<!-- help: ?(\w*) -->\n).*?(<!-- end -->)",
            lambda m: f"{m[1]}```text\n{typed(f'{m[2]} --help')[1]}\n```\n{m[3]}",
            text,
            flags=re.DOTALL,
        )
    block = re.search(
        r"<!-- (demo|printed output): begin -->\n(.*?)<!-- \1: end -->", text, re.DOTALL
    )
    assert block is not None
    lines = re.findall(r"^\$ (trueup .*)$", block[2], re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        if path == EXAMPLE:
            copy = Path("examples", "support").absolute()
            shutil.copytree(path.parent, copy, ignore=shutil.ignore_patterns(".trueup", "scores*"))
            os.chdir(copy)
        told = "\n".join(f"$ {line}\n{typed(line)[1]}" for line in lines)
        told = told.replace(f"{Path(folder).resolve()}/", "").replace(f"{folder}/", "")
    return text.replace(block[2], f"```console\n{told}\n```\n")


@pytest.mark.parametrize("path", [COMMANDS, README, EXAMPLE], ids=lambda p: p.parent.name)
def test_printed_output_is_what_commands_print(path: Path) -> None:
    now, then = refreshed(path), path.read_text("utf-8")

    assert _SECONDS.sub("0.0 s", then) == _SECONDS.sub("0.0 s", now), (
        "run: python tests/test_docs.py --write"
    )


def test_every_option_of_every_command_has_its_help_on_the_page() -> None:
    marked = re.findall(r"<!-- help: ?(\w*) -->\n```text\n(.*?)```", page("commands"), re.DOTALL)

    assert [command for command, _ in marked] == ["", *commands.COMMANDS]
    assert all("--json" in text for command, text in marked if command)


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    for written in (COMMANDS, README, EXAMPLE):
        fresh = refreshed(written)
        if _SECONDS.sub("", fresh) != _SECONDS.sub("", written.read_text("utf-8")):
            written.write_text(fresh, "utf-8")
