"""Background: one event loop in a thread of its own, for as long as somebody scores.

Clients keep their connections open from batch to batch, which needs a loop that lives on. Callers
come from anywhere: plain code, threads, a running loop (which their waiting blocks, unless they
await), and a child after fork, where neither the thread nor the connections exist any more.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future

T = TypeVar("T")

_JOIN_SECONDS = 5.0
_OPEN: weakref.WeakSet[Background] = weakref.WeakSet()


class Background:
    """A loop in a daemon thread, started when it is first needed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._parents: list[object] = []
        _OPEN.add(self)

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine in the loop; its result comes as a future of any thread's."""
        with self._lock:
            if self._loop is None:
                self._loop = self._start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def inside(self) -> bool:
        """Whether the caller runs in this very thread, where waiting would wait for itself."""
        return threading.current_thread() is self._thread

    def stop(self) -> None:
        """End the loop and its thread; a later call starts another one."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        if threading.current_thread() is not thread:
            thread.join(_JOIN_SECONDS)

    def _start(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=_serve, args=(loop,), name="trueup-reward", daemon=True)
        thread.start()
        self._thread = thread
        return loop

    def begin_anew(self) -> None:
        """Forget the loop after a fork: of the parent's only the memory is here; nobody runs it."""
        self._lock = threading.Lock()
        self._parents.append(self._loop)  # kept, so that nothing of the parent's is closed here
        self._loop = self._thread = None


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _after_fork() -> None:
    for background in list(_OPEN):
        background.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
