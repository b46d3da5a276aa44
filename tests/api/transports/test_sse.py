from urllib.parse import urlencode

import httpx2
import orjson
import pytest
from starlette.applications import Starlette

from api.http import send_timeout
from api.transports import sse
from schema.execution.executor import Executor
from tests.api.support.asgi_connections import Stream, open_stream
from tests.builders import OrganizationBuilder
from tests.schema.support.listener import ALL, wait_until, write_events

VIEWER = "{ viewer { user { name } } }"
STREAM = {"accept": "text/event-stream"}
ONE = "subscription($id: ID!, $after: String) { opportunityChanged(id: $id, after: $after) { kind } }"
EVENT = b'event: next\nid: %s\ndata: {"data":{"opportunityChanged":{"kind":"QUOTES_CLOSED"}}}\n\n'
COMPLETE = b"event: complete\ndata:\n\n"


async def test_a_subscription_streams_events_with_their_ids(
    app: Starlette, executor: Executor, builder: OrganizationBuilder
) -> None:
    opportunity_id = await builder.opportunity()
    async with open_stream(app, "POST", body=request_body(ONE, id=f"opp_{opportunity_id}")) as stream:
        start = await stream.next_from_app()
        await wait_until(lambda: executor.feed.subscribers == 1)
        await write_events(executor, builder, opportunity_id, opportunity_id)

        assert [await stream.read() for _ in range(2)] == [EVENT % b"0-1", EVENT % b"0-2"]
    assert start["status"] == 200
    assert dict(start["headers"])[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert dict(start["headers"])[b"cache-control"] == b"no-store"
    assert executor.feed.subscribers == 0


async def test_a_client_that_reconnects_resumes_after_its_last_event(
    app: Starlette, executor: Executor, builder: OrganizationBuilder
) -> None:
    opportunity_id = await builder.opportunity()
    await write_events(executor, builder, opportunity_id, opportunity_id, opportunity_id)
    variables = orjson.dumps({"id": f"opp_{opportunity_id}", "after": "0-1"})
    url = urlencode({"query": ONE, "variables": variables}).encode()
    async with open_stream(app, "GET", query_string=url) as stream:
        first = await first_chunk(stream)
    async with open_stream(app, "GET", query_string=url, headers=[(b"last-event-id", b"0-2")]) as stream:
        again = await first_chunk(stream)

    assert [first, again] == [EVENT % b"0-2", EVENT % b"0-3"]


@pytest.mark.parametrize("query", [VIEWER, "mutation { __typename }"])
async def test_queries_and_mutations_can_be_streamed(http: httpx2.AsyncClient, query: str) -> None:
    plain = await http.post("/graphql", json={"query": query})
    stream = await http.post("/graphql", json={"query": query}, headers=STREAM)

    assert stream.status_code == 200
    assert without_heartbeat(stream) == b"event: next\ndata: %s\n\n" % plain.content + COMPLETE


async def test_a_request_error_is_sent_in_the_stream(http: httpx2.AsyncClient) -> None:
    response = await http.post("/graphql", json={"query": ALL, "variables": {"after": "x"}}, headers=STREAM)

    errors = (
        b"""{"errors":[{"message":"This is no event id. Send eventId as it was returned.","""
        b""""locations":[{"line":1,"column":32}],"path":["opportunitiesChanged"],"""
        b""""extensions":{"code":"BAD_USER_INPUT"}}]}"""
    )
    assert response.status_code == 200
    assert without_heartbeat(response) == b"event: next\ndata: %s\n\n" % errors + COMPLETE


@pytest.mark.parametrize(
    ("method", "options", "status", "code"),
    [
        ("POST", {"content": "null"}, 400, "BAD_REQUEST"),
        ("POST", {"json": {"query": 1}}, 400, "BAD_REQUEST"),
        ("PUT", {"json": {"query": VIEWER}}, 405, "METHOD_NOT_ALLOWED"),
        ("GET", {"params": {"query": "mutation { __typename }"}}, 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_an_invalid_request_is_rejected_in_json(
    http: httpx2.AsyncClient, method: str, options: dict[str, object], status: int, code: str
) -> None:
    headers = {**STREAM, "content-type": "application/json"}

    response = await http.request(method, "/graphql", headers=headers, **options)  # type: ignore[arg-type]

    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert (response.status_code, response.json()["errors"][0]["extensions"]) == (status, {"code": code})


@pytest.mark.parametrize(
    "accept",
    [
        "text/event-stream, application/json",
        "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
        "*/*",
    ],
)
async def test_a_client_that_accepts_json_gets_no_stream(http: httpx2.AsyncClient, accept: str) -> None:
    response = await http.post("/graphql", json={"query": ALL}, headers={"accept": accept})

    assert (response.status_code, response.json()["errors"][0]["extensions"]) == (
        400,
        {"code": "BAD_REQUEST"},
    )


async def test_a_stream_that_is_not_accepted_is_not_sent(http: httpx2.AsyncClient) -> None:
    response = await http.post(
        "/graphql", json={"query": VIEWER}, headers={"accept": "text/event-stream;q=0, text/html"}
    )

    assert (response.status_code, response.json()["errors"][0]["extensions"]) == (
        406,
        {"code": "NOT_ACCEPTABLE"},
    )


async def test_heartbeats_keep_an_idle_stream_open(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.01)
    async with open_stream(app, "POST", body=request_body(ALL)) as stream:
        await stream.next_from_app()
        chunks = [(await stream.next_from_app())["body"] for _ in range(3)]

    assert chunks == [b":\n"] * 3


async def test_a_server_that_stops_ends_the_stream_without_complete(
    app: Starlette, executor: Executor
) -> None:
    async with open_stream(app, "POST", body=request_body(ALL)) as stream:
        await stream.next_from_app()
        await wait_until(lambda: executor.feed.subscribers == 1)
        executor.feed.stop()

        assert await stream.read() is None


async def test_a_client_that_stops_reading_ends_its_subscription(
    app: Starlette, executor: Executor, builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_timeout, "SEND_TIMEOUT_SECONDS", 0.1)
    async with open_stream(app, "POST", body=request_body(ALL)) as stream:
        await wait_until(lambda: executor.feed.subscribers == 1)
        stream.reads = False
        await write_events(executor, builder, await builder.opportunity())
        await wait_until(lambda: executor.feed.subscribers == 0)


def request_body(query: str, **variables: str) -> bytes:
    return orjson.dumps({"query": query, "variables": variables})


async def first_chunk(stream: Stream) -> bytes | None:
    await stream.next_from_app()
    return await stream.read()


def without_heartbeat(response: httpx2.Response) -> bytes:
    return response.content.removeprefix(b":\n")
