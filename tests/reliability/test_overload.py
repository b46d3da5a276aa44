"""Under four times the accepted load, goodput stays and the excess requests get 503 with Retry-After."""

import asyncio
import logging
from collections import Counter
from pathlib import Path
from statistics import median
from time import monotonic

import pytest

from tests.api.support.access import HOST
from tests.api.support.running_server import connect
from tests.builders import OrganizationBuilder
from tests.reliability.support.server_process import ServerProcess, server_process

_log = logging.getLogger(__name__)

RUNNING, WAITING = 16, 16
ROUNDS = 7
SLICE_SECONDS = 2.0
"""Short slices alternate, because a machine's speed changes from minute to minute."""
SETTINGS = {
    "limits__bucket": "0",
    "allowed_hosts": HOST,
    "operations_running": str(RUNNING),
    "operations_waiting": str(WAITING),
    "queue_seconds": "1",
}
QUERY = "{ opportunities { nodes { name account { name } owner { name } quotes { totalCount } } } }"


@pytest.mark.long
async def test_goodput_under_four_times_the_load_is_at_least_80_percent(
    builder: OrganizationBuilder, postgresql_url: str, tmp_path: Path
) -> None:
    for _ in range(20):
        await builder.opportunity()
    with server_process(postgresql_url, tmp_path, **SETTINGS) as server:
        await server.wait_until_listening()
        await count_responses(server, clients=RUNNING)
        slices = [
            (
                await count_responses(server, clients=RUNNING),
                await count_responses(server, clients=4 * (RUNNING + WAITING)),
            )
            for _ in range(ROUNDS)
        ]

    goodput = [overloaded[200, None] / peak[200, None] for peak, overloaded in slices]
    _log.info(
        "goodput relative to the peak: %s; last slice: %s", [f"{each:.2f}" for each in goodput], slices[-1]
    )
    for peak, overloaded in slices:
        assert set(peak) == {(200, None)}
        assert set(overloaded) == {(200, None), (503, "2")}
    assert median(goodput) >= 0.8


async def count_responses(server: ServerProcess, clients: int) -> Counter[tuple[int, str | None]]:
    """Run clients without pauses; return how often each status came with each Retry-After."""
    counted: Counter[tuple[int, str | None]] = Counter()
    end = monotonic() + SLICE_SECONDS

    async def run_client() -> None:
        async with connect(server) as client:
            while monotonic() < end:
                client.post_query(QUERY)
                status, headers, _ = await client.read_response()
                counted[status, headers.get("retry-after")] += 1

    await asyncio.gather(*(run_client() for _ in range(clients)))
    return counted
