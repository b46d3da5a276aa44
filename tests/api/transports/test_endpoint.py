from typing import Any

import httpx2
import pytest
from starlette.types import Message

from api.app import create_app
from api.http.limits import DEFAULT_LIMITS
from schema.execution.executor import Executor
from schema.limits.concurrency import ConcurrencyLimits
from tests.api.fuzzing.malformed_requests import GRAPHQL_RESPONSE
from tests.api.support.access import BEARER, access_policy, http_client
from tests.builders import OrganizationBuilder
from tests.db.sql.test_database import locked_by_another_program
from tests.db.sql.test_timeouts import database_with
from tests.schema.support.client import cached_schema

JSON = "application/json; charset=utf-8"
GRAPHQL_JSON = f"{GRAPHQL_RESPONSE}; charset=utf-8"
VIEWER = "{ viewer { user { name } } }"
ADA = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}


async def test_a_query_by_post_is_executed_for_the_caller(http: httpx2.AsyncClient) -> None:
    response = await http.post("/graphql", json={"query": VIEWER})

    assert (response.status_code, response.json()) == (200, ADA)


async def test_a_query_by_get_takes_variables_and_operation_name(http: httpx2.AsyncClient) -> None:
    parameters = {
        "query": "query Other { __typename }"
        " query Viewer($named: Boolean!) { viewer { user { name @include(if: $named) } } }",
        "variables": '{"named": true}',
        "operationName": "Viewer",
        "extensions": "{}",
    }

    response = await http.get("/graphql", params=parameters)

    assert (response.status_code, response.json()) == (200, ADA)


async def test_a_mutation_by_post_is_executed(http: httpx2.AsyncClient, builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    closing = "closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}}) { __typename }"
    mutation = f"mutation($id: ID!) {{ {closing} }}"

    response = await http.post(
        "/graphql", json={"query": mutation, "variables": {"id": f"opp_{opportunity_id}"}}
    )

    assert response.json() == {"data": {"closeOpportunity": {"__typename": "CloseOpportunitySuccess"}}}
    assert [row.state for row in (await builder.dump())["opportunity"]] == ["WON"]


async def test_a_body_of_the_maximum_size_is_accepted(http: httpx2.AsyncClient) -> None:
    body = b'{"query": "%s"}' % VIEWER.encode()

    response = await http.post(
        "/graphql",
        content=body.ljust(DEFAULT_LIMITS.body_bytes),
        headers={"content-type": "application/json"},
    )

    assert response.json() == ADA


async def test_an_endless_body_is_rejected_at_the_limit(builder: OrganizationBuilder) -> None:
    received, sent = 0, list[Message]()

    async def receive() -> Message:
        nonlocal received
        received += 1
        return {"type": "http.request", "body": b" " * 1024, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    await app_of(builder)(post_scope(), receive, send)

    assert received == DEFAULT_LIMITS.body_bytes // 1024 + 1
    assert sent[0]["status"] == 413


async def test_a_client_that_disconnects_during_its_body_gets_no_response(
    builder: OrganizationBuilder,
) -> None:
    sent = list[Message]()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app_of(builder)(post_scope(), receive, send)

    assert sent == []


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        (GRAPHQL_RESPONSE, GRAPHQL_JSON),
        (f"{GRAPHQL_RESPONSE}; charset=utf-8, application/json; charset=utf-8", GRAPHQL_JSON),
        (f"application/json, {GRAPHQL_RESPONSE}", GRAPHQL_JSON),
        (f"{GRAPHQL_RESPONSE};q=0.5, application/json", JSON),
        (f"application/json;q=0.5, {GRAPHQL_RESPONSE};q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_RESPONSE};q=0, */*", JSON),
        ("application/json;q=0, */*", GRAPHQL_JSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        (f"{GRAPHQL_RESPONSE}, application/json, text/event-stream, multipart/mixed", GRAPHQL_JSON),
        (GRAPHQL_RESPONSE.upper(), GRAPHQL_JSON),
    ],
)
async def test_the_accept_header_selects_the_media_type(
    accept: str | None, content_type: str, http: httpx2.AsyncClient
) -> None:
    del http.headers["accept"]

    response = await http.post(
        "/graphql", json={"query": VIEWER}, headers={} if accept is None else {"accept": accept}
    )

    assert (response.status_code, response.headers["content-type"]) == (200, content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json;charset=utf-8",
        "Application/JSON; Charset=UTF-8",
        'application/json; charset="utf-8"',
    ],
)
async def test_all_spellings_of_json_in_utf_8_are_accepted(
    content_type: str, http: httpx2.AsyncClient
) -> None:
    response = await http.post(
        "/graphql", content=b'{"query": "%s"}' % VIEWER.encode(), headers={"content-type": content_type}
    )

    assert response.json() == ADA


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (GRAPHQL_RESPONSE, 400)])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($id: ID!) { node(id: $id) { id } }", "BAD_USER_INPUT"),
        ("query A { __typename } query B { __typename }", "OPERATION_RESOLUTION_FAILURE"),
    ],
)
async def test_a_request_error_has_status_400_only_for_graphql_response_json(
    accept: str, status: int, query: str, code: str, http: httpx2.AsyncClient
) -> None:
    response = await http.post("/graphql", json={"query": query}, headers={"accept": accept})

    assert response.status_code == status
    assert response.json().keys() == {"errors"}
    assert response.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_RESPONSE])
async def test_an_invalid_body_has_status_400_for_every_media_type(
    accept: str, http: httpx2.AsyncClient
) -> None:
    response = await http.post("/graphql", json=[], headers={"accept": accept})

    assert (response.status_code, response.headers["content-type"]) == (400, f"{accept}; charset=utf-8")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/graphql", "GET, POST"),
        ("GET", "/graphql?query=mutation{__typename}", "POST"),
        ("POST", "/livez", "GET, HEAD"),
    ],
)
async def test_a_method_that_is_not_allowed_has_an_allow_header(
    method: str, path: str, allowed: str, http: httpx2.AsyncClient
) -> None:
    response = await http.request(method, path)

    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == set(allowed.split(", "))


async def test_a_matching_etag_is_answered_with_304(
    http: httpx2.AsyncClient,
) -> None:
    first = await http.get("/graphql", params={"query": VIEWER})
    tag = first.headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await http.get("/graphql", params={"query": VIEWER}, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)

    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "accept"


async def test_a_changed_response_has_another_etag(
    http: httpx2.AsyncClient, builder: OrganizationBuilder
) -> None:
    count = {"query": "{ opportunities { totalCount } }"}
    tag = (await http.get("/graphql", params=count)).headers["etag"]
    await builder.opportunity()

    response = await http.get("/graphql", params=count, headers={"if-none-match": tag})

    assert (response.status_code, response.json()) == (200, {"data": {"opportunities": {"totalCount": 1}}})
    assert response.headers["etag"] != tag


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_RESPONSE])
async def test_a_timeout_has_status_504(accept: str, builder: OrganizationBuilder, sqlite_url: str) -> None:
    mutation = """mutation { createCompetitor(input: {name: "Lever Ltd"}) { __typename } }"""
    before = await builder.dump()

    async with database_with(sqlite_url) as database:
        executor = Executor(cached_schema(), database, concurrency=ConcurrencyLimits(timeout_seconds=0.1))
        app = create_app(executor, database, access_policy(builder.database))
        async with http_client(app) as http:
            with locked_by_another_program(sqlite_url):
                response = await http.post("/graphql", json={"query": mutation}, headers={"accept": accept})

    assert (response.status_code, response.headers["retry-after"]) == (504, "1")
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    [error] = response.json()["errors"]
    assert error["message"].startswith("This took longer than 0.1 seconds, so it was stopped.")
    assert error["extensions"] == {"code": "TIMEOUT", "retryAfter": 1}
    assert await builder.dump() == before


async def test_errors_have_no_etag(http: httpx2.AsyncClient) -> None:
    for query in ("{ nothing }", "{ opportunities(first: -1) { totalCount } }"):
        response = await http.get("/graphql", params={"query": query}, headers={"if-none-match": "*"})
        assert response.json()["errors"]
        assert "etag" not in response.headers


async def test_content_length_counts_bytes(http: httpx2.AsyncClient, builder: OrganizationBuilder) -> None:
    await builder.opportunity(name="Kran für Ærøskøbing 🏗")

    response = await http.post("/graphql", json={"query": "{ opportunities { nodes { name } } }"})

    assert response.json()["data"]["opportunities"]["nodes"] == [{"name": "Kran für Ærøskøbing 🏗"}]
    assert int(response.headers["content-length"]) == len(response.content)


def app_of(builder: OrganizationBuilder) -> Any:
    return create_app(
        Executor(cached_schema(), builder.database), builder.database, access_policy(builder.database)
    )


def post_scope() -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [
            (b"host", b"dealdesk.test"),
            (b"authorization", BEARER.encode()),
            (b"content-type", b"application/json"),
        ],
    }
