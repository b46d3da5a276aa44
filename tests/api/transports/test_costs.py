"""What a request costs, as it is told to clients."""

from typing import Any

import httpx2
import pytest

from api.app import create_app
from schema.execution.executor import Executor
from schema.limits.settings import OperationLimits
from tests.api.fuzzing.malformed_requests import GRAPHQL_RESPONSE
from tests.api.support.access import access_policy, http_client
from tests.api.support.connections import acknowledged_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

QUOTES = "{ quotes(first: 5) { totalCount nodes { id } } }"
COST = {
    "requested": 1 + 10 + 1 + 5,
    "actual": 1 + 10 + 1 + 1,
    "bucket": {"capacity": 2_000_000, "left": 2_000_000 - 13, "restoresPerSecond": 100_000},
}


def poor(builder: OrganizationBuilder) -> Any:
    """Return an application that has enough for one query, and too little for the next."""
    limits = OperationLimits(bucket=17, restores_per_second=1)
    return create_app(
        Executor(cached_schema(), builder.database, limits=limits),
        builder.database,
        access_policy(builder.database),
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_cost_is_told_to_who_asks_for_it(
    method: str, http: httpx2.AsyncClient, builder: OrganizationBuilder
) -> None:
    await builder.quote(await builder.opportunity())
    by_url: Any = {"params": {"query": QUOTES, "extensions": '{"cost": true}'}}
    by_body: Any = {"json": {"query": QUOTES, "extensions": {"cost": True}}}

    answer = await http.request(method, "/graphql", **(by_url if method == "GET" else by_body))

    assert answer.json()["data"]["quotes"]["totalCount"] == 1
    assert answer.json()["extensions"] == {"cost": COST}
    assert "etag" not in answer.headers


async def test_the_cost_is_told_over_a_socket(builder: OrganizationBuilder) -> None:
    await builder.quote(await builder.opportunity())
    app = create_app(
        Executor(cached_schema(), builder.database), builder.database, access_policy(builder.database)
    )
    async with acknowledged_socket(app) as socket:
        socket.send_json("subscribe", id="1", payload={"query": QUOTES, "extensions": {"cost": True}})
        assert (await socket.read())["payload"]["extensions"] == {"cost": COST}


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_RESPONSE])
async def test_who_asks_too_much_is_told_when_to_come_back(accept: str, builder: OrganizationBuilder) -> None:
    async with http_client(poor(builder)) as http:
        await http.post("/graphql", json={"query": QUOTES})
        answer = await http.post("/graphql", json={"query": QUOTES}, headers={"accept": accept})

    [error] = answer.json()["errors"]
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "12")
    assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("THROTTLED", 12)
    assert error["extensions"]["cost"]["requested"] == 17
    assert "data" not in answer.json()


async def test_who_asks_too_much_over_a_socket_is_told_too(builder: OrganizationBuilder) -> None:
    async with acknowledged_socket(poor(builder)) as socket:
        socket.subscribe("1", QUOTES)
        assert [(await socket.read())["type"] for _ in range(2)] == ["next", "complete"]
        socket.subscribe("2", QUOTES)
        refused = await socket.read()

    assert (refused["id"], refused["type"]) == ("2", "error")
    assert refused["payload"][0]["extensions"]["code"] == "THROTTLED"
