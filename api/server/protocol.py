"""Connections of clients: each has its time to say what it wants, and one that is gone ends what it asked.

uvicorn has no such deadlines: whoever sends a header a minute would keep its connection for ever.
"""

import asyncio
import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Response
from websockets.server import ServerProtocol

from api.http.responses import JSON_CONTENT_TYPE, error_body, send_response

MAX_HEAD_BYTES = 128 * 1024
"""Longer than any URL and headers that are needed; nothing else would bound them."""

_SECONDS_TO_CLOSE = 2.0
"""How long a socket's client may take to close it, too."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Seconds for a request's head and for its body, and how many connections there may be at once."""

    head_seconds: float = 10.0
    body_seconds: float = 30.0
    connections: int = 12_000


class _Part(Enum):
    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


class HttpProtocol(HttpToolsProtocol):
    """A client's connection, which may become a WebSocket."""

    def __init__(self, limits: ConnectionLimits, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._limits = limits
        self._awaits = _Part.NOTHING
        self._head_bytes = 0
        self._patience: asyncio.TimerHandle | None = None
        self._running: tuple[RequestResponseCycle, asyncio.Task[None]] | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._refuse(503, "UNAVAILABLE", "Too many connections are open. Try again later.")
            return
        self._await(_Part.HEAD)
        self._be_patient()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._awaits is _Part.NOTHING:
            return
        if self._patience is None:
            self._be_patient()
        if self._awaits is _Part.HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(
                    431, "HEADERS_TOO_LARGE", f"URL and headers are longer than {MAX_HEAD_BYTES} bytes."
                )

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._await(_Part.HEAD)

    @override
    def on_headers_complete(self) -> None:
        self._await(_Part.BODY)
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        self._await(_Part.NOTHING)
        super().on_message_complete()

    @override
    def handle_websocket_upgrade(self) -> None:
        self._await(_Part.NOTHING)
        super().handle_websocket_upgrade()

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "BAD_REQUEST", "This is no HTTP request that can be read. Send HTTP/1.1.")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._await(_Part.NOTHING)
        super().connection_lost(exc)
        if self._running is None:
            return
        cycle, task = self._running
        if not cycle.response_complete:
            cycle.disconnected = True
            task.cancel()

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        task = self.loop.create_task(cycle.run_asgi(partial(_to_its_end, cycle, app)))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        self._running = cycle, task

    def _await(self, part: _Part) -> None:
        self._awaits = part
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _be_patient(self) -> None:
        is_head = self._awaits is _Part.HEAD
        seconds = self._limits.head_seconds if is_head else self._limits.body_seconds
        self._patience = self.loop.call_later(seconds, self._lose_patience)

    def _lose_patience(self) -> None:
        if self._awaits is _Part.HEAD and not self._head_bytes:
            self.transport.close()  # nothing was asked
        else:
            self._refuse(408, "REQUEST_TIMEOUT", "The request did not arrive in time. Send it faster.")

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer what never reaches the application, unless another answer is under way."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_answer(status, code, message))
        self.transport.close()


class _Sending:
    """Sends an answer; one that is whole at once: one call of the kernel, one packet.

    uvicorn, which sends all others, writes the head by itself, and takes a thirtieth of the time that Python
    needs for a small read to look through it.
    """

    __slots__ = ("_cycle", "_send", "_start")

    def __init__(self, cycle: RequestResponseCycle, send: Send) -> None:
        self._cycle = cycle
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message  # until its body is there
            return
        start, self._start = self._start, None
        if start is None:
            await self._send(message)
        elif self._is_whole(start, message):
            self._send_whole(start, message.get("body", b""))
        else:
            await self._send(start)
            await self._send(message)

    def _is_whole(self, start: Message, message: Message) -> bool:
        cycle = self._cycle
        names = {name for name, _ in start["headers"]}
        return (
            b"content-length" in names
            and names.isdisjoint(_UP_TO_UVICORN)
            and not message.get("more_body")
            and cycle.keep_alive
            and cycle.scope["method"] != "HEAD"
            and not cycle.flow.write_paused
            and not cycle.disconnected
        )

    def _send_whole(self, start: Message, body: bytes) -> None:
        cycle = self._cycle
        headers = [*cycle.default_headers, *start["headers"]]
        lines = [b"%s: %s\r\n" % header for header in headers]
        head = STATUS_LINE[start["status"]] + b"".join(lines)
        if head.count(b"\n") + head.count(b"\r") != 2 * len(lines) + 2 or _CONTROL.search(head):
            raise ValueError(f"A header holds a control character: {headers}")
        cycle.waiting_for_100_continue = False
        cycle.response_started = cycle.response_complete = True
        cycle.transport.write(b"%s\r\n%s" % (head, body))
        cycle.message_event.set()
        cycle.on_response()


_UP_TO_UVICORN = (b"connection", b"transfer-encoding")
"""Headers that say how the answer is sent."""

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


async def _to_its_end(
    cycle: RequestResponseCycle, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Run a request. One that is canceled has no client any more, or a stopping server waits no longer."""
    send = _Sending(cycle, send)
    try:
        await app(scope, receive, send)
    except asyncio.CancelledError:
        if not cycle.response_started:
            headers = [(b"retry-after", b"1"), (b"x-request-id", scope["request_id"].encode())]
            await send_response(send, _STOPPED, status=503, headers=headers)


_STOPPED = error_body(
    "UNAVAILABLE",
    "The server is stopping. Send it again; a mutation with the same idempotencyKey is done once.",
    retryAfter=1,
)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A client's WebSocket; when the server stops, the application closes it. Refusals are JSON."""

    def __init__(self, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self.close_timeout = _SECONDS_TO_CLOSE
        self.conn = _Handshake(max_size=self.config.ws_max_size, logger=self.logger)

    @override
    def shutdown(self) -> None:
        if not self.handshake_complete:
            super().shutdown()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.handshake_initiated:  # the whole head came at once, and could not be read
            self.transport.write(_answer(400, "BAD_REQUEST", "The headers are too many or too long."))
            self.transport.close()


class _Handshake(ServerProtocol):
    @override
    def reject(self, status: int, text: str) -> Response:
        response = super().reject(status, text)
        refused = HTTPStatus(status)
        response.body = error_body(refused.name, text.strip() or refused.description)
        del response.headers["Content-Type"], response.headers["Content-Length"]
        response.headers["Content-Type"] = JSON_CONTENT_TYPE.decode()
        response.headers["Content-Length"] = str(len(response.body))
        return response


def http_protocol_factory(limits: ConnectionLimits) -> Any:
    """Return what uvicorn makes a connection with."""
    return partial(HttpProtocol, limits)


def _answer(status: int, code: str, message: str) -> bytes:
    body = error_body(code, message)
    again = b"retry-after: 1\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else b""
    return b"%scontent-type: %s\r\ncontent-length: %d\r\n%sconnection: close\r\n\r\n%s" % (
        STATUS_LINE[status],
        JSON_CONTENT_TYPE,
        len(body),
        again,
        body,
    )
