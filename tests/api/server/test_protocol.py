import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from api.server.protocol import MAX_HEAD_BYTES, ConnectionLimits
from tests.api.support.running_server import POST, TIMEOUT_SECONDS, connect, run_server
from tests.schema.support.listener import wait_until

VIEWER = "{ viewer { user { name } } }"
ADA = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}
SHORT_DEADLINES = ConnectionLimits(head_seconds=0.3, body_seconds=0.3)
SLOW_CLIENTS = 100


async def test_clients_that_send_headers_slowly_lose_their_connections(app: Starlette) -> None:
    async with run_server(app, SHORT_DEADLINES) as server, AsyncExitStack() as clients:
        slow = [await clients.enter_async_context(connect(server)) for _ in range(SLOW_CLIENTS)]
        for each in slow:
            each.write(POST.encode())
        for _ in range(5):
            await asyncio.sleep(0.1)
            for each in slow:
                each.write(b"x-slow: 1\r\n")
        async with connect(server) as client:
            client.post_query(VIEWER)
            response = await client.read_response()
            open_connections = len(server.server.server_state.connections) - 1

        assert response[0::2] == (200, ADA)
        assert open_connections == 0


async def test_a_head_that_does_not_arrive_in_time_is_refused(app: Starlette) -> None:
    async with run_server(app, SHORT_DEADLINES) as server, connect(server) as client:
        client.write(POST.encode())

        status, headers, body = await client.read_response()

        assert (status, headers["connection"]) == (408, "close")
        assert body == refused("REQUEST_TIMEOUT", "The request did not arrive in time. Send it faster.")
        assert await client.is_closed()


async def test_a_body_that_does_not_arrive_in_time_is_refused(app: Starlette) -> None:
    async with run_server(app, SHORT_DEADLINES) as server, connect(server) as client:
        client.write(POST.encode() + b'content-length: 100\r\n\r\n{"query"')

        status, _, body = await client.read_response()

        assert status == 408
        assert body == refused("REQUEST_TIMEOUT", "The request did not arrive in time. Send it faster.")
        assert await client.is_closed()
        assert not server.server.server_state.tasks


async def test_a_connection_without_a_request_is_closed_silently(app: Starlette) -> None:
    async with run_server(app, SHORT_DEADLINES) as server, connect(server) as client:
        assert await client.is_closed()


async def test_the_deadline_starts_again_with_each_request(app: Starlette) -> None:
    async with run_server(app, SHORT_DEADLINES) as server, connect(server) as client:
        for _ in range(4):
            client.write(POST.encode())
            await asyncio.sleep(0.15)
            client.write(b"content-length: %d\r\n\r\n" % len(BODY))
            await asyncio.sleep(0.15)
            client.write(BODY)

            assert (await client.read_response())[0::2] == (200, ADA)


async def test_pipelined_requests_are_answered_in_order(app: Starlette) -> None:
    async with run_server(app) as server, connect(server) as client:
        client.post_query(VIEWER)
        client.post_query("{ nothing }")
        client.post_query(VIEWER)

        responses = [(await client.read_response())[2] for _ in range(3)]

    assert [list(each) for each in responses] == [["data"], ["errors"], ["data"]]


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\nnonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /graphql HTTP/9.9\r\n\r\n",
        b"GET /graphql HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /graphql HTTP/1.1\r\nhost: \0\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=lambda sent: sent[:40].decode("latin-1"),
)
async def test_invalid_http_is_refused_in_json(app: Starlette, sent: bytes) -> None:
    async with run_server(app) as server, connect(server) as client:
        client.write(sent)

        status, headers, body = await client.read_response()

        assert (status, headers["content-type"]) == (400, "application/json; charset=utf-8")
        assert body == refused("BAD_REQUEST", "The request is not valid HTTP. Send HTTP/1.1.")
        assert await client.is_closed()


async def test_a_head_that_is_too_large_is_refused(app: Starlette) -> None:
    async with run_server(app) as server, connect(server) as client:
        client.write(POST.encode() + b"x-much: " + b"1" * (MAX_HEAD_BYTES + 1))

        status, _, body = await client.read_response()

        assert status == 431
        assert body == refused(
            "HEADERS_TOO_LARGE", "URL and headers are longer than 131072 bytes. Send less."
        )


async def test_connections_beyond_the_limit_are_refused(app: Starlette) -> None:
    async with run_server(app, ConnectionLimits(max_connections=2)) as server, connect(server) as first:
        async with connect(server) as second, connect(server) as third:
            for each in (first, second):
                each.post_query(VIEWER)
                assert (await each.read_response())[0] == 200
            status, headers, body = await third.read_response()
        await wait_until(lambda: len(server.server.server_state.connections) == 1)
        async with connect(server) as fourth:
            fourth.post_query(VIEWER)
            assert (await fourth.read_response())[0::2] == (200, ADA)

    assert (status, headers["retry-after"]) == (503, "1")
    assert body == refused("UNAVAILABLE", "Too many connections are open. Try again later.")


@pytest.mark.parametrize(
    "headers",
    [
        b"sec-websocket-version: 13\r\n",
        b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        b"sec-websocket-version: 13\r\n" + b"x-one: 1\r\n" * 200,
    ],
    ids=["without a key", "without a version", "with too many headers"],
)
async def test_an_invalid_websocket_handshake_is_refused_in_json(app: Starlette, headers: bytes) -> None:
    async with run_server(app) as server, connect(server) as client:
        client.write(b"GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n")
        client.write(headers + b"\r\n")

        response = await client.read_response()

        assert (response[0], response[2]["errors"][0]["extensions"]) == (400, {"code": "BAD_REQUEST"})
        assert await client.is_closed()


WHOLE = [{"body": b'{"data": 7}'}]
IN_PARTS = [{"body": b'{"data"', "more_body": True}, {"body": b": 7}"}]
START = [(b"content-type", b"application/json"), (b"content-length", b"11")]


def app_that_responds(app: Starlette, respond: ASGIApp) -> Starlette:
    """Return an application that handles every request with ``respond`` and stops like ``app``."""
    responding = Starlette(routes=[Mount("/", respond)])
    responding.state.shutdown = app.state.shutdown
    return responding


@pytest.mark.parametrize("parts", [WHOLE, IN_PARTS])
@pytest.mark.parametrize("closing", [[], [(b"connection", b"close")]])
async def test_a_response_arrives_in_one_piece_or_in_several(
    app: Starlette, parts: list[dict[str, Any]], closing: list[tuple[bytes, bytes]]
) -> None:
    async def respond(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 202, "headers": [*START, *closing]})
        for part in parts:
            await send({"type": "http.response.body", **part})

    async with run_server(app_that_responds(app, respond)) as server, connect(server) as client:
        for _ in range(1 if closing else 2):
            client.write(POST.encode() + b"content-length: 0\r\n\r\n")
            status, headers, body = await client.read_response()
            assert (status, body) == (202, {"data": 7})
            assert {"date", "content-type"} < headers.keys()
        if closing:
            assert await client.is_closed()


@pytest.mark.parametrize("value", [b"1\r\nx-more: 1", b"1\n", b"1\r2", b"1\0"])
async def test_a_header_with_a_control_character_is_not_sent(app: Starlette, value: bytes) -> None:
    async def respond(_scope: Scope, _receive: Receive, send: Send) -> None:
        with pytest.raises(RuntimeError, match="Invalid HTTP header value"):
            await send(
                {"type": "http.response.start", "status": 202, "headers": [*START, (b"x-some", value)]}
            )

    async with run_server(app_that_responds(app, respond)) as server, connect(server) as client:
        client.write(POST.encode() + b"content-length: 0\r\n\r\n")

        assert await client.is_closed()


async def test_a_request_is_canceled_when_its_client_disconnects(app: Starlette) -> None:
    started, canceled = asyncio.Event(), asyncio.Event()

    async def respond(_scope: Scope, _receive: Receive, _send: Send) -> None:
        started.set()
        try:
            await asyncio.sleep(TIMEOUT_SECONDS)
        except asyncio.CancelledError:
            canceled.set()
            raise

    async with run_server(app_that_responds(app, respond)) as server:
        async with connect(server) as client:
            client.write(POST.encode() + b"content-length: 0\r\n\r\n")
            await started.wait()
        await asyncio.wait_for(canceled.wait(), TIMEOUT_SECONDS)
        await wait_until(lambda: not server.server.server_state.tasks)


BODY = json.dumps({"query": VIEWER}).encode()


def refused(code: str, message: str) -> object:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}
