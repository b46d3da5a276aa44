import re

import httpx2
import pytest

from tests.api.malformed import (
    ARGUMENTS,
    BODIES,
    DOCUMENTS,
    HEADERS,
    MEMBERS,
    METHODS,
    URLS,
    Malformed,
)
from tests.builders import Deals

EVERY = (*BODIES, *MEMBERS, *HEADERS, *METHODS, *URLS, *DOCUMENTS, *ARGUMENTS)
INSIDES = re.compile(
    r"Traceback|[a-z]Error\b|Exception|sqlite|asyncpg|orjson|SELECT|\.py\b|object at 0x|codec"
)


@pytest.mark.parametrize("request_", EVERY, ids=lambda each: each.name)
async def test_a_malformed_request_is_refused_with_a_code_and_changes_nothing(
    request_: Malformed, http: httpx2.AsyncClient, deals: Deals
) -> None:
    before = await deals.dump()

    answer = await http.request(
        request_.method, request_.path, headers=request_.headers, content=request_.content
    )

    codes = {error["extensions"]["code"] for error in answer.json()["errors"]}
    assert (answer.status_code, codes) == (request_.status, {request_.code})
    assert not INSIDES.search(answer.text)
    assert not any((answer.json().get("data") or {}).values())
    assert await deals.dump() == before
