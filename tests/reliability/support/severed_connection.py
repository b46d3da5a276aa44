"""A wire to PostgreSQL that breaks once, at a COMMIT: before the server reads it, or before it answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

_COMMIT = b"Q\0\0\0\x0bCOMMIT\0"


PATIENCE = 20.0
"""Seconds until a test fails whose database does not answer."""


@asynccontextmanager
async def severing(url: str, *, is_committed: bool) -> AsyncIterator[str]:
    """Give a URL of the same database whose first COMMIT arrives or doesn't, and is never answered."""
    wire = _Wire(url, is_committed=is_committed)
    async with await asyncio.start_server(wire.connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield urlunsplit(urlsplit(url)._replace(netloc=f"{_credentials(url)}@127.0.0.1:{port}"))


def _credentials(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[0]


class _Wire:
    def __init__(self, url: str, *, is_committed: bool) -> None:
        self._port = urlsplit(url).port
        self._is_committed = is_committed
        self._is_whole = True

    async def connected(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        answering = asyncio.create_task(_carry(server, to_client))
        with suppress(ConnectionError):
            while said := await client.read(65_536):
                if self._is_whole and _COMMIT in said:
                    self._is_whole = False
                    await self._sever(said, server, to_server, answering)
                    break
                to_server.write(said)
        for writer in (to_client, to_server):
            writer.close()

    async def _sever(
        self,
        commit: bytes,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
        answering: asyncio.Task[None],
    ) -> None:
        answering.cancel()
        await asyncio.wait([answering], timeout=PATIENCE)
        if self._is_committed:
            to_server.write(commit)
            async with asyncio.timeout(PATIENCE):
                await server.read(1)  # the answer: it is committed


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.CancelledError):
        while said := await reader.read(65_536):
            writer.write(said)
        writer.close()
