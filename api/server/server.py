"""The HTTP server: binds a socket, serves the application with uvicorn, and stops on SIGINT or SIGTERM."""

import asyncio
import errno
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from api.http.limits import DEFAULT_LIMITS
from api.server.protocol import ConnectionLimits, HttpProtocol, WebSocketProtocol
from api.server.shutdown import Shutdown
from db.domain.errors import DealdeskError

if sys.platform != "win32":
    import resource

BACKLOG = 2048
CANCEL_SECONDS = 2.0
"""Part of the grace period in which requests that are canceled may send their last response."""


class ServerStartError(DealdeskError):
    """The server can't start: an address is not available, or there is no organization to serve."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Limits of connections and messages, and the phases of a graceful shutdown.

    After a signal ``/readyz`` reports that the server stops. ``drain_seconds`` later the server closes its
    socket. Requests that still run ``grace_seconds`` after that are canceled.
    """

    connections: ConnectionLimits = field(default_factory=ConnectionLimits)
    max_message_bytes: int = DEFAULT_LIMITS.body_bytes
    drain_seconds: float = 0.0
    grace_seconds: float = 10.0


def bind_socket(host: str, port: int) -> socket.socket:
    """Bind a TCP socket that does not listen yet. Port 0 chooses a free port.

    Raises:
        ServerStartError: ``host`` is not an IP address of this machine, or the port is not available.
    """
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise ServerStartError(
            f"{host!r} is not an IP address. Omit --host, or use 127.0.0.1, ::1 or 0.0.0.0."
        ) from None
    bound = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)  # noqa: PLR2004 - IPv4
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _close_dead_connections(bound)
    try:
        bound.bind((str(address), port))
    except OSError as error:
        bound.close()
        raise ServerStartError(port_error(host, port, error, option="--port")) from error
    return bound


def listen(bound: socket.socket, allowed_hosts: Sequence[str] = ()) -> str:
    """Accept connections, and return the URL of the server, as ``server_url`` does.

    Raises:
        ServerStartError: another program listens on the port since it was bound.
    """
    host, port = bound.getsockname()[:2]
    try:
        bound.listen(BACKLOG)
    except OSError as error:
        raise ServerStartError(port_error(host, port, error, option="--port")) from error
    return server_url(host, port, allowed_hosts)


def server_url(address: str, port: int, allowed_hosts: Sequence[str]) -> str:
    """Return a URL whose host is allowed: that of the address if it is or is a loopback address."""
    host = f"[{address}]" if ":" in address else address
    if allowed_hosts and host not in allowed_hosts and not ipaddress.ip_address(address).is_loopback:
        host = allowed_hosts[0]
    return f"http://{host}:{port}"


def port_error(host: str, port: int, error: OSError, *, option: str) -> str:
    """Return the message for a port that can't be opened; ``option`` chooses another one."""
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is already in use. Choose another with {option}."
    reason = os.strerror(error.errno) if error.errno else error
    return f"Port {port} on {host} is not available: {reason}. Choose another with {option}."


async def serve(app: ASGIApp, listening: socket.socket, shutdown: Shutdown, limits: ServerLimits) -> None:
    """Serve until SIGINT or SIGTERM. Then ``shutdown`` ends subscriptions and other endless responses.

    Raises:
        SystemExit: with status 0, after the running requests are answered.
    """
    _raise_open_files_limit()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _signal, _frame: sys.exit(0))  # uvicorn raises the signal again at its end
    await Server(app, shutdown, limits).serve(sockets=[listening])


class Server(uvicorn.Server):
    """uvicorn that announces its shutdown and cancels requests that outlast it."""

    def __init__(self, app: ASGIApp, shutdown: Shutdown, limits: ServerLimits) -> None:
        config = uvicorn.Config(
            app,
            http=partial(HttpProtocol, limits.connections),  # type: ignore[arg-type] # any factory will do
            ws=WebSocketProtocol,
            backlog=BACKLOG,
            ws_max_size=limits.max_message_bytes,
            ws_per_message_deflate=False,  # its buffers take more memory than the rest of an idle WebSocket
            lifespan="off",
            log_config=None,
            access_log=False,  # our own has more fields, and no secrets
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=max(0, limits.grace_seconds - CANCEL_SECONDS),  # type: ignore[arg-type] # float works
        )
        super().__init__(config)
        self._shutdown = shutdown
        self._drain_seconds = limits.drain_seconds

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._shutdown.start_draining()
        super().handle_exit(sig, frame)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.sleep(self._drain_seconds)
        self._shutdown.notify()
        await super().shutdown(sockets)
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=CANCEL_SECONDS)


def _close_dead_connections(bound: socket.socket) -> None:
    """Close connections whose client vanished or stopped reading; accepted sockets inherit the options."""
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)  # seconds
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000)  # milliseconds


def _raise_open_files_limit() -> None:
    """Raise the soft limit of open files, often 1,024, to the hard limit: each connection is a file."""
    if sys.platform != "win32":
        _, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        with suppress(ValueError, OSError):  # macOS may refuse its own hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
