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
from tests.db.sql.test_timeouts import hurried
from tests.schema.support.client import cached_schema

JSON = "application/json; charset=utf-8"
GRAPHQL_JSON = f"{GRAPHQL_RESPONSE}; charset=utf-8"
VIEWER = "{ viewer { user { name } } }"
ADA = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}


async def test_a_query_by_post_is_answered_on_behalf_of_the_caller(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/graphql", json={"query": VIEWER})

    assert (answer.status_code, answer.json()) == (200, ADA)


async def test_a_query_by_get_is_answered_with_its_variables(http: httpx2.AsyncClient) -> None:
    parameters = {
        "query": "query Other { __typename }"
        " query Viewer($named: Boolean!) { viewer { user { name @include(if: $named) } } }",
        "variables": '{"named": true}',
        "operationName": "Viewer",
        "extensions": "{}",
    }

    answer = await http.get("/graphql", params=parameters)

    assert (answer.status_code, answer.json()) == (200, ADA)


async def test_a_mutation_by_post_is_done(http: httpx2.AsyncClient, builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    closing = "closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}}) { __typename }"
    mutation = f"mutation($id: ID!) {{ {closing} }}"

    answer = await http.post(
        "/graphql", json={"query": mutation, "variables": {"id": f"opp_{opportunity_id}"}}
    )

    assert answer.json() == {"data": {"closeOpportunity": {"__typename": "CloseOpportunitySuccess"}}}
    assert [row.state for row in (await builder.dump())["opportunity"]] == ["WON"]


async def test_a_body_of_exactly_the_limit_is_read(http: httpx2.AsyncClient) -> None:
    body = b'{"query": "%s"}' % VIEWER.encode()

    answer = await http.post(
        "/graphql",
        content=body.ljust(DEFAULT_LIMITS.body_bytes),
        headers={"content-type": "application/json"},
    )

    assert answer.json() == ADA


async def test_a_body_that_never_ends_is_refused_at_the_limit(builder: OrganizationBuilder) -> None:
    received, sent = 0, list[Message]()

    async def receive() -> Message:
        nonlocal received
        received += 1
        return {"type": "http.request", "body": b" " * 1024, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    await _app(builder)(_scope(), receive, send)

    assert received == DEFAULT_LIMITS.body_bytes // 1024 + 1
    assert sent[0]["status"] == 413


async def test_a_client_that_leaves_while_it_is_sending_is_not_answered(builder: OrganizationBuilder) -> None:
    sent = list[Message]()

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await _app(builder)(_scope(), receive, send)

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
async def test_the_answer_has_the_media_type_that_the_client_prefers(
    accept: str | None, content_type: str, http: httpx2.AsyncClient
) -> None:
    del http.headers["accept"]

    answer = await http.post(
        "/graphql", json={"query": VIEWER}, headers={} if accept is None else {"accept": accept}
    )

    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json;charset=utf-8",
        "Application/JSON; Charset=UTF-8",
        'application/json; charset="utf-8"',
    ],
)
async def test_json_in_utf_8_is_understood_however_it_is_announced(
    content_type: str, http: httpx2.AsyncClient
) -> None:
    answer = await http.post(
        "/graphql", content=b'{"query": "%s"}' % VIEWER.encode(), headers={"content-type": content_type}
    )

    assert answer.json() == ADA


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
async def test_only_a_graphql_client_is_told_by_the_status_that_nothing_was_run(
    accept: str, status: int, query: str, code: str, http: httpx2.AsyncClient
) -> None:
    answer = await http.post("/graphql", json={"query": query}, headers={"accept": accept})

    assert answer.status_code == status
    assert answer.json().keys() == {"errors"}
    assert answer.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_RESPONSE])
async def test_a_body_that_is_no_graphql_request_is_a_bad_request_to_every_client(
    accept: str, http: httpx2.AsyncClient
) -> None:
    answer = await http.post("/graphql", json=[], headers={"accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (400, f"{accept}; charset=utf-8")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/graphql", "GET, POST"),
        ("GET", "/graphql?query=mutation{__typename}", "POST"),
        ("POST", "/livez", "GET, HEAD"),
    ],
)
async def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(
    method: str, path: str, allowed: str, http: httpx2.AsyncClient
) -> None:
    answer = await http.request(method, path)

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == set(allowed.split(", "))


async def test_a_query_by_get_is_not_sent_twice_to_a_client_that_has_its_answer(
    http: httpx2.AsyncClient,
) -> None:
    first = await http.get("/graphql", params={"query": VIEWER})
    tag = first.headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await http.get("/graphql", params={"query": VIEWER}, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)

    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "accept"


async def test_an_answer_that_has_changed_is_sent_with_another_tag(
    http: httpx2.AsyncClient, builder: OrganizationBuilder
) -> None:
    count = {"query": "{ opportunities { totalCount } }"}
    tag = (await http.get("/graphql", params=count)).headers["etag"]
    await builder.opportunity()

    answer = await http.get("/graphql", params=count, headers={"if-none-match": tag})

    assert (answer.status_code, answer.json()) == (200, {"data": {"opportunities": {"totalCount": 1}}})
    assert answer.headers["etag"] != tag


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_RESPONSE])
async def test_an_operation_that_takes_too_long_is_answered_with_504(
    accept: str, builder: OrganizationBuilder, sqlite_url: str
) -> None:
    mutation = """mutation { createCompetitor(input: {name: "Lever Ltd"}) { __typename } }"""
    before = await builder.dump()

    async with hurried(sqlite_url) as database:
        executor = Executor(cached_schema(), database, bounds=ConcurrencyLimits(seconds=0.1))
        app = create_app(executor, database, access_policy(builder.database))
        async with http_client(app) as http:
            with locked_by_another_program(sqlite_url):
                answer = await http.post("/graphql", json={"query": mutation}, headers={"accept": accept})

    assert (answer.status_code, answer.headers["retry-after"]) == (504, "1")
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
    [error] = answer.json()["errors"]
    assert error["message"].startswith("This took longer than 0.1 seconds, so it was stopped.")
    assert error["extensions"] == {"code": "TIMEOUT", "retryAfter": 1}
    assert await builder.dump() == before


async def test_errors_are_never_cached(http: httpx2.AsyncClient) -> None:
    for query in ("{ nothing }", "{ opportunities(first: -1) { totalCount } }"):
        answer = await http.get("/graphql", params={"query": query}, headers={"if-none-match": "*"})
        assert answer.json()["errors"]
        assert "etag" not in answer.headers


async def test_the_length_of_an_answer_is_that_of_its_bytes(
    http: httpx2.AsyncClient, builder: OrganizationBuilder
) -> None:
    await builder.opportunity(name="Kran für Ærøskøbing 🏗")

    answer = await http.post("/graphql", json={"query": "{ opportunities { nodes { name } } }"})

    assert answer.json()["data"]["opportunities"]["nodes"] == [{"name": "Kran für Ærøskøbing 🏗"}]
    assert int(answer.headers["content-length"]) == len(answer.content)


def _app(builder: OrganizationBuilder) -> Any:
    return create_app(
        Executor(cached_schema(), builder.database), builder.database, access_policy(builder.database)
    )


def _scope() -> dict[str, Any]:
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
