"""The facade: what `import trueup` offers, over the modules that do the work.

Every function takes objects, names or paths: a rubric or judge may be an object, the name of one
in the workspace or the shipped library, or a path.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from trueup.errors import DataError, TooFewLabels
from trueup.item.read import check_items, open_items
from trueup.judge.adapt import as_judge
from trueup.label.naming import split_map
from trueup.label.read import read_labels
from trueup.label.target import label_targets
from trueup.registry import find, resolve
from trueup.rubric.model import Rubric
from trueup.runner.budget import Budget
from trueup.runner.heldout import refuse_answers, refuse_fields
from trueup.runner.leaks import TRAIN, refuse_rows
from trueup.runner.require import require_judge, require_keys, require_prices
from trueup.runner.score import ScoringRun
from trueup.store.labels import labels_for
from trueup.store.signals import held_out
from trueup.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path

    from trueup.judge.features.judge import FeaturesJudge
    from trueup.judge.protocol import Judge
    from trueup.judge.transport.base import Price
    from trueup.label.model import Label
    from trueup.runner.progress import Progress
    from trueup.runner.result import Scores

T = TypeVar("T")

_LISTEN_SECONDS = 0.2


def load_rubric(path: str | Path | Rubric) -> Rubric:
    """Return the rubric of this name or path.

    Raises:
        RubricError: The file is no rubric; every problem with its line.
        WorkspaceError: There is no such name.
        TypeError: It is neither.
    """
    from pathlib import Path  # noqa: PLC0415 - keeps the module's start cheap

    if isinstance(path, Rubric):
        return path
    if not isinstance(path, str | Path):
        msg = (
            f"a rubric is given by its name, by its path or as a Rubric, not as "
            f"{type(path).__name__}: write it to a YAML file, or make a Rubric of YAML text with "
            "trueup.rubric.load.parse_rubric(text)"
        )
        raise TypeError(msg)
    from trueup.rubric.load import load_rubric as load  # noqa: PLC0415 - heavy

    return load(resolve("rubric", path))


def load_judge(path: object) -> Judge:
    """Return the judge of this name or path; an object is adapted.

    Raises:
        JudgeError: The file or object is no judge.
        WorkspaceError: There is no such name.
    """
    from pathlib import Path  # noqa: PLC0415 - keeps the module's start cheap

    if not isinstance(path, str | Path):
        return as_judge(path)
    from trueup.judge.load import load_judge as load  # noqa: PLC0415 - heavy

    found = resolve("judge", path)
    return load(found, find=find) if isinstance(found, Path) else as_judge(found)


def score(
    items: object,
    *,
    rubric: str | Path | Rubric,
    judge: object = None,
    store: str | Path | Store | None = None,
    concurrency: int | None = None,
    budget: float | Mapping[str, float] | Budget | None = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
    occasion: str = "",
    replicates: int = 1,
    limit: int | None = None,
    only_failed: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Scores:
    """Score items against a rubric and return the scores.

    Nothing is asked that the store knows already; what failed before is asked again. Works inside a
    running event loop too, as in a notebook: the run then has a thread of its own.

    Args:
        items: A path (JSONL, CSV, Parquet, Arrow), a data frame, or a list of dicts or Items.
        rubric: A rubric, its name, or its path.
        judge: A judge, its name, or its path; None where code checks decide every criterion.
        store: Where calls and verdicts are kept: a path or database URL; None for memory.
        concurrency: Calls at once; the judge's own cap by default.
        budget: Dollars, or a mapping with caps on dollars, tokens and calls.
        field_map: Canonical field -> column, where the names are not understood.
        timezone: The zone of timestamps that carry none.
        occasion: The sitting; a new one asks everything again.
        replicates: How often each question is put.
        limit: Score only the first so many items.
        only_failed: Ask again only what an earlier run left failed.
        on_progress: Called with the run's progress a few times a second.

    Raises:
        ConfigError: Something that was given cannot be used; nothing was written.
        CredentialsError: A key is missing, or the endpoint refused it.
        JudgeUnavailable: The judge cannot be reached; what was answered is kept.
        ValueError: limit, replicates or concurrency is less than 1.
    """
    return run_sync(
        ascore(
            items,
            rubric=rubric,
            judge=judge,
            store=store,
            concurrency=concurrency,
            budget=budget,
            field_map=field_map,
            timezone=timezone,
            occasion=occasion,
            replicates=replicates,
            limit=limit,
            only_failed=only_failed,
            on_progress=on_progress,
        )
    )


async def ascore(
    items: object,
    *,
    rubric: str | Path | Rubric,
    judge: object = None,
    store: str | Path | Store | None = None,
    concurrency: int | None = None,
    budget: float | Mapping[str, float] | Budget | None = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
    occasion: str = "",
    replicates: int = 1,
    limit: int | None = None,
    only_failed: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Scores:
    """Score items against a rubric, as `score` does, in the running event loop."""
    from itertools import islice  # noqa: PLC0415 - cheap, used here only

    counts = {"limit": limit, "replicates": replicates, "concurrency": concurrency}
    for name, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(f"{name} is {count}; it must be at least 1")
    rubric_ = load_rubric(rubric)
    judge_ = None if judge is None else load_judge(judge)
    require_judge(rubric_, judge_)
    require_keys(rubric_, judge_)
    caps = Budget.of(budget)
    source = open_items(_readable_again(items), fields=field_map, timezone=timezone)
    checked = check_items(source)
    price_of = price_finder() if caps.dollars is not None else None
    if price_of is not None:
        require_prices(judge_, price_of)
    total = checked.count if limit is None else min(limit, checked.count)
    opened = store if isinstance(store, Store) else Store.open(store)
    try:
        refuse_fields(source.fields, held_out(opened), where=source.name)
        run = ScoringRun(
            opened,
            rubric_,
            judge_,
            occasion=occasion,
            replicates=replicates,
            budget=caps,
            concurrency=concurrency,
            only_failed=only_failed,
            price_of=price_of,
            on_progress=on_progress,
        )
        scores = await run.run(islice(source, limit), source=source.name, total=total)
    except BaseException:
        if opened is not store:
            opened.close()
        raise
    return scores if opened is store else scores.keep_store()


def fit(
    items: object,
    labels: object = None,
    *,
    rubric: str | Path | Rubric,
    criterion: str,
    group: str | Mapping[str, str] | None = None,
    field_map: Mapping[str, str] | None = None,
    timezone: str | None = None,
    store: str | Path | Store | None = None,
    seed: int = 0,
) -> FeaturesJudge:
    """Fit the embedded judge of one criterion to people's labels.

    Args:
        items: The labelled items, and any others; as in `score`.
        labels: Rows of item_id, criterion, value, annotator; several annotators or their mean.
            None for the labels of the store's train split.
        rubric: The rubric of the criterion.
        criterion: The id of the criterion.
        group: Column whose equal values belong together, such as a conversation, or a mapping
            of item ids to such values; the items' own `group` by default.
        field_map: Field of an item or a label -> column, where the names are not understood.
        timezone: The zone of timestamps that carry none.
        store: Where labels and their splits are kept: what measures judges is refused.
        seed: Of the folds over which agreement is estimated.

    Raises:
        TooFewLabels: Fewer than 30 labelled items; labels of other items do not count.
        DataError: Labels with values that the criterion does not have, or of items that measure
            judges; a column that holds a signal, which is held out from judges.
    """
    from trueup.judge.features.fit import fit as fit_judge  # noqa: PLC0415 - heavy

    rubric_ = load_rubric(rubric)
    of_items, of_labels = split_map(field_map)
    with _opened(store) as opened:
        closed = {} if opened is None else held_out(opened)
        refuse_answers(of_labels, closed, where=None if opened is None else opened.where)
        given = (
            read_labels(labels, fields=of_labels, criterion=criterion, criteria=rubric_.by_id,
                        timezone=timezone)
            if labels is not None
            else train_labels(opened, rubric_)
        )  # fmt: skip
        targets = label_targets(given, rubric_, criterion)
        groups = None if group is None or isinstance(group, str) else dict(group)
        fields = {**of_items, **({"group": group} if isinstance(group, str) else {})}
        source = open_items(_readable_again(items), fields=fields or None, timezone=timezone)
        refuse_fields(source.fields, closed, where=source.name)
        check_items(source)
        if isinstance(group, str) and not source.columns:
            mend = "Give each item its own `group`, or pass a mapping of item ids to groups"
            raise DataError(f"items have no column '{group}'", where=source.name, mend=mend)
        kept = [item for item in source if item.id in targets]
        if opened is not None and labels is not None:
            known = {item.id: (groups or {}).get(item.id) or item.group for item in kept}
            refuse_rows(opened, rubric_.by_id[criterion].question, known)
    return fit_judge(kept, targets, rubric=rubric_, criterion=criterion, groups=groups, seed=seed)


@contextmanager
def _opened(store: str | Path | Store | None) -> Iterator[Store | None]:
    """Open a store that is given by its place, and close it again."""
    if store is None or isinstance(store, Store):
        yield store
        return
    with Store.open(store) as opened:
        yield opened


def train_labels(store: Store | None, rubric: Rubric) -> list[Label]:
    """Return the labels that a judge may be fitted on: those of the store's train split.

    Raises:
        DataError: No store is named.
        TooFewLabels: There are none.
    """
    if store is None:
        raise DataError("labels are neither given nor in a store", mend="Name a file of labels")
    questions = [criterion.question for criterion in rubric.criteria]
    found = [label for label in labels_for(store, questions) if label.split == TRAIN]
    if not found:
        mend = "Import some: trueup label --import FILE; a fifth of them goes to train"
        raise TooFewLabels("the train split has no labels", where=store.where, mend=mend)
    return found


def run_sync(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, whether or not this thread has a running event loop."""
    # outside the except block of _in_loop: the error handled there would follow the whole run,
    # and litellm's errors would carry it in place of what caused them
    return _in_thread(work) if _in_loop() else asyncio.run(work)


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _in_thread(work: Coroutine[Any, Any, T]) -> T:
    caller = asyncio.current_task()
    cancelled = caller.cancelling() if caller else 0
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = []
    done: Future[T] = Future()

    async def _main() -> T:
        task = asyncio.ensure_future(work)
        running.append((asyncio.get_running_loop(), task))
        return await task

    def _run() -> None:
        try:
            done.set_result(asyncio.run(_main()))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            done.set_exception(error)

    thread = threading.Thread(target=_run, name="trueup")
    thread.start()
    try:
        while not wait([done], timeout=_LISTEN_SECONDS).done:
            # asyncio.run answers the first Ctrl-C by cancelling a task that is not listening
            if caller is not None and caller.cancelling() > cancelled:
                raise asyncio.CancelledError
        return done.result()
    finally:
        if not done.done():  # Ctrl-C reached this thread alone: end the run as it would have
            for loop, task in running:
                loop.call_soon_threadsafe(task.cancel)
        thread.join()


def _readable_again(items: object) -> object:
    """Return what can be read twice: items are read through before they are used."""
    if hasattr(items, "read_all"):  # an Arrow stream
        return items.read_all()
    return list(items) if isinstance(items, Iterator) else items


def price_finder() -> Callable[[str], Price | None]:
    """Return how a model's price is found; loads litellm's price list."""
    from trueup.judge.transport.price import price  # noqa: PLC0415 - reads a long list

    return price
