"""uvicorn's HTTP and WebSocket protocols, with deadlines for requests and errors in JSON.

uvicorn waits without limit for the rest of a request, so a client that sends one header per minute would keep
its connection open forever. It also lets a request run on after its client disconnects.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from starlette.types import Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.server import ServerProtocol

from api.http.responses import JSON_CONTENT_TYPE, error_body, send_response
from api.server.request_parser import RequestParser

MAX_HEAD_BYTES = 128 * 1024
"""Maximum size of a request's URL and headers together; uvicorn sets no limit."""

CLOSE_TIMEOUT_SECONDS = 2.0
"""How long a client may take to confirm that its WebSocket is closed."""

_CANCELED = error_body(
    "UNAVAILABLE",
    "The server is stopping. Send the request again; a mutation with the same idempotencyKey runs only once.",
    retryAfter=1,
)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Deadlines for a request's head and body, and the maximum number of open connections."""

    head_seconds: float = 10.0
    body_seconds: float = 30.0
    max_connections: int = 12_000


class _Phase(Enum):
    """What a connection waits for."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()


class HttpProtocol(HttpToolsProtocol):
    """One client's connection. Each request has a deadline, and ends when its client disconnects."""

    def __init__(self, limits: ConnectionLimits, **uvicorn_arguments: Any) -> None:
        super().__init__(**uvicorn_arguments)
        self._limits = limits
        self._phase = _Phase.IDLE
        self._head_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._application = self.app
        self.app = self._run_application
        self._received = deque[RequestResponseCycle]()
        self._running: tuple[RequestResponseCycle, asyncio.Task[Any] | None] | None = None
        self.parser: RequestParser = RequestParser(self)

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._limits.max_connections:
            self._refuse(503, "UNAVAILABLE", "Too many connections are open. Try again later.")
            return
        self._enter(_Phase.HEAD)
        self._start_deadline()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._phase is _Phase.IDLE:
            return
        if self._deadline is None:
            self._start_deadline()
        if self._phase is _Phase.HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(
                    431,
                    "HEADERS_TOO_LARGE",
                    f"URL and headers are longer than {MAX_HEAD_BYTES} bytes. Send less.",
                )

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._enter(_Phase.HEAD)

    @override
    def on_headers_complete(self) -> None:
        if self.parser.is_ignored_upgrade():
            return
        self._enter(_Phase.BODY)
        if self.parser.get_method() == b"CONNECT":
            self._refuse(405, "METHOD_NOT_ALLOWED", "This server is no proxy. Send the request to it itself.")
            return
        previous = self.cycle
        super().on_headers_complete()
        if self.cycle is not previous:  # else it is a WebSocket's handshake
            self._received.append(self.cycle)

    @override
    def on_message_complete(self) -> None:
        if self.parser.is_ignored_upgrade() or self.parser.get_method() == b"CONNECT":
            return
        self._enter(_Phase.IDLE)
        super().on_message_complete()

    @override
    def handle_websocket_upgrade(self) -> None:
        self._enter(_Phase.IDLE)
        super().handle_websocket_upgrade()

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "BAD_REQUEST", "The request is not valid HTTP. Send HTTP/1.1.")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._enter(_Phase.IDLE)
        super().connection_lost(exc)
        if self._running is not None:
            cycle, task = self._running
            if task is not None and not cycle.response_complete:
                cycle.disconnected = True
                task.cancel()

    async def _run_application(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request. It is canceled if the client disconnects or a stopping server waits no longer."""
        cycle = self._received.popleft()  # requests run in the order in which they arrive
        if cycle.disconnected:
            return
        self._running = cycle, asyncio.current_task()
        try:
            await self._application(scope, receive, send)
        except asyncio.CancelledError:
            if not cycle.response_started:
                headers = [(b"retry-after", b"1"), (b"x-request-id", scope["request_id"].encode())]
                await send_response(send, _CANCELED, status=503, headers=headers)

    def _enter(self, phase: _Phase) -> None:
        self._phase = phase
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _start_deadline(self) -> None:
        """Limit the current phase; most requests arrive in one piece, so their phases need no timer."""
        in_head = self._phase is _Phase.HEAD
        seconds = self._limits.head_seconds if in_head else self._limits.body_seconds
        self._deadline = self.loop.call_later(seconds, self._on_deadline)

    def _on_deadline(self) -> None:
        if self._phase is _Phase.HEAD and not self._head_bytes:
            self.transport.close()  # no request has begun, so there is nothing to answer
        else:
            self._refuse(408, "REQUEST_TIMEOUT", "The request did not arrive in time. Send it faster.")

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Close the connection; send an error first, unless a response is being sent."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_error_response(status, code, message))
        self.transport.close()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One client's WebSocket. The application closes it when the server stops. Errors are JSON."""

    def __init__(self, **uvicorn_arguments: Any) -> None:
        super().__init__(**uvicorn_arguments)
        self.close_timeout = CLOSE_TIMEOUT_SECONDS
        self.conn = _Handshake(max_size=self.config.ws_max_size, logger=self.logger)

    @override
    def shutdown(self) -> None:
        if not self.handshake_complete:
            super().shutdown()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.handshake_initiated:  # uvicorn passes the whole head at once: it could not be parsed
            self.transport.write(
                _error_response(400, "BAD_REQUEST", "The headers are too many or too long. Send fewer.")
            )
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


def _error_response(status: int, code: str, message: str) -> bytes:
    body = error_body(code, message)
    headers = Headers(
        {
            "Content-Type": JSON_CONTENT_TYPE.decode(),
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
    )
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    return Response(status, HTTPStatus(status).phrase, headers, body).serialize()
