import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import httpx2
import pytest
from starlette.types import ASGIApp

from api.app import create_app
from api.observability.logs import LogFormat, add_request_fields, create_formatter, log_operation, log_request
from api.transports.trusted_documents import document_id
from db.auth.tokens import TOKEN_PREFIX
from db.domain.errors import Unavailable
from schema.execution.executor import Executor
from tests.api.support.access import TOKEN, access_policy, http_client
from tests.api.support.asgi_connections import acknowledged_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

TRACE = "0af7651916cd43dd8448eb211c80319c"
CLOSE = """mutation Close($id: ID!) {
  closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}}) { __typename }
}"""


@pytest.fixture
def app(builder: OrganizationBuilder) -> ASGIApp:
    executor = Executor(cached_schema(), builder.database, [log_operation])
    return create_app(executor, builder.database, access_policy(builder.database), observers=[log_request])


async def test_a_request_is_logged_in_one_line_with_its_result(
    app: ASGIApp, builder: OrganizationBuilder
) -> None:
    opportunity = await builder.opportunity()
    await builder.quote(opportunity, state="ACTIVE")

    with logged() as lines:
        response = await post(
            app, CLOSE, {"id": f"opp_{opportunity}"}, traceparent=f"00-{TRACE}-b7ad6b7169203331-01"
        )

    [line] = parsed(lines)
    assert line.pop("time").endswith("+00:00")
    assert line.pop("duration_ms") > 0
    assert line == {
        "level": "INFO",
        "logger": "dealdesk.access",
        "message": "request",
        "request_id": response.headers["x-request-id"],
        "trace_id": TRACE,
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "operation": "Close",
        "kind": "mutation",
        "codes": ["ACTIVE_QUOTES"],
    }


@pytest.mark.parametrize(
    ("query", "operation", "codes"),
    [
        ("{ __typename }", document_id("{ __typename }")[: len("sha256:") + 12], None),
        ("{ nothing }", None, ["GRAPHQL_VALIDATION_FAILED"]),
        (None, None, ["BAD_REQUEST"]),
    ],
)
async def test_an_anonymous_operation_is_logged_by_its_hash_and_an_invalid_one_by_its_code(
    query: str | None, operation: str | None, codes: list[str] | None, app: ASGIApp
) -> None:
    with logged() as lines:
        await post(app, query)

    [line] = parsed(lines)
    assert (line.get("operation"), line.get("codes")) == (operation, codes)


@pytest.mark.parametrize(
    "traceparent",
    [
        f"00-{TRACE.upper()}-b7ad6b7169203331-01",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}",
    ],
)
async def test_an_invalid_traceparent_is_not_logged(traceparent: str, app: ASGIApp) -> None:
    with logged() as lines:
        await post(app, "{ __typename }", traceparent=traceparent)

    [line] = parsed(lines)
    assert "trace_id" not in line


async def test_an_operation_over_a_websocket_is_logged_in_its_own_line(app: ASGIApp) -> None:
    with logged() as lines:
        async with acknowledged_socket(app) as socket:
            socket.subscribe("1", "query Types { __typename }")
            await socket.read()
            await socket.read()

    [line] = parsed(lines)
    assert {name: line[name] for name in ("message", "method", "path", "operation", "kind")} == {
        "message": "operation",
        "method": "WS",
        "path": "/graphql",
        "operation": "Types",
        "kind": "query",
    }


async def test_neither_variables_nor_documents_nor_tokens_are_logged(app: ASGIApp) -> None:
    with logged() as lines:
        async with http_client(app) as http:
            await http.get(
                "/graphql",
                params={
                    "query": "query { opportunity(id: $canary) { id } }",
                    "variables": '{"id": "canary"}',
                },
            )

    assert len(parsed(lines)) == 1
    assert "canary" not in lines.getvalue()
    assert TOKEN not in lines.getvalue()


async def test_text_lines_have_the_fields_after_the_message_and_escape_line_breaks(app: ASGIApp) -> None:
    with logged(LogFormat.TEXT) as lines:
        async with http_client(app) as http:
            response = await http.get("/no%0Awhere")

    request_id = response.headers["x-request-id"]
    [line] = lines.getvalue().splitlines()
    assert (
        f'dealdesk.access: request request_id="{request_id}" method="GET" path="/no\\nwhere" status=404'
    ) in line


@pytest.mark.parametrize(
    "token",
    [
        f"{TOKEN_PREFIX}-{'t' * 42}",
        f"{TOKEN_PREFIX}_{'t' * 42}",
        f"{TOKEN_PREFIX}{'t' * 42}-",
        f"{TOKEN_PREFIX}{'t' * 42}_",
        *(f"eyJh{sign}b.eyJpc3Mi.c2ln" for sign in "-_"),
        *(f"eyJhbGci.eyJp{sign}c.c2ln" for sign in "-_"),
        *(f"eyJhbGci.eyJpc3Mi.c2{sign}ln" for sign in "-_"),
    ],
)
def test_tokens_are_redacted_with_every_character_that_they_may_contain(token: str) -> None:
    with logged() as lines:
        logging.getLogger("dealdesk.http").error("before %s after", token)

    [line] = parsed(lines)
    assert line["message"] == "before [redacted] after"


def test_an_exception_is_a_field_of_its_line() -> None:
    with logged() as lines:
        logging.getLogger("dealdesk.http").error("failed", exc_info=Unavailable("no\nmore"))

    [line] = parsed(lines)
    assert line["exception"] == "Unavailable: no\nmore"


@contextmanager
def logged(format_: LogFormat = LogFormat.JSON) -> Iterator[StringIO]:
    """Yield what the block logs."""
    lines = StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(create_formatter(format_))
    handler.addFilter(add_request_fields)
    logger, access = logging.getLogger("dealdesk"), logging.getLogger("dealdesk.access")
    levels = {each: each.level for each in (logger, access)}  # other tests' commands may have set them
    for each in levels:
        each.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        for each, level in levels.items():
            each.setLevel(level)


def parsed(lines: StringIO) -> list[Any]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


async def post(
    app: ASGIApp, query: str | None, variables: dict[str, str] | None = None, **headers: str
) -> httpx2.Response:
    async with http_client(app) as http:
        return await http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
