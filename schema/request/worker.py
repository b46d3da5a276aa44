"""The thread that prepares and plans documents, so that the event loop goes on meanwhile."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """Runs functions one after another in a thread of their own.

    A document may take 0.1 s to prepare. Python switches between threads every few milliseconds, so for other
    requests that is a short delay instead of a standstill; several threads would only multiply it.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="preparation")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of ``work``, which must not touch what the event loop changes."""
        return await asyncio.wrap_future(self._thread.submit(work, *args, **kwargs))
