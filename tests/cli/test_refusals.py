"""What a user gets wrong is refused with one sentence that says what, where and how to mend it.

The status is 2, stdout stays empty, and nothing is left behind: no store, no file of results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, Result, WriteJudge
    from trueup.testing.faultserver import FaultServer

ITEM = '{"id": "a", "output": "Press Save."}\n'
FILES: dict[str, str | bytes] = {
    "rubrics/broken.yaml": "name: broken\ntask: [oops\ncriteria:\n",
    "rubrics/typo.yaml": "name: typo\ntask: t\ncriteria:\n  - {id: a, ask: Is it?, wieght: 2}\n",
    "rubrics/penalties.yaml": "name: p\ntask: t\ncriteria:\n  - {id: a, ask: Is it?, weight: -1}\n",
    "rubrics/empty.yaml": "",
    "judges/typo.yaml": "kind: llm\nmodle: x\n",
    "judges/broken.yaml": "kind: [llm\n",
    "judges/keyed.yaml": "kind: llm\nmodel: openai/x\napi_key: sk-1234567890abcdef1234\n",
    "runners/typo.yaml": "kind: score\nitems: items.jsonl\nrubric: checks\nlmit: 3\n",
    "runners/broken.yaml": "kind: score\nitems: {\n",
    "runners/double.yaml": "kind: score\nkind: score\n",
    "runners/wrong.yaml": "kind: score\nitems: items.jsonl\nrubric: checks\nlimit: three\n",
    "double.jsonl": ITEM + ITEM,
    "nothing.jsonl": "",
    "header.csv": "id,output\n",
    "lacking.jsonl": '{"id": "a", "text2": "x"}\n',
    "binary.jsonl": bytes(range(256)) * 8,
    "slip.jsonl": ITEM + '{"id": oops}\n',
    "quote.csv": 'id,output\n1,"abc\n',
    "no.db": "this is no database, and must stay as it is",
}
SCORE = ("score", "items.jsonl", "-r", "checks")
REFUSED: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("score", "items.jsonl", "-r", "broken"), ("broken.yaml:3", "bracket")),
    (("score", "items.jsonl", "-r", "typo"), ("typo.yaml:4", "'wieght'", "'weight'")),
    (("score", "items.jsonl", "-r", "penalties"), ("penalties.yaml", "positive weight")),
    (("score", "items.jsonl", "-r", "empty"), ("empty.yaml", "empty")),
    (("score", "items.jsonl", "-r", "chekcs"), ("'chekcs'", "'checks'")),
    (("score", "items.jsonl", "-r", "reply"), ("step, padded", "Name a judge")),
    (("score", "items.jsonl", "-r", "reply", "--plan"), ("step, padded", "Name a judge")),
    (("score", "items.jsonl", "-r", "reply", "-j", "typo"), ("typo.yaml:2", "'modle'", "'model'")),
    (("score", "items.jsonl", "-r", "reply", "-j", "broken"), ("broken.yaml:2", "bracket")),
    (("score", "items.jsonl", "-r", "reply", "-j", "keyed"), ("keyed.yaml:3", "api_key_env")),
    (("score", "items.jsonl", "-r", "reply", "-j", "lcoal"), ("'lcoal'", "'local'")),
    (("run", "typo"), ("typo.yaml:4", "'lmit'", "'limit'")),
    (("run", "broken"), ("broken.yaml:3",)),
    (("run", "double"), ("double.yaml:2", "twice")),
    (("run", "wrong"), ("wrong.yaml:4", "'limit' is a whole number, not 'three'")),
    (("run", "nihgtly"), ("'nihgtly'",)),
    (("run", "typo", "--set", "limit"), ("KEY=VALUE", "limit")),
    (("run", "typo", "--set", "lmit=", "--set", "bar=x"), ("--set bar", "number")),
    (("score", "double.jsonl", "-r", "checks"), ("lines 1 and 2", "'a'", "--map id")),
    (("score", "nothing.jsonl", "-r", "checks"), ("nothing.jsonl", "empty")),
    (("score", "header.csv", "-r", "checks"), ("header.csv", "no items")),
    (("score", "lacking.jsonl", "-r", "checks"), ("id, text2", "--map output=COLUMN")),
    (("score", "binary.jsonl", "-r", "checks"), ("binary.jsonl", "binary")),
    (("score", "slip.jsonl", "-r", "checks"), ("slip.jsonl, line 2", "JSON")),
    (("score", "quote.csv", "-r", "checks"), ("quote.csv", "CSV")),
    (("score", "itmes.jsonl", "-r", "checks"), ("no such file", "'items.jsonl'")),
    (("score", "rubrics", "-r", "checks"), ("rubrics", "folder")),
    ((*SCORE, "--store", "no.db"), ("no.db", "no trueup store")),
    ((*SCORE, "--store", "rubrics"), ("rubrics", "folder")),
    ((*SCORE, "--store", "mysqll://u:geheim@h/x"), ("mysqll://h/x", "sqlite:///FILE")),
    ((*SCORE, "--map", "output"), ("--map output", "FIELD=COLUMN")),
    ((*SCORE, "--map", "output=reply"), ("'reply'", "id, input, output")),
    ((*SCORE, "--timezone", "Mars/Olympus"), ("Mars/Olympus",)),
    ((*SCORE, "--out", "found.doc"), ("found.doc", ".parquet")),
    ((*SCORE, "--out", "lost/found.csv"), ("lost", "folder")),
    ((*SCORE, "--out", "items.jsonl"), ("items.jsonl", "read")),
    ((*SCORE, "--out", "a.csv", "--out-items", "./a.csv"), ("a.csv", "Name another")),
    ((*SCORE, "--budget-calls", "0"), ("calls", "more than 0")),
    ((*SCORE, "--limit", "0"), ("--limit",)),
    ((*SCORE, "--bar", "2"), ("--bar",)),
    ((*SCORE, "--bugdet", "2"), ("--bugdet", "--budget")),
    (("scoer", "items.jsonl"), ("'scoer'", "'score'")),
    (("score", "items.jsonl"), ("--rubric",)),
    (("show",), ("no store here", "trueup score")),
    (("show", "--store", "no.db"), ("no.db", "no trueup store")),
    (("forget", "i1", "--yes"), ("no store here",)),
    (("check", "rubrisc"), ("rubrisc",)),
    (("diff", "reply", "chekcs"), ("'chekcs'", "'checks'")),
    (("schema", "--out", "lost/s.json"), ("lost/s.json",)),
    (("init", "items.jsonl"), ("items.jsonl",)),
    (("demo", "items.jsonl"), ("items.jsonl",)),
    (("demo", "."), ("not empty",)),
    (("doctor", "binary.jsonl"), ("binary.jsonl", "binary")),
    (("fit", "items.jsonl", "items.jsonl", "-r", "reply"), ("criterion", "--map")),
    (("fit", "items.jsonl", "items.jsonl", "-r", "reply", "-o", "j.py"), ("j.py", ".yaml")),
]


@pytest.fixture
def spoilt(here: Path) -> Path:
    for name, content in FILES.items():
        raw = content.encode() if isinstance(content, str) else content
        (here / name).write_bytes(raw)
    return here


def assert_one_message(done: Result, words: tuple[str, ...]) -> None:
    assert (done.status, done.out) == (2, "")
    for word in words:
        assert word in done.err
    assert "Traceback" not in done.err
    assert done.err.count("trueup: ") + done.err.count("Error: ") == 1


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=lambda part: " ".join(part)[:70])
def test_a_mistake_is_named_and_leaves_nothing_behind(
    trueup: Command, spoilt: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    before = {path: path.read_bytes() for path in spoilt.rglob("*") if path.is_file()}
    done = trueup(*arguments)

    assert_one_message(done, words)
    assert before == {path: path.read_bytes() for path in spoilt.rglob("*") if path.is_file()}


def test_a_password_in_a_store_url_is_not_repeated(trueup: Command) -> None:
    done = trueup(*SCORE, "--store", "mysqll://u:geheim@h/x", "--json")

    assert "geheim" not in done.err + done.out


def test_an_unknown_price_under_a_cap_on_dollars_is_refused_before_anything_is_asked(
    trueup: Command, here: Path, server: FaultServer, judge: str
) -> None:
    done = trueup("score", "items.jsonl", "-r", "reply", "-j", judge, "--budget", 5)

    assert_one_message(done, ("openai/tiny", "price: {input:"))
    assert server.requests == 0
    assert not (here / ".trueup").exists()


def test_a_declared_price_holds_a_cap_on_dollars(
    trueup: Command, server: FaultServer, write_judge: WriteJudge
) -> None:
    write_judge(server, "priced", price={"input": 1.0, "output": 2.0})
    done = trueup("score", "items.jsonl", "-r", "reply", "-j", "priced", "--budget", 5, "--json")

    assert done.status == 0
    assert 0 < done.json["cost"]["dollars"] < 5


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [(("show", "7"), "StoreError"), ((*SCORE, "--out", "x.doc"), "ConfigError"),
     (("scoer",), "UsageError"), ((*SCORE, "--limit", "x"), "UsageError")],
)  # fmt: skip
def test_json_holds_the_error_in_place_of_the_result(
    trueup: Command, arguments: tuple[str, ...], kind: str
) -> None:
    done = trueup(*arguments, "--json")

    assert done.status == 2
    assert {"error"} == set(done.json)
    assert {"kind", "what", "where", "mend"} == set(done.json["error"])
    assert kind == done.json["error"]["kind"]
