"""Servers in processes of their own, as the command line starts them; they can be killed and come back."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from api.cli.main import main

PATIENCE = 30.0
"""Seconds until a test fails whose server does not listen."""

_processes = get_context("forkserver")
_processes.set_forkserver_preload([__name__])  # so that a server is back within a moment


@contextmanager
def serving(database_url: str, data: Path, **settings: str) -> Iterator["ServerProcess"]:
    """Run a server until the block ends."""
    server = ServerProcess(database_url, data, **settings)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class ServerProcess:
    """``dealdesk serve`` on a port of its own, on some database; settings are named without their prefix."""

    def __init__(self, database_url: str, data: Path, **settings: str) -> None:
        settings |= {"database_url": database_url, "data_dir": str(data)}
        self._environment = {f"DEALDESK_{name.upper()}": value for name, value in settings.items()}
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}/graphql"

    def start(self) -> None:
        """Start it, again or for the first time."""
        self._process = _processes.Process(target=_serve, args=(self._environment, self.port), daemon=True)
        self._process.start()

    async def listens(self) -> None:
        """Wait until it takes connections."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    return writer.close()

    def terminate(self) -> None:
        """Ask it to stop, as SIGTERM does."""
        self._process.terminate()

    async def ends(self) -> int | None:
        """Wait until it has stopped, and return its status."""
        await asyncio.to_thread(self._process.join, PATIENCE)
        return self._process.exitcode

    @property
    def memory(self) -> int:
        """How many bytes of memory it holds."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def files(self) -> int:
        """How many files and connections it has open."""
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))  # noqa: PTH208 - their number is all

    def kill(self) -> None:
        """Stop it without any order, as ``kill -9`` does."""
        self._process.kill()
        self._process.join(PATIENCE)


def _serve(environment: dict[str, str], port: int) -> None:
    os.environ |= environment
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
    main(["serve", "--port", str(port)])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
