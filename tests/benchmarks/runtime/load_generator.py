"""The load generator: a separate process with keep-alive HTTP/1.1 connections that are never idle.

Of a response it checks the status, the length, and the presence of a marker text. So it needs only a small
part of the time that any server needs.
"""

import asyncio
import gc
import re
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from multiprocessing import get_context

import uvloop
from typing_extensions import override

Operation = tuple[bytes, ...]
"""The complete HTTP requests of one operation, in order."""

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TIMEOUT_SECONDS = 60
"""Time for the last responses of a load."""

_END_OF_HEAD = b"\r\n\r\n"
_END_OF_CHUNKS = b"\r\n0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """A short load on one server.

    ``markers`` are texts that correct responses contain, one for each request of an operation. If ``repeats``
    is false, no operation is sent twice, and the load ends with the last one.
    """

    port: int
    operations: Sequence[Operation]
    markers: Sequence[bytes]
    connections: int
    seconds: float
    repeats: bool


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The finished operations of a load, and operations per second over all connections."""

    operations: int
    rate: float


class LoadGenerator:
    """The process that sends the load."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor

    def send(self, load: Load) -> LoadResult:
        """Send a load and return its result.

        Raises:
            RuntimeError: the server closed a connection, or a response is wrong.
            TimeoutError: a response did not come in time.
        """
        return self._executor.submit(_send, load).result()


@contextmanager
def run_load_generator() -> Iterator[LoadGenerator]:
    """Run the process of the generator while the block runs."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_prepare) as executor:
        yield LoadGenerator(executor)


def is_complete(answer: bytes) -> bool:
    """Return whether an HTTP response has been received completely."""
    end_of_head = answer.find(_END_OF_HEAD)
    if end_of_head < 0:
        return False
    if length := _LENGTH.search(answer, 0, end_of_head):
        return len(answer) >= end_of_head + len(_END_OF_HEAD) + int(length[1])
    return answer.endswith(_END_OF_CHUNKS)  # the JSON contains no line break


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles Ctrl-C
    gc.disable()


def _send(load: Load) -> LoadResult:
    gc.collect()
    return uvloop.run(_run_load(load))


async def _run_load(load: Load) -> LoadResult:
    loop = asyncio.get_running_loop()
    source = cycle(load.operations) if load.repeats else iter(load.operations)
    clients = [_Client(source, load, loop) for _ in range(load.connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", load.port)  # type: ignore[misc]
    async with asyncio.timeout(load.seconds + _TIMEOUT_SECONDS):
        await asyncio.gather(*(client.finished for client in clients))
    return LoadResult(sum(client.operations for client in clients), sum(client.rate for client in clients))


class _Client(asyncio.Protocol):
    def __init__(self, source: Iterator[Operation], load: Load, loop: asyncio.AbstractEventLoop) -> None:
        self._source = source
        self._load = load
        self._loop = loop
        self._received = b""
        self.operations = 0
        self.finished: asyncio.Future[None] = loop.create_future()

    @property
    def rate(self) -> float:
        """Operations per second until the end of the last one."""
        return self.operations / (self._ended - self._began) if self.operations else 0.0

    @override
    def connection_made(self, transport: asyncio.WriteTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self._began = self._ended = self._loop.time()
        self._next_operation()

    @override
    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        if is_complete(self._received):
            answer, self._received = self._received, b""
            self._check(answer)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(RuntimeError("The server closed the connection."))

    def _next_operation(self) -> None:
        operation = next(self._source, None)
        if operation is None:
            self._finish()
        else:
            self._steps = iter(zip(operation, self._load.markers, strict=True))
            self._next_request()

    def _next_request(self) -> None:
        request, self._marker = next(self._steps, (None, b""))
        if request is not None:
            self._transport.write(request)
            return
        self.operations += 1
        self._ended = self._loop.time()
        if self._ended - self._began < self._load.seconds:
            self._next_operation()
        else:
            self._finish()

    def _check(self, answer: bytes) -> None:
        if answer.startswith(b"HTTP/1.1 200 ") and self._marker in answer:
            self._next_request()
        else:
            self.finished.set_exception(RuntimeError(f"Wrong response: {answer[:2000]!r}"))
            self._finish()

    def _finish(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)
        self._transport.close()
