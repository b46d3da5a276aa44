"""An upgrade that is offered and not taken changes nothing about how requests are read."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

import h11
import pytest
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from typing_extensions import override
from uvicorn.server import ServerState

from api.http.responses import send_response
from api.server.server import Server, ServerLimits
from api.server.shutdown import Shutdown
from tests.api.support.access import BEARER
from tests.api.support.running_server import connect, run_server

BODY = b'{"query": "{ __typename }"}'
HEAD = b"POST /graphql HTTP/1.1\r\nhost: dealdesk.test\r\ncontent-type: application/json\r\n"
AUTHORIZATION = b"authorization: %s\r\n" % BEARER.encode()
LENGTH = b"content-length: %d\r\n" % len(BODY)
H2C = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"

Request = tuple[bytes, bytes, bytes]
"""Method, target and body."""


@pytest.mark.parametrize("is_split", [False, True])
@pytest.mark.parametrize(
    "offer",
    [
        H2C,
        b"connection: upgrade\r\nupgrade: TLS/1.0\r\n",
        b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n",
        b"connection: keep-alive, Upgrade\r\nupgrade: h2c, websocket\r\n",
        b"connection: upgrade\r\nconnection: close\r\nupgrade: websocket\r\n",
    ],
)
async def test_a_body_after_an_offered_upgrade_is_read(offer: bytes, is_split: bool, app: Starlette) -> None:
    async with run_server(app) as server, connect(server) as client:
        client.write(HEAD + AUTHORIZATION + LENGTH + offer + b"\r\n")
        if is_split:
            await asyncio.sleep(0.05)
        client.write(BODY)
        status, _, body = await client.read_response()

    assert (status, body) == (200, {"data": {"__typename": "Query"}})


async def test_a_chunked_body_and_the_next_request_are_read(app: Starlette) -> None:
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    async with run_server(app) as server, connect(server) as client:
        client.write((HEAD + AUTHORIZATION + H2C + b"transfer-encoding: chunked\r\n\r\n" + chunks) * 3)
        responses = [await client.read_response() for _ in range(3)]

    assert [(status, body) for status, _, body in responses] == [(200, {"data": {"__typename": "Query"}})] * 3


async def test_a_body_is_not_run_as_a_request(app: Starlette) -> None:
    hidden = b"GET /graphql?query={__typename} HTTP/1.1\r\nhost: dealdesk.test\r\n" + AUTHORIZATION + b"\r\n"
    async with run_server(app) as server, connect(server) as client:
        client.write(HEAD + H2C + b"content-length: %d\r\n\r\n" % len(hidden))
        await asyncio.sleep(0.05)
        client.write(hidden)
        first = await client.read_response()
        client.write(b"GET /livez HTTP/1.1\r\nhost: dealdesk.test\r\nconnection: close\r\n\r\n")
        second = await client.read_response()
        assert await client.is_closed()

    assert (first[0], second[0], second[2]) == (401, 200, {"status": "live"})


async def test_a_handshake_behind_an_unanswered_request_is_an_ordinary_request(app: Starlette) -> None:
    handshake = (
        b"GET /livez HTTP/1.1\r\nhost: dealdesk.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    )
    async with run_server(app) as server, connect(server) as client:
        client.write(HEAD + AUTHORIZATION + LENGTH + b"\r\n" + BODY + handshake)
        responses = [await client.read_response() for _ in range(2)]

    assert [status for status, _, _ in responses] == [200, 200]


async def test_connect_is_refused(app: Starlette) -> None:
    async with run_server(app) as server, connect(server) as client:
        client.write(
            b"CONNECT deals.example:443 HTTP/1.1\r\nhost: deals.example\r\n\r\nGET /livez HTTP/1.1\r\n\r\n"
        )
        status, _, body = await client.read_response()
        assert await client.is_closed()

    assert (status, body["errors"][0]["extensions"]["code"]) == (405, "METHOD_NOT_ALLOWED")


async def test_random_requests_are_read_as_h11_reads_them() -> None:
    await compare(rounds=1_000)


@pytest.mark.long
async def test_20_000_random_requests_are_read_as_h11_reads_them() -> None:
    await compare(rounds=20_000)


async def compare(rounds: int) -> None:
    """Send random requests to the server's protocol; h11 says which requests they are."""
    seed = random.randrange(2**32)
    generator = random.Random(seed)
    complete = 0
    for number in range(rounds):
        sent = b"".join(random_request(generator) for _ in range(generator.randint(1, 3)))
        expected = read_by_h11(sent)
        found = await read_by_server(segments(generator, sent))
        assert found == expected[: len(found)], (seed, number, sent)
        complete += len(found)
    assert complete > rounds / 2, seed


def random_request(generator: random.Random) -> bytes:
    choose = generator.choice
    inner = b"GET /inner HTTP/1.1\r\nhost: x\r\n\r\n"
    body = choose([b"", b"", BODY, inner])
    lines = [
        choose([b"GET /a", b"POST /b", b"POST /b", b"PUT /c"])
        + choose([b" HTTP/1.1", b" HTTP/1.1", b" HTTP/1.0"])
    ]
    lines.append(b"host: x")
    upgrades = [b"h2c", b"TLS/1.0", b"websocket", b"WebSocket", b"h2c, websocket", b""]
    options = [b"upgrade", b"Upgrade", b"keep-alive", b"close", b"HTTP2-Settings", b"x"]
    lines += [b"upgrade: " + choose(upgrades) for _ in range(generator.randint(0, 2))]
    for _ in range(generator.randint(0, 2)):
        lines += [b"connection: " + b", ".join(generator.sample(options, generator.randint(1, 2)))]
    framing = choose(["length", "length", "chunked", "wrong", "none"])
    if framing == "chunked" and not lines[0].endswith(b"1.0"):
        lines.append(b"transfer-encoding: " + choose([b"chunked", b"Chunked", b"chunked"]))
        half = len(body) // 2
        parts = [part for part in (body[:half], body[half:]) if part]
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    elif framing == "wrong":
        lines.append(b"content-length: %d" % generator.randint(0, 2 * len(body)))
    elif framing == "length":
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def segments(generator: random.Random, sent: bytes) -> list[bytes]:
    cuts = sorted(generator.randint(0, len(sent)) for _ in range(generator.randint(0, 3)))
    return [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True) if start < end]


def read_by_h11(sent: bytes) -> list[Request]:
    """Return the requests that h11 reads, until one is not HTTP, is not complete, or ends the connection."""
    requests: list[Request] = []
    keeps_alive = True
    while keeps_alive:
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(
            sent.lstrip(b"\r\n")
        )  # empty lines before a request are ignored (RFC 9112, 2.2)
        try:
            request = connection.next_event()
            body = b""
            while isinstance(data := connection.next_event(), h11.Data):
                body += bytes(data.data)
        except h11.RemoteProtocolError:
            return requests
        if not isinstance(request, h11.Request) or not isinstance(data, h11.EndOfMessage):
            return requests
        requests.append((request.method, request.target, body))
        connection.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
        connection.send(h11.EndOfMessage())
        keeps_alive = connection.our_state is not h11.MUST_CLOSE
        sent = connection.trailing_data[0]
    return requests


@dataclass
class Transport(asyncio.Transport):
    """A transport without a network."""

    closed: bool = False
    protocols: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    @override
    def write(self, data: Any) -> None: ...

    @override
    def close(self) -> None:
        self.closed = True

    @override
    def is_closing(self) -> bool:
        return self.closed

    @override
    def set_protocol(self, protocol: Any) -> None:
        self.protocols.append(protocol)

    @override
    def pause_reading(self) -> None: ...

    @override
    def resume_reading(self) -> None: ...


async def read_by_server(parts: list[bytes]) -> list[Request]:
    """Return the requests that the application is called with, up to a WebSocket's handshake."""
    requests = []

    async def record(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"]
        requests.append((scope["method"].encode(), scope["raw_path"], body))
        await send_response(send, b"{}")

    config = Server(record, Shutdown(), ServerLimits()).config
    config.load()
    protocol = config.http_protocol_class(config=config, server_state=ServerState(), app_state={})  # type: ignore[call-arg]
    transport = Transport()
    protocol.connection_made(transport)
    for part in parts:
        if transport.closed or transport.protocols:
            break
        protocol.data_received(part)
        for _ in range(8):
            await asyncio.sleep(0)
    protocol.connection_lost(None)
    return requests
