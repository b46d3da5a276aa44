"""The cost of a request, and the budget of a caller."""

from typing import Any

import httpx2
import pytest

from api.app import create_app
from schema.execution.executor import Executor
from schema.limits.settings import OperationLimits
from tests.api.fuzzing.malformed_requests import GRAPHQL_RESPONSE
from tests.api.support.access import access_policy, http_client
from tests.api.support.asgi_connections import acknowledged_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

QUOTES = "{ quotes(first: 5) { totalCount nodes { id } } }"
COST = {
    "requested": 1 + 10 + 1 + 5,
    "actual": 1 + 10 + 1 + 1,
    "bucket": {"capacity": 2_000_000, "left": 2_000_000 - 13, "restoresPerSecond": 100_000},
}


def app_with_budget_for_one_query(builder: OrganizationBuilder) -> Any:
    limits = OperationLimits(bucket=17, restores_per_second=1)
    return create_app(
        Executor(cached_schema(), builder.database, limits=limits),
        builder.database,
        access_policy(builder.database),
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_response_includes_the_cost_on_request(
    method: str, http: httpx2.AsyncClient, builder: OrganizationBuilder
) -> None:
    await builder.quote(await builder.opportunity())
    get_options: Any = {"params": {"query": QUOTES, "extensions": '{"cost": true}'}}
    post_options: Any = {"json": {"query": QUOTES, "extensions": {"cost": True}}}

    response = await http.request(method, "/graphql", **(get_options if method == "GET" else post_options))

    assert response.json()["data"]["quotes"]["totalCount"] == 1
    assert response.json()["extensions"] == {"cost": COST}
    assert "etag" not in response.headers


async def test_a_websocket_response_includes_the_cost_on_request(builder: OrganizationBuilder) -> None:
    await builder.quote(await builder.opportunity())
    app = create_app(
        Executor(cached_schema(), builder.database), builder.database, access_policy(builder.database)
    )
    async with acknowledged_socket(app) as socket:
        socket.send_json("subscribe", id="1", payload={"query": QUOTES, "extensions": {"cost": True}})
        assert (await socket.read())["payload"]["extensions"] == {"cost": COST}


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_RESPONSE])
async def test_an_exceeded_budget_has_status_429_and_retry_after(
    accept: str, builder: OrganizationBuilder
) -> None:
    async with http_client(app_with_budget_for_one_query(builder)) as http:
        await http.post("/graphql", json={"query": QUOTES})
        response = await http.post("/graphql", json={"query": QUOTES}, headers={"accept": accept})

    [error] = response.json()["errors"]
    assert (response.status_code, response.headers["retry-after"]) == (429, "12")
    assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("THROTTLED", 12)
    assert error["extensions"]["cost"]["requested"] == 17
    assert "data" not in response.json()


async def test_an_exceeded_budget_sends_an_error_over_a_websocket(builder: OrganizationBuilder) -> None:
    async with acknowledged_socket(app_with_budget_for_one_query(builder)) as socket:
        socket.subscribe("1", QUOTES)
        assert [(await socket.read())["type"] for _ in range(2)] == ["next", "complete"]
        socket.subscribe("2", QUOTES)
        rejected = await socket.read()

    assert (rejected["id"], rejected["type"]) == ("2", "error")
    assert rejected["payload"][0]["extensions"]["code"] == "THROTTLED"
