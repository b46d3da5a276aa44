import json
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.smoke import Server, running

SERVE = (str(Path(sys.executable).with_name("dealdesk")), "serve", "--port", "0")
SUBSCRIPTION = {"query": "subscription { opportunitiesChanged { kind } }"}
MAX_SECONDS = 8.0
"""Shorter than the grace period, in which the server would wait for endless responses."""


def test_a_stopping_server_closes_websockets_and_streams(tmp_path: Path) -> None:
    with ExitStack() as clients:
        with running(SERVE, tmp_path) as server:
            socket = clients.enter_context(subscribed_socket(server))
            stream = clients.enter_context(urllib.request.urlopen(stream_request(server), timeout=10))  # noqa: S310 - loopback
            before = time.monotonic()
        seconds = time.monotonic() - before

        with pytest.raises(ConnectionClosedError, match="1012"):
            socket.recv(timeout=10)
        assert stream.read() == b":\n"
    assert seconds < MAX_SECONDS


@contextmanager
def subscribed_socket(server: Server) -> Iterator[ClientConnection]:
    with connect(
        server.url.replace("http", "ws"), subprotocols=[Subprotocol("graphql-transport-ws")]
    ) as socket:
        authorization = {"Authorization": f"Bearer {server.token}"}
        socket.send(json.dumps({"type": "connection_init", "payload": authorization}))
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": SUBSCRIPTION}))
        assert socket.recv(timeout=10) == '{"type":"connection_ack"}'
        yield socket


def stream_request(server: Server) -> urllib.request.Request:
    headers = {
        "authorization": f"Bearer {server.token}",
        "content-type": "application/json",
        "accept": "text/event-stream",
    }
    return urllib.request.Request(server.url, json.dumps(SUBSCRIPTION).encode(), headers)  # noqa: S310 - loopback
