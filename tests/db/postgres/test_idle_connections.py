"""Waiting for a place: in line, for no longer than one may, and never in vain."""

import asyncio
from time import monotonic

import pytest

from db.postgres.idle_connections import Place, Places

WAIT = 5.0


@pytest.fixture
async def places() -> Places:
    return Places(1, WAIT)


def waiting(places: Places) -> "asyncio.Task[Place]":
    return asyncio.create_task(places.take(None))


async def test_places_go_to_those_who_wait_in_the_order_in_which_they_came(places: Places) -> None:
    place = await places.take(None)
    line = [waiting(places) for _ in range(3)]
    await asyncio.sleep(0)
    for first in line:
        places.put(place)
        assert await asyncio.wait_for(first, WAIT) is place


async def test_who_has_waited_long_enough_gets_none_and_takes_none() -> None:
    places = Places(1, 0.1)
    place = await places.take(None)
    line = []
    for _ in range(3):
        line.append(waiting(places))
        await asyncio.sleep(0.05)
    await asyncio.wait([line[1]], timeout=WAIT)  # half a wait after the first, and before the third
    assert [each.done() for each in line] == [True, True, False]
    places.put(place)
    assert await asyncio.wait_for(line[2], WAIT) is place
    for each in line[:2]:
        with pytest.raises(TimeoutError):
            await each


async def test_who_waits_after_everybody_was_served_is_let_go_in_time() -> None:
    places = Places(1, 0.1)
    place = await places.take(None)
    served = waiting(places)
    await asyncio.sleep(0.05)
    places.put(place)
    assert await asyncio.wait_for(served, WAIT) is place
    before = monotonic()
    with pytest.raises(TimeoutError):
        await places.take(None)
    assert 0.1 <= monotonic() - before < WAIT


async def test_who_goes_away_in_line_takes_none(places: Places) -> None:
    place = await places.take(None)
    gone, next_ = waiting(places), waiting(places)
    await asyncio.sleep(0)
    gone.cancel()
    places.put(place)
    assert await asyncio.wait_for(next_, WAIT) is place


async def test_who_goes_away_at_their_turn_leaves_it_to_the_next(places: Places) -> None:
    place = await places.take(None)
    gone, next_ = waiting(places), waiting(places)
    await asyncio.sleep(0)
    places.put(place)
    gone.cancel()
    assert await asyncio.wait_for(next_, WAIT) is place
    with pytest.raises(asyncio.CancelledError):
        await gone
