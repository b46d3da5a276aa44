import re

import httpx2

from tests.api.fuzzing.malformed_requests import EVERY, GRAPHQL_RESPONSE
from tests.builders import OrganizationBuilder

INSIDES = re.compile(
    r"Traceback|[a-z]Error\b|Exception|sqlite|asyncpg|orjson|SELECT|\.py\b|object at 0x|codec"
)


async def test_a_malformed_request_is_refused_with_a_code_and_changes_nothing(
    http: httpx2.AsyncClient, builder: OrganizationBuilder
) -> None:
    before = await builder.dump()
    found = {}
    for each in EVERY:
        answer = await http.request(each.method, each.path, headers=each.headers, content=each.content)
        body = answer.json()
        codes = [error["extensions"]["code"] for error in body["errors"]]
        assert not INSIDES.search(answer.text), each.name
        assert not any((body.get("data") or {}).values()), each.name
        found[each.name] = (answer.status_code, {*codes})
    assert found == {each.name: (each.status, {each.code}) for each in EVERY}
    assert len(found) > 90
    assert await builder.dump() == before


async def test_a_client_of_plain_json_is_told_the_same_codes(http: httpx2.AsyncClient) -> None:
    asked = [each for each in EVERY if each.headers.get("accept") == GRAPHQL_RESPONSE]
    found = {}
    for each in asked:
        headers = {**each.headers, "accept": "application/json"}
        answer = await http.request(each.method, each.path, headers=headers, content=each.content)
        codes = {error["extensions"]["code"] for error in answer.json()["errors"]}
        assert answer.status_code in {each.status, 200}, each.name
        assert not INSIDES.search(answer.text), each.name
        found[each.name] = codes
    assert found == {each.name: {each.code} for each in asked}
