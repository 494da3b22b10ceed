"""Names: where rubrics, judges and runners are looked for, and how they are listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trueup import registry
from trueup.errors import RubricError, WorkspaceError
from trueup.judge.load import load_judge
from trueup.judge.panel import Panel
from trueup.judge.pyfile import Outline
from trueup.registry import Entry, find, find_unrun, listing, resolve
from trueup.testing import ScriptedJudge
from trueup.workspace import Workspace

if TYPE_CHECKING:
    from trueup.registry import Kind

LLM = "kind: llm\nmodel: openai/small\n"
RUBRIC = """\
name: {name}
task: The assistant answers.
criteria:
  - id: a
    ask: Does it answer?
    met: It does.
    unmet: It does not.
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


class StandIn:
    """A plug-in that is never imported."""

    def __init__(self, name: str, problem: str | None = None) -> None:
        self.name = name
        self.package = "some-judges"
        self._problem = problem

    def load(self) -> ScriptedJudge:
        return ScriptedJudge(name=f"plugin {self.name}")

    def outline(self) -> Outline:
        return Outline("", self._problem)


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Return a workspace beside a library and two plug-ins, with the current folder in it."""
    shipped = tmp_path / "shipped"
    write(shipped / "judges/mini.yaml", "# Ships with it.\n" + LLM)
    write(shipped / "judges/both.yaml", LLM)
    write(shipped / "judges/duo.yaml", "kind: panel\nmembers: [mini, own]\n")
    write(shipped / "rubrics/reply.yaml", RUBRIC.format(name="reply"))
    root = tmp_path / "space"
    write(root / "judges/own.yaml", "\n# yaml-language-server: x\n# Our own.\n" + LLM)
    write(root / "judges/both.yaml", LLM)
    write(root / "judges/rules.py", '"""Our rules."""\nraise SystemExit("run")\njudge = 1\n')
    write(root / "rubrics/mine.yaml", RUBRIC.format(name="mine"))
    (root / ".git").mkdir()
    monkeypatch.setattr(registry, "library", lambda: shipped)
    monkeypatch.setattr(registry, "_plugins", lambda: [StandIn("both"), StandIn("tox", "broken")])
    monkeypatch.chdir(root)
    return Workspace(root)


def entry(name: str, source: str = "workspace") -> Entry:
    return next(e for e in listing() if (e.name, e.source) == (name, source))


def test_a_name_is_looked_for_in_workspace_plug_ins_and_library(space: Workspace) -> None:
    assert resolve("judge", "own") == space.root / "judges/own.yaml"
    assert resolve("judge", "both") == space.root / "judges/both.yaml"
    assert resolve("judge", "rules") == space.root / "judges/rules.py"
    assert resolve("rubric", "mine") == space.root / "rubrics/mine.yaml"
    assert resolve("judge", "mini") == space.root.parent / "shipped/judges/mini.yaml"
    assert resolve("rubric", "reply") == space.root.parent / "shipped/rubrics/reply.yaml"

    (space.root / "judges/both.yaml").unlink()
    plugin = resolve("judge", "both")
    assert isinstance(plugin, ScriptedJudge)
    assert plugin.name == "plugin both"


def test_an_existing_path_is_taken_as_it_is(space: Workspace) -> None:
    file = write(space.root / "elsewhere/one.yaml", LLM)

    assert resolve("judge", "elsewhere/one.yaml") == Path("elsewhere/one.yaml")
    assert resolve("judge", file) == file
    assert resolve("judge", str(file)) == file


def test_a_bare_file_name_is_looked_for_where_names_are(space: Workspace) -> None:
    shipped = space.root.parent / "shipped"

    assert resolve("judge", "own.yaml") == space.root / "judges/own.yaml"
    assert resolve("judge", "both.yaml") == space.root / "judges/both.yaml"
    assert resolve("judge", "rules.py") == space.root / "judges/rules.py"
    assert resolve("rubric", "reply.yaml") == shipped / "rubrics/reply.yaml"

    write(space.root / "own.yaml", LLM)
    assert resolve("judge", "own.yaml") == Path("own.yaml")
    assert resolve("judge", "judges/own.yaml") == Path("judges/own.yaml")


@pytest.mark.parametrize("name", ["items.jsonl", "items.csv.gz", "items.json", "lines.json"])
def test_a_file_of_items_is_no_rubric_and_told_so(space: Workspace, name: str) -> None:
    item = '{"id": "a", "output": "x"}\n'
    write(space.root / name, f"[{item}]" if name == "items.json" else item * 2)

    with pytest.raises(RubricError, match=f"{name}: it looks like a file of items"):
        resolve("rubric", name)


def test_a_rubric_in_json_is_no_file_of_items(space: Workspace) -> None:
    file = write(space.root / "r.json", '{"name": "r",\n"task": "t",\n"criteria": []}\n')

    assert resolve("rubric", file) == file


def test_a_name_may_hold_a_dot(space: Workspace) -> None:
    file = write(space.root / "judges/model-4.1.yaml", LLM)

    assert resolve("judge", "model-4.1") == file


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("judge", "owm", "there is no judge 'owm'. Did you mean 'own'?"),
        ("judge", "tix", "Did you mean 'tox'?"),
        ("rubric", "repyl", "there is no rubric 'repyl'. Did you mean 'reply'?"),
        ("runner", "score", "there is no runner 'score'. Write runners/score.yaml, or give a path"),
        (
            "judge",
            "judges/owm.yaml",
            "there is no judge file 'judges/owm.yaml'. Did you mean 'own.yaml'?",
        ),
        ("judge", "none.py", "there is no judge file 'none.py'"),
        ("judge", "owm.yaml", "there is no judge file 'owm.yaml'. Did you mean 'own.yaml'?"),
        ("rubric", "no/where", "no: there is no rubric file 'no/where'"),
        ("judge", "", "there is no judge ''"),
        ("judge", "../shipped/judges/mini", "there is no judge file"),
    ],
)
@pytest.mark.usefixtures("space")
def test_what_is_not_there_is_told_with_what_may_be_meant(kind: Kind, name: str, said: str) -> None:
    with pytest.raises(WorkspaceError) as refused:
        resolve(kind, name)

    assert said in str(refused.value)


def test_a_name_of_two_files_is_refused_and_listed_as_broken(space: Workspace) -> None:
    write(space.root / "judges/own.py", "judge = 1\n")

    with pytest.raises(WorkspaceError, match=r"judge 'own' is both own.yaml and own.py"):
        resolve("judge", "own")
    problems = [e.problem for e in listing() if e.name == "own"]
    assert len(problems) == 2
    assert all("is both own.yaml and own.py" in (problem or "") for problem in problems)


def test_outside_a_workspace_the_library_is_there(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")

    assert space.root not in [e.path and e.path.parent.parent for e in listing()]
    assert resolve("judge", "mini") == tmp_path / "shipped/judges/mini.yaml"
    assert resolve("judge", "own", workspace=space) == space.root / "judges/own.yaml"


def test_everything_is_listed_with_its_source_and_its_own_words(space: Workspace) -> None:
    found = [(e.kind, e.name, e.source) for e in listing()]

    assert found == [
        ("rubric", "mine", "workspace"),
        ("rubric", "reply", "library"),
        ("judge", "both", "workspace"),
        ("judge", "both", "plugin"),
        ("judge", "both", "library"),
        ("judge", "duo", "library"),
        ("judge", "mini", "library"),
        ("judge", "own", "workspace"),
        ("judge", "rules", "workspace"),
        ("judge", "tox", "plugin"),
    ]
    assert entry("own").about == "Our own."
    assert entry("mini", "library").about == "Ships with it."
    assert entry("rules").about == "Our rules."
    assert entry("mine").about == "The assistant answers."
    assert entry("both", "plugin").about == "from some-judges"
    assert space.root == Path.cwd()


@pytest.mark.usefixtures("space")
def test_what_hides_what_is_told() -> None:
    assert entry("both").shadows == ("plugin", "library")
    assert entry("both").shadowed_by is None
    assert entry("both", "plugin").shadowed_by == "workspace"
    assert entry("both", "library").shadowed_by == "workspace"
    assert entry("own").shadows == ()


def test_what_is_broken_is_named_and_stops_nothing_else(space: Workspace) -> None:
    write(space.root / "judges/a-slip.yaml", "kind: lmm\n")
    write(space.root / "judges/b-slip.py", "def (\n")
    write(space.root / "judges/c-slip.yaml", "kind: panel\nmembers: [nobody-here]\n")
    write(space.root / "rubrics/d-slip.yaml", "name: [\n")
    write(space.root / "runners/e-slip.yaml", "kind: nothing\n")
    (space.root / "judges/f-slip.yaml").mkdir()

    broken = {e.name: e.problem for e in listing() if e.problem}
    assert sorted(broken) == ["a-slip", "b-slip", "c-slip", "d-slip", "e-slip", "f-slip", "tox"]
    assert "Did you mean 'llm'?" in str(broken["a-slip"])
    assert "b-slip.py:1" in str(broken["b-slip"])
    assert "there is no judge 'nobody-here'" in str(broken["c-slip"])
    assert "d-slip.yaml:" in str(broken["d-slip"])
    assert broken["tox"] == "broken"
    assert entry("own").problem is None


def test_listing_runs_no_python_even_inside_panels(space: Workspace) -> None:
    write(space.root / "judges/mixed.yaml", "kind: panel\nmembers: [rules, own, tox, rules.py]\n")

    assert entry("rules").problem is None
    assert "two members are called 'rules'" not in str(entry("mixed").problem)
    assert entry("mixed").problem is None


def test_entries_become_plain_data(space: Workspace) -> None:
    body = entry("own").to_dict()

    assert json.loads(json.dumps(body)) == {
        "kind": "judge",
        "name": "own",
        "source": "workspace",
        "path": str(space.root / "judges/own.yaml"),
        "about": "Our own.",
        "shadows": [],
        "shadowed_by": None,
        "problem": None,
    }


def test_hidden_files_and_other_endings_are_not_listed(space: Workspace) -> None:
    for name in ("judges/.hidden.yaml", "judges/_part.py", "judges/notes.md", "rubrics/x.json"):
        write(space.root / name, "x")

    assert not {".hidden", "_part", "notes", "x"} & {e.name for e in listing()}


def test_a_panel_finds_members_beside_it_then_by_the_usual_order(
    space: Workspace, tmp_path: Path
) -> None:
    beside = write(tmp_path / "apart/near.yaml", LLM)
    write(tmp_path / "apart/own.yaml", LLM)

    assert find("near", beside.parent) == beside
    assert find("own", beside.parent) == tmp_path / "apart/own.yaml"
    assert find("mini", beside.parent) == tmp_path / "shipped/judges/mini.yaml"
    assert find("near.yaml", beside.parent) == beside
    file = write(tmp_path / "apart/p.yaml", "kind: panel\nmembers: [near, mini, tox]\n")
    panel = load_judge(file, find=find)
    assert isinstance(panel, Panel)
    assert [m.name for m in panel.members] == ["near", "mini", "plugin tox"]
    assert space.root.exists()


def test_a_shipped_panel_asks_the_workspaces_judge_of_that_name(space: Workspace) -> None:
    own = write(space.root / "judges/mini.yaml", LLM)

    assert find("mini", space.root.parent / "shipped/judges") == own


def test_what_would_run_python_has_a_stand_in_for_checking(space: Workspace) -> None:
    folder = space.root / "judges"

    assert find_unrun("own", folder) == folder / "own.yaml"
    for name in ("rules", "tox"):
        found = find_unrun(name, folder)
        assert not isinstance(found, Path)
        assert found.name == name
