"""Socket Mode: acknowledged when durable, watched, and begun again after everything."""

import asyncio
import gc
from pathlib import Path

import orjson
import pytest

from channels.channel import Condition
from channels.errors import Unauthorized
from channels.slack.intake import Intake
from state.messages import Inbound, InboundMessage, Malformed
from tests.emulators.slack import (
    SlackEmulator,
    drop_connection,
    flood,
    garbage,
    refused,
    server_error,
)
from tests.emulators.telegram.faults import Fault
from tests.unit.channels.slack.rig import Inbox, Rig


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_an_envelope_is_acknowledged_when_its_message_is_durable(sl: SlackEmulator, rig: Rig):
    async with rig.running():
        await sl.user("Alice").says("one")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    assert [d.acked for d in sl.deliveries.all] == [True]
    assert len(sl.socket.acks) == 1


async def test_what_is_not_stored_is_not_acknowledged_and_comes_again(sl: SlackEmulator, rig: Rig):
    sl.deliveries.ack_seconds, sl.deliveries.retries = 0.1, (0.0, 0.0, 0.0)
    rig.inbox.refuses = lambda _: len(rig.inbox.asked) < 3
    async with rig.running() as channel:
        await sl.user("Alice").says("one")
        await rig.inbox.was_asked(1)
        health = await rig.healthy(channel, lambda h: h.condition is Condition.DEGRADED)
        assert "cannot be stored" in (health.detail or "")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
    assert rig.inbox.texts == ["one"]


async def test_what_slack_gave_up_on_is_read_from_the_history_in_order(sl: SlackEmulator, rig: Rig):
    sl.deliveries.ack_seconds, sl.deliveries.retries = 0.05, ()
    alice = sl.user("Alice")
    full = True
    rig.inbox.refuses = lambda _: full
    async with rig.running():
        await alice.says("one")
        await alice.says("two")
        await sl.deliveries.settled()
        assert all(d.lost for d in sl.deliveries.all)
        full = False
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["one", "two"]


async def test_a_slow_store_is_not_acknowledged_twice_over(sl: SlackEmulator, rig: Rig):
    let_go = asyncio.Event()

    class Slow(Inbox):
        async def receive(self, inbound: Inbound) -> None:
            await let_go.wait()
            await super().receive(inbound)

    rig.inbox = Slow()
    sl.deliveries.ack_seconds, sl.deliveries.retries = 0.1, (0.0, 0.0, 0.0)
    async with rig.running():
        await sl.user("Alice").says("one")
        await sl.user("Bob").says("another chat")
        assert await sl.deliveries.changed.until(lambda: sl.deliveries.all[0].attempts == 2, 5)
        let_go.set()
        await rig.inbox.has(2)
        await sl.deliveries.settled()
    assert sorted(rig.inbox.texts) == ["another chat", "one"]


async def test_chats_are_handed_over_side_by_side(sl: SlackEmulator, rig: Rig):
    people = [sl.user(f"User {n}") for n in range(50)]
    together = asyncio.Barrier(len(people))

    class Meeting(Inbox):
        async def receive(self, inbound: Inbound) -> None:
            await together.wait()
            await super().receive(inbound)

    rig.inbox = Meeting()
    async with rig.running():
        for person in people:
            await person.says("hi")
        await rig.inbox.has(50)


async def test_a_poison_payload_is_set_aside_and_the_next_one_flows(sl: SlackEmulator, rig: Rig):
    async with rig.running():
        sl.event({"type": "message", "channel": ["?"], "user": {}, "text": "x", "ts": None})
        sl.deliveries.add("events_api", {"type": "event_callback", "event": "?"})
        sl.deliveries.add("events_api", ["?"])  # type: ignore[arg-type]
        await sl.socket.raw("{no json")
        await sl.user("Alice").says("still here")
        await sl.deliveries.settled()
        await rig.inbox.has(5)
    assert sum(isinstance(m, Malformed) for m in rig.inbox.taken) == 4
    assert all(d.acked for d in sl.deliveries.all)
    assert rig.inbox.texts == ["still here"]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_disconnect_is_followed_by_a_connection_with_a_new_ticket(
    sl: SlackEmulator, rig: Rig, reason: str
):
    alice = sl.user("Alice")
    async with rig.running():
        await sl.socket.disconnect(reason)
        await sl.socket.connected(2)
        await alice.says("after")
        await rig.inbox.has(1)
        await sl.deliveries.settled()
    assert sl.calls["apps.connections.open"] == 2


async def test_after_a_warning_the_new_connection_stands_before_the_old_one_ends(
    sl: SlackEmulator, rig: Rig
):
    alice = sl.user("Alice")
    async with rig.running():
        await alice.says("before")
        await rig.inbox.has(1)
        await sl.socket.disconnect("warning")
        await sl.socket.connected(2)
        assert len(sl.socket.open) == 2
        await alice.says("on either of them")
        await alice.says("on the other")
        await rig.inbox.has(3)
        # Nothing was missed, so nothing is read again.
        assert sl.calls["conversations.history"] == 0


async def test_a_connection_that_slack_does_not_end_is_let_go(sl: SlackEmulator, rig: Rig):
    async with rig.running(rig.channel(quiet_seconds=0.05)):
        await sl.socket.disconnect("warning")
        await sl.socket.connected(2)
        assert await sl.socket.changed.until(lambda: len(sl.socket.open) == 1, 5)


async def test_half_an_emoji_is_no_reason_to_lose_a_message(sl: SlackEmulator, rig: Rig):
    im = sl.im(sl.user("Alice"))
    event = {"type": "message", "user": im.members[0], "channel": im.id, "channel_type": "im",
             "ts": sl.world.ts(), "text": "half"}  # fmt: skip
    payload = {"type": "event_callback", "event": event}
    frame = orjson.dumps({"envelope_id": "E1", "type": "events_api", "payload": payload})
    async with rig.running():
        await sl.socket.raw(frame.replace(b"half", rb"half \ud83d"))
        await rig.inbox.has(1)
        assert await sl.socket.changed.until(lambda: sl.socket.acks == ["E1"], 5)
    assert rig.inbox.texts == ["half ?"]


async def test_pings_do_not_hide_that_nothing_can_be_stored(sl: SlackEmulator, rig: Rig):
    rig.inbox.refuses = lambda _: True
    async with rig.running(rig.channel(quiet_seconds=0.02)) as channel:
        await sl.user("Alice").says("hi")
        await rig.inbox.was_asked(2)
        await sl.socket.disconnect("warning")
        await sl.socket.connected(2)
        for _ in range(3):
            await sl.socket.raw('{"type":"hello"}')
            await rig.inbox.was_asked(len(rig.inbox.asked) + 1)
            assert channel.health().condition is Condition.DEGRADED


@pytest.mark.parametrize(
    "fault",
    [
        server_error(503), server_error(500, html=True), drop_connection(), garbage(),
        garbage(b'{"ok":true}'), garbage(b"[]"), flood(0),
    ],
)  # fmt: skip
async def test_connecting_goes_on_after_a_failure(sl: SlackEmulator, rig: Rig, fault: Fault):
    sl.faults.next("auth.test", fault)
    sl.faults.next("apps.connections.open", fault, fault)
    async with rig.running():
        await sl.user("Alice").says("hi")
        await rig.inbox.has(1)


async def test_a_refused_socket_is_tried_again_with_a_new_ticket(sl: SlackEmulator, rig: Rig):
    sl.socket.refuse = 503
    channel = rig.channel()
    task = asyncio.create_task(channel.run(rig.inbox.receive))
    await sl.called("apps.connections.open", 3)
    assert "could not be opened" in (channel.health().detail or "")
    sl.socket.refuse = None
    await sl.socket.connected()
    health = await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
    assert health.identity == "@argent"
    task.cancel()
    await asyncio.wait({task})


@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive"])
async def test_a_refused_token_ends_the_channel_and_says_what_to_do(
    sl: SlackEmulator, rig: Rig, method: str, error: str
):
    sl.faults.next(method, refused(error))
    channel = rig.channel()
    with pytest.raises(Unauthorized, match="SLACK_BOT_TOKEN"):
        await asyncio.wait_for(channel.run(rig.inbox.receive), 10)
    health = channel.health()
    assert health.condition is Condition.FAILED
    assert error in (health.detail or "")


async def test_socket_mode_that_was_turned_off_ends_the_channel(sl: SlackEmulator, rig: Rig):
    channel = rig.channel()
    task = asyncio.create_task(channel.run(rig.inbox.receive))
    await sl.socket.connected()
    await sl.socket.disconnect("link_disabled")
    with pytest.raises(Unauthorized, match="Socket Mode is off"):
        await asyncio.wait_for(task, 10)


async def test_a_line_that_fell_silent_is_noticed_and_replaced(sl: SlackEmulator, rig: Rig):
    channel = rig.channel(quiet_seconds=0.05)
    async with rig.running(channel):
        sl.socket.silent = True
        await rig.healthy(channel, lambda h: h.condition is Condition.DEGRADED)
        sl.socket.silent = False
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
        await sl.user("Alice").says("hi")
        await rig.inbox.has(1)


async def test_a_quiet_line_that_answers_pings_is_kept(sl: SlackEmulator, rig: Rig):
    async with rig.running(rig.channel(quiet_seconds=0.02)) as channel:
        proofs = {channel.health().proved_at}
        while len(proofs) < 4:
            rig.passes(1)
            await asyncio.sleep(0)
            proofs.add(channel.health().proved_at)
    assert sl.socket.opened == 1


async def test_health_is_what_slack_proved_lately(sl: SlackEmulator, rig: Rig):
    async with rig.running() as channel:
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
        rig.passes(60)
        assert channel.health().condition is Condition.DEGRADED
        await sl.user("Alice").says("hi")
        await rig.inbox.has(1)
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)


async def test_slack_that_goes_away_is_waited_for(sl: SlackEmulator, rig: Rig):
    async with rig.running() as channel:
        await sl.goes_down()
        await rig.healthy(channel, lambda h: h.condition is Condition.DEGRADED)
        await sl.comes_back()
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
        assert channel.health().generation == 2


@pytest.mark.parametrize("times", [50, pytest.param(1000, marks=pytest.mark.slow)])
async def test_many_reconnects_leave_nothing_behind(sl: SlackEmulator, rig: Rig, times: int):
    async with rig.running():
        await sl.user("Alice").says("hi")
        await rig.inbox.has(1)
        tasks, files = len(asyncio.all_tasks()), open_files()
        for n in range(times):
            await sl.socket.disconnect("refresh_requested")
            await sl.socket.connected(n + 2)
        await sl.user("Bob").says("still there")
        await rig.inbox.has(2)
        await sl.deliveries.settled()
        assert len(asyncio.all_tasks()) <= tasks + 3
        assert open_files() <= files + 3
    assert [m.text for m in rig.inbox.taken if isinstance(m, InboundMessage)][-1] == "still there"


async def test_nothing_is_kept_of_the_order_of_conversations_that_are_quiet(
    sl: SlackEmulator, rig: Rig
):
    people = [sl.user(f"User {n}") for n in range(20)]
    async with rig.running() as channel:
        for person in people:
            await person.says("hi")
        await rig.inbox.has(len(people))
        await sl.deliveries.settled()
        # It lives as long as the channel runs, and is nobody's attribute.
        intakes = [each for each in gc.get_objects() if isinstance(each, Intake)]
        (intake,) = [each for each in intakes if each._receive == rig.inbox.receive]
        await rig.healthy(channel, lambda _: not intake._lanes)
