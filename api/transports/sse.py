"""GraphQL over Server-Sent Events: one stream for one operation.

The messages are those of the graphql-sse protocol in its "distinct connections" mode
(https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md), in the event stream format of the HTML
standard (https://html.spec.whatwg.org/multipage/server-sent-events.html):

    event: next          one response of the operation
    id: 0-7              the id of the event that it shows; a client that reconnects sends it as Last-Event-ID
    data: {"data": ...}

    event: complete      the operation has ended; without it, the client should reconnect
    data:

The stream ends without ``complete`` when the server stops and when the session expires.
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
"""Time between comments. They keep proxies from closing an idle connection."""

_HEARTBEAT = b":\n"  # no empty line, at which some clients dispatch an event
_COMPLETE = b"event: complete\ndata:\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class _StreamEnded(Exception):
    """The client disconnected, or the session expired."""


async def stream_events(
    responses: AsyncGenerator[Response, None], session: Session, receive: Receive, send: Send
) -> None:
    """Send each response as an event until the operation, the session or the connection ends."""
    send = with_send_timeout(send)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    is_slow = False
    try:
        async with asyncio.TaskGroup() as tasks, aclosing(responses):
            background = [
                tasks.create_task(_send_heartbeats(send)),
                tasks.create_task(_end_on_disconnect(receive)),
                tasks.create_task(_end_on_expiry(session)),
            ]
            async for response in responses:
                id_ = b"" if response.event_id is None else b"id: %s\n" % response.event_id.encode()
                await _send_chunk(send, b"event: next\n%sdata: %s\n\n" % (id_, response.body))
            await _send_chunk(send, _COMPLETE)
            for task in background:
                task.cancel()
    except* (_StreamEnded, ServerStopping):
        pass
    except* SlowConsumer:
        is_slow = True
    if not is_slow:
        await send({"type": "http.response.body", "body": b""})


async def _send_heartbeats(send: Send) -> None:
    while True:
        await _send_chunk(send, _HEARTBEAT)
        await asyncio.sleep(HEARTBEAT_SECONDS)


async def _end_on_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise _StreamEnded


async def _end_on_expiry(session: Session) -> None:
    await session.expired.wait()
    raise _StreamEnded


async def _send_chunk(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
