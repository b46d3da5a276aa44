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
SECONDS = 8.0
"""Less than the server would wait for requests that go on."""


def test_a_stopped_server_ends_what_would_go_on_and_says_that_it_restarts(tmp_path: Path) -> None:
    with ExitStack() as clients:
        with running(SERVE, tmp_path) as server:
            socket = clients.enter_context(_connected(server))
            stream = clients.enter_context(urllib.request.urlopen(_asked(server), timeout=10))  # noqa: S310 - loopback
            before = time.monotonic()
        seconds = time.monotonic() - before

        with pytest.raises(ConnectionClosedError, match="1012"):
            socket.recv(timeout=10)
        assert stream.read() == b":\n"
    assert seconds < SECONDS


@contextmanager
def _connected(server: Server) -> Iterator[ClientConnection]:
    with connect(
        server.url.replace("http", "ws"), subprotocols=[Subprotocol("graphql-transport-ws")]
    ) as socket:
        authorization = {"Authorization": f"Bearer {server.token}"}
        socket.send(json.dumps({"type": "connection_init", "payload": authorization}))
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": SUBSCRIPTION}))
        assert socket.recv(timeout=10) == '{"type":"connection_ack"}'
        yield socket


def _asked(server: Server) -> urllib.request.Request:
    headers = {
        "authorization": f"Bearer {server.token}",
        "content-type": "application/json",
        "accept": "text/event-stream",
    }
    return urllib.request.Request(server.url, json.dumps(SUBSCRIPTION).encode(), headers)  # noqa: S310 - loopback
