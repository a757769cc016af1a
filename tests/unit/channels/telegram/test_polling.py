"""Intake by polling: nothing is confirmed that was not taken over, and it always goes on."""

import asyncio
from datetime import UTC, datetime

import pytest

from channels.channel import Condition
from channels.errors import Unauthorized
from state.messages import Inbound, InboundMessage, Malformed, Migration
from tests.emulators.telegram import (
    TelegramEmulator,
    conflict,
    drop_connection,
    flood,
    garbage,
    server_error,
    unauthorized,
)
from tests.emulators.telegram.faults import Fault
from tests.unit.channels.telegram.rig import Inbox, Rig


async def test_what_was_taken_over_is_confirmed(tg: TelegramEmulator, rig: Rig) -> None:
    alice = tg.user("Alice")
    async with rig.running():
        await alice.says("one")
        await alice.says("two")
        await rig.inbox.has(2)
        await tg.drained()
    assert rig.inbox.texts == ["one", "two"]


async def test_what_waited_while_nobody_polled_is_not_dropped(
    tg: TelegramEmulator, rig: Rig
) -> None:
    alice = tg.user("Alice")
    for n in range(250):
        await alice.says(str(n))
    async with rig.running():
        await rig.inbox.has(250)
        await tg.drained()
    assert rig.inbox.texts == [str(n) for n in range(250)]


async def test_nothing_is_confirmed_that_was_not_stored(tg: TelegramEmulator, rig: Rig) -> None:
    alice, bob = tg.user("Alice"), tg.user("Bob")
    rig.inbox.refuses = lambda _: True
    async with rig.running() as channel:
        await alice.says("one")
        await bob.says("two")
        await rig.inbox.was_asked(6)
        assert len(tg.bot.updates) == 2
        health = await rig.healthy(channel, lambda h: h.condition is Condition.DEGRADED)
        assert health.detail is not None
        assert "cannot be stored" in health.detail
        rig.inbox.refuses = lambda _: False
        await rig.inbox.has(2)
        await tg.drained()
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
    assert sorted(rig.inbox.texts) == ["one", "two"]


async def test_a_chats_messages_are_taken_in_order_even_when_the_first_is_refused(
    tg: TelegramEmulator, rig: Rig
) -> None:
    alice, bob = tg.user("Alice"), tg.user("Bob")
    refusals = iter([True, True])

    def refuses(inbound: Inbound) -> bool:
        first = isinstance(inbound, InboundMessage) and inbound.text == "first"
        return first and next(refusals, False)

    rig.inbox.refuses = refuses
    await alice.says("first")
    await alice.says("second")
    await bob.says("other chat")
    async with rig.running():
        await tg.drained()
    mine = [t for t in rig.inbox.texts if t != "other chat"]
    assert mine == ["first", "second"]


async def test_chats_are_handed_over_side_by_side(tg: TelegramEmulator, rig: Rig) -> None:
    people = [tg.user(f"User {n}") for n in range(50)]
    together = asyncio.Barrier(len(people))

    class Meeting(Inbox):
        async def receive(self, inbound: Inbound) -> None:
            await together.wait()
            await super().receive(inbound)

    rig.inbox = Meeting()
    for person in people:
        await person.says("hi")
    async with rig.running():
        await rig.inbox.has(50)


async def test_what_follows_a_migration_waits_for_it(tg: TelegramEmulator, rig: Rig) -> None:
    alice, group = tg.user("Alice"), tg.group("Team")
    order: list[str] = []

    class Slow(Inbox):
        async def receive(self, inbound: Inbound) -> None:
            if isinstance(inbound, Migration):
                for _ in range(20):
                    await asyncio.sleep(0)
            order.append(type(inbound).__name__)
            await super().receive(inbound)

    rig.inbox = Slow()
    await alice.says("before", in_=group)
    new = tg.migrate(group)
    await alice.says("after", in_=new)
    async with rig.running():
        await rig.inbox.has(4)
    assert order == ["InboundMessage", "Migration", "Migration", "InboundMessage"]
    migrations = [m for m in rig.inbox.taken if isinstance(m, Migration)]
    assert len({m.source for m in migrations}) == 1


async def test_a_poison_update_is_set_aside_and_the_next_one_flows(
    tg: TelegramEmulator, rig: Rig
) -> None:
    async with rig.running():
        tg.push_raw({"message": {"message_id": "?", "text": ["not", "a", "text"]}})
        await tg.user("Alice").says("still here")
        await rig.inbox.has(2)
        await tg.drained()
    aside = [m for m in rig.inbox.taken if isinstance(m, Malformed)]
    assert len(aside) == 1
    assert b"not" in aside[0].raw
    assert rig.inbox.texts == ["still here"]


async def test_an_update_that_comes_again_after_an_unclean_stop_has_the_same_source(
    tg: TelegramEmulator, rig: Rig
) -> None:
    await tg.user("Alice").says("hi")
    tg.faults.next("getUpdates", Fault(), *[drop_connection()] * 2)
    async with rig.running():
        await rig.inbox.has(1)
        await tg.called("getUpdates", 2)
    rig.cursors.clear()
    tg.faults.clear()
    async with rig.running():
        await rig.inbox.has(2)
    first, again = rig.inbox.taken
    assert isinstance(first, InboundMessage)
    assert first == again


async def test_a_clean_restart_does_not_ask_for_known_updates_again(
    tg: TelegramEmulator, rig: Rig
) -> None:
    alice = tg.user("Alice")
    async with rig.running() as channel:
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
        # The confirmation does not reach Telegram any more.
        tg.faults.next("getUpdates", *[drop_connection()] * 1000)
        await alice.says("one")
        await rig.inbox.has(1)
        await tg.called("getUpdates", tg.calls["getupdates"] + 1)
    tg.faults.clear()
    assert len(tg.bot.updates) == 1
    async with rig.running():
        await alice.says("two")
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["one", "two"]


@pytest.mark.parametrize("cursor", ["garbage", "99999999999@0", "5", "x@y", ""])
async def test_an_old_or_broken_cursor_loses_nothing(
    tg: TelegramEmulator, rig: Rig, cursor: str
) -> None:
    rig.cursors[f"telegram:{tg.bot.id}"] = cursor
    await tg.user("Alice").says("hi")
    async with rig.running():
        await rig.inbox.has(1)


async def test_numbers_that_begin_anew_lose_nothing(tg: TelegramEmulator, rig: Rig) -> None:
    # https://core.telegram.org/bots/api#update: after a week without updates the next number is
    # chosen at random, so it may be below the last.
    alice = tg.user("Alice")
    tg.bot.updates.jump(900_000_000)
    async with rig.running(rig.channel(poll=1)):
        await alice.says("before")
        await rig.inbox.has(1)
        await tg.drained()
        await tg.called("getUpdates", tg.calls["getupdates"] + 2)
        tg.bot.updates.jump(1_000)
        await alice.says("a week later")
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["before", "a week later"]


@pytest.mark.parametrize(
    "fault",
    [
        server_error(502),
        server_error(500, html=True),
        drop_connection(),
        drop_connection(after=True),
        garbage(),
        garbage(b'{"ok":true}'),
        garbage(b'{"ok":true,"result":{}}'),
        conflict(),
    ],
    ids=str,
)
async def test_polling_goes_on_after_a_failure(
    tg: TelegramEmulator, rig: Rig, fault: Fault
) -> None:
    tg.faults.next("getUpdates", *[fault] * 3)
    async with rig.running():
        await tg.user("Alice").says("hi")
        await rig.inbox.has(1)


async def test_a_start_while_telegram_is_down_waits_for_it(tg: TelegramEmulator, rig: Rig) -> None:
    tg.faults.next("getMe", server_error(502), drop_connection(), garbage())
    async with rig.running():
        await tg.user("Alice").says("hi")
        await rig.inbox.has(1)


async def test_a_flood_wait_is_obeyed_when_polling(tg: TelegramEmulator, rig: Rig) -> None:
    loop = asyncio.get_running_loop()
    tg.faults.next("getUpdates", flood(1))
    began = loop.time()
    async with rig.running():
        await tg.called("getUpdates", 2)
        assert loop.time() - began >= 1


@pytest.mark.parametrize("method", ["getMe", "getUpdates"])
async def test_a_revoked_token_ends_the_channel_and_says_what_to_do(
    tg: TelegramEmulator, rig: Rig, method: str
) -> None:
    tg.faults.next(method, unauthorized())
    channel = rig.channel()
    with pytest.raises(Unauthorized, match="@BotFather"):
        await channel.run(rig.inbox.receive)
    health = channel.health()
    assert health.condition is Condition.FAILED
    assert health.detail is not None
    assert "@BotFather" in health.detail
    await channel.close()


@pytest.mark.parametrize("token", ["12345:wrong", "not-a-token", "1"])
async def test_a_wrong_token_ends_the_channel(rig: Rig, token: str) -> None:
    channel = rig.channel(token=token)
    with pytest.raises(Unauthorized):
        await channel.run(rig.inbox.receive)


async def test_a_server_that_is_no_bot_api_is_not_taken_for_a_wrong_token(
    tg: TelegramEmulator, rig: Rig
) -> None:
    tg.faults.next("getMe", *[server_error(404, html=True)] * 2)
    async with rig.running() as channel:
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)


async def test_a_second_poller_shows_in_the_health(tg: TelegramEmulator, rig: Rig) -> None:
    async with rig.running() as channel:
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
        tg.faults.always("getUpdates", conflict())
        tg.bot.updates.interrupt()
        health = await rig.healthy(channel, lambda h: h.condition is Condition.DEGRADED)
        assert health.detail is not None
        assert "another program polls" in health.detail
        tg.faults.clear()
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)


async def test_a_leftover_webhook_is_deleted_and_nothing_dropped(
    tg: TelegramEmulator, rig: Rig
) -> None:
    await tg.user("Alice").says("hi")
    tg.webhooks.set(tg.bot, "http://127.0.0.1:1/gone", "", 40)
    async with rig.running():
        await rig.inbox.has(1)
    assert tg.webhooks.url(tg.bot) == ""


async def test_health_is_what_telegram_proved_lately(tg: TelegramEmulator, rig: Rig) -> None:
    channel = rig.channel(poll=30)
    assert channel.health().condition is Condition.STOPPED
    async with rig.running(channel):
        health = await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
        assert (health.proved_at, health.generation) == (rig.time, 1)
        assert health.identity == "@argent_bot"
        rig.passes(38)
        assert channel.health().condition is Condition.HEALTHY
        rig.passes(1)
        assert channel.health().condition is Condition.DEGRADED
        await tg.user("Alice").says("hi")
        health = await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
        assert health.proved_at == datetime(2026, 1, 30, 12, 0, 39, tzinfo=UTC)
    assert channel.health().condition is Condition.STOPPED


async def test_a_short_failure_does_not_make_a_channel_unwell(
    tg: TelegramEmulator, rig: Rig
) -> None:
    async with rig.running() as channel:
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
        tg.faults.always("getUpdates", drop_connection())
        await tg.user("Alice").says("hi")
        health = await rig.healthy(channel, lambda h: h.detail is not None)
        assert health.condition is Condition.HEALTHY
        rig.passes(39)
        assert channel.health().condition is Condition.DEGRADED
        tg.faults.clear()
        health = await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
        assert health.generation == 2


async def test_cancelling_ends_intake_in_the_middle_of_a_failure(
    tg: TelegramEmulator, rig: Rig
) -> None:
    tg.faults.always("getUpdates", drop_connection())
    async with rig.running():
        await tg.called("getUpdates", 3)


async def test_cancelling_ends_intake_while_a_message_is_handed_over(
    tg: TelegramEmulator, rig: Rig
) -> None:
    class Stuck(Inbox):
        async def receive(self, inbound: Inbound) -> None:
            self.asked.append(inbound)
            self._changed.changed()
            await asyncio.Event().wait()

    rig.inbox = Stuck()
    async with rig.running():
        await tg.user("Alice").says("hi")
        await rig.inbox.was_asked(1)
    assert len(tg.bot.updates) == 1


async def test_another_bots_token_does_not_read_the_first_ones_cursor(
    tg: TelegramEmulator, rig: Rig
) -> None:
    other = tg.add_bot("second_bot")
    alice = tg.user("Alice")
    async with rig.running():
        await alice.says("to the first")
        await tg.drained()
    async with rig.running(rig.channel(token=other.token)):
        await alice.says("to the second", to=other)
        await tg.drained(other)
    first, second = rig.inbox.taken
    assert isinstance(first, InboundMessage)
    assert isinstance(second, InboundMessage)
    assert first.source != second.source
    assert len(rig.cursors) == 2


async def test_a_server_that_was_away_is_polled_again_and_nothing_is_missed(
    tg: TelegramEmulator, rig: Rig
) -> None:
    alice = tg.user("Alice")
    async with rig.running() as channel:
        await alice.says("before")
        await rig.inbox.has(1)
        url = tg.url
        await tg.goes_down()
        await alice.says("meanwhile")
        await tg.comes_back()
        assert tg.url == url
        await rig.inbox.has(2)
        await alice.says("after")
        await rig.inbox.has(3)
        await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
    assert rig.inbox.texts == ["before", "meanwhile", "after"]
