"""Four times as many clients as there is room for: as much is answered as ever, and the others come again."""

import asyncio
import logging
from collections import Counter
from pathlib import Path
from statistics import median
from time import monotonic

import pytest

from db.sql.database import Database
from tests.api.support.access import HOST, store_token
from tests.api.support.running_server import connect
from tests.builders import OrganizationBuilder
from tests.reliability.support.server_process import ServerProcess, serving

_log = logging.getLogger(__name__)

RUNNING, WAITING = 16, 16
ROUNDS = 7
SECONDS = 2.0
"""Of each slice; the machine's mood changes more from minute to minute."""
ROOM = {
    "limits__bucket": "0",
    "allowed_hosts": HOST,
    "operations_running": str(RUNNING),
    "operations_waiting": str(WAITING),
    "queue_seconds": "1",
}
QUESTION = "{ opportunities { nodes { name account { name } owner { name } quotes { totalCount } } } }"


@pytest.mark.long
async def test_four_times_the_load_costs_less_than_a_fifth_of_the_goodput(
    postgresql: Database, postgresql_url: str, tmp_path: Path
) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    await store_token(builder)
    for _ in range(20):
        await builder.opportunity()
    with serving(postgresql_url, tmp_path, **ROOM) as server:
        await server.listens()
        await answers(server, clients=RUNNING)
        slices = [
            (await answers(server, clients=RUNNING), await answers(server, clients=4 * (RUNNING + WAITING)))
            for _ in range(ROUNDS)
        ]

    goodput = [overloaded[200, None] / peak[200, None] for peak, overloaded in slices]
    _log.info("of the peak: %s; the last: %s", [f"{each:.2f}" for each in goodput], slices[-1])
    for peak, overloaded in slices:
        assert set(peak) == {(200, None)}
        assert set(overloaded) == {(200, None), (503, "2")}
    assert median(goodput) >= 0.8


async def answers(server: ServerProcess, clients: int) -> Counter[tuple[int, str | None]]:
    """Let so many clients ask as fast as they are answered; return how often each status was."""
    counted: Counter[tuple[int, str | None]] = Counter()
    end = monotonic() + SECONDS

    async def ask() -> None:
        async with connect(server) as client:
            while monotonic() < end:
                client.post_query(QUESTION)
                status, headers, _ = await client.read_response()
                counted[status, headers.get("retry-after")] += 1

    await asyncio.gather(*(ask() for _ in range(clients)))
    return counted
