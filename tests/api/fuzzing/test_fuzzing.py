"""Whatever is sent, the answer is JSON with a code, told soon, and nothing breaks on our side."""

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
from tests.api.fuzzing.fuzzer import Fuzzed, Fuzzer, posted
from tests.api.fuzzing.generated_documents import documents
from tests.api.support.access import access_policy
from tests.api.support.connections import Connection, open_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

MOST_SECONDS = 0.3

pytestmark = pytest.mark.usefixtures("undisturbed")


@pytest.fixture
def app(builder: OrganizationBuilder) -> ASGIApp:
    executor = Executor(cached_schema(), builder.database, limits=OperationLimits(bucket=0))
    return create_app(executor, builder.database, access_policy(builder.database))


@pytest.mark.parametrize("count", [6_000, pytest.param(20_000, marks=pytest.mark.long)])
async def test_no_request_breaks_anything(app: ASGIApp, count: int) -> None:
    seed = random.getrandbits(32)
    told = Counter[str]()
    for number in range(count):
        request = Fuzzer(f"{seed}/{number}").request()
        try:
            told[await asked(app, request)] += 1
        except BaseException as error:
            error.add_note(f"{seed}/{number}: {request}")
            raise

    assert "INTERNAL_SERVER_ERROR" not in told
    assert {"data", "BAD_REQUEST", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"} < told.keys()
    assert {"BAD_USER_INPUT", "METHOD_NOT_ALLOWED", "NOT_ACCEPTABLE", "UNSUPPORTED_MEDIA_TYPE"} < told.keys()


@pytest.mark.parametrize("count", [500, pytest.param(20_000, marks=pytest.mark.long)])
async def test_no_message_breaks_a_socket_but_for_its_own(app: ASGIApp, count: int) -> None:
    seed = random.getrandbits(32)
    told = Counter[int | str]()
    for number in range(count):
        frame = Fuzzer(f"{seed}/{number}").frame()
        try:
            told[await said(app, frame, is_begun=number % 4 > 0)] += 1
        except BaseException as error:
            error.add_note(f"{seed}/{number}: {frame!r}")
            raise

    assert told.keys() <= {"pong", 4400, 4401, 4429}
    assert {"pong", 4400} < told.keys()


@pytest.mark.parametrize("count", [50, pytest.param(2_000, marks=pytest.mark.long)])
async def test_what_schemathesis_makes_of_the_schema_is_answered(app: ASGIApp, count: int) -> None:
    chance = random.getrandbits(32)
    queries = documents(await introspection(app), count, chance)
    gc.freeze()  # making them has left a lot
    told = Counter([await asked(app, posted(query)) for query in queries])

    assert told.keys() <= {"data", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "TOO_COSTLY"}, chance
    assert told["data"] > count / 4


async def introspection(app: ASGIApp) -> Any:
    connection = Connection()
    connection.send_to_app("http.request", body=posted(get_introspection_query()).body)
    await app(_scope(posted("")), connection.receive, connection.send)
    await connection.next_from_app()
    return orjson.loads((await connection.next_from_app())["body"])["data"]


async def asked(app: ASGIApp, request: Fuzzed) -> str:
    """Return the first code of the answer to a request; that it has data where it has no errors."""
    connection = Connection()
    connection.send_to_app("http.request", body=request.body)
    connection.send_to_app("http.disconnect")  # ends a stream
    began = process_time()
    await app(_scope(request), connection.receive, connection.send)
    assert process_time() - began < MOST_SECONDS
    start = await connection.next_from_app()
    assert start["status"] < 500
    headers = dict(start["headers"])
    if headers[b"content-type"].startswith(b"text/event-stream"):
        return "stream"
    body = orjson.loads((await connection.next_from_app())["body"])
    return str(body["errors"][0]["extensions"]["code"]) if "errors" in body else next(iter(body))


async def said(app: ASGIApp, frame: bytes | str, *, is_begun: bool) -> int | str:
    """Return the code with which a socket is closed after a message, or that it still answers."""
    async with open_socket(app) as socket:
        await socket.next_from_app()
        if is_begun:
            socket.initialize()
        socket.send_to_app("websocket.receive", **{"text" if isinstance(frame, str) else "bytes": frame})
        socket.send_json("ping")
        while True:
            message = await socket.next_from_app()
            if message["type"] == "websocket.close":
                return int(message["code"])
            told = orjson.loads(message["text"])
            assert "INTERNAL" not in message["text"]
            if told["type"] == "pong":
                return "pong"


def _scope(request: Fuzzed) -> Any:
    return {
        "type": "http",
        "method": request.method,
        "path": "/graphql",
        "query_string": request.query_string,
        "headers": request.headers,
    }
