"""Connections that stay open, to the application itself: nothing listens, nothing is buffered."""

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
"""Seconds until a test fails that is told nothing."""


@dataclass
class Connection:
    """One client. ``reads`` is false for one that takes nothing any more."""

    reads: bool = True
    _to_app: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    _from_app: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)

    async def send(self, message: Message) -> None:
        """Take a message of the application."""
        if not self.reads and message["type"] in {"websocket.send", "http.response.body"}:
            await asyncio.Event().wait()
        self._from_app.put_nowait(message)

    async def receive(self) -> Message:
        """Give the application the next message."""
        return await self._to_app.get()

    def send_to_app(self, type_: str, **content: Any) -> None:
        """Send the application a message."""
        self._to_app.put_nowait({"type": type_, **content})

    async def next_from_app(self) -> Message:
        """Return the next message of the application."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await self._from_app.get()


class Socket(Connection):
    """A WebSocket client that speaks JSON."""

    def send_json(self, type_: str, **content: Any) -> None:
        """Send a message of the protocol."""
        self.send_to_app("websocket.receive", text=orjson.dumps({"type": type_, **content}).decode())

    def initialize(self, authorization: str = BEARER) -> None:
        """Say who it is."""
        self.send_json("connection_init", payload={"Authorization": authorization})

    def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        """Begin an operation."""
        self.send_json("subscribe", id=id_, payload={"query": query, "variables": variables})

    async def read(self) -> Any:
        """Return the next message of the protocol."""
        message = await self.next_from_app()
        assert message["type"] == "websocket.send", message
        return orjson.loads(message["text"])

    async def read_close(self) -> tuple[int, str]:
        """Return why the server closes the socket, which is all that it has left to say."""
        message = await self.next_from_app()
        assert message["type"] == "websocket.close", message
        return message["code"], message["reason"]


class Stream(Connection):
    """A client of one HTTP answer that comes piece by piece."""

    async def read(self) -> bytes | None:
        """Return the next piece, without comments; None at the end."""
        piece = await self.next_from_app()
        if piece["body"] == b":\n":
            return await self.read()
        return piece["body"] if piece.get("more_body") else None


@asynccontextmanager
async def open_socket(
    app: ASGIApp,
    *,
    subprotocols: Sequence[str] = (SUBPROTOCOL,),
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> AsyncIterator[Socket]:
    """Open a socket; when the block ends, the client has gone and the application is done with it."""
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
    """Open a socket that is ready for operations."""
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
    """Ask for a stream; when the block ends, the client has gone and the application is done with it."""
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
