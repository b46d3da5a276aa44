"""Connections of clients: each has its time to say what it wants, and one that is gone ends what it asked.

uvicorn has no such deadlines: whoever sends a header a minute would keep its connection for ever.
"""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Response
from websockets.server import ServerProtocol

from api.sending import JSON, error_body, send_body

MOST_HEAD_BYTES = 128 * 1024
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


class HttpConnection(HttpToolsProtocol):
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
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(
                    431, "HEADERS_TOO_LARGE", f"URL and headers are longer than {MOST_HEAD_BYTES} bytes."
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
        cycle.transport = _HeadWithBody(cycle.transport)  # type: ignore[assignment] # all that it uses of one
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


class _HeadWithBody:
    """Writes an answer's head along with the first of its body: one call of the kernel, one packet."""

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        if self._head:
            self._transport.writelines((self._head, data))
            self._head = b""
        elif self._head is None and not data.startswith(_INTERIM):
            self._head = data
        else:
            self._transport.write(data)

    def close(self) -> None:
        if self._head:
            self._transport.write(self._head)
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


_INTERIM = b"HTTP/1.1 1"
"""How an answer begins that only says to go on."""


async def _to_its_end(
    cycle: RequestResponseCycle, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Run a request. One that is canceled has no client any more, or a stopping server waits no longer."""
    try:
        await app(scope, receive, send)
    except asyncio.CancelledError:
        if not cycle.response_started:
            headers = [(b"retry-after", b"1"), (b"x-request-id", scope["request_id"].encode())]
            await send_body(send, _STOPPED, status=503, headers=headers)


_STOPPED = error_body(
    "UNAVAILABLE",
    "The server is stopping. Send it again; a mutation with the same idempotencyKey is done once.",
    retryAfter=1,
)


class SocketConnection(WebSocketsSansIOProtocol):
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
        response.headers["Content-Type"] = JSON.decode()
        response.headers["Content-Length"] = str(len(response.body))
        return response


def http_connections(limits: ConnectionLimits) -> Any:
    """Return what uvicorn makes a connection with."""
    return partial(HttpConnection, limits)


def _answer(status: int, code: str, message: str) -> bytes:
    body = error_body(code, message)
    again = b"retry-after: 1\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else b""
    return b"%scontent-type: %s\r\ncontent-length: %d\r\n%sconnection: close\r\n\r\n%s" % (
        STATUS_LINE[status],
        JSON,
        len(body),
        again,
        body,
    )
