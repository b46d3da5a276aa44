from urllib.parse import urlencode

import httpx2
import orjson
import pytest
from starlette.applications import Starlette

from api.http import send_timeout
from api.transports import sse
from schema.execution.executor import Executor
from tests.api.support.connections import Stream, open_stream
from tests.builders import OrganizationBuilder
from tests.schema.support.listener import ALL, wait_until, write_events

VIEWER = "{ viewer { user { name } } }"
STREAM = {"accept": "text/event-stream"}
ONE = "subscription($id: ID!, $after: String) { opportunityChanged(id: $id, after: $after) { kind } }"
TOLD = b'event: next\nid: %s\ndata: {"data":{"opportunityChanged":{"kind":"QUOTES_CLOSED"}}}\n\n'
COMPLETE = b"event: complete\ndata:\n\n"


async def test_a_subscription_is_a_stream_of_events_with_their_ids(
    app: Starlette, executor: Executor, builder: OrganizationBuilder
) -> None:
    opportunity_id = await builder.opportunity()
    async with open_stream(app, "POST", body=asked(ONE, id=f"opp_{opportunity_id}")) as stream:
        start = await stream.next_from_app()
        await wait_until(lambda: executor.feed.subscribers == 1)
        await write_events(executor, builder, opportunity_id, opportunity_id)

        assert [await stream.read() for _ in range(2)] == [TOLD % b"0-1", TOLD % b"0-2"]
    assert start["status"] == 200
    assert dict(start["headers"])[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert dict(start["headers"])[b"cache-control"] == b"no-store"
    assert executor.feed.subscribers == 0


async def test_who_connects_again_goes_on_after_the_last_event(
    app: Starlette, executor: Executor, builder: OrganizationBuilder
) -> None:
    opportunity_id = await builder.opportunity()
    await write_events(executor, builder, opportunity_id, opportunity_id, opportunity_id)
    variables = orjson.dumps({"id": f"opp_{opportunity_id}", "after": "0-1"})
    url = urlencode({"query": ONE, "variables": variables}).encode()
    async with open_stream(app, "GET", query_string=url) as stream:
        first = await heard(stream)
    async with open_stream(app, "GET", query_string=url, headers=[(b"last-event-id", b"0-2")]) as stream:
        again = await heard(stream)

    assert [first, again] == [TOLD % b"0-2", TOLD % b"0-3"]


@pytest.mark.parametrize("query", [VIEWER, "mutation { __typename }"])
async def test_any_operation_can_be_streamed(http: httpx2.AsyncClient, query: str) -> None:
    plain = await http.post("/graphql", json={"query": query})
    stream = await http.post("/graphql", json={"query": query}, headers=STREAM)

    assert stream.status_code == 200
    assert without_comments(stream) == b"event: next\ndata: %s\n\n" % plain.content + COMPLETE


async def test_what_can_not_run_is_told_in_the_stream(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/graphql", json={"query": ALL, "variables": {"after": "x"}}, headers=STREAM)

    errors = (
        b"""{"errors":[{"message":"This is no event id. Send eventId as it was returned.","""
        b""""extensions":{"code":"BAD_USER_INPUT"}}]}"""
    )
    assert answer.status_code == 200
    assert without_comments(answer) == b"event: next\ndata: %s\n\n" % errors + COMPLETE


@pytest.mark.parametrize(
    ("method", "sent", "status", "code"),
    [
        ("POST", {"content": "null"}, 400, "BAD_REQUEST"),
        ("POST", {"json": {"query": 1}}, 400, "BAD_REQUEST"),
        ("PUT", {"json": {"query": VIEWER}}, 405, "METHOD_NOT_ALLOWED"),
        ("GET", {"params": {"query": "mutation { __typename }"}}, 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_what_is_no_request_is_refused_in_json(
    http: httpx2.AsyncClient, method: str, sent: dict[str, object], status: int, code: str
) -> None:
    headers = {**STREAM, "content-type": "application/json"}

    answer = await http.request(method, "/graphql", headers=headers, **sent)  # type: ignore[arg-type]

    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (status, {"code": code})


@pytest.mark.parametrize(
    "accept",
    [
        "text/event-stream, application/json",
        "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
        "*/*",
    ],
)
async def test_a_subscription_is_no_stream_for_who_accepts_json(
    http: httpx2.AsyncClient, accept: str
) -> None:
    answer = await http.post("/graphql", json={"query": ALL}, headers={"accept": accept})

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (400, {"code": "BAD_REQUEST"})


async def test_a_stream_that_is_not_wanted_is_not_sent(http: httpx2.AsyncClient) -> None:
    answer = await http.post(
        "/graphql", json={"query": VIEWER}, headers={"accept": "text/event-stream;q=0, text/html"}
    )

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (406, {"code": "NOT_ACCEPTABLE"})


async def test_a_silent_stream_is_kept_open_by_comments(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.01)
    async with open_stream(app, "POST", body=asked(ALL)) as stream:
        await stream.next_from_app()
        pieces = [(await stream.next_from_app())["body"] for _ in range(3)]

    assert pieces == [b":\n"] * 3


async def test_a_server_that_stops_ends_the_stream_without_completing_it(
    app: Starlette, executor: Executor
) -> None:
    async with open_stream(app, "POST", body=asked(ALL)) as stream:
        await stream.next_from_app()
        await wait_until(lambda: executor.feed.subscribers == 1)
        executor.feed.stop()

        assert await stream.read() is None


async def test_a_client_that_reads_nothing_is_listened_for_no_more(
    app: Starlette, executor: Executor, builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_timeout, "SEND_TIMEOUT_SECONDS", 0.1)
    async with open_stream(app, "POST", body=asked(ALL)) as stream:
        await wait_until(lambda: executor.feed.subscribers == 1)
        stream.reads = False
        await write_events(executor, builder, await builder.opportunity())
        await wait_until(lambda: executor.feed.subscribers == 0)


def asked(query: str, **variables: str) -> bytes:
    return orjson.dumps({"query": query, "variables": variables})


async def heard(stream: Stream) -> bytes | None:
    await stream.next_from_app()
    return await stream.read()


def without_comments(answer: httpx2.Response) -> bytes:
    return answer.content.removeprefix(b":\n")
