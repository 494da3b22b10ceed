"""A key is in the environment and in the request to its endpoint, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import honest
from trueup.testing.faultserver import FaultServer, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, WriteJudge

KEYS = ("sk-4Xq81LwPzR77aaVdGm20", "an-unshaped-but-secret-word-77")
SCORE = ("score", "items.jsonl", "-r", "reply", "-j", "there", "--limit", 2)


def left_in(folder: Path) -> bytes:
    """Return every byte that a command left in its folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_an_echoed_key_is_in_no_output_no_store_and_no_file(  # noqa: PLR0917 - fixtures
    trueup: Command,
    here: Path,
    write_judge: WriteJudge,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    status: int,
) -> None:
    def echo(_: dict[str, Any]) -> Reply:
        said = f'{{"Authorization": "Bearer {key}"}} {key}'
        return Reply(status=status, content=said, headers={"X-Key": key})

    monkeypatch.setenv("REPLY_KEY", key)
    with FaultServer(answer=echo, retry_after=0.01) as server:
        write_judge(server, api_key_env="REPLY_KEY", deadline=0.3, timeout=0.3)
        done = trueup(*SCORE, "--json", "--out", "found.jsonl")
        assert server.requests
        sent = {request.headers["authorization"] for request in server.log}

    assert len(sent) == 1
    assert done.status in {2, 3}
    for shown in (done, trueup("show"), trueup("show", "--item", "i0")):
        assert key not in shown.out + shown.err
    assert key.encode() not in left_in(here)


def test_a_key_written_into_a_judges_file_is_refused_without_being_repeated(
    trueup: Command, here: Path
) -> None:
    lines = (
        f"api_key: {KEYS[0]}",
        f"headers: {{Authorization: Bearer {KEYS[1]}}}",
        "api_base: http://user:geheim77@127.0.0.1/v1",
    )
    for n, line in enumerate(lines):
        (here / "judges" / f"j{n}.yaml").write_text(f"kind: llm\nmodel: openai/x\n{line}\n")
        done = trueup("score", "items.jsonl", "-r", "reply", "-j", f"j{n}", "--json")

        assert done.status == 2
        assert "api_key_env" in done.err
        for secret in (*KEYS, "geheim77"):
            assert secret not in done.out + done.err
    assert not (here / ".trueup").exists()


@pytest.mark.parametrize("value", [None, " "], ids=["not set", "blank"])
def test_a_missing_key_is_named_by_its_file_and_variable_before_anything_is_written(  # noqa: PLR0917 - fixtures
    trueup: Command,
    here: Path,
    server: FaultServer,
    write_judge: WriteJudge,
    monkeypatch: pytest.MonkeyPatch,
    value: str | None,
) -> None:
    if value is not None:
        monkeypatch.setenv("REPLY_KEY_THAT_IS_NOT_SET", value)
    write_judge(server, api_key_env="REPLY_KEY_THAT_IS_NOT_SET")
    before = left_in(here)
    done = trueup(*SCORE)

    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1
    for word in ("judges/there.yaml:5", "REPLY_KEY_THAT_IS_NOT_SET", "Set it"):
        assert word in done.err
    assert server.requests == 0
    assert not (here / ".trueup").exists()
    assert left_in(here) == before


def test_a_plan_needs_no_key(trueup: Command, server: FaultServer, write_judge: WriteJudge) -> None:
    write_judge(server, api_key_env="REPLY_KEY_THAT_IS_NOT_SET")

    assert trueup(*SCORE, "--plan", "--json").json["calls"] == 4


@pytest.mark.parametrize("transport", ["direct", "litellm"])
def test_a_key_that_a_good_reply_sends_back_is_in_no_output_no_store_and_no_file(
    trueup: Command,
    here: Path,
    write_judge: WriteJudge,
    monkeypatch: pytest.MonkeyPatch,
    transport: str,
) -> None:
    key = KEYS[1]

    def echo(request: dict[str, Any]) -> dict[str, Any]:
        return {**honest(request), "explanation": f"The key is {key}."}

    monkeypatch.setenv("REPLY_KEY", key)
    with FaultServer(answer=echo) as server:
        write_judge(server, api_key_env="REPLY_KEY", transport=transport)
        done = trueup(*SCORE, "--json", "--out", "found.jsonl")

    assert done.status == 0
    assert "The key is ***." in (here / "found.jsonl").read_text("utf-8")
    for shown in (done, trueup("show", "--item", "i0")):
        assert key not in shown.out + shown.err
    assert key.encode() not in left_in(here)


def test_the_store_url_of_a_run_is_shown_without_its_password(trueup: Command, here: Path) -> None:
    # SQLite takes no user, yet what stands there must not be repeated
    done = trueup("score", "items.jsonl", "-r", "checks", "--json",
                  "--store", f"sqlite:///{here}/u.db?timeout=9&key=geheim77")  # fmt: skip

    assert "geheim77" not in done.out + done.err
