"""The exit status says what became of a command: 0 fine, 1 a gate failed, 3 inconclusive, 70."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trueup.testing.faultserver import FaultServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, WriteJudge

SCORE = ("score", "items.jsonl", "-r", "reply", "-j", "there")
LABEL = '{"item_id": "i%d", "criterion": "padded", "value": "met", "annotator": "a"}\n'


@pytest.mark.parametrize(("bar", "status"), [(0.0, 0), (0.49, 0), (0.51, 1), (1.0, 1)])
def test_a_mean_score_below_the_bar_is_1(
    trueup: Command, judge: str, bar: float, status: int
) -> None:
    done = trueup("score", "items.jsonl", "-r", "reply", "-j", judge, "--bar", bar)

    assert status == done.status
    assert ("Below the bar" if status else "is reached") in done.out


@pytest.mark.parametrize(
    ("bar", "status", "said"),
    [(0.5, 0, "is reached"), (0.51, 3, "depends on"), (1.0, 3, "The reasons above say why")],
)
def test_items_without_a_score_may_neither_pass_a_bar_nor_fail_it(
    trueup: Command, here: Path, bar: float, status: int, said: str
) -> None:
    rows = '{"id": "a", "output": "Press Save."}\n{"id": "b"}\n'
    (here / "some.jsonl").write_text(rows, "utf-8")
    done = trueup("score", "some.jsonl", "-r", "checks", "--bar", bar)

    assert done.status == status
    assert said in " ".join(done.out.split())
    assert "between 0.50 and 1.00" in done.out


@pytest.mark.parametrize(
    ("bar", "verdict", "status"),
    [(0.2, "reached", 0), (0.5, "inconclusive", 3), (0.9, "missed", 1)],
)
def test_a_bar_that_half_of_the_items_cannot_speak_to_is_inconclusive_until_they_can(
    *, trueup: Command, server: FaultServer, judge: str, bar: float, verdict: str, status: int
) -> None:
    failing = {f"Reply {n}:" for n in range(5)}
    server.configure(
        faults=lambda body, _: "404" if any(word in str(body) for word in failing) else None
    )
    command = ("score", "items.jsonl", "-r", "reply", "-j", judge, "--bar", bar, "--json")
    done = trueup(*command)

    assert done.json["bar"] == {"at": bar, "verdict": verdict}
    assert (done.json["score"]["n"], done.status) == (5, status)

    server.configure(faults=None)
    again = trueup(*command)
    assert again.json["bar"]["verdict"] == ("missed" if bar > 0.5 else "reached")
    assert again.status == (1 if bar > 0.5 else 0)


def test_a_mean_that_is_the_bar_but_for_rounding_reaches_it(trueup: Command, here: Path) -> None:
    words = ("Reply", "Reply", "Reply", "Reply", "absent")  # 0.8, ten times, adds up to 7.999...
    checks = [f"  - {{id: c{n}, check: {{pattern: {word}}}}}\n" for n, word in enumerate(words)]
    rubric = "name: fifths\ntask: t\ncriteria:\n" + "".join(checks)
    (here / "rubrics" / "fifths.yaml").write_text(rubric, "utf-8")

    assert trueup("score", "items.jsonl", "-r", "fifths", "--bar", 0.8).status == 0


@pytest.mark.parametrize("fault", ["refusal", "content-filter", "prose", "400-context-length"])
def test_nothing_scored_is_3_though_checks_have_values(
    trueup: Command, write_judge: WriteJudge, fault: str
) -> None:
    with FaultServer(faults={fault: 1.0}) as server:
        write_judge(server)
        done = trueup(*SCORE, "--bar", 0.0)

    assert done.status == 3
    assert "No item got a score." in done.out
    assert "nothing is known about the bar" in done.out


def test_one_refused_answer_among_many_is_an_outcome_and_0(
    trueup: Command, server: FaultServer, judge: str
) -> None:
    server.configure(faults=lambda body, _: "refusal" if "Reply 3:" in str(body) else None)
    done = trueup("score", "items.jsonl", "-r", "reply", "-j", judge, "--json")

    assert done.status == 0
    assert done.json["items"]["outcomes"] == {"scored": 9, "refused": 1}
    assert done.json["score"]["n"] == 9


def test_a_used_up_budget_is_3(trueup: Command, judge: str) -> None:
    done = trueup("score", "items.jsonl", "-r", "reply", "-j", judge, "--budget-calls", 3, "--json")

    assert (done.status, done.json["status"]) == (3, "budget")


def test_a_dead_endpoint_is_3_at_once(trueup: Command, write_judge: WriteJudge) -> None:
    with FaultServer() as gone:
        url = gone.url
    write_judge(url)
    done = trueup(*SCORE, "--json")

    assert done.status == 3
    assert done.json["error"]["kind"] == "JudgeUnavailable"
    assert "api_base" in done.err


@pytest.mark.parametrize("fault", ["401", "403"])
def test_a_refused_key_is_2_before_a_second_round_is_asked(
    trueup: Command, write_judge: WriteJudge, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setenv("REPLY_KEY", "not-the-right-one")
    with FaultServer(faults={fault: 1.0}, latency=0.05) as server:
        write_judge(server, concurrency=4, api_key_env="REPLY_KEY")
        done = trueup(*SCORE, "--json", "--out", "found.csv")
        requests = server.requests

    assert done.status == 2
    assert done.json["error"]["kind"] == "CredentialsError"
    assert done.json["error"]["mend"] == "Check the key in the environment variable REPLY_KEY"
    assert "api_key_env" not in done.json["error"]["what"]
    assert 1 <= requests <= 4


def test_a_run_that_failed_leaves_no_file_of_results(
    trueup: Command, here: Path, write_judge: WriteJudge
) -> None:
    (here / "found.csv").write_text("of yesterday", "utf-8")
    with FaultServer(faults={"401": 1.0}) as server:
        write_judge(server)
        trueup(*SCORE, "--out", "found.csv", "--out-items", "new.csv")

    assert (here / "found.csv").read_text("utf-8") == "of yesterday"
    assert not (here / "new.csv").exists()


def test_too_few_labels_are_3_and_write_no_judge(trueup: Command, here: Path) -> None:
    (here / "labels.jsonl").write_text("".join(LABEL % n for n in range(5)), "utf-8")
    done = trueup("fit", "items.jsonl", "labels.jsonl", "-r", "reply", "--json")

    assert (done.status, done.json["error"]["kind"]) == (3, "TooFewLabels")
    assert "at least 30" in done.err
    assert not (here / "judges" / "surface.yaml").exists()


def test_check_fails_on_errors_and_on_warnings_only_under_strict(
    trueup: Command, here: Path
) -> None:
    rubric = (here / "rubrics" / "reply.yaml").read_text("utf-8")
    asked = "Does the reply name the button to press?"
    double, wrong = here / "rubrics" / "double.yaml", here / "rubrics" / "wrong.yaml"
    double.write_text(rubric.replace(asked, "Does it name the button? Is it short?"), "utf-8")
    wrong.write_text(rubric.replace(asked, "How well does the reply name it?"), "utf-8")

    assert trueup("check", double).status == 0
    strict = trueup("check", double, "--strict")
    assert strict.status == 1
    assert f"{double}:8" in strict.out
    assert trueup("check", wrong).status == 1
    assert "1 file checked, 1 error" in trueup("check", wrong).out


def test_check_is_2_where_a_file_cannot_be_used_and_names_each(trueup: Command, here: Path) -> None:
    (here / "judges" / "typo.yaml").write_text("kind: llm\nmodle: x\n", "utf-8")
    (here / "runners" / "typo.yaml").write_text("kind: score\nitmes: x\n", "utf-8")
    done = trueup("check")

    assert done.status == 2
    assert "typo.yaml:2: 'modle' is an unknown key" in done.out
    assert "typo.yaml:2: 'itmes' is an unknown key" in done.out
    assert "2 unusable" in done.out


def test_a_crash_is_70_and_no_failed_gate(trueup: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLY_API_KEY", "geheim-geheim-7788")

    def broken() -> None:
        raise RuntimeError("half \x1b[31m a wheel with geheim-geheim-7788")

    monkeypatch.setattr("trueup.rubric.schema.rubric_schema", broken)
    done = trueup("schema", "--json")

    assert done.status == 70
    assert done.json["error"]["kind"] == "Crash"
    assert "Traceback" in done.err
    assert "geheim" not in done.out + done.err
    assert "\x1b" not in done.err
