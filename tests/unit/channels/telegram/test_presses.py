"""A button that is pressed says its words, where it was pressed, and stops to spin."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from channels.telegram.channel import TelegramChannel
from channels.telegram.config import WebhookSettings
from channels.telegram.inbound import parse
from state.keys import Address
from state.messages import Button, ChatKind, Inbound, InboundMessage, Malformed, Sender
from tests.emulators.telegram import TelegramEmulator, User, refused
from tests.unit.channels.telegram.rig import PATIENCE, Rig, home, live
from tests.unit.channels.telegram.updates import (
    ALICE,
    BOT,
    CHANNEL,
    FORUM,
    GROUP,
    ME,
    PRIVATE,
    SUPERGROUP,
    Json,
    in_topic,
    message,
    press,
    update,
)

NOW = datetime(2026, 1, 30, 12, tzinfo=UTC)
STOP = Button("Stop", "/stop")


def read(body: Json, number: int = 900) -> Inbound | None:
    return parse(update(body, "callback_query", number), ME, NOW)


def said(body: Json) -> InboundMessage:
    inbound = read(body)
    assert isinstance(inbound, InboundMessage), inbound
    return inbound


def under(chat: Json, **fields: Any) -> Json:
    """A message of the bot's, with a button."""
    return message(chat, **fields) | {"from": BOT}


def test_a_press_is_what_whoever_pressed_says() -> None:
    assert said(press(under(GROUP, text="thinking"))) == InboundMessage(
        source="7001:press:4382bfdwdsb323b2d9",
        id="4711",
        address=Address("telegram", "-4001"),
        kind=ChatKind.GROUP,
        sender=Sender("101", "Alice Liddell", "alice"),
        text="/stop",
        at=NOW,
        title="Team",
    )


def test_a_redelivered_press_has_the_same_source_and_another_one_has_not() -> None:
    first, again = (read(press(under(PRIVATE, text="x")), n) for n in (900, 950))
    other = said(press(under(PRIVATE, text="x"), id="4382bfdwdsb323b2da"))
    assert isinstance(first, InboundMessage)
    assert first == again
    assert first.source != other.source


@pytest.mark.parametrize(
    ("body", "kind", "thread", "container"),
    [
        (under(PRIVATE, text="x"), ChatKind.DIRECT, None, None),
        (under(SUPERGROUP, text="x"), ChatKind.GROUP, None, "-1001234567890"),
        (under(FORUM, text="x"), ChatKind.THREAD, "1", "-1009876543210"),
        (in_topic(text="x") | {"from": BOT}, ChatKind.THREAD, "77", "-1009876543210"),
        # Deleted, or too old for Telegram to tell more of it.
        ({"chat": PRIVATE, "message_id": 5, "date": 0}, ChatKind.DIRECT, None, None),
        ({"chat": GROUP, "message_id": 5, "date": 0}, ChatKind.GROUP, None, None),
    ],
)
def test_a_press_is_heard_where_its_message_is(
    body: Json, kind: ChatKind, thread: str | None, container: str | None
) -> None:
    inbound = said(press(body))
    assert inbound.address == Address("telegram", str(body["chat"]["id"]), thread)
    assert (inbound.kind, inbound.container, inbound.id) == (
        kind,
        container,
        str(body["message_id"]),
    )


@pytest.mark.parametrize(
    "body",
    [
        press(under(CHANNEL, text="x")),
        # In which topic that was, nobody knows.
        press({"chat": FORUM, "message_id": 5, "date": 0}),
        {"id": "1", "from": ALICE, "inline_message_id": "I", "chat_instance": "1", "data": "/stop"},
        {k: v for k, v in press(under(GROUP, text="x")).items() if k != "data"},
    ],
)
def test_a_press_that_says_nothing_or_nobody_knows_where_is_passed_over(body: Json) -> None:
    assert read(body) is None


@pytest.mark.parametrize(
    "body",
    [
        press(under(GROUP, text="x"), data=5),
        press(under(GROUP, text="x"), id=""),
        press({**under(GROUP, text="x"), "message_id": "5"}),
        press(under({**GROUP, "type": "hive"}, text="x")),
        {k: v for k, v in press(under(GROUP, text="x")).items() if k != "from"},
        [],
    ],
)
def test_a_press_that_cannot_be_understood_is_set_aside(body: Any) -> None:
    aside = read(body)
    assert isinstance(aside, Malformed)
    assert aside.source == "7001:update:900"


def test_what_else_is_in_its_message_cannot_keep_a_press_from_being_heard() -> None:
    odd = under(GROUP, text="x", poll={"of": "the future"}, entities="none", photo=7)
    assert said(press(odd)).text == "/stop"


@pytest.fixture(params=["polling", "webhook"])
async def channel(
    request: pytest.FixtureRequest, rig: Rig, unused_tcp_port: int
) -> AsyncIterator[TelegramChannel]:
    hook = WebhookSettings(
        url=f"http://127.0.0.1:{unused_tcp_port}/telegram",
        secret=SecretStr("a-secret-of-sixteen-or-more"),
        port=unused_tcp_port,
    )
    async with rig.running(
        rig.channel(webhook=hook if request.param == "webhook" else None)
    ) as channel:
        yield channel


@pytest.fixture
async def alice(tg: TelegramEmulator) -> User:
    alice = tg.user("Alice")
    await alice.says("hi")
    return alice


async def stops(tg: TelegramEmulator, condition: Callable[[], bool]) -> None:
    assert await tg.changed.until(condition, PATIENCE), tg.answered_presses


async def test_a_button_stops_to_spin_also_where_its_press_says_nothing(
    tg: TelegramEmulator, rig: Rig, alice: User, channel: TelegramChannel
) -> None:
    await rig.inbox.has(1)
    draft = await channel.send(live(home(alice), "thinking", buttons=(STOP,)))
    first = await alice.presses("Stop", message=int(draft.message))
    await rig.inbox.has(2)
    alice.chat().messages[int(draft.message)]["chat"] = CHANNEL
    second = await alice.presses("Stop", message=int(draft.message))
    await stops(tg, lambda: [press for press, _ in tg.answered_presses] == [first, second])
    assert rig.inbox.texts == ["hi", "/stop"]


async def test_a_press_that_is_too_old_to_be_answered_is_heard_all_the_same(
    tg: TelegramEmulator, rig: Rig, alice: User, channel: TelegramChannel
) -> None:
    await rig.inbox.has(1)
    draft = await channel.send(live(home(alice), "thinking", buttons=(STOP,)))
    tg.faults.next("answerCallbackQuery", refused(400, "Bad Request: query is too old"))
    await alice.presses("Stop", message=int(draft.message))
    (_, pressed) = await rig.inbox.has(2)
    assert isinstance(pressed, InboundMessage)
    assert (pressed.text, pressed.sender.id) == ("/stop", str(alice.id))


async def test_a_press_in_a_topic_belongs_to_the_topic(
    tg: TelegramEmulator, rig: Rig, alice: User
) -> None:
    forum = tg.forum("Dev")
    ops = forum.topic("Ops")
    there = Address("telegram", str(forum.id), str(ops.id))
    async with rig.running() as channel:
        draft = await channel.send(live(there, "thinking", buttons=(STOP,)))
        await alice.presses("Stop", message=int(draft.message), in_=ops)
        taken = await rig.inbox.has(2)
    press = taken[-1]
    assert isinstance(press, InboundMessage)
    assert replace(press, source="", at=NOW) == InboundMessage(
        source="", id=draft.message, address=there, kind=ChatKind.THREAD,
        sender=Sender(str(alice.id), "Alice"), text="/stop", at=NOW, container=str(forum.id),
        title="Dev",
    )  # fmt: skip
