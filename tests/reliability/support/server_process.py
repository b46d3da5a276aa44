"""Server processes, started by the command line; a test can kill and restart them."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from api.cli.main import main
from tests.postgres import free_port

TIMEOUT_SECONDS = 30.0
"""Time to wait for a server to listen or to exit before the test fails."""

_processes = get_context("forkserver")
_processes.set_forkserver_preload([__name__])  # a restart takes milliseconds


@contextmanager
def server_process(database_url: str, data: Path, **settings: str) -> Iterator["ServerProcess"]:
    """Run a server until the block ends."""
    server = ServerProcess(database_url, data, **settings)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class ServerProcess:
    """``dealdesk serve`` on a free port; settings are named without their prefix."""

    def __init__(self, database_url: str, data: Path, **settings: str) -> None:
        settings |= {"database_url": database_url, "data_dir": str(data)}
        unlimited = {"limits__bucket": "0", "limits__database_bucket": "0"}  # one user sends the load of many
        settings = unlimited | settings
        self._environment = {f"DEALDESK_{name.upper()}": value for name, value in settings.items()}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/graphql"

    def start(self) -> None:
        """Start the process, or start it again."""
        self._process = _processes.Process(target=_serve, args=(self._environment, self.port), daemon=True)
        self._process.start()

    async def wait_until_listening(self) -> None:
        """Wait until the server accepts connections."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    return writer.close()

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    async def wait_for_exit(self) -> int | None:
        """Wait until the process has stopped; return its exit status, None after the timeout."""
        await asyncio.to_thread(self._process.join, TIMEOUT_SECONDS)
        return self._process.exitcode

    @property
    def memory_bytes(self) -> int:
        """The resident memory."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def open_files(self) -> int:
        """The number of open files and connections."""
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))  # noqa: PTH208 - only counted

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()
        self._process.join(TIMEOUT_SECONDS)


def _serve(environment: dict[str, str], port: int) -> None:
    os.environ |= environment
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
    main(["serve", "--port", str(port)])
