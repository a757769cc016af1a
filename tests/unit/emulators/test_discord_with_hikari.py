"""The Discord emulator, judged by a client library that has nothing to do with ours."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import hikari
import pytest

from tests.emulators.discord import DiscordEmulator, flood, server_error
from tests.unit.emulators.hikari_bot import PATIENCE, Client


@pytest.fixture
async def dc() -> AsyncIterator[DiscordEmulator]:
    async with DiscordEmulator() as emulator:
        yield emulator


@pytest.fixture
async def client(dc: DiscordEmulator) -> AsyncIterator[Client]:
    client = Client(dc)
    yield client
    await client.stop()


async def test_a_bot_hears_and_answers_in_a_server(dc: DiscordEmulator, client: Client) -> None:
    alice, guild = dc.user("Alice"), dc.guild("Team")
    general = guild.channel("general")
    await client.start()
    await client.next(hikari.GuildAvailableEvent)
    said = await alice.says(f"<@{dc.bot.id}> hello", in_=general)
    event = await client.next(hikari.GuildMessageCreateEvent)
    assert (event.message_id, event.content) == (said, f"<@{dc.bot.id}> hello")
    assert event.guild_id == guild.id
    assert [int(m) for m in event.message.user_mentions_ids] == [dc.bot.id]
    answer = await event.message.respond("hi", reply=True, mentions_reply=False)
    assert answer.content == "hi"
    (heard,) = await alice.hears(in_=general)
    assert (heard.text, heard.reply_to) == ("hi", said)


async def test_a_bot_hears_and_answers_in_private(dc: DiscordEmulator, client: Client) -> None:
    await client.start()
    await client.next(hikari.StartedEvent)
    alice = dc.user("Alice")
    await alice.says("psst")
    event = await client.next(hikari.DMMessageCreateEvent)
    channel = await client.bot.rest.create_dm_channel(alice.id)
    assert channel.id == event.channel_id
    await channel.send("yes?")
    assert [s.text for s in await alice.hears()] == ["yes?"]


async def test_edits_and_deletions_are_told(dc: DiscordEmulator, client: Client) -> None:
    alice, guild = dc.user("Alice"), dc.guild("Team")
    general = guild.channel("general")
    await client.start()
    said = await alice.says("helo", in_=general)
    await client.next(hikari.GuildMessageCreateEvent)
    await alice.edits(said, "hello")
    assert (await client.next(hikari.GuildMessageUpdateEvent)).message.content == "hello"
    await alice.deletes(said)
    assert (await client.next(hikari.GuildMessageDeleteEvent)).message_id == said


async def test_threads_and_posts_are_told_and_joined(dc: DiscordEmulator, client: Client) -> None:
    alice, guild = dc.user("Alice"), dc.guild("Team")
    general, helpdesk = guild.channel("general"), guild.forum("help")
    await client.start()
    await client.next(hikari.GuildAvailableEvent)
    thread = general.thread("Ops", by=alice)
    event = await client.next(hikari.GuildThreadCreateEvent)
    assert (event.thread_id, event.thread.parent_id) == (thread.id, general.id)
    await client.bot.rest.join_thread(thread.id)
    assert dc.bot.id in thread.members
    post = await helpdesk.post("Printer", "It burns", by=alice)
    message = await client.next(hikari.GuildMessageCreateEvent)
    assert (message.channel_id, message.content) == (post.id, "It burns")
    fetched = await client.bot.rest.fetch_channel(post.id)
    assert isinstance(fetched, hikari.GuildThreadChannel)
    assert fetched.parent_id == helpdesk.id


async def test_history_is_read_in_pages(dc: DiscordEmulator, client: Client) -> None:
    alice, general = dc.user("Alice"), dc.guild("Team").channel("general")
    said = [await alice.says(str(n), in_=general) for n in range(250)]
    await client.start()
    rest = client.bot.rest
    newest_first = [m.content async for m in rest.fetch_messages(general.id)]
    assert newest_first == [str(n) for n in reversed(range(250))]
    after = [m.content async for m in rest.fetch_messages(general.id, after=said[99])]
    assert sorted(map(int, after)) == list(range(100, 250))
    around = [m.id async for m in rest.fetch_messages(general.id, around=said[100]).limit(100)]
    assert said[100] in around


async def test_a_command_is_answered_in_time(dc: DiscordEmulator, client: Client) -> None:
    alice = dc.user("Alice")
    await client.start()
    command = client.bot.rest.slash_command_builder("status", "How I am")
    command.add_option(
        hikari.CommandOption(type=hikari.OptionType.STRING, name="about", description="What")
    )
    await client.bot.rest.set_application_commands(dc.bot.id, [command])
    run = await alice.runs("/status disk")
    event = await client.next(hikari.InteractionCreateEvent)
    interaction = event.interaction
    assert isinstance(interaction, hikari.CommandInteraction)
    assert interaction.options is not None
    assert (interaction.command_name, interaction.options[0].value) == ("status", "disk")
    await interaction.create_initial_response(
        hikari.ResponseType.DEFERRED_MESSAGE_CREATE, flags=hikari.MessageFlag.EPHEMERAL
    )
    await run.acknowledged()
    with pytest.raises(hikari.BadRequestError, match="already been acknowledged"):
        await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "again")
    await interaction.edit_initial_response("All well")
    await interaction.execute("And the disk, too")
    first, second = await alice.hears(2)
    assert (first.text, first.ephemeral, first.interaction) == ("All well", True, run.id)
    assert second.text == "And the disk, too"


async def test_a_command_that_nobody_acknowledges_fails(
    dc: DiscordEmulator, client: Client
) -> None:
    await client.start()
    command = client.bot.rest.slash_command_builder("status", "How I am")
    await client.bot.rest.set_application_commands(dc.bot.id, [command])
    dc.rest.interactions.patience = -1.0
    await dc.user("Alice").runs("/status")
    event = await client.next(hikari.InteractionCreateEvent)
    with pytest.raises(hikari.NotFoundError, match="Unknown interaction"):
        await event.interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "late")


async def test_files_go_both_ways(dc: DiscordEmulator, client: Client) -> None:
    alice = dc.user("Alice")
    await client.start()
    await alice.says("look", files=(("cat.png", b"\x89PNG", "image/png"),))
    event = await client.next(hikari.DMMessageCreateEvent)
    (attachment,) = event.message.attachments
    assert (attachment.filename, attachment.media_type) == ("cat.png", "image/png")
    assert await attachment.read() == b"\x89PNG"
    await event.message.respond("mine", attachment=hikari.Bytes(b"dog", "dog.txt"))
    (heard,) = await alice.hears()
    assert heard.text == "mine"
    (kept,) = alice.chat().messages[heard.message]["attachments"]
    assert (kept["filename"], kept["size"]) == ("dog.txt", 3)


Refused = Callable[[Client, DiscordEmulator], Awaitable[object]]


async def _too_long(client: Client, dc: DiscordEmulator) -> object:
    return await client.bot.rest.create_message(dc.user("Alice").chat().id, "x" * 2001)


async def _empty(client: Client, dc: DiscordEmulator) -> object:
    return await client.bot.rest.create_message(dc.user("Alice").chat().id, "  ")


async def _nowhere(client: Client, _dc: DiscordEmulator) -> object:
    return await client.bot.rest.create_message(123456789012345678, "hi")


async def _hidden(client: Client, dc: DiscordEmulator) -> object:
    room = dc.guild("Team").channel("secret")
    room.hidden = True
    return await client.bot.rest.create_message(room.id, "hi")


async def _read_only(client: Client, dc: DiscordEmulator) -> object:
    room = dc.guild("Team").channel("rules")
    room.read_only = True
    return await client.bot.rest.create_message(room.id, "hi")


async def _blocked(client: Client, dc: DiscordEmulator) -> object:
    alice = dc.user("Alice")
    alice.blocks()
    return await client.bot.rest.create_message(alice.chat().id, "hi")


async def _lost_question(client: Client, dc: DiscordEmulator) -> object:
    chat = dc.user("Alice").chat()
    return await client.bot.rest.create_message(chat.id, "hi", reply=123456789012345678)


@pytest.mark.parametrize(
    ("attempt", "error", "code"),
    [
        (_too_long, hikari.BadRequestError, 50035),
        (_empty, hikari.BadRequestError, 50006),
        (_nowhere, hikari.NotFoundError, 10003),
        (_hidden, hikari.ForbiddenError, 50001),
        (_read_only, hikari.ForbiddenError, 50013),
        (_blocked, hikari.ForbiddenError, 50007),
        (_lost_question, hikari.BadRequestError, 50035),
    ],
)
async def test_what_discord_refuses_has_its_code(
    dc: DiscordEmulator, client: Client, attempt: Refused, error: type[Exception], code: int
) -> None:
    await client.start()
    with pytest.raises(error) as refusal:
        await attempt(client, dc)
    assert getattr(refusal.value, "code", None) == code


async def test_a_wrong_token_is_refused(dc: DiscordEmulator) -> None:
    client = Client(dc, "MTE1NTczNjY2NjUwNTEz.emu.wrong")
    with pytest.raises(hikari.UnauthorizedError):
        await client.start()
    await client.stop()


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ({"op": 2, "d": {"token": "wrong", "intents": 1}}, 4004),
        ({"op": 2, "d": {"token": "", "intents": 1 << 15}}, 4014),
        ({"op": 2, "d": {"token": "", "intents": 1 << 40}}, 4013),
        ({"op": 8, "d": {"guild_id": "1"}}, 4003),
        ({"op": 77, "d": None}, 4001),
        ("no json", 4002),
    ],
)
async def test_a_wrong_first_word_closes_the_connection(
    dc: DiscordEmulator, first: Any, code: int
) -> None:
    # By hand: hikari leaves its HTTP session open when it is closed like that.
    dc.bot.intents = 0
    async with aiohttp.ClientSession() as http, http.ws_connect(dc.gateway_url) as socket:
        assert (await socket.receive_json(timeout=PATIENCE))["op"] == 10
        if isinstance(first, str):
            await socket.send_str(first)
        else:
            if isinstance(first["d"], dict) and first["d"].get("token") == "":
                first["d"]["token"] = dc.token
            await socket.send_json(first)
        closed = await socket.receive(timeout=PATIENCE)
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, code)


@pytest.mark.parametrize("how", ["reconnect", "drop"])
async def test_a_session_goes_on_where_it_was(
    dc: DiscordEmulator, client: Client, how: str
) -> None:
    alice = dc.user("Alice")
    await client.start()
    getattr(dc.gateway, how)()
    await dc.gateway.until(lambda: not dc.gateway.connections)
    await alice.says("while you were away")
    assert (await client.next(hikari.DMMessageCreateEvent)).content == "while you were away"
    assert (dc.gateway.identified, dc.gateway.resumed) == (1, 1)


async def test_a_flood_wait_and_a_failing_server_are_got_over(
    dc: DiscordEmulator, client: Client
) -> None:
    alice = dc.user("Alice")
    await client.start()
    dc.faults.next("create_message", flood(0.01), server_error(502))
    await client.bot.rest.create_message(alice.chat().id, "hi")
    assert len(await alice.hears()) == 1
    assert dc.calls["create_message"] == 3


async def test_buckets_are_respected(dc: DiscordEmulator, client: Client) -> None:
    alice = dc.user("Alice")
    await client.start()
    dc.limits.set("create_message", 2, 0.3)
    for n in range(5):
        await client.bot.rest.create_message(alice.chat().id, str(n))
    assert [s.text for s in await alice.hears(5)] == list("01234")
    assert dc.calls["create_message"] == 5
