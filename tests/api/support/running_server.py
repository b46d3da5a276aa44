"""The application on a port, in the process of the test, and clients that send raw bytes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.applications import Starlette

from api.server.protocol import ConnectionLimits
from api.server.server import Server, ServerLimits, bind_socket, listen
from tests.api.support.access import BEARER, HOST

POST = (
    f"POST /graphql HTTP/1.1\r\nhost: {HOST}\r\nauthorization: {BEARER}\r\ncontent-type: application/json\r\n"
)
"""The first lines of a request."""

TIMEOUT_SECONDS = 20.0
"""Time to wait for the server before the test fails."""


class HasPort(Protocol):
    """A server that listens on a port of the loopback address."""

    @property
    def port(self) -> int:
        """The port."""


@dataclass(frozen=True)
class RunningServer:
    """A server and its URL."""

    url: str
    server: Server

    @property
    def port(self) -> int:
        """The port on the loopback address."""
        return int(self.url.rpartition(":")[2])


@asynccontextmanager
async def run_server(
    app: Starlette, connections: ConnectionLimits | None = None, *, grace_seconds: float = 5.0
) -> AsyncIterator[RunningServer]:
    """Run a server until the block ends."""
    limits = ServerLimits(connections or ConnectionLimits(), grace_seconds=grace_seconds)
    with bind_socket("127.0.0.1", 0) as bound:
        url = listen(bound)
        server = Server(app, app.state.shutdown, limits)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            yield RunningServer(url, server)
        finally:
            server.should_exit = True
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await serving


class RawClient:
    """A client connection that sends raw bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)

    def post_query(self, query: str, accept: str = "application/json") -> None:
        """Send a complete GraphQL request."""
        body = json.dumps({"query": query}).encode()
        head = f"{POST}accept: {accept}\r\ncontent-length: {len(body)}\r\n\r\n"
        self.write(head.encode() + body)

    async def read_response(self) -> tuple[int, dict[str, str], Any]:
        """Return the status, the headers and the JSON of one response."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower().splitlines()
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            body = await self._reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, json.loads(body)

    async def is_closed(self) -> bool:
        """Wait for the server to close the connection; return false if it sends something instead."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            try:
                return await self._reader.read(1) == b""
            except ConnectionResetError:
                return True

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


@asynccontextmanager
async def connect(place: HasPort) -> AsyncIterator[RawClient]:
    """Connect to a server until the block ends."""
    client = RawClient(*await asyncio.open_connection("127.0.0.1", place.port))
    try:
        yield client
    finally:
        client.close()
