"""Four times as many clients as there is room for: as much is answered as ever, and the others come again."""

import asyncio
import logging
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic

import httpx2
import pytest

from db.database import Database
from tests.api.entering import BEARER, admit
from tests.builders import Deals
from tests.reliability.processes import serving

_log = logging.getLogger(__name__)

RUNNING, WAITING = 16, 16
SECONDS = 10.0
ROOM = {
    "limits__bucket": "0",
    "operations_running": str(RUNNING),
    "operations_waiting": str(WAITING),
    "queue_seconds": "1",
}
QUESTION = {
    "query": "{ opportunities { nodes { name account { name } owner { name } quotes { totalCount } } } }"
}


@pytest.mark.long
async def test_four_times_the_load_costs_less_than_a_fifth_of_the_goodput(
    postgresql: Database, postgresql_url: str, tmp_path: Path
) -> None:
    deals = await Deals.create(postgresql)
    await admit(deals)
    for _ in range(20):
        await deals.opportunity()
    async with AsyncExitStack() as stack:
        server = stack.enter_context(serving(postgresql_url, tmp_path, **ROOM))
        await server.listens()
        limits = httpx2.Limits(max_connections=None)
        headers = {"authorization": BEARER}
        http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, limits=limits, timeout=30))
        await answers(http, server.url, clients=RUNNING, seconds=2)
        peak = await answers(http, server.url, clients=RUNNING, seconds=SECONDS)
        overloaded = await answers(http, server.url, clients=4 * (RUNNING + WAITING), seconds=SECONDS)

    goodput = overloaded[200, None] / peak[200, None]
    _log.info("at peak %s, overloaded %s: %.2f", dict(peak), dict(overloaded), goodput)
    assert set(peak) == {(200, None)}
    assert set(overloaded) == {(200, None), (503, "2")}
    assert goodput >= 0.8


async def answers(
    http: httpx2.AsyncClient, url: str, clients: int, seconds: float
) -> Counter[tuple[int, str | None]]:
    """Let so many clients ask as fast as they are answered; return how often each status was."""
    counted: Counter[tuple[int, str | None]] = Counter()
    end = monotonic() + seconds

    async def ask() -> None:
        while monotonic() < end:
            answer = await http.post(url, json=QUESTION)
            counted[answer.status_code, answer.headers.get("retry-after")] += 1

    await asyncio.gather(*(ask() for _ in range(clients)))
    return counted
