"""A message of ours that grows, becomes the answer, or goes."""

import asyncio

import pytest

from channels.errors import RateLimited, Rejected, Unreachable
from state.keys import Address
from state.messages import Button, Reply
from tests.emulators.discord import (
    DiscordEmulator,
    User,
    drop_connection,
    flood,
    refused,
    server_error,
)
from tests.unit.channels.discord.rig import Rig, edit, owed

STOP = (Button("Stop", "/stop"),)


@pytest.fixture
def alice(dc: DiscordEmulator) -> User:
    return dc.user("Alice")


@pytest.fixture
def home(alice: User) -> Address:
    return Address("discord", str(alice.chat().id))


def shown(user: User) -> list[str]:
    return [message["content"] for message in user.sees()]


async def test_an_edit_pings_nobody_whatever_it_says(
    dc: DiscordEmulator, rig: Rig, alice: User, home: Address
) -> None:
    channel = rig.channel()
    draft = await channel.send(owed(home, "…"))
    # Not rendered: what a live message shows must not ping either, should it slip through.
    await channel.send(edit(home, draft.message, f"@everyone <@{alice.id}>"))
    (message,) = alice.sees()
    assert (message["mentions"], message["mention_everyone"]) == ([], False)


async def test_a_preview_is_not_made_by_an_edit_either(
    rig: Rig, alice: User, home: Address
) -> None:
    channel = rig.channel()
    draft = await channel.send(owed(home, "…"))
    await channel.send(edit(home, draft.message, "see https://a.b"))
    assert alice.sees()[0]["flags"] & 1 << 2


async def test_an_edit_that_may_have_been_made_is_made_again(
    dc: DiscordEmulator, rig: Rig, alice: User, home: Address
) -> None:
    channel = rig.channel()
    draft = await channel.send(owed(home, "…"))
    dc.faults.next("edit_message", drop_connection(after=True), server_error(502, after=True))
    part = edit(home, draft.message, "the answer")
    for _ in range(2):
        with pytest.raises(Unreachable):
            await channel.send(part)
    assert await channel.send(part) == draft
    assert shown(alice) == ["the answer"]


async def test_an_edit_of_what_somebody_took_away_is_sent_once(
    dc: DiscordEmulator, rig: Rig, alice: User, home: Address
) -> None:
    channel = rig.channel()
    draft = await channel.send(owed(home, "…"))
    dc.delete(alice.chat(), int(draft.message))
    dc.faults.next("create_message", drop_connection(after=True))
    part = edit(home, draft.message, "the answer")
    with pytest.raises(Unreachable):
        await channel.send(part)
    receipt = await channel.send(part)
    assert receipt != draft
    assert shown(alice) == ["the answer"]


async def test_an_edit_in_an_archived_thread_is_sent_anew(
    dc: DiscordEmulator, rig: Rig, alice: User
) -> None:
    thread = dc.guild("Team").channel("general").thread("Ops", by=alice)
    assert thread.parent is not None
    place, channel = Address("discord", str(thread.parent.id), str(thread.id)), rig.channel()
    draft = await channel.send(owed(place, "…"))
    thread.archived = True
    receipt = await channel.send(edit(place, draft.message, "the answer"))
    assert receipt != draft
    assert [m["content"] for m in alice.sees(in_=thread)] == ["…", "the answer"]


async def test_an_answer_is_sent_anew_when_its_message_was_edited_too_often(
    dc: DiscordEmulator, rig: Rig, alice: User, home: Address
) -> None:
    channel = rig.channel()
    draft = await channel.send(owed(home, "…"))
    text = "Maximum number of edits to messages older than 1 hour reached. Try again later"
    dc.faults.next("edit_message", refused(429, 30046, text))
    assert await channel.send(edit(home, draft.message, "the answer")) != draft
    assert shown(alice) == ["the answer"]


async def test_a_message_that_goes_may_have_gone_before(
    dc: DiscordEmulator, rig: Rig, alice: User, home: Address
) -> None:
    channel = rig.channel()
    draft = await channel.send(owed(home, "too much"))
    dc.faults.next("delete_message", server_error(502, after=True))
    with pytest.raises(Unreachable):
        await channel.send(edit(home, draft.message, ""))
    assert await channel.send(edit(home, draft.message, "")) == draft
    assert shown(alice) == []


async def test_a_flood_wait_for_edits_holds_back_edits_and_nothing_else(
    dc: DiscordEmulator, rig: Rig, alice: User, home: Address
) -> None:
    channel = rig.channel()
    draft = await channel.send(owed(home, "…"))
    dc.faults.next("edit_message", flood(2))
    for _ in range(2):
        with pytest.raises(RateLimited) as wait:
            await channel.send(edit(home, draft.message, "more"))
        assert not wait.value.whole_account
    assert dc.calls["edit_message"] == 1
    await channel.send(owed(home, "another"))
    await channel.send(edit(home, draft.message, ""))
    assert shown(alice) == ["another"]


async def test_edits_have_a_bucket_that_is_not_overdrawn(
    dc: DiscordEmulator, rig: Rig, home: Address
) -> None:
    dc.limits.publish()
    channel = rig.channel()
    draft = await channel.send(owed(home, "…"))
    for n in range(5):
        await asyncio.wait_for(channel.send(edit(home, draft.message, str(n))), 5)
    with pytest.raises(RateLimited):
        await channel.send(edit(home, draft.message, "5"))
    assert dc.calls["edit_message"] == 5


async def test_what_is_no_message_of_discords_cannot_be_edited(rig: Rig, home: Address) -> None:
    with pytest.raises(Rejected):
        await rig.channel().send(edit(home, "../users/@me", "x"))


async def test_buttons_stay_until_an_edit_comes_without_them(
    rig: Rig, alice: User, home: Address
) -> None:
    channel = rig.channel()
    draft = await channel.send(owed(home, "…"))
    await channel.send(edit(home, draft.message, "so far", buttons=STOP))
    (row,) = alice.sees()[0]["components"]
    assert [button["label"] for button in row["components"]] == ["Stop"]
    await channel.send(edit(home, draft.message, "the answer"))
    assert alice.sees()[0]["components"] == []


async def test_a_long_answer_is_whole_when_it_goes_out_partly_as_edits(
    rig: Rig, alice: User, home: Address
) -> None:
    section = (
        "## Part {n}\n\nWords **of** section {n}.\n\n- one {n}\n- two {n}\n\n"
        "| a | b |\n|---|---|\n| {n} | x |\n\n```py\nx = {n}\n```\n\n"
    )
    text = "".join(section.format(n=n) for n in range(220))
    assert len(text) > 20_000
    channel = rig.channel()
    parts = channel.render(Reply(text))
    lives = [await channel.send(owed(home, f"live {n}", key=str(n))) for n in range(3)]
    for live, part in zip(lives, parts, strict=False):
        await channel.send(edit(home, live.message, part.text))
    for index, part in enumerate(parts[3:]):
        await channel.send(owed(home, part.text, key=f"final {index}"))
    assert shown(alice) == [part.text for part in parts]
    whole = "\n".join(shown(alice))
    for n in range(220):
        assert f"Words **of** section {n}." in whole
        assert f"x = {n}\n" in whole
        assert f"• two {n}\n" in whole
    assert all(message.count("```") % 2 == 0 for message in shown(alice))
