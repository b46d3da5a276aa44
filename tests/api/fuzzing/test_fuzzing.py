"""Random requests get a response in JSON with an error code, in a short time, and no internal error."""

import gc
import random
from collections import Counter
from time import process_time
from typing import Any

import orjson
import pytest
from graphql import get_introspection_query
from starlette.types import ASGIApp

from api.app import create_app
from schema.execution.executor import Executor
from schema.limits.settings import OperationLimits
from tests.api.fuzzing.fuzzer import Fuzzed, Fuzzer, post_request
from tests.api.fuzzing.generated_documents import generate_documents
from tests.api.support.access import access_policy
from tests.api.support.asgi_connections import Connection, open_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

MAX_CPU_SECONDS = 0.3

pytestmark = pytest.mark.usefixtures("frozen_gc")


@pytest.fixture
def app(builder: OrganizationBuilder) -> ASGIApp:
    executor = Executor(cached_schema(), builder.database, limits=OperationLimits(bucket=0))
    return create_app(executor, builder.database, access_policy(builder.database))


@pytest.mark.parametrize("count", [6_000, pytest.param(20_000, marks=pytest.mark.long)])
async def test_fuzzed_requests_cause_no_internal_error(app: ASGIApp, count: int) -> None:
    seed = random.getrandbits(32)
    results = Counter[str]()
    for number in range(count):
        request = Fuzzer(f"{seed}/{number}").request()
        try:
            results[await send(app, request)] += 1
        except BaseException as error:
            error.add_note(f"{seed}/{number}: {request}")
            raise

    assert "INTERNAL_SERVER_ERROR" not in results
    assert {"data", "BAD_REQUEST", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"} < results.keys()
    assert {
        "BAD_USER_INPUT",
        "METHOD_NOT_ALLOWED",
        "NOT_ACCEPTABLE",
        "UNSUPPORTED_MEDIA_TYPE",
    } < results.keys()


@pytest.mark.parametrize("count", [500, pytest.param(20_000, marks=pytest.mark.long)])
async def test_fuzzed_messages_close_their_socket_at_most(app: ASGIApp, count: int) -> None:
    seed = random.getrandbits(32)
    results = Counter[int | str]()
    for number in range(count):
        frame = Fuzzer(f"{seed}/{number}").frame()
        try:
            results[await send_frame(app, frame, initialize=number % 4 > 0)] += 1
        except BaseException as error:
            error.add_note(f"{seed}/{number}: {frame!r}")
            raise

    assert results.keys() <= {"pong", 4400, 4401, 4429}
    assert {"pong", 4400} < results.keys()


@pytest.mark.parametrize("count", [50, pytest.param(2_000, marks=pytest.mark.long)])
async def test_documents_of_schemathesis_are_answered(app: ASGIApp, count: int) -> None:
    seed = random.getrandbits(32)
    queries = generate_documents(await introspection(app), count, seed)
    gc.freeze()  # generating them leaves many objects
    results = Counter([await send(app, post_request(query)) for query in queries])

    assert results.keys() <= {"data", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "TOO_COSTLY"}, seed
    assert results["data"] > count / 4


async def introspection(app: ASGIApp) -> Any:
    connection = Connection()
    connection.send_to_app("http.request", body=post_request(get_introspection_query()).body)
    await app(_scope(post_request("")), connection.receive, connection.send)
    await connection.next_from_app()
    return orjson.loads((await connection.next_from_app())["body"])["data"]


async def send(app: ASGIApp, request: Fuzzed) -> str:
    """Return the first error code of the response, or its first member if there are no errors."""
    connection = Connection()
    connection.send_to_app("http.request", body=request.body)
    connection.send_to_app("http.disconnect")  # ends a stream
    started = process_time()
    await app(_scope(request), connection.receive, connection.send)
    assert process_time() - started < MAX_CPU_SECONDS
    start = await connection.next_from_app()
    assert start["status"] < 500
    headers = dict(start["headers"])
    if headers[b"content-type"].startswith(b"text/event-stream"):
        return "stream"
    body = orjson.loads((await connection.next_from_app())["body"])
    return str(body["errors"][0]["extensions"]["code"]) if "errors" in body else next(iter(body))


async def send_frame(app: ASGIApp, frame: bytes | str, *, initialize: bool) -> int | str:
    """Return the close code after a message, or "pong" if the socket stays open."""
    async with open_socket(app) as socket:
        await socket.next_from_app()
        if initialize:
            socket.initialize()
        socket.send_to_app("websocket.receive", **{"text" if isinstance(frame, str) else "bytes": frame})
        socket.send_json("ping")
        while True:
            message = await socket.next_from_app()
            if message["type"] == "websocket.close":
                return int(message["code"])
            reply = orjson.loads(message["text"])
            assert "INTERNAL" not in message["text"]
            if reply["type"] == "pong":
                return "pong"


def _scope(request: Fuzzed) -> Any:
    return {
        "type": "http",
        "method": request.method,
        "path": "/graphql",
        "query_string": request.query_string,
        "headers": request.headers,
    }
