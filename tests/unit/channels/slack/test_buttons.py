"""Buttons: shown with their words, and pressing one is as if its words were said."""

import asyncio
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from channels.channel import Condition
from channels.slack.config import EventsSettings
from state.keys import Address
from state.messages import Button, ChatKind, InboundMessage
from tests.emulators.slack import SlackEmulator, refused
from tests.unit.channels.slack.rig import PATIENCE, Rig, owed

BUTTONS = (Button("Stop", "/stop"), Button("x" * 200, "/help"))


async def pressed(rig: Rig) -> InboundMessage:
    press = (await rig.inbox.has(1))[-1]
    assert isinstance(press, InboundMessage)
    return press


async def test_a_press_in_a_thread_belongs_to_the_thread(sl: SlackEmulator, rig: Rig):
    alice, general = sl.user("Alice Moss"), sl.channel("general")
    root = await alice.says("hello", in_=general, told=False)
    place = Address("slack", general.id, root)
    live = owed(place, "thinking")
    async with rig.running() as channel:
        await channel.send(replace(live, part=replace(live.part, buttons=BUTTONS)))
        delivery = await alice.presses("Stop", in_=general)
        press = await pressed(rig)
        await sl.deliveries.settled()
    assert delivery.acked
    assert (press.text, press.address, press.kind) == ("/stop", place, ChatKind.THREAD)
    assert (press.sender.id, press.sender.name) == (alice.id, "Alice Moss")
    assert press.addressed
    assert press.container == "T0EMULATED"


async def test_a_press_outside_of_threads_belongs_to_the_conversation(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    group = sl.mpim(alice, sl.user("Bob"))
    async with rig.running() as channel:
        live = owed(Address("slack", group.id), "thinking")
        sent = await channel.send(replace(live, part=replace(live.part, buttons=BUTTONS)))
        await alice.says("in a thread", in_=group, thread=sent.message, told=False)
        await alice.presses("Stop", in_=group)
        press = await pressed(rig)
    assert press.address == Address("slack", group.id)
    assert press.kind is ChatKind.GROUP


async def test_a_press_that_is_not_stored_is_not_acknowledged(sl: SlackEmulator, rig: Rig):
    sl.deliveries.ack_seconds = 0.1
    alice = sl.user("Alice")
    rig.inbox.refuses = lambda _: True
    async with rig.running() as channel:
        live = owed(Address("slack", alice.chat().id), "thinking")
        await channel.send(replace(live, part=replace(live.part, buttons=BUTTONS)))
        delivery = await alice.presses("Stop")
        await sl.deliveries.settled()
    assert delivery.lost


async def test_a_press_does_not_wait_for_what_was_missed(sl: SlackEmulator, rig: Rig):
    alice = sl.user("Alice")
    async with rig.running() as channel:
        await alice.says("hello")
        await rig.inbox.has(1)
        live = owed(Address("slack", alice.chat().id), "thinking")
        await channel.send(replace(live, part=replace(live.part, buttons=BUTTONS)))
    sl.faults.always("conversations.history", refused("internal_error"))
    async with rig.running():
        await alice.presses("Stop")
        await rig.inbox.has(2)
    assert rig.inbox.texts == ["hello", "/stop"]


async def test_a_button_without_words_or_of_somebody_else_is_passed_over(
    sl: SlackEmulator, rig: Rig
):
    alice = sl.user("Alice")
    async with rig.running() as channel:
        live = owed(Address("slack", alice.chat().id), "thinking")
        sent = await channel.send(replace(live, part=replace(live.part, buttons=BUTTONS)))
        row = alice.chat().messages[sent.message]["blocks"][-1]
        row["elements"][0]["action_id"] = "of-another-time"
        row["elements"][1]["value"] = " "
        deliveries = [await alice.presses("Stop"), await alice.presses("x" * 75)]
        await sl.deliveries.settled()
    assert all(delivery.acked for delivery in deliveries)
    assert rig.inbox.taken == []


async def test_a_press_over_http_is_a_signed_form(
    sl: SlackEmulator, rig: Rig, unused_tcp_port: int
):
    alice = sl.user("Alice")
    channel = rig.channel(events=EventsSettings(port=unused_tcp_port), app_token=None)
    task = asyncio.create_task(channel.run(rig.inbox.receive))
    await rig.healthy(channel, lambda h: h.condition is Condition.HEALTHY)
    sl.deliveries.request_url = f"http://127.0.0.1:{unused_tcp_port}/slack/events"
    live = owed(Address("slack", alice.chat().id), "thinking")
    await channel.send(replace(live, part=replace(live.part, buttons=BUTTONS)))
    delivery = await alice.presses("Stop")
    press = await pressed(rig)
    await sl.deliveries.settled()
    form = "application/x-www-form-urlencoded"
    body = urlencode({"payload": "{}"}).encode()
    status, _ = await sl.deliveries.post(body, form, signature="v0=" + "0" * 64)
    task.cancel()
    await asyncio.wait({task}, timeout=PATIENCE)
    await channel.close()
    assert delivery.answers == [200]
    assert press.text == "/stop"
    assert status == 401


@pytest.mark.parametrize("count", [1, 2])
async def test_the_same_press_told_again_is_the_same_message(
    sl: SlackEmulator, rig: Rig, count: int
):
    alice = sl.user("Alice")
    async with rig.running() as channel:
        live = owed(Address("slack", alice.chat().id), "thinking")
        await channel.send(replace(live, part=replace(live.part, buttons=BUTTONS)))
        payload = (await alice.presses("Stop")).payload
        for _ in range(count - 1):
            sl.deliveries.add("interactive", payload)
        await sl.deliveries.settled()
    assert rig.inbox.texts == ["/stop"]
