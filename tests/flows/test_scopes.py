"""A guild's rooms share a session, or each has its own: a switch loses neither."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels.channel import Condition
from tests.emulators.discord import DiscordEmulator
from tests.flows.bot import bots, discord_account
from tests.flows.stage import Stage, words
from tests.flows.three import Spot, until


@dataclass
class Guild:
    """A guild with two rooms and a thread, and a room of another guild."""

    discord: DiscordEmulator
    id: str
    rooms: Sequence[Spot]
    elsewhere: Spot

    @asynccontextmanager
    async def argent(self, folder: Path, **account: Any) -> AsyncIterator[Stage]:
        """A gateway on the same folder as before, with these settings of the account."""
        accounts = {"discord": discord_account(self.discord, **account)}
        async with bots(folder, accounts) as stage:
            await until(stage, "discord", Condition.HEALTHY)
            yield stage


@asynccontextmanager
async def guild() -> AsyncIterator[Guild]:
    async with DiscordEmulator() as discord:
        alice = discord.user("Alice")
        team, other = discord.guild("Team"), discord.guild("Other")
        general, random = team.channel("general"), team.channel("random")

        def spot(key: str, place: Any) -> Spot:
            mention = f"<@{discord.bot.id}> "
            return Spot(
                f"discord:{key}",
                lambda text: alice.says(mention + text, in_=place),
                lambda: alice.hears(in_=place),
            )

        thread, lobby = general.thread("Ops"), other.channel("lobby")
        rooms = (
            spot(f"{general.id}:group", general),
            spot(f"{random.id}:group", random),
            spot(f"{general.id}/{thread.id}:topic", thread),
        )
        yield Guild(discord, str(team.id), rooms, spot(f"{lobby.id}:group", lobby))


def asked(argent: Stage) -> list[str]:
    """What Alice had said in all, in the conversation that the model saw last."""
    return [line for line in words(argent.model.requests[-1]) if line.startswith("Alice: ")]


async def keys(argent: Stage) -> set[str]:
    return {str(row.key) for row in await argent.ledger.listing()}


async def test_a_switch_to_a_shared_session_and_back_keeps_every_conversation(
    tmp_path: Path,
) -> None:
    async with guild() as there:
        apart = {spot.key for spot in (*there.rooms, there.elsewhere)}
        shared = f"discord:{there.id}:group"
        async with there.argent(tmp_path) as argent:
            for spot in (*there.rooms, there.elsewhere):
                await spot.talks(f"one in {spot.key}")
            assert await keys(argent) == apart
        collapsed = {"scopes": {there.id: "collapsed", "of nobody": "collapsed"}}
        async with there.argent(tmp_path, **collapsed) as argent:
            for spot in there.rooms:
                await spot.talks(f"two in {spot.key}")
            assert asked(argent) == [f"Alice: two in {spot.key}" for spot in there.rooms]
            await there.elsewhere.talks("two")
            assert asked(argent) == [f"Alice: one in {there.elsewhere.key}", "Alice: two"]
            assert await keys(argent) == {*apart, shared}
        async with there.argent(tmp_path) as argent:
            for spot in there.rooms:
                await spot.talks("three")
                assert asked(argent) == [f"Alice: one in {spot.key}", "Alice: three"]
        async with there.argent(tmp_path, channel_scope="collapsed") as argent:
            await there.rooms[0].talks("four")
            assert asked(argent) == [
                *(f"Alice: two in {spot.key}" for spot in there.rooms),
                "Alice: four",
            ]
            assert shared in await keys(argent)


async def test_an_account_may_share_what_one_guild_keeps_apart(tmp_path: Path) -> None:
    async with guild() as there:
        account = {"channel_scope": "collapsed", "scopes": {there.id: "per-channel"}}
        async with there.argent(tmp_path, **account) as argent:
            for spot in (*there.rooms, there.elsewhere):
                await spot.talks("hello")
            found = await keys(argent)
            assert {spot.key for spot in there.rooms} < found
            assert there.elsewhere.key not in found
