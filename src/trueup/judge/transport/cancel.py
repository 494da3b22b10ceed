"""Cancel a call to litellm at any moment without leaving anything behind.

litellm makes each call ready in a thread. What the thread brings back is a coroutine, which it
then awaits. Where the call is cancelled meanwhile, as all are that are under way when a run ends,
nobody is left to await that coroutine, and Python warns of it. So the cancellation waits for the
thread, which takes some milliseconds and which nothing can stop anyway.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Coroutine

_HOME: Final = "litellm.main"
"""The module whose innermost coroutine waits for nothing but its thread."""
_LONGEST: Final = 1.0
"""Seconds; some providers' clients fetch a token in the thread, and that may take long."""
_STEP: Final = 0.002


async def cancellable(asking: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - litellm's completion
    """Await a call to litellm; where it is cancelled, leave once its thread is done."""
    task = asyncio.create_task(asking)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        await _out_of_thread(task)
        raise
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        # an error may have come while nobody waited for it any more
        error = None if task.cancelled() else task.exception()
    if error is not None:
        # else it would get what a caller is handling for its context, and lose what caused it
        raise error from error.__cause__ or error.__context__
    return task.result()


async def _out_of_thread(task: asyncio.Task[Any]) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + _LONGEST
    while _in_thread(task) and loop.time() < until:  # noqa: ASYNC110 - nobody would set an event
        await asyncio.sleep(_STEP)


def _in_thread(task: asyncio.Task[Any]) -> bool:
    """Tell whether a call is being made ready, by the coroutine that waits at its very inside."""
    inner: Any = task.get_coro()
    while inspect.iscoroutine(awaited := inner.cr_await):
        inner = awaited
    frame = inner.cr_frame
    return frame is not None and frame.f_globals.get("__name__") == _HOME
