import re

import httpx2

from tests.api.fuzzing.malformed_requests import ALL, GRAPHQL_RESPONSE
from tests.builders import OrganizationBuilder

INTERNALS = re.compile(
    r"Traceback|[a-z]Error\b|Exception|sqlite|asyncpg|orjson|SELECT|\.py\b|object at 0x|codec"
)


async def test_a_malformed_request_is_rejected_and_nothing_changes(
    http: httpx2.AsyncClient, builder: OrganizationBuilder
) -> None:
    before = await builder.dump()
    found = {}
    for each in ALL:
        response = await http.request(each.method, each.path, headers=each.headers, content=each.content)
        body = response.json()
        codes = [error["extensions"]["code"] for error in body["errors"]]
        assert not INTERNALS.search(response.text), each.name
        assert not any((body.get("data") or {}).values()), each.name
        found[each.name] = (response.status_code, {*codes})
    assert found == {each.name: (each.status, {each.code}) for each in ALL}
    assert len(found) > 90
    assert await builder.dump() == before


async def test_plain_json_has_the_same_error_codes(http: httpx2.AsyncClient) -> None:
    requests = [each for each in ALL if each.headers.get("accept") == GRAPHQL_RESPONSE]
    found = {}
    for each in requests:
        headers = {**each.headers, "accept": "application/json"}
        response = await http.request(each.method, each.path, headers=headers, content=each.content)
        codes = {error["extensions"]["code"] for error in response.json()["errors"]}
        assert response.status_code in {each.status, 200}, each.name
        assert not INTERNALS.search(response.text), each.name
        found[each.name] = codes
    assert found == {each.name: {each.code} for each in requests}
