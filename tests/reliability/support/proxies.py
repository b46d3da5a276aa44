"""TCP proxies in front of PostgreSQL: one can fall silent, one cuts a connection at a COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

_COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
"""The message that commits a transaction."""

TIMEOUT_SECONDS = 20.0
"""Time in which the database has to answer."""


class SilentProxy:
    """A proxy that can discard all bytes without closing anything, as a network does that is cut.

    A connection that was open or opened during a silence stays silent for good.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._era = 0
        self._is_silent = False

    def silence(self) -> None:
        """Discard the bytes of all connections, and of new ones."""
        self._era += 1
        self._is_silent = True

    def restore(self) -> None:
        """Forward the bytes of new connections."""
        self._era += 1
        self._is_silent = False

    async def connected(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        era = None if self._is_silent else self._era
        try:
            await asyncio.gather(self._forward(client, to_server, era), self._forward(server, to_client, era))
        finally:
            for writer in (to_client, to_server):
                writer.close()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, era: int | None
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if era == self._era:
                    writer.write(data)
            writer.close()


@asynccontextmanager
async def silent_proxy(url: str) -> AsyncIterator[tuple[str, SilentProxy]]:
    """Give a URL of the same database through a proxy, and the proxy."""
    proxy = SilentProxy(_port_of(url))
    async with await asyncio.start_server(proxy.connected, "127.0.0.1", 0) as server:
        yield _url_through(server, url), proxy


@asynccontextmanager
async def severing_proxy(url: str, *, is_committed: bool) -> AsyncIterator[str]:
    """Give a URL of the same database through a proxy that closes the connection at the first COMMIT.

    If ``is_committed``, PostgreSQL gets the COMMIT; the client gets its answer in neither case.
    """
    proxy = _SeveringProxy(_port_of(url), is_committed=is_committed)
    async with await asyncio.start_server(proxy.connected, "127.0.0.1", 0) as server:
        yield _url_through(server, url)


class _SeveringProxy:
    def __init__(self, port: int, *, is_committed: bool) -> None:
        self._port = port
        self._is_committed = is_committed
        self._has_severed = False

    async def connected(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        answers = asyncio.create_task(_forward(server, to_client))
        with suppress(ConnectionError):
            while data := await client.read(65_536):
                if not self._has_severed and _COMMIT in data:
                    self._has_severed = True
                    answers.cancel()
                    await asyncio.wait([answers], timeout=TIMEOUT_SECONDS)
                    if self._is_committed:
                        to_server.write(data)
                        async with asyncio.timeout(TIMEOUT_SECONDS):
                            await server.read(1)  # PostgreSQL answers once it has committed
                    break
                to_server.write(data)
        for writer in (to_client, to_server):
            writer.close()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.CancelledError):
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()


def _port_of(url: str) -> int:
    return urlsplit(url).port or 5432


def _url_through(proxy: asyncio.Server, url: str) -> str:
    parts = urlsplit(url)
    credentials = parts.netloc.rpartition("@")[0]
    port = proxy.sockets[0].getsockname()[1]
    return urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}"))
