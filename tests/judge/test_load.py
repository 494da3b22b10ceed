"""load_judge: files, their kinds, and what is said where one cannot be used."""

from __future__ import annotations

import json
import os
import pickle
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from trueup.errors import JudgeError
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.load import load_judge
from trueup.judge.panel import Panel
from trueup.judge.pyfile import outline
from trueup.judge.replay import Replay
from trueup.testing import ScriptedJudge, check_judge

if TYPE_CHECKING:
    from pathlib import Path

LLM = "kind: llm\nmodel: openai/small\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def refusal(folder: Path, text: str, name: str = "judge.yaml") -> str:
    path = write(folder, name, text)
    with pytest.raises(JudgeError) as refused:
        load_judge(path)
    return str(refused.value).replace(str(folder) + os.sep, "")


def test_a_language_model_judge_is_named_after_its_file(tmp_path: Path) -> None:
    text = "kind: llm\nmodel: openai/small\nsamples: 3\ntemperature: 0.7\nseed: ~\n"
    judge = load_judge(write(tmp_path, "mini.yaml", text))

    assert isinstance(judge, LLMJudge)
    assert (judge.name, judge.spec.samples, judge.spec.temperature) == ("mini", 3, 0.7)
    check_judge(judge)


def test_a_file_may_name_its_judge(tmp_path: Path) -> None:
    assert load_judge(write(tmp_path, "a.yml", LLM + "name: b\n")).name == "b"


def test_json_is_read_too(tmp_path: Path) -> None:
    text = json.dumps({"kind": "llm", "model": "openai/small", "calls": {"batch": 4}})
    judge = load_judge(write(tmp_path, "a.json", text))

    assert isinstance(judge, LLMJudge)


def test_words_stay_words_as_yaml_1_2_says(tmp_path: Path) -> None:
    judge = load_judge(write(tmp_path, "a.yaml", LLM + "deployment: no\n"))

    assert isinstance(judge, LLMJudge)
    assert judge.spec.deployment == "no"


def test_a_replay_stands_beside_its_recording(tmp_path: Path) -> None:
    write(tmp_path, "data/said.jsonl", '{"item_id": "i", "criterion": "a", "value": 1}\n')
    judge = load_judge(write(tmp_path, "old.yaml", "kind: replay\npath: data/said.jsonl\n"))

    assert isinstance(judge, Replay)
    assert judge.name == "old"


def test_a_panel_names_judges_beside_it_paths_and_whole_specifications(tmp_path: Path) -> None:
    write(tmp_path, "one.yaml", LLM)
    write(tmp_path, "more/two.yaml", LLM + "name: second\n")
    text = """\
kind: panel
aggregate: weighted
members:
  - one
  - more/two.yaml
  - {kind: llm, model: openai/three}
  - kind: panel
    members: [one]
weights: {one: 2, more/two.yaml: 1, openai/three: 1, panel-4: 0.5}
quorum: 3
"""
    panel = load_judge(write(tmp_path, "all.yaml", text))

    assert isinstance(panel, Panel)
    assert [m.name for m in panel.members] == ["one", "second", "openai/three", "panel-4"]
    assert (panel.aggregate, panel.quorum) == ("weighted", 3)
    assert panel.weights == {"one": 2.0, "second": 1.0, "openai/three": 1.0, "panel-4": 0.5}
    check_judge(panel)


def test_members_may_be_found_elsewhere(tmp_path: Path) -> None:
    asked = []

    def find(name: str, folder: Path) -> Any:
        asked.append((name, folder))
        return ScriptedJudge(name=name)

    panel = load_judge(write(tmp_path, "p.yaml", "kind: panel\nmembers: [x, y]\n"), find=find)

    assert isinstance(panel, Panel)
    assert asked == [("x", tmp_path), ("y", tmp_path)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "judge.yaml: the file is empty"),
        ("# nothing\n", "judge.yaml: the file is empty"),
        ("- kind: llm\n", "judge.yaml:1: the file is no mapping"),
        ("kind: llm\nmodel: [\n", "judge.yaml:"),
        ("model: openai/x\n", "judge.yaml:1: it says no kind. Write kind: llm | panel"),
        ("model: m\nkind: lmm\n", "judge.yaml:2: the kind 'lmm' is not known. Did you mean 'llm'?"),
        ("kind: [llm]\n", "judge.yaml:1: the kind ['llm'] is not known"),
        (LLM + "modell: x\n", "judge.yaml:3: 'modell' is an unknown key. Did you mean 'model'?"),
        (LLM + "kind: llm\n", "judge.yaml:3:1: the key 'kind' stands twice, first in line 1"),
        ("kind: llm\n", "judge.yaml:1: 'model' is missing. Add `model: ...`"),
        (LLM + "samples: many\n", "judge.yaml:3: 'samples' has to be a whole number"),
        (LLM + "temperature: 3\n", "judge.yaml:3: 'temperature' has to be at most 2"),
        (
            LLM + "price:\n  input: 1\n  output: -1\n",
            "judge.yaml:5: 'price.output' has to be at least 0",
        ),
        (
            LLM + "price:\n  inputs: 1\n",
            "4: 'price.inputs' is an unknown key. Did you mean 'input'? (2 more in this file)",
        ),
        (
            LLM + "calls: per_itm\n",
            "3: 'calls' has a value which is not known. Did you mean 'per_item'?",
        ),
        (LLM + "calls: 5\n", "'calls' has to be 'per_criterion' or 'per_item' or a mapping"),
        (LLM + "calls: {batch: 1}\n", "judge.yaml:3: 'calls.batch' has to be at least 2"),
        (LLM + "calls: {size: 4}\n", "3: 'calls.size' is an unknown key. Known: batch"),
        (LLM + "calls: {}\n", "judge.yaml:3: 'calls.batch' is missing. Add `batch: ...`"),
        (
            LLM + "structured: jason\n",
            "'structured' has a value which is not known. Known: auto, object, schema, text",
        ),
        (LLM + "headers: secretly\n", "judge.yaml:3: 'headers' has to be a mapping"),
        ("kind: panel\nmembers: [[a]]\n", "2: 'members[1]' has to be a text or a mapping"),
        (LLM + "sampels: 1\nseeds: 1\n", "Did you mean 'samples'? (1 more in this file)"),
        (LLM + "name: !!python/object:os.system x\n", "judge.yaml:3:7: the tag"),
        ("kind: panel\nmembers: []\n", "judge.yaml:2: 'members' has 0 of 1 entries"),
        ("kind: panel\nmembers:\n  - nobody\n", "judge.yaml:3: there is no judge 'nobody'"),
        ("kind: panel\nmembers:\n  - kind: llm\n", "judge.yaml:3: 'model' is missing"),
        (
            "kind: panel\nmembers:\n  - kind: llm\n    model: m\n    modle: m\n",
            "judge.yaml:5: 'modle' is an unknown key. Did you mean 'model'?",
        ),
        (
            "kind: panel\nmembers:\n  - kind: llm\n    model: m\n  - {kind: llm, model: m}\n",
            "judge.yaml:1: two members are called 'm'",
        ),
        ("kind: panel\nmembers: [judge]\n", "the panel contains itself: judge -> judge"),
        ("kind: replay\npath: none.jsonl\n", "judge.yaml:2: there is no recording none.jsonl"),
        ("kind: features\n", "it was fitted with features of version None"),
        ("kind: llm\nmodel: 'a\n", "judge.yaml:2"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nkind: *b\n", "is not known"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (LLM + "api_key: sk-abc\n", 3),
        (LLM + "api_key: 12345\n", 3),
        (LLM + "headers:\n  Authorization: Bearer abcdefghijkl\n", 4),
        (LLM + "headers:\n  x-api-key: abc\n", 4),
        (LLM + "api_base: https://user:secret@host/v1\n", 3),
        (LLM + "headers: {x-route: sk-proj-abcdefghijklmn0p}\n", 3),
        ("kind: panel\nmembers:\n  - kind: llm\n    model: m\n    api_key: abc\n", 5),
    ],
)
def test_a_key_in_a_file_is_refused_without_repeating_it(
    tmp_path: Path, text: str, line: int
) -> None:
    told = refusal(tmp_path, text)

    assert told.startswith(f"judge.yaml:{line}: ")
    assert "api_key_env: NAME" in told
    assert not any(key in told for key in ("sk-", "abc", "12345", "user:secret"))


def test_a_judge_may_be_called_like_a_key(tmp_path: Path) -> None:
    write(tmp_path, "token.yaml", LLM)
    text = "kind: panel\nmembers: [token]\naggregate: weighted\nweights: {token: 1}\n"

    assert isinstance(load_judge(write(tmp_path, "p.yaml", text)), Panel)


def test_naming_the_variable_of_a_key_is_fine(tmp_path: Path) -> None:
    text = LLM + "api_key_env: OPENAI_API_KEY\nmax_tokens: 99\nheaders: {x-title: trueup}\n"

    assert isinstance(load_judge(write(tmp_path, "a.yaml", text)), LLMJudge)


@pytest.mark.parametrize(
    "key", ["sk-abcdefghijklmnopqrstuv", "a8f5f167f44f4964e6c998dee827110c", "Zx81kQmTrPwLsYdFgHjK"]
)
def test_a_key_in_the_place_of_its_variables_name_is_refused_without_repeating_it(
    tmp_path: Path, key: str
) -> None:
    told = refusal(tmp_path, LLM + f"api_key_env: {key}\n")
    member = f"{{kind: llm, model: openai/m, api_key_env: {key}}}"
    inside = refusal(tmp_path, f"kind: panel\nmembers:\n  - {member}\n")

    assert told.startswith("judge.yaml:3: 'api_key_env': ")
    assert inside.startswith("judge.yaml:3: 'api_key_env': ")
    assert "OPENAI_API_KEY" in told
    assert key[3:8] not in told + inside
    with pytest.raises(ValidationError) as refused:
        LLMSpec(kind="llm", model="openai/m", api_key_env=key)
    assert key not in str(refused.value)


def test_panels_that_contain_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "b.yaml", "kind: panel\nmembers: [c]\n")
    write(tmp_path, "c.yaml", "kind: panel\nmembers: [a]\n")

    told = refusal(tmp_path, "kind: panel\nmembers: [b]\n", "a.yaml")
    assert "the panel contains itself: a -> b -> c -> a" in told


def test_a_panel_may_name_one_judge_in_two_places(tmp_path: Path) -> None:
    write(tmp_path, "one.yaml", LLM)
    text = "kind: panel\nmembers:\n  - one\n  - {kind: panel, members: [one]}\n"

    assert isinstance(load_judge(write(tmp_path, "p.yaml", text)), Panel)


@pytest.mark.parametrize(
    ("name", "said"),
    [("none.yaml", "cannot be read (No such file"), ("judge.txt", "this is no judge file")],
)
def test_what_is_no_file_of_a_judge_is_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(JudgeError) as refused:
        load_judge(tmp_path / name)

    assert said in str(refused.value)


def test_files_that_are_not_utf8_or_too_large_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"kind: \xff\xfe")
    with pytest.raises(JudgeError, match="is no UTF-8"):
        load_judge(tmp_path / "a.yaml")
    assert "larger than any judge" in refusal(tmp_path, LLM + "#" * 1_000_001)


TWO_RULES = """\
from trueup import Rules
r = Rules("r", version="1")

for _ in (1, 2): r.rule("a")(lambda item: True)
"""
PYTHON = '''\
"""Says met to all.

More about it.
"""
import dataclasses
from trueup.judge.verdict import Verdict, scored

@dataclasses.dataclass
class Met:
    value: float = 1.0

    async def judge(self, item, rubric):
        return Verdict({c.id: scored(self.value) for c in rubric.criteria})

judge = Met()
'''


def test_a_python_judge_is_loaded_by_its_path(tmp_path: Path) -> None:
    path = write(tmp_path, "all-met.py", PYTHON)
    before = list(sys.path)
    judge = load_judge(path)

    assert judge.name == "all-met"
    check_judge(judge)
    assert sys.path == before
    assert not list(tmp_path.rglob("__pycache__"))


def test_classes_of_a_python_judge_can_be_pickled(tmp_path: Path) -> None:
    write(tmp_path, "met.py", PYTHON + "judge.name, judge.version = 'm', '1'\n")
    load_judge(tmp_path / "met.py")
    module = next(m for name, m in sys.modules.items() if name.startswith("_trueup_judge_met_"))

    assert pickle.loads(pickle.dumps(module.judge)) == module.judge  # noqa: S301 - our own bytes


def test_an_edited_python_judge_is_run_anew_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    path = write(tmp_path, "counted.py", PYTHON)
    load_judge(path)
    first = {name for name in sys.modules if name.startswith("_trueup_judge_counted_")}
    load_judge(path)
    assert {name for name in sys.modules if name.startswith("_trueup_judge_counted_")} == first

    write(tmp_path, "counted.py", PYTHON.replace("1.0", "0.5") + "judge.name = 'half'\n")
    assert load_judge(path).name == "half"


def test_files_of_one_name_in_two_folders_do_not_clash(tmp_path: Path) -> None:
    one = write(tmp_path, "a/same.py", PYTHON + "judge.name = 'one'\n")
    two = write(tmp_path, "b/same.py", PYTHON + "judge.name = 'two'\n")

    assert (load_judge(one).name, load_judge(two).name) == ("one", "two")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n\n\nraise ValueError('no \x1b luck')\n", "judge.py:4: the file raised ValueError"),
        ("def f():\n    return 1 / 0\n\nf()\n", "judge.py:2: the file raised ZeroDivisionError"),
        ("import no_such_module_anywhere\n", "judge.py:1: the file raised ModuleNotFoundError"),
        ("x = 1\ndef broken(:\n", "judge.py:2: the file raised SyntaxError"),
        ("raise SystemExit(3)\n", "judge.py:1: the file raised SystemExit: 3"),
        ("x = 1\n", "judge.py: the file exports no `judge`. Write `judge = ...` in it"),
        ("judge = 7\n", "judge.py: its `judge` cannot be used: an object of type int is no judge"),
        ("class judge:\n    pass\n", "judge.py: its `judge` cannot be used: a class is no judge"),
        (
            TWO_RULES,
            "judge.py:4: the file raised there are two rules for 'a'. Delete one of the two",
        ),
    ],
)
def test_a_broken_python_judge_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    before = set(sys.modules)
    told = refusal(tmp_path, text, "judge.py")

    assert said in told
    assert "\x1b" not in told
    left = {name for name in set(sys.modules) - before if name.startswith("_trueup_judge_")}
    assert bool(left) == ("raised" not in said)


def test_a_python_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JudgeError, match="cannot be read"):
        load_judge(tmp_path / "none.py")


def test_an_interrupt_while_a_file_runs_passes_through(tmp_path: Path) -> None:
    path = write(tmp_path, "interrupted.py", "raise KeyboardInterrupt\n")

    with pytest.raises(KeyboardInterrupt):
        load_judge(path)
    assert not [name for name in sys.modules if name.startswith("_trueup_judge_interrupted_")]


def test_an_outline_reads_and_does_not_run(tmp_path: Path) -> None:
    path = write(tmp_path, "j.py", PYTHON + "\nraise SystemExit('run')\n")

    assert outline(path) == ("Says met to all.", None)


@pytest.mark.parametrize(
    "text",
    ["judge = 1", "judge: int = 1", "def judge(item, rubric): ...", "class judge: ...",
     "from x import judge", "import judge", "from x import y as judge", "from x import *",
     "with open('f') as judge: ...", "async def judge(requests): yield", "a, judge = 1, 2",
     "def __getattr__(name): ...", "if True:\n    judge = 1"],
)  # fmt: skip
def test_every_way_to_export_a_judge_is_seen(tmp_path: Path, text: str) -> None:
    assert outline(write(tmp_path, "j.py", text + "\n")).problem is None


def test_an_outline_names_what_is_broken(tmp_path: Path) -> None:
    assert "exports no `judge`" in (outline(write(tmp_path, "a.py", "x = 1\n")).problem or "")
    assert "b.py:1: " in (outline(write(tmp_path, "b.py", "def (\n")).problem or "")
    assert "cannot be read" in (outline(tmp_path / "none.py").problem or "")
    assert outline(write(tmp_path, "c.py", "x = 1\n"), exports=None).problem is None
    (tmp_path / "d.py").write_bytes(b"x = 1\0")
    assert outline(tmp_path / "d.py").problem
