"""What becomes of messages on the emulated Discord, judged by an unrelated client library."""

from collections.abc import AsyncIterator

import hikari
import pytest

from tests.emulators.discord import DiscordEmulator
from tests.unit.emulators.hikari_bot import Client


@pytest.fixture
async def dc() -> AsyncIterator[DiscordEmulator]:
    async with DiscordEmulator() as emulator:
        yield emulator


@pytest.fixture
async def client(dc: DiscordEmulator) -> AsyncIterator[Client]:
    client = Client(dc)
    yield client
    await client.stop()


async def test_an_edit_changes_what_it_names_and_nothing_else(
    dc: DiscordEmulator, client: Client
) -> None:
    alice = dc.user("Alice")
    await client.start()
    rest, chat = client.bot.rest, alice.chat().id
    row = rest.build_message_action_row()
    row.add_interactive_button(hikari.ButtonStyle.SECONDARY, "stop", label="Stop")
    sent = await rest.create_message(chat, "so far", component=row)
    edited = await rest.edit_message(chat, sent.id, f"@everyone <@{alice.id}>")
    assert edited.content == f"@everyone <@{alice.id}>"
    # hikari forbids every mention when it is told nothing.
    assert (list(edited.user_mentions_ids or ()), edited.mentions_everyone) == ([], False)
    assert len(edited.components) == 1
    assert edited.edited_timestamp is not None
    told = await client.next(hikari.DMMessageUpdateEvent)
    assert told.message.content == edited.content
    bare = await rest.edit_message(chat, sent.id, component=None)
    assert (bare.content, list(bare.components)) == (edited.content, [])
    named = await rest.edit_message(chat, sent.id, f"<@{alice.id}>", user_mentions=[alice.id])
    assert [int(number) for number in named.user_mentions_ids or ()] == [alice.id]
    await rest.delete_message(chat, sent.id)
    assert (await client.next(hikari.DMMessageDeleteEvent)).message_id == sent.id
    with pytest.raises(hikari.NotFoundError):
        await rest.edit_message(chat, sent.id, "too late")


async def test_a_message_of_somebody_else_is_not_edited(
    dc: DiscordEmulator, client: Client
) -> None:
    alice = dc.user("Alice")
    said = await alice.says("mine")
    await client.start()
    with pytest.raises(hikari.ForbiddenError) as refusal:
        await client.bot.rest.edit_message(alice.chat().id, said, "yours")
    assert refusal.value.code == 50005


async def test_reactions_are_given_once_and_taken_back(dc: DiscordEmulator, client: Client) -> None:
    alice, general = dc.user("Alice"), dc.guild("Team").channel("general")
    said = await alice.says("hi", in_=general)
    await client.start()
    rest = client.bot.rest
    for _ in range(2):
        await rest.add_reaction(general.id, said, "👀")
    (reaction,) = (await rest.fetch_message(general.id, said)).reactions
    assert (str(reaction.emoji), reaction.count, reaction.is_me) == ("👀", 1, True)
    added = await client.next(hikari.GuildReactionAddEvent)
    assert (added.message_id, added.emoji_name) == (said, "👀")
    await rest.delete_my_reaction(general.id, said, "👀")
    assert list((await rest.fetch_message(general.id, said)).reactions) == []
    await client.next(hikari.GuildReactionDeleteEvent)
    general.no_reactions = True
    with pytest.raises(hikari.ForbiddenError) as refusal:
        await rest.add_reaction(general.id, said, "👀")
    assert refusal.value.code == 50013


async def test_a_pressed_button_is_told_and_answered(dc: DiscordEmulator, client: Client) -> None:
    alice, general = dc.user("Alice"), dc.guild("Team").channel("general")
    await client.start()
    row = client.bot.rest.build_message_action_row()
    row.add_interactive_button(hikari.ButtonStyle.SECONDARY, "stop", label="Stop")
    sent = await client.bot.rest.create_message(general.id, "so far", component=row)
    press = await alice.presses("Stop", in_=general)
    interaction = (await client.next(hikari.InteractionCreateEvent)).interaction
    assert isinstance(interaction, hikari.ComponentInteraction)
    assert (interaction.custom_id, interaction.message.id) == ("stop", sent.id)
    assert (interaction.user.id, interaction.guild_id) == (alice.id, general.guild.id)
    await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE)
    await press.acknowledged()
    await interaction.edit_initial_response("stopped", components=[])
    assert [m["content"] for m in alice.sees(in_=general)] == ["stopped"]
    await interaction.execute("and a word to you", flags=hikari.MessageFlag.EPHEMERAL)
    heard = await alice.hears(2, in_=general)
    assert (heard[1].text, heard[1].ephemeral) == ("and a word to you", True)


async def test_many_messages_go_at_once(dc: DiscordEmulator, client: Client) -> None:
    alice, general = dc.user("Alice"), dc.guild("Team").channel("general")
    said = [await alice.says(str(n), in_=general) for n in range(3)]
    await client.start()
    dc.purge(general, *said)
    event = await client.next(hikari.GuildBulkMessageDeleteEvent)
    assert sorted(event.message_ids) == sorted(int(each) for each in said)


async def test_an_address_of_a_file_runs_out_and_the_message_knows_another(
    dc: DiscordEmulator, client: Client
) -> None:
    alice = dc.user("Alice")
    await client.start()
    said = await alice.says("look", files=(("my cat.png", b"\x89PNG", "image/png"),))
    (attachment,) = (await client.next(hikari.DMMessageCreateEvent)).message.attachments
    assert (attachment.filename, attachment.title) == ("my_cat.png", "my cat")
    dc.cdn.expire()
    with pytest.raises(hikari.NotFoundError):
        await attachment.read()
    (fresh,) = (await client.bot.rest.fetch_message(alice.chat().id, said)).attachments
    assert await fresh.read() == b"\x89PNG"


async def test_a_file_that_is_too_large_is_refused(dc: DiscordEmulator, client: Client) -> None:
    dc.cdn.largest = 10
    await client.start()
    chat = dc.user("Alice").chat().id
    with pytest.raises(hikari.ClientHTTPResponseError) as refusal:
        await client.bot.rest.create_message(chat, attachment=hikari.Bytes(b"x" * 11, "x.txt"))
    assert refusal.value.status == 413
    assert b'"code":40005' in refusal.value.raw_body


async def test_roles_are_mentioned_and_code_mentions_nobody(
    dc: DiscordEmulator, client: Client
) -> None:
    alice, team = dc.user("Alice"), dc.guild("Team")
    general, mine = team.channel("general"), team.role_of(dc.bot)
    await client.start()
    await alice.says(f"<@&{mine}> and @everyone", in_=general)
    message = (await client.next(hikari.GuildMessageCreateEvent)).message
    assert [int(r) for r in message.role_mention_ids] == [mine]
    assert message.mentions_everyone
    await alice.says(f"`<@&{mine}> @everyone <@{dc.bot.id}>`", in_=general)
    message = (await client.next(hikari.GuildMessageCreateEvent)).message
    assert (list(message.role_mention_ids), list(message.user_mentions_ids)) == ([], [])
    assert not message.mentions_everyone
    quiet = await client.bot.rest.create_message(general.id, "@everyone")
    assert not quiet.mentions_everyone
