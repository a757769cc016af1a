"""Observers watch; they neither steer nor slow anything down."""

import asyncio

from gateway.events import GatewayEvent, Missed, PartSent
from gateway.feed import Feed


async def test_every_observer_sees_what_happens_from_then_on() -> None:
    feed = Feed()
    feed.publish(PartSent("a", 0, repeated=False))
    with feed.subscribe() as one, feed.subscribe() as two:
        feed.publish(PartSent("a", 1, repeated=False))
        for observer in (one, two):
            async for event in observer:
                assert event == PartSent("a", 1, repeated=False)
                break


async def test_a_slow_observer_loses_the_oldest_and_is_told_how_many() -> None:
    feed = Feed()
    seen = []
    with feed.subscribe(size=2) as slow:
        for number in range(5):
            feed.publish(PartSent("a", number, repeated=False))
        async for event in slow:
            seen.append(event)
            if len(seen) == 3:
                break
    assert seen == [Missed(3), PartSent("a", 3, repeated=False), PartSent("a", 4, repeated=False)]


async def test_what_is_lost_while_an_observer_reads_is_told_before_what_follows() -> None:
    feed = Feed()
    one, *rest = [PartSent("a", number, repeated=False) for number in range(5)]
    seen = []
    with feed.subscribe(size=2) as slow:
        feed.publish(one)
        async for event in slow:
            seen.append(event)
            if event == one:
                for part in rest:
                    feed.publish(part)
            elif event == rest[-1]:
                break
    assert seen == [one, Missed(2), *rest[2:]]


async def test_an_observer_waits_without_holding_anybody_up() -> None:
    feed = Feed()
    with feed.subscribe() as observer:

        async def next_part() -> int:
            async for event in observer:
                assert isinstance(event, PartSent)
                return event.part
            raise AssertionError("the feed ended")

        waiting = asyncio.ensure_future(next_part())
        await asyncio.sleep(0)
        feed.publish(PartSent("a", 7, repeated=False))
        assert await asyncio.wait_for(waiting, 5) == 7


def test_a_watcher_is_told_at_once_and_misses_nothing() -> None:
    feed = Feed()
    seen: list[GatewayEvent] = []
    feed.watch(seen.append)
    events = [PartSent("a", number, repeated=False) for number in range(5_000)]
    for event in events:
        feed.publish(event)
    assert seen == events
    feed.unwatch(seen.append)
    feed.publish(events[0])
    assert len(seen) == 5_000


def test_a_watcher_that_breaks_is_left_out_and_harms_nobody() -> None:
    feed = Feed()
    seen: list[GatewayEvent] = []
    told = 0

    def broken(_: GatewayEvent) -> None:
        nonlocal told
        told += 1
        raise ValueError("a defect")

    feed.watch(broken)
    feed.watch(seen.append)
    for number in range(3):
        feed.publish(PartSent("a", number, repeated=False))
    assert told == 1
    assert len(seen) == 3
