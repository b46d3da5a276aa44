"""Serving over HTTP until a signal ends it."""

import asyncio
import ipaddress
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from api.http.limits import DEFAULT_LIMITS
from api.server.protocol import ConnectionLimits, WebSocketProtocol, http_protocol_factory
from api.server.shutdown import Shutdown
from db.domain.errors import DealdeskError

if sys.platform != "win32":
    import resource

_BACKLOG = 2048
_SECONDS_TO_LEAVE = 2.0
"""How much of the grace time is left for what is canceled in it."""


class ServerStartError(DealdeskError):
    """There is nothing to serve, or nowhere to serve it."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What clients' connections may take, and how the server stops, in seconds.

    From the signal on it is not ready; after ``drain`` it takes no more connections, and after ``grace`` more
    it is gone: what it was asked is answered, or canceled. No message of a socket is longer than
    ``message_bytes``.
    """

    connections: ConnectionLimits = field(default_factory=ConnectionLimits)
    message_bytes: int = DEFAULT_LIMITS.body_bytes
    drain: float = 0.0
    grace: float = 10.0


def bind_socket(host: str, port: int) -> socket.socket:
    """Bind an address, and listen to nobody yet; port 0 takes any that is free.

    Raises:
        CannotServe: it is no address, or can't be had.
    """
    address = _address(host)
    family = socket.AF_INET if isinstance(address, ipaddress.IPv4Address) else socket.AF_INET6
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _notice_the_dead(bound)
    try:
        bound.bind((str(address), port))
    except OSError as error:
        bound.close()
        raise _taken(host, port, error) from error
    return bound


def listen(bound: socket.socket) -> str:
    """Let clients in, and return the URL under which they reach the server.

    Raises:
        CannotServe: another program began to listen there meanwhile.
    """
    host, port = bound.getsockname()[:2]
    try:
        bound.listen(_BACKLOG)
    except OSError as error:
        raise _taken(host, port, error) from error
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(app: ASGIApp, listening: socket.socket, stopping: Shutdown, bounds: ServerLimits) -> None:
    """Serve until SIGINT or SIGTERM; then ``stopping`` ends what would not end by itself.

    Raises:
        SystemExit: there was a signal, and the requests that were running are answered.
    """
    _allow_as_many_files_as_there_may_be()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _leave)  # the server raises the signal again when it is done
    await Server(app, stopping, bounds).serve(sockets=[listening])


class Server(uvicorn.Server):
    """uvicorn with connections of ours, that says when it stops. It listens where its caller says."""

    def __init__(self, app: ASGIApp, stopping: Shutdown, bounds: ServerLimits) -> None:
        super().__init__(_configured(app, bounds))
        self._stopping = stopping
        self._drain = bounds.drain

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stopping.start_draining()
        super().handle_exit(sig, frame)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.sleep(self._drain)
        self._stopping.notify()
        await super().shutdown(sockets)
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_SECONDS_TO_LEAVE)


def _configured(app: ASGIApp, bounds: ServerLimits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=http_protocol_factory(bounds.connections),
        ws=WebSocketProtocol,
        backlog=_BACKLOG,
        ws_max_size=bounds.message_bytes,
        ws_per_message_deflate=False,  # its buffers take more memory than all else of an idle socket
        lifespan="off",
        log_config=None,
        access_log=False,  # ours says more, and leaves out what is secret
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=max(0, bounds.grace - _SECONDS_TO_LEAVE),  # type: ignore[arg-type] # not only int
    )


def _notice_the_dead(bound: socket.socket) -> None:
    """Let connections end whose other side has vanished, or takes nothing; those accepted inherit it."""
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000)


def _allow_as_many_files_as_there_may_be() -> None:
    """Raise the soft limit of open files, often 1,024, to the hard one: every connection is one."""
    if sys.platform != "win32":
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError, OSError):  # on macOS the hard limit may be more than is allowed
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _taken(host: str, port: int, error: OSError) -> ServerStartError:
    reason = os.strerror(error.errno)  # type: ignore[arg-type] # a socket's error has its number
    return ServerStartError(f"Port {port} of {host} can't be had: {reason}. Choose another one with --port.")


def _leave(_signal: int, _frame: object) -> None:
    sys.exit(0)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise ServerStartError(
            f"{host} is no address of this machine. Leave --host out, or say 127.0.0.1, ::1 or 0.0.0.0."
        ) from None
