"""A backfill draws from each period, judges all of it in one sitting, and can be gone on with."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trueup
from tests.runner.goodhart.backfill_material import RUBRIC, START, TableJudge, log
from trueup.errors import ConfigError, CredentialsError, DataError, TooFewLabels
from trueup.judge.llm.judge import LLMJudge
from trueup.judge.llm.spec import LLMSpec
from trueup.judge.reading import at_level
from trueup.rubric.load import parse_rubric
from trueup.runner.calibration.anchors import write_anchors
from trueup.runner.goodhart.backfill import backfill
from trueup.runner.goodhart.sitting import read_sitting
from trueup.runner.labelling.queue import last_draw
from trueup.store.draws import draws
from trueup.store.store import Store
from trueup.testing import Fault, FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trueup.judge.protocol import Request
    from trueup.judge.verdict import Finding
    from trueup.rubric.model import Criterion
    from trueup.runner.goodhart.backfill_result import BackfillResult


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store.db") as opened:
        yield opened


def run(store: object, items: object = None, **options: Any) -> BackfillResult:
    usual = {"rubric": RUBRIC, "judge": TableJudge(), "per_period": 10, "store": store}
    return backfill(log() if items is None else items, **{**usual, **options})


def asked_of(judge: TableJudge) -> Counter[tuple[str, int]]:
    return Counter((request.item.id, request.replicate) for request in judge.seen)


def test_it_judges_so_many_of_each_period_and_half_of_them_twice(store: Store) -> None:
    judge = TableJudge()
    found = run(store, judge=judge)

    assert [(p.available, p.drawn, p.asked, p.scored) for p in found.periods] == [
        (40, 10, 10, 10)
    ] * 3
    assert (found.status, found.left, found.exit_status) == ("done", 0, 0)
    asked = asked_of(judge)
    assert set(asked.values()) == {1}
    assert Counter(replicate for _, replicate in asked) == {0: 30, 1: 15}
    twice = Counter(item.split("-")[0] for item, replicate in asked if replicate)
    assert twice == {"w0": 5, "w1": 5, "w2": 5}


def test_the_chance_of_every_item_is_stored(store: Store) -> None:
    found = run(store)
    held = draws(store)
    assert {one.probability for one in held} == {0.25}
    assert len(held) == found.drawn == 30


def test_rare_segments_get_more_than_their_part_where_asked_and_chances_say_so(
    store: Store,
) -> None:
    run(store, by_segment=True)
    chances = read_sitting(store).draw.chances
    code = [chance for item, chance in chances.items() if int(item.split("-")[1]) % 4 == 0]
    assert len(code) / len(chances) > 0.3
    assert sum(1 / chance for chance in chances.values()) == pytest.approx(120)


def test_the_judge_is_told_nothing_of_date_or_version(store: Store) -> None:
    judge = TableJudge()
    run(store, judge=judge)
    for item in judge.items:
        told = [item.timestamp, item.version, item.arm, item.session_id, item.p_judged]
        assert told == [None] * 5
        assert dict(item.metadata) == {"note": "none"}
    known = [row["known"] for rows in store.observations(1) for row in rows]
    assert all("timestamp" in json.loads(one) for one in known)  # the store is not blind


def test_metadata_that_the_rubric_asks_for_stays_and_is_said(store: Store) -> None:
    judge = TableJudge()
    rubric = parse_rubric(
        "name: r\ntask: t\ncriteria:\n"
        "  - {id: help, ask: Does it help?, scale: {1: no, 3: partly, 5: yes}, "
        "needs: [metadata.release]}\n"
    )
    found = run(store, rubric=rubric, judge=judge)
    assert {item.metadata["release"] for item in judge.items} == {"2026.0", "2026.1", "2026.2"}
    assert "not blind" in found.notes[0]


def test_a_missing_key_is_said_before_anything_is_drawn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    rubric = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: kind, ask: Is it kind?}\n")
    spec = LLMSpec(kind="llm", model="tiny", transport="direct", api_key_env="NO_SUCH_KEY")
    with pytest.raises(CredentialsError, match="NO_SUCH_KEY"):
        run(store, rubric=rubric, judge=LLMJudge(spec, name="there"))
    assert draws(store) == []


def test_a_model_is_shown_neither_date_nor_version_nor_period() -> None:
    rubric = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: kind, ask: Is it kind?}\n")
    with FaultServer() as server:
        spec = LLMSpec(kind="llm", model="tiny", transport="direct", api_base=server.url)
        run(None, rubric=rubric, judge=LLMJudge(spec, name="there"), per_period=3)
        prompts = [json.dumps(request.body) for request in server.log]
    assert len(prompts) == 15  # in each of 3 weeks 3, and 2 of them twice
    for told in ("2026", "v0", "v1", "v2", "w0-", "w1-", "w2-", "main", "0.075"):
        assert not any(told in prompt for prompt in prompts), told


def test_the_order_of_judging_hangs_on_nothing(store: Store) -> None:
    judge = TableJudge()
    run(store, judge=judge, per_period=40)
    weeks = [item.id.split("-")[0] for item in judge.items[:120]]
    firsts = Counter(weeks[:60])
    assert len(firsts) == 3
    assert max(firsts.values()) < 30  # all of a week would be 40
    other = TableJudge()
    run(None, judge=other, per_period=40, seed=1)
    assert [i.id for i in other.items] != [i.id for i in judge.items]


def test_a_judge_that_grows_lenient_during_the_sitting_favours_no_period(store: Store) -> None:
    class Drifting(TableJudge):
        def _say(self, _: Request, criterion: Criterion) -> Finding:
            return at_level(criterion, "3" if len(self.seen) < 60 else "5")

    run(store, judge=Drifting(), per_period=40, repeat=0)
    sums: dict[str, float] = defaultdict(float)
    for item, found in read_sitting(store).judged.items():
        sums[item.split("-")[0]] += found.score
    means = [total / 40 for total in sums.values()]
    assert len(means) == 3
    assert max(means) - min(means) < 0.15  # in order of time it would be .5


def test_a_server_that_fails_often_ends_with_every_item_accounted_for(store: Store) -> None:
    rubric = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: kind, ask: Is it kind?}\n")
    faults = {Fault.PROSE: 0.2, Fault.TRUNCATED: 0.2, Fault.REFUSAL: 0.2}
    with FaultServer(faults=faults, seed=3) as server:
        spec = LLMSpec(kind="llm", model="tiny", transport="direct", api_base=server.url)
        llm = LLMJudge(spec, name="there")
        found = run(store, rubric=rubric, judge=llm, per_period=20)
    assert (found.left, sum(found.outcomes.values())) == (0, 60)
    assert found.scored < 60
    assert len(found.outcomes) > 2
    judged = read_sitting(store).judged.values()
    assert all(math.isnan(one.score) == (one.outcome != "scored") for one in judged)


def test_everything_is_judged_anew_though_the_store_knows_it(store: Store) -> None:
    judge = TableJudge()
    trueup.score(log(), rubric=RUBRIC, judge=judge, store=store)
    before = len(judge.seen)
    run(store, judge=judge)
    assert len(judge.seen) - before == 45


def test_the_same_call_again_asks_nothing_and_a_smaller_draw_is_part_of_it(store: Store) -> None:
    first = run(store)
    judge = TableJudge()
    again = run(store, judge=judge)
    assert judge.seen == []
    assert (again.fresh, again.sitting, again.scored) == (False, first.sitting, 30)

    run(store, per_period=4, sitting="small")
    small = read_sitting(store, "small").draw.chances
    assert small.keys() < read_sitting(store, first.sitting).draw.chances.keys()


def test_other_numbers_do_not_change_a_draw_that_was_made(store: Store) -> None:
    run(store, sitting="one")
    again = run(store, sitting="one", per_period=20)
    assert again.drawn == 30
    named = run(store)
    other = run(store, per_period=20)
    assert other.drawn == named.drawn
    assert "stays as it was, 10 items" in other.notes[0]


def test_a_budget_ends_it_cleanly_and_says_how_much_is_left(store: Store) -> None:
    rubric = parse_rubric("name: r\ntask: t\ncriteria:\n  - {id: kind, ask: Is it kind?}\n")
    with FaultServer() as server:
        spec = LLMSpec(kind="llm", model="tiny", transport="direct", api_base=server.url)
        llm = LLMJudge(spec, name="there")
        options = {"rubric": rubric, "judge": llm, "per_period": 4}
        priced = run(store, plan=True, **options)
        assert (server.requests, priced.status) == (0, "planned")
        assert priced.plan is not None
        assert (priced.plan.calls, priced.left, draws(store)) == (18, 18, [])

        short = run(store, budget={"calls": 5}, **options)
        assert (server.requests, short.status, short.left) == (5, "budget", 13)
        assert short.exit_status == 3
        more = run(store, budget={"calls": 9}, **options)  # ends among the second answers
        assert (server.requests, more.left, sum(more.outcomes.values())) == (14, 4, 12)
        rest = run(store, plan=True, **options)
        assert rest.plan is not None
        assert (rest.plan.calls, rest.left) == (4, 4)
        whole = run(store, **options)
        assert (server.requests, whole.status, whole.left) == (18, "done", 0)


def test_what_failed_is_asked_again_and_what_was_refused_is_not(store: Store) -> None:
    fails = {f"reply {i} of batch b": "refused" for i in range(40)}
    fails |= {f"reply {i} of batch c": "failed" for i in range(40)}
    found = run(store, judge=TableJudge(fails=fails))
    assert found.outcomes == {"scored": 10, "refused": 10, "failed": 10}
    assert [p.scored for p in found.periods] == [10, 0, 0]
    assert any("asks them again" in note for note in found.notes)

    judge = TableJudge()
    again = run(store, judge=judge)
    assert again.outcomes == {"scored": 20, "refused": 10}
    assert {item.id.split("-")[0] for item in judge.items} == {"w2"}


def test_anchors_are_judged_among_the_items_and_found_again_by_later_sittings(
    store: Store, tmp_path: Path
) -> None:
    frozen = [
        ({"id": f"a{i}", "input": "q", "output": f"anchor {i}"}, {"help": "3"}) for i in range(5)
    ]
    write_anchors(tmp_path / "anchors.jsonl", frozen, RUBRIC)
    judge = TableJudge()
    first = run(store, judge=judge, anchors=tmp_path / "anchors.jsonl")
    places = [at for at, item in enumerate(judge.items[:35]) if item.id.startswith("a")]
    assert first.anchors == len(places) == 5
    assert places[0] < 12
    assert places[-1] > 22
    assert set(read_sitting(store).anchors) == {f"a{i}" for i in range(5)}

    again = TableJudge()
    later = run(store, judge=again, sitting="later")
    assert later.anchors == 5
    assert sum(item.id.startswith("a") for item in again.items) == 10  # first and second answers
    assert run(store, anchors=False, sitting="none").anchors == 0


def test_an_edited_anchor_is_refused_though_the_last_sitting_had_none(
    store: Store, tmp_path: Path
) -> None:
    old, new = tmp_path / "anchors.jsonl", tmp_path / "edited.jsonl"
    write_anchors(old, [({"id": "a", "input": "q", "output": "one"}, {"help": "3"})], RUBRIC)
    write_anchors(new, [({"id": "a", "input": "q", "output": "two"}, {"help": "3"})], RUBRIC)
    run(store, anchors=old, sitting="first")
    run(store, anchors=False, sitting="second")
    judge = TableJudge()

    with pytest.raises(DataError, match="anchor 'a' has another text than in backfill first"):
        run(store, anchors=new, sitting="third", judge=judge)
    assert judge.seen == []
    assert run(store, anchors=old, sitting="third").anchors == 1


def test_people_are_not_asked_to_label_what_a_backfill_has_drawn(store: Store) -> None:
    run(store)
    assert last_draw(store, RUBRIC) == []


def test_a_sitting_is_not_gone_on_with_by_another_judge(store: Store) -> None:
    run(store, sitting="one")
    judge = TableJudge(version="2")
    with pytest.raises(ConfigError, match="another judge or other questions"):
        run(store, sitting="one", judge=judge)
    assert judge.seen == []


def test_a_log_that_lost_drawn_items_cannot_go_on(store: Store) -> None:
    run(store, sitting="one")
    with pytest.raises(DataError, match=r"and \d+ more of this sitting's draw is not in the log"):
        run(store, log(weeks=1), sitting="one")


def test_extending_judges_old_and_new_periods_anew_at_half_the_size(store: Store) -> None:
    first = run(store)
    judge = TableJudge()
    found = run(store, log(weeks=5), judge=judge, per_period=None, extend=first.sitting)

    assert found.sitting != first.sitting
    assert [p.drawn for p in found.periods] == [5] * 5
    assert sum(r.replicate == 0 for r in judge.seen) == 25  # also of the old periods, all anew
    assert found.settings.since == first.settings.since == START
    old = read_sitting(store, first.sitting).draw.chances.keys()
    new = read_sitting(store, found.sitting).draw.chances
    assert {n for n in new if n[:2] in {"w0", "w1", "w2"}} < old


def test_a_last_week_that_has_hardly_begun_is_left_for_the_next_sitting(store: Store) -> None:
    begun = log(weeks=4)[:125]
    assert len(run(store, begun).periods) == 3
    assert len(run(store, begun, until="2026-02-02", sitting="to the end").periods) == 4


def test_what_is_no_traffic_is_left_out_and_said(store: Store) -> None:
    items = log()
    items[0] |= {"timestamp": None}
    items[1] |= {"purpose": "eval"}
    found = run(store, items, per_period=40)
    assert found.drawn == 118
    assert sorted(found.notes) == [
        "1 items left out: their purpose is eval.",
        "1 items left out: they have no time.",
    ]


def test_without_times_there_is_no_history(store: Store) -> None:
    items = [{**one, "timestamp": None} for one in log()]
    with pytest.raises(DataError, match="no item of the log can be dated"):
        run(store, items)
    with pytest.raises(TooFewLabels, match="no whole period"):
        run(store, since="2027-01-01")


PROGRAM = """
import sys
from tests.runner.goodhart.backfill_material import RUBRIC, TableJudge, log
from trueup.runner.goodhart.backfill import backfill
import asyncio

class Slow(TableJudge):
    async def judge(self, requests):
        await asyncio.sleep(0.1)
        async for answer in super().judge(requests):
            yield answer

def told(progress):
    if sum(progress.outcomes.values()) >= int(sys.argv[2]):
        print("under way", flush=True)

backfill(log(), rubric=RUBRIC, judge=Slow(), store=sys.argv[1], per_period=20, on_progress=told)
"""


@pytest.mark.parametrize("moment", [1, 40])
def test_a_sitting_that_was_killed_goes_on_with_the_same_draw(tmp_path: Path, moment: int) -> None:
    path = tmp_path / "store.db"
    root = Path(__file__).parents[3]
    paths = [str(Path(trueup.__path__[0]).parent), str(root)]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, path, str(moment)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"under way\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
    with Store.open(path) as store:
        drawn = {one.item_id: one.place for one in draws(store)}
        assert len(drawn) == 60
        judge = TableJudge()
        found = run(store, judge=judge, per_period=20)
        assert {one.item_id: one.place for one in draws(store)} == drawn
        assert (found.status, found.scored, found.fresh) == ("done", 60, False)
        assert 0 < len(judge.seen) <= 90
        if moment == 40:
            assert len(judge.seen) <= 90 - 24  # what was in flight is lost
        assert read_sitting(store).open_twice == set()
