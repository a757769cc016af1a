"""One person on three platforms, over their real wires: linked, remembered, and parted."""

from pathlib import Path
from typing import Any

from state.history import AssistantEntry, UserEntry
from state.keys import SessionId
from tests.flows.stage import Stage
from tests.flows.three import PLATFORMS, Spot, until_all_are_well, world


async def hears(spot: Spot) -> str:
    (sent,) = await spot.hears()
    return str(sent.text)


async def told(spot: Spot, text: str) -> str:
    await spot.says(text)
    return await hears(spot)


async def joins(host: Spot, spot: Spot) -> None:
    """Whoever is at the host's makes a code there, enters it, and agrees."""
    code = (await told(host, "/pair")).partition("/pair ")[2][:8]
    assert "links you with Alice" in await told(spot, f"/pair {code}")
    assert "Linked" in await told(spot, f"/pair {code} yes")
    assert "is linked with you now" in await hears(host)


async def said(argent: Stage, session: str) -> list[tuple[str, str, str]]:
    """Who said what where, as the history has it."""
    return [
        (entry.address.channel, entry.sender.id, entry.content)
        for entry in await argent.sessions.entries(SessionId(session))
        if isinstance(entry, UserEntry)
    ]


async def test_a_person_pairs_is_remembered_and_parts_again(tmp_path: Path) -> None:
    async with world() as there:
        spots = await there.spots()
        telegram, discord, slack = (spots[platform][0] for platform in PLATFORMS)
        three = (telegram, discord, slack)
        alice = {spot.key.split(":")[0]: spot.key.split(":")[1] for spot in three}
        settings: dict[str, dict[str, Any]] = {
            platform: {"dm_policy": "pairing"} for platform in PLATFORMS
        }
        settings["telegram"]["owners"] = [alice["telegram"]]
        async with there.argent(tmp_path, settings) as argent:
            await until_all_are_well(argent)
            session = f"telegram_{alice['telegram']}_main"
            await telegram.talks("My cat is called Miez")
            await joins(telegram, discord)
            await joins(discord, slack)
            # Each answer goes where its question came from, and nowhere else.
            await discord.talks("What is my cat called?")
            await slack.talks("And here?")
            await telegram.talks("Thanks")
            seen = argent.model.requests[-1]
            assert len(seen) == 7, "each sees what was said in all three"
            assert await said(argent, session) == [
                ("telegram", alice["telegram"], "My cat is called Miez"),
                ("discord", alice["discord"], "What is my cat called?"),
                ("slack", alice["slack"], "And here?"),
                ("telegram", alice["telegram"], "Thanks"),
            ]
            answers = [
                entry
                for entry in await argent.sessions.entries(SessionId(session))
                if isinstance(entry, AssistantEntry)
            ]
            assert len(answers) == 4
            assert "on its own again" in await told(slack, "/unpair")
            assert "I don't know you yet" in await told(slack, "Who am I?")
            await discord.talks("Still me")
            assert (await said(argent, session))[-1][0] == "discord"
            rows = {row.id: row for row in await argent.ledger.listing()}
            assert rows[SessionId(session)].person == "alice"
