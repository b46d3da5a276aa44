"""A wire to PostgreSQL that can fall silent: what is sent over it then is lost, and nobody says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Wire:
    """What connections go through. One that has been silent once stays so."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._age = 0
        self._is_silent = False

    def fall_silent(self) -> None:
        """Swallow everything, of the connections that there are and of new ones."""
        self._age += 1
        self._is_silent = True

    def mend(self) -> None:
        """Carry what new connections send."""
        self._age += 1
        self._is_silent = False

    async def connected(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """Carry a connection."""
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        age = None if self._is_silent else self._age
        try:
            await asyncio.gather(self._carry(client, to_server, age), self._carry(server, to_client, age))
        finally:
            for writer in (to_client, to_server):
                writer.close()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, age: int | None
    ) -> None:
        with suppress(ConnectionError):
            while said := await reader.read(65_536):
                if age == self._age:
                    writer.write(said)
            writer.close()


@asynccontextmanager
async def wired(url: str) -> AsyncIterator[tuple[str, Wire]]:
    """Give a URL of the same database over a wire, and the wire."""
    of = urlsplit(url)
    wire = Wire(of.port or 5432)
    async with await asyncio.start_server(wire.connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        credentials = of.netloc.rpartition("@")[0]
        yield urlunsplit(of._replace(netloc=f"{credentials}@127.0.0.1:{port}")), wire
