"""WebSocket and stream clients that call the ASGI application directly, without buffers."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Scope

from api.transports.websocket import SUBPROTOCOL
from tests.api.support.access import BEARER, HOST

TIMEOUT_SECONDS = 20.0
"""Time to wait for a message before the test fails."""


@dataclass
class Connection:
    """One client. If ``reads`` is false, it has stopped reading."""

    reads: bool = True
    _to_app: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    _from_app: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)

    async def send(self, message: Message) -> None:
        """Accept a message from the application (ASGI ``send``)."""
        if not self.reads and message["type"] in {"websocket.send", "http.response.body"}:
            await asyncio.Event().wait()
        self._from_app.put_nowait(message)

    async def receive(self) -> Message:
        """Return the next message for the application (ASGI ``receive``)."""
        return await self._to_app.get()

    def send_to_app(self, type_: str, **content: Any) -> None:
        """Send an ASGI message to the application."""
        self._to_app.put_nowait({"type": type_, **content})

    async def next_from_app(self) -> Message:
        """Return the next ASGI message from the application."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await self._from_app.get()


class Socket(Connection):
    """A WebSocket client of graphql-transport-ws."""

    def send_json(self, type_: str, **content: Any) -> None:
        """Send a message of the protocol."""
        self.send_to_app("websocket.receive", text=orjson.dumps({"type": type_, **content}).decode())

    def initialize(self, authorization: str = BEARER) -> None:
        """Send connection_init with credentials."""
        self.send_json("connection_init", payload={"Authorization": authorization})

    def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        """Start an operation."""
        self.send_json("subscribe", id=id_, payload={"query": query, "variables": variables})

    async def read(self) -> Any:
        """Return the next message of the protocol."""
        message = await self.next_from_app()
        assert message["type"] == "websocket.send", message
        return orjson.loads(message["text"])

    async def read_close(self) -> tuple[int, str]:
        """Return the code and the reason with which the server closes the socket."""
        message = await self.next_from_app()
        assert message["type"] == "websocket.close", message
        return message["code"], message["reason"]


class Stream(Connection):
    """A client of one streamed HTTP response."""

    async def read(self) -> bytes | None:
        """Return the next chunk that is not a heartbeat; None at the end."""
        chunk = await self.next_from_app()
        if chunk["body"] == b":\n":
            return await self.read()
        return chunk["body"] if chunk.get("more_body") else None


@asynccontextmanager
async def open_socket(
    app: ASGIApp,
    *,
    subprotocols: Sequence[str] = (SUBPROTOCOL,),
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> AsyncIterator[Socket]:
    """Open a socket. When the block ends, disconnect and wait for the application to finish."""
    socket = Socket()
    socket.send_to_app("websocket.connect")
    scope = {
        "type": "websocket",
        "path": "/graphql",
        "headers": [(b"host", HOST.encode()), *headers],
        "subprotocols": subprotocols,
    }
    async with _running(app, scope, socket):
        yield socket
        socket.send_to_app("websocket.disconnect", code=1005)


@asynccontextmanager
async def acknowledged_socket(app: ASGIApp) -> AsyncIterator[Socket]:
    """Open a socket that is initialised."""
    async with open_socket(app) as socket:
        socket.initialize()
        assert await socket.next_from_app() == {"type": "websocket.accept", "subprotocol": SUBPROTOCOL}
        assert await socket.read() == {"type": "connection_ack"}
        yield socket


@asynccontextmanager
async def open_stream(
    app: ASGIApp,
    method: str,
    *,
    body: bytes = b"",
    query_string: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> AsyncIterator[Stream]:
    """Request a stream. When the block ends, disconnect and wait for the application to finish."""
    stream = Stream()
    stream.send_to_app("http.request", body=body)
    scope = {
        "type": "http",
        "method": method,
        "path": "/graphql",
        "query_string": query_string,
        "headers": [
            (b"host", HOST.encode()),
            (b"authorization", BEARER.encode()),
            (b"content-type", b"application/json"),
            (b"accept", b"text/event-stream"),
            *headers,
        ],
    }
    async with _running(app, scope, stream):
        yield stream
        stream.send_to_app("http.disconnect")


@asynccontextmanager
async def _running(app: ASGIApp, scope: Scope, connection: Connection) -> AsyncIterator[None]:
    async with asyncio.timeout(TIMEOUT_SECONDS), asyncio.TaskGroup() as tasks:
        tasks.create_task(app(scope, connection.receive, connection.send))  # type: ignore[arg-type]
        yield
