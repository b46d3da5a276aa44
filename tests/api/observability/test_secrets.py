"""What clients send, and their tokens, appear in no log, no error and no trace."""

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.app import create_app
from api.observability.logs import LogFormat, add_request_fields, create_formatter, log_operation, log_request
from api.observability.redaction import redact
from db.auth.tokens import TOKEN_PREFIX
from db.connect import POSTGRES_SCHEMES, sqlite_path
from db.sql.database import Database
from tests.api.observability.test_tracing import components_with, finished
from tests.api.support.access import access_policy, http_client, store_token
from tests.api.support.asgi_connections import Socket, open_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

CANARY = "canary"
TOKEN = TOKEN_PREFIX + CANARY.ljust(43, "x")
BAD_TOKENS = (TOKEN_PREFIX + CANARY.rjust(43, "y"), "eyJhbGciOiJub25lIn0.canary.canary", f"{CANARY} {CANARY}")

CREATE = """mutation($input: CreateCompetitorInput!) {
  createCompetitor(input: $input) { __typename ... on UserError { message path } }
}"""
CLOSE = """mutation($input: CloseOpportunityInput!) {
  closeOpportunity(input: $input) { __typename ... on UserError { message path } }
}"""
LIST = """query($filter: OpportunityFilter, $after: String, $first: Int) {
  opportunities(filter: $filter, after: $after, first: $first) { totalCount }
}"""
SUBSCRIBE = "subscription($after: String) { opportunitiesChanged(after: $after) { kind } }"
LOST = {"opportunityId": CANARY, "outcome": {"lost": {"competitorId": CANARY}}, "description": CANARY * 400}
REQUESTS: list[tuple[str, Any]] = [
    (CREATE, {"input": {"name": CANARY, "idempotencyKey": CANARY}}),
    (CREATE, {"input": {"name": CANARY * 40}}),
    (CREATE, {"input": {"name": f"{CANARY}\0"}}),
    (CREATE, {"input": {"name": {"text": CANARY}}}),
    (CREATE, {"input": {"name": CANARY, "idempotencyKey": CANARY * 30}}),
    (CREATE, {"input": [CANARY]}),
    (CREATE, CANARY),
    (CLOSE, {"input": LOST}),
    (CLOSE, {"input": {**LOST, "closedOn": CANARY}}),
    (CLOSE, {"input": {**LOST, "expectedVersion": CANARY}}),
    (CLOSE, {"input": {**LOST, "outcome": {"won": {"actualRevenue": CANARY}}}}),
    (LIST, {"after": CANARY}),
    (LIST, {"first": CANARY}),
    (LIST, {"filter": {"state": {"eq": CANARY}}}),
    (LIST, {"filter": {"accountId": {"eq": CANARY}}}),
    (LIST, {"filter": {"createdAt": {"gte": CANARY}}}),
    ("query($id: ID!) { node(id: $id) { id } }", {"id": CANARY}),
    ("query($id: ID!) { node(id: $id) { id } }", {"id": {"is": CANARY}}),
    ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [CANARY, None]}),
]

FAIL_ON_SQLITE = "CREATE TRIGGER fail BEFORE INSERT ON competitor BEGIN SELECT RAISE(ABORT, 'no'); END"
FAIL_ON_POSTGRESQL = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no %', NEW.name; END $$;
CREATE TRIGGER fail BEFORE INSERT ON competitor FOR EACH ROW EXECUTE FUNCTION fail()
"""


async def test_client_data_and_tokens_appear_nowhere(database: Database, database_url: str) -> None:
    await store_token(await OrganizationBuilder.create(database), TOKEN)
    spans = InMemorySpanExporter()
    components = components_with(spans)
    executor = components.executor(cached_schema(), components.database(database), [log_operation])
    app = components.app(create_app(executor, database, access_policy(database), observers=[log_request]))
    with logged() as logs:
        async with http_client(app) as http:
            http.headers["authorization"] = f"Bearer {TOKEN}"
            responses = [response async for response in send_over_http(http)]
            await break_competitors(database_url)
            broken = await post(http, CREATE, {"input": {"name": CANARY * 2}})
        async with open_socket(app) as socket:
            responses += [response async for response in send_over_websocket(socket)]
        async with open_socket(app) as socket:
            await socket.next_from_app()
            socket.initialize(f"Bearer {BAD_TOKENS[0]}")
            responses.append(str(await socket.read_close()))

    internal = json.loads(broken)["errors"][0]["extensions"]
    assert internal["code"] == "INTERNAL_SERVER_ERROR"
    log_texts = [log.getvalue() for log in logs]
    for log in log_texts:
        assert internal["requestId"] in log
        assert "in create_competitor" in log
    traces = "".join(span.to_json() for span in finished(spans))
    assert "INSERT competitor" in traces
    for canary in (CANARY, urlsplit(database_url).password or CANARY):
        assert [text for text in (*responses, broken, *log_texts, traces) if canary in text] == []


async def send_over_http(http: httpx2.AsyncClient) -> Any:
    for query, variables in REQUESTS:
        yield await post(http, query, variables)
    for query, variables in REQUESTS[-8:]:
        parameters = {"query": query, "variables": json.dumps(variables)}
        yield (await http.get("/graphql", params=parameters)).text
    for token in BAD_TOKENS:
        headers = {"authorization": f"Bearer {token}"}
        yield (await http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)).text
    for body in (CANARY, f'{{"query": "{CANARY}', f'{{"variables": "{CANARY}"}}'):
        headers = {"content-type": "application/json"}
        yield (await http.post("/graphql", content=body.encode(), headers=headers)).text


async def send_over_websocket(socket: Socket) -> Any:
    await socket.next_from_app()
    socket.initialize(f"Bearer {TOKEN}")
    await socket.read()
    for query, variables in REQUESTS[-8:]:
        socket.send_json("subscribe", id="1", payload={"query": query, "variables": variables})
        while (message := await socket.read())["type"] == "next":
            yield json.dumps(message)
        yield json.dumps(message)
    socket.send_json("subscribe", id="1", payload={"query": SUBSCRIBE, "variables": {"after": CANARY}})
    yield json.dumps(await socket.read())


async def post(http: httpx2.AsyncClient, query: str, variables: Any) -> str:
    return (await http.post("/graphql", json={"query": query, "variables": variables})).text


async def break_competitors(url: str) -> None:
    """Make the database fail on each new competitor; PostgreSQL's message contains the name."""
    if url.startswith(POSTGRES_SCHEMES):
        connection = await asyncpg.connect(url)
        await connection.execute(FAIL_ON_POSTGRESQL)
        await connection.close()
    else:
        with closing(sqlite3.connect(sqlite_path(url))) as sqlite:
            sqlite.execute(FAIL_ON_SQLITE)


@contextmanager
def logged() -> Iterator[list[StringIO]]:
    """Yield everything that is logged, at every level and in both formats."""
    root, logs = logging.getLogger(), []
    level = root.level
    root.setLevel(logging.DEBUG)
    handlers = []
    for format_ in LogFormat:
        logs.append(StringIO())
        handlers.append(logging.StreamHandler(logs[-1]))
        handlers[-1].setFormatter(create_formatter(format_))
        handlers[-1].addFilter(add_request_fields)
        handlers[-1].addFilter(lambda record: not record.name.startswith("httpx2"))  # the client's own
        root.addHandler(handlers[-1])
    try:
        yield logs
    finally:
        for handler in handlers:
            root.removeHandler(handler)
        root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"token {TOKEN}.", "token [redacted]."),
        (f"Bearer {BAD_TOKENS[1]} was sent", "Bearer [redacted] was sent"),
        ("to postgresql://ada:canary@db:5432/deals", "to postgresql://[redacted]@db:5432/deals"),
        ("<Task finished exception=ValueError('canary')>", "<Task finished exception=[redacted]"),
        ("GET /graphql", "GET /graphql"),
    ],
)
def test_secrets_are_redacted(text: str, redacted: str) -> None:
    assert redact(text) == redacted
