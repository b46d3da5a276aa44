"""Serving over HTTP until a signal ends it."""

import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from api.bodies import MOST_BYTES
from db.errors import DealdeskError

_SECONDS_TO_FINISH = 10
"""How long requests that are running when the server is stopped may go on."""


class CannotServe(DealdeskError):
    """There is nothing to serve, or nowhere to serve it."""


def listening_socket(host: str, port: int) -> socket.socket:
    """Bind a loopback address; port 0 takes any that is free.

    Raises:
        CannotServe: it is no loopback address, or can't be had.
    """
    address = _loopback(host)
    family = socket.AF_INET if isinstance(address, ipaddress.IPv4Address) else socket.AF_INET6
    try:
        return socket.create_server((str(address), port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno)  # type: ignore[arg-type] # a socket's error has its number
        raise CannotServe(
            f"Port {port} of {host} can't be had: {reason}. Choose another one with --port."
        ) from error


def url_of(listening: socket.socket) -> str:
    """Return where a bound socket is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(app: ASGIApp, listening: socket.socket, stopping: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; then ``stopping`` ends what would not end by itself.

    Raises:
        SystemExit: there was a signal, and the requests that were running are answered.
    """
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _leave)  # the server raises the signal again when it is done
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=MOST_BYTES,
        ws_per_message_deflate=False,  # its buffers take more memory than all else of an idle socket
        lifespan="off",
        log_config=None,
        access_log=False,  # ours says more, and leaves out what is secret
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    await _Server(config, stopping).serve(sockets=[listening])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)


def _leave(_signal: int, _frame: object) -> None:
    sys.exit(0)


def _loopback(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise CannotServe(
            f"{host} is no loopback address. There is no authentication yet, so only this machine may ask:"
            " leave --host out, or say 127.0.0.1 or ::1."
        )
    return address
