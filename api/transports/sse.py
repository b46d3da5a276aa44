"""Answers as Server-Sent Events, each connection for one operation.

Each carries the id of what happened, so a client that connects again sends the last one by itself, in the
header Last-Event-ID. When the server stops, or what let the client in has expired, streams just end, without
``complete``: there is more to come.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.types import Receive, Send

from api.auth.sessions import Session
from api.http.send_timeout import SlowConsumer, with_send_timeout
from schema.execution.response import Response
from schema.subscriptions.event_feed import ServerStopping

HEARTBEAT_SECONDS = 12.0
"""Seconds between comments, which keep proxies from closing a connection that has nothing to tell."""

_COMMENT = b":\n"  # without an empty line: some clients end an event at each
_COMPLETE = b"event: complete\ndata:\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class _Over(Exception):
    """The client went away, was told everything, or may not be told more."""


async def stream_events(
    answers: AsyncGenerator[Response, None], visit: Session, receive: Receive, send: Send
) -> None:
    """Send answers as they come, until there are no more, the visit is over or the client goes away."""
    send = with_send_timeout(send)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    is_taken = True
    try:
        async with asyncio.TaskGroup() as tasks, aclosing(answers):
            tasks.create_task(_beat(send))
            tasks.create_task(_watch(receive))
            tasks.create_task(_end(visit))
            await _tell(answers, send)
    except* (_Over, ServerStopping):
        pass
    except* SlowConsumer:
        is_taken = False
    if is_taken:
        await send({"type": "http.response.body", "body": b""})


async def _tell(answers: AsyncGenerator[Response, None], send: Send) -> None:
    async for answer in answers:
        await _send(send, _event(answer))
    await _send(send, _COMPLETE)
    raise _Over


def _event(answer: Response) -> bytes:
    id_ = b"" if answer.event_id is None else b"id: %s\n" % answer.event_id.encode()
    return b"event: next\n%sdata: %s\n\n" % (id_, answer.body)


async def _beat(send: Send) -> None:
    while True:
        await _send(send, _COMMENT)
        await asyncio.sleep(HEARTBEAT_SECONDS)


async def _watch(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise _Over


async def _end(visit: Session) -> None:
    await visit.over.wait()
    raise _Over


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
