"""Waiting for a place: in line, for no longer than one may, and never in vain."""

import asyncio

import pytest

from db.places import Place, Places

WAIT = 5.0


@pytest.fixture
async def places() -> Places:
    return Places(1)


def waiting(places: Places, wait: float = WAIT) -> "asyncio.Task[Place]":
    return asyncio.create_task(places.take(None, wait))


async def test_places_go_to_those_who_wait_in_the_order_in_which_they_came(places: Places) -> None:
    place = await places.take(None, WAIT)
    line = [waiting(places) for _ in range(3)]
    await asyncio.sleep(0)
    for first in line:
        places.put(place)
        assert await asyncio.wait_for(first, WAIT) is place


async def test_who_has_waited_long_enough_gets_none_and_takes_none(places: Places) -> None:
    place = await places.take(None, WAIT)
    with pytest.raises(TimeoutError):
        await places.take(None, 0.01)
    places.put(place)
    assert await places.take(None, 0.01) is place


async def test_who_goes_away_in_line_takes_none(places: Places) -> None:
    place = await places.take(None, WAIT)
    gone, next_ = waiting(places), waiting(places)
    await asyncio.sleep(0)
    gone.cancel()
    places.put(place)
    assert await asyncio.wait_for(next_, WAIT) is place


async def test_who_goes_away_at_their_turn_leaves_it_to_the_next(places: Places) -> None:
    place = await places.take(None, WAIT)
    gone, next_ = waiting(places), waiting(places)
    await asyncio.sleep(0)
    places.put(place)
    gone.cancel()
    assert await asyncio.wait_for(next_, WAIT) is place
    with pytest.raises(asyncio.CancelledError):
        await gone
