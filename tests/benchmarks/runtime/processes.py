"""Server processes on free ports of the loopback interface."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_START_TIMEOUT_SECONDS = 60
_STOP_TIMEOUT_SECONDS = 5


@contextmanager
def run_process(
    command: Sequence[str], port: int, *, directory: Path, environment: Mapping[str, str], log: Path
) -> Iterator[None]:
    """Run a server until the block ends; its output goes to ``log``.

    Raises:
        RuntimeError: it does not listen in time; the message contains its log.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a command of the benchmark
            command,
            cwd=directory,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # the benchmark handles Ctrl-C and stops the server
        )
    try:
        _wait_until_listening(process, port, log)
        yield
    finally:
        _stop(process)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text()}")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    for each in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, each)
            try:
                process.wait(_STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                continue
