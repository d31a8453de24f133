"""How many calls are at a provider at once."""

import asyncio

import pytest

from tasks.shared.gateways.llm import Pace


async def at_once(pace, calls, seconds=0.01):
    """The most calls under way at the same time."""
    under_way = most = 0

    async def call():
        nonlocal under_way, most
        async with pace.turn():
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(seconds)
            under_way -= 1

    await asyncio.gather(*(call() for _ in range(calls)))
    return most


async def test_no_more_calls_are_under_way_than_allowed():
    assert await at_once(Pace(4), 30) == 4


async def test_a_refusal_takes_a_tenth_of_the_room_once_a_round():
    pace = Pace(50)
    pace.refused()
    assert int(pace.room) == 45
    pace.refused()
    assert int(pace.room) == 45, "the calls sent before the first refusal say nothing new"
    for _ in range(45):
        pace.well()
    pace.refused()
    assert int(pace.room) == 41


async def test_room_comes_back_one_call_a_round_and_never_beyond_the_setting():
    pace = Pace(10)
    pace.refused()
    assert int(pace.room) == 9
    for _ in range(20):
        pace.well()
    assert pace.room == 10
    assert await at_once(pace, 30) == 10


async def test_there_is_always_room_for_one():
    pace = Pace(2)
    for _ in range(200):
        pace.refused()
    assert await at_once(pace, 5) == 1


async def test_starts_are_spread_where_they_are_limited_per_second():
    pace, begun = Pace(50, requests_per_second=100), asyncio.get_running_loop().time()
    await at_once(pace, 11, seconds=0)
    assert asyncio.get_running_loop().time() - begun >= 0.095


async def test_nobody_asks_a_provider_that_takes_nothing_before_the_time_it_named():
    pace, begun = Pace(5), asyncio.get_running_loop().time()
    pace.refused(0.05)
    await at_once(pace, 3, seconds=0)
    assert asyncio.get_running_loop().time() - begun >= 0.045


async def test_one_call_too_many_among_good_answers_stops_no_other():
    pace, begun = Pace(5), asyncio.get_running_loop().time()
    pace.well()
    pace.refused(30)
    await at_once(pace, 3, seconds=0)
    assert asyncio.get_running_loop().time() - begun < 5


async def test_a_cancelled_caller_gives_its_place_to_the_next():
    pace, entered = Pace(1), []

    async def call(name, seconds):
        async with pace.turn():
            entered.append(name)
            await asyncio.sleep(seconds)

    first = asyncio.create_task(call("first", 10))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(call(name, 0)) for name in ("second", "third")]
    await asyncio.sleep(0)
    waiting[0].cancel()
    first.cancel()
    await asyncio.wait_for(waiting[1], 1)
    assert entered == ["first", "third"]
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
