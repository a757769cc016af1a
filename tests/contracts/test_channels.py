"""What the gateway relies on, of every channel."""

import asyncio

import pytest

from channels.channel import Condition
from channels.errors import ChannelError
from state.keys import Address
from state.messages import ChatKind, InboundMessage, OwedPart, Reply
from tests.contracts.channels import RIGS
from tests.contracts.channels.talk import Person, Talk
from tests.contracts.inbox import Inbox, stop

pytestmark = pytest.mark.parametrize("talk", list(RIGS), indirect=True)


async def _answer(talk: Talk[Person], message: InboundMessage, text: str) -> int:
    parts = talk.channel.render(Reply(text, reply_to=message.id))
    for index, part in enumerate(parts):
        key = f"{message.id}-{index}"
        await talk.channel.send(OwedPart(index, 1, index, message.address, part, key=key))
    return len(parts)


async def test_what_a_person_says_arrives_and_the_answer_goes_back(
    talk: Talk[Person], inbox: Inbox
) -> None:
    await talk.person.says("hello")
    message = await inbox.next()
    assert message.text == "hello"
    assert message.kind is ChatKind.DIRECT
    assert message.addressed
    assert message.address.channel == talk.channel.name
    assert await _answer(talk, message, "hello yourself") == 1
    assert await talk.person.hears(1) == ["hello yourself"]


async def test_messages_of_a_chat_arrive_in_order_and_each_under_its_own_name(
    talk: Talk[Person], inbox: Inbox
) -> None:
    for n in range(20):
        await talk.person.says(str(n))
    messages = [await inbox.next() for _ in range(20)]
    assert [m.text for m in messages] == [str(n) for n in range(20)]
    assert len({m.source for m in messages}) == 20
    assert len({m.id for m in messages}) == 20


async def test_a_long_answer_arrives_whole_in_parts_within_the_limit(
    talk: Talk[Person], inbox: Inbox
) -> None:
    await talk.person.says("tell me everything")
    message = await inbox.next()
    text = "\n\n".join(f"Paragraph {n}: " + "word " * 50 for n in range(80))
    count = await _answer(talk, message, text)
    heard = await talk.person.hears(count)
    assert " ".join(heard).split() == text.split()
    limit = talk.channel.capabilities.text_limit
    assert all(len(part.encode("utf-16-le")) // 2 <= limit for part in heard)


def test_only_the_first_part_is_a_reply(talk: Talk[Person]) -> None:
    parts = talk.channel.render(Reply("word " * 3_000, reply_to="1"))
    assert [p.reply_to for p in parts] == ["1", *[None] * (len(parts) - 1)]


def test_rendering_is_pure(talk: Talk[Person]) -> None:
    reply = Reply("# Title\n\n* one\n* two\n\n```py\nx = 1\n```", reply_to="1")
    assert talk.channel.render(reply) == talk.channel.render(reply)


async def test_sending_works_when_intake_has_ended(talk: Talk[Person]) -> None:
    inbox = Inbox()
    task = asyncio.create_task(talk.channel.run(inbox.receive))
    await talk.person.says("hello")
    message = await inbox.next()
    await stop(task)
    await _answer(talk, message, "still here")
    assert await talk.person.hears(1) == ["still here"]


async def test_intake_can_begin_again(talk: Talk[Person]) -> None:
    for text in ("first run", "second run"):
        inbox = Inbox()
        task = asyncio.create_task(talk.channel.run(inbox.receive))
        await talk.person.says(text)
        while (await inbox.next()).text != text:
            continue
        await stop(task)


async def test_health_says_whether_it_runs(talk: Talk[Person]) -> None:
    assert talk.channel.health().condition is Condition.STOPPED
    inbox = Inbox()
    task = asyncio.create_task(talk.channel.run(inbox.receive))
    await talk.person.says("hello")
    await inbox.next()
    await talk.person.says("again")
    await inbox.next()
    health = talk.channel.health()
    assert health.condition is Condition.HEALTHY
    assert health.proved_at is not None
    await stop(task)
    assert talk.channel.health().condition is Condition.STOPPED


async def test_a_place_that_is_not_there_is_an_error_of_the_channels_own(
    talk: Talk[Person],
) -> None:
    (part,) = talk.channel.render(Reply("hi"))
    nowhere = Address(talk.channel.name, "nowhere")
    with pytest.raises(ChannelError):
        await talk.channel.send(OwedPart(1, 1, 0, nowhere, part))
    await talk.channel.typing(nowhere)


async def test_closing_twice_is_no_error(talk: Talk[Person]) -> None:
    await talk.channel.close()
    await talk.channel.close()
