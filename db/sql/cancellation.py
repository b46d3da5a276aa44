"""Awaiting what a cancellation must not stop halfway, such as a COMMIT."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def run_uncancelled(work: Awaitable[T]) -> T:
    """Return the result of ``work``, or raise its error, even if the caller is cancelled meanwhile.

    The cancellation is not raised later either: a loop that awaits this looks at its task's ``cancelling()``.
    """
    future = asyncio.ensure_future(work)
    while not future.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([future])
    return future.result()
