"""One person keeps several conversations with Argent, and goes from one to another in one chat."""

import asyncio
from pathlib import Path

from gateway.notices import notice
from state.keys import SessionId, SessionKey, SessionType
from state.messages import Button
from tests.emulators.telegram import TelegramEmulator
from tests.flows.bot import bot
from tests.flows.chat import chat
from tests.flows.stage import PATIENCE, Gate, Stage, stage, words
from tests.flows.town import ALICE, BOB, OPEN, town

BASE = SessionId("terminal_local_main")
TAX = SessionId(f"{BASE}.tax")


async def asks(argent: Stage, text: str) -> str:
    """What the terminal hears when it says this."""
    await argent.says(text)
    (heard,) = await argent.hears()
    return heard


async def called(argent: Stage) -> dict[str, str | None]:
    """The terminal's sessions, and their titles."""
    return {row.id.removeprefix(BASE): row.title for row in await argent.ledger.family(BASE)}


async def test_a_new_conversation_leaves_the_old_one_as_it_is() -> None:
    async with stage() as argent:
        await asks(argent, "my name is Jason")
        assert await asks(argent, "/new Tax") == notice("begun_as", called="`Tax`")
        await asks(argent, "what is my name?")
        assert words(argent.model.requests[-1]) == ["what is my name?"]
        assert (await asks(argent, "/session main")).startswith("This is `main` – ")
        await asks(argent, "and now?")
        assert words(argent.model.requests[-1])[0] == "my name is Jason"
        facts = await argent.sessions.load(TAX)
        assert facts is not None
        assert (facts.session.base, facts.session.name, facts.session.messages) == (BASE, "Tax", 2)


async def test_what_follows_a_switch_is_in_the_new_session_though_the_old_one_is_busy() -> None:
    async with stage() as argent:
        thinking = Gate()
        argent.model.will(thinking)
        await argent.says("think hard")
        await thinking.reached.wait()
        await argent.says("/new tax")
        await argent.says("how much is it?")
        # Both are answered while the other conversation still waits for its model.
        begun, answer = await arrived(argent, 2)
        assert (begun, answer) == (notice("begun_as", called="`tax`"), "echo: how much is it?")
        await argent.says("/session main")
        await argent.says("done?")
        thinking.open.set()
        late = await argent.hears(3)
        assert [late[0], late[2]] == ["echo: think hard", "echo: done?"]
        assert len(await argent.history(TAX)) == 2


async def arrived(argent: Stage, count: int) -> list[str]:
    """What arrives while another session is at work."""
    heard: list[str] = []
    with argent.gateway.terminal.listen() as parts:
        async with asyncio.timeout(PATIENCE):
            async for part in parts:
                heard.append(part.part.text)
                if len(heard) == count:
                    return heard
    return heard


async def test_the_chosen_one_is_chosen_still_after_a_restart_and_each_has_its_title() -> None:
    async with stage() as argent:
        await asks(argent, "why is the sky blue?")
        assert await asks(argent, "/new") == notice("begun")
        assert await asks(argent, "/new") == notice("begun")
        await argent.restart()
        await asks(argent, "how do I fix a tap?")
        titles = await called(argent)
        (side,) = titles.keys() - {""}
        assert titles == {"": "why is the sky blue?", side: "how do I fix a tap?"}
        assert await asks(argent, "/session why is") == (
            "This is `main` – “why is the sky blue?”, 2 messages, active just now."
        )
        await argent.restart()
        await asks(argent, "are you sure?")
        assert words(argent.model.requests[-1])[0] == "why is the sky blue?"


async def test_they_are_listed_with_a_button_for_each_other_one() -> None:
    async with stage() as argent:
        await asks(argent, "hello")
        await asks(argent, "/new Tax")
        await argent.says("/sessions")
        with argent.gateway.terminal.listen() as parts:
            owed = await anext(aiter(parts))
        *lines, _, how = owed.part.text.splitlines()
        assert lines == [
            "1. `Tax` – no messages ← here",
            "2. `main` – “hello”, 2 messages, active just now",
        ]
        assert how == notice("sessions_how")
        assert owed.part.buttons == (Button("main", "/session main"),)
        assert await asks(argent, "/session") == owed.part.text


async def test_a_name_that_leads_nowhere_is_said_to_and_the_chat_stays() -> None:
    async with stage() as argent:
        await asks(argent, "/new tax")
        await asks(argent, "/new taxi")
        told = await asks(argent, "/session holiday")
        assert told.startswith("There is no conversation `holiday`. There are: ")
        assert all(name in told for name in ("`tax`", "`taxi`", "`main`"))
        assert await asks(argent, "/new main") == notice("name_unfit", most=40, main="main")
        await asks(argent, "in the taxi")
        assert await asks(argent, "/new TAXI") == notice("name_taken", called="`TAXI`")
        await asks(argent, "still in the taxi?")
        assert len(await argent.history(f"{BASE}.taxi")) == 4


async def test_a_conversation_is_renamed_and_the_first_one_gets_a_title() -> None:
    async with stage() as argent:
        assert await asks(argent, "/rename") == notice("rename_how")
        assert await asks(argent, "/rename Our house") == notice("title_set", title="Our house")
        await asks(argent, "/new tax")
        assert await asks(argent, "/rename Tax 2025") == notice("renamed", called="`Tax 2025`")
        await asks(argent, "/new tax")
        assert await asks(argent, "/rename tax-2025") == notice("name_taken", called="`tax-2025`")
        await argent.restart()
        assert (await asks(argent, "/session tax 2")).startswith("This is `Tax 2025`")
        await asks(argent, "hello")
        assert (await called(argent))[""] == "Our house"
        assert len(await argent.history(TAX)) == 2


async def test_clear_clears_the_conversation_that_the_chat_is_in() -> None:
    async with stage() as argent:
        await asks(argent, "hello")
        await asks(argent, "/new tax")
        await asks(argent, "how much?")
        assert await asks(argent, "/clear") == notice("cleared")
        assert await argent.history(TAX) == ()
        assert await called(argent) == {"": "hello", ".tax": None}
        await asks(argent, "less than before?")
        assert (await called(argent))[".tax"] == "less than before?"


async def test_a_chat_whose_conversation_was_deleted_is_back_where_it_began() -> None:
    async with stage() as argent:
        await asks(argent, "my name is Jason")
        await asks(argent, "/new tax")
        await asks(argent, "how much?")
        await argent.gateway.in_lane(TAX, lambda: argent.gateway.life.delete(TAX))
        await asks(argent, "who am I?")
        assert words(argent.model.requests[-1])[0] == "my name is Jason"
        await argent.restart()
        assert (await asks(argent, "/session tax")).startswith("There is no conversation `tax`")


async def test_an_archived_conversation_is_gone_to_and_restored_by_what_is_said() -> None:
    async with stage() as argent:
        await asks(argent, "/new tax")
        await asks(argent, "how much?")
        await asks(argent, "/session main")
        await argent.gateway.in_lane(TAX, lambda: argent.gateway.life.archive(TAX, reason="test"))
        assert "archived" in await asks(argent, "/sessions")
        await asks(argent, "/session tax")
        await asks(argent, "and now?")
        assert words(argent.model.requests[-1]) == ["how much?", "echo: how much?", "and now?"]


async def test_a_command_that_comes_again_switches_nothing_back() -> None:
    async with stage() as argent:
        await argent.says("/new tax", source="m1")
        await argent.hears()
        await asks(argent, "/session main")
        await argent.says("/new tax", source="m1")
        await argent.settled()
        await asks(argent, "hello")
        assert await argent.history(TAX) == ()
        assert len(await argent.history()) == 2


async def test_two_chats_of_one_person_each_go_on_where_they_chose() -> None:
    async with town(**OPEN) as place:
        ledger, base = place.stage.ledger, SessionId("telegram_1_dm")
        await ledger.set_alias(SessionKey("telegram", "2", SessionType.DM), base)
        await place.stage.gateway.aliases_changed()
        await place.says(ALICE, "/new tax")
        await place.hears("1")
        await place.says(BOB, "from the other phone")
        await place.hears("2")
        await place.says(BOB, "/session tax")
        assert (await place.hears("2"))[0].startswith("This is `tax` – no messages")
        await place.says(BOB, "how much?")
        await place.hears("2")
        await place.says(ALICE, "and in euros?")
        await place.hears("1")
        assert words(place.stage.model.requests[-1])[0] == "how much?"
        await place.says(ALICE, "/session main")
        await place.hears("1")
        await place.stage.restart()
        await place.says(BOB, "still tax?")
        await place.hears("2")
        assert words(place.stage.model.requests[-1])[0] == "how much?"
        await place.says(ALICE, "who else is here?")
        await place.hears("1")
        assert words(place.stage.model.requests[-1])[0] == "from the other phone"
        assert len(await ledger.family(base)) == 2


async def test_nobody_gets_into_another_person_s_conversations() -> None:
    async with town(**OPEN) as place:
        await place.says(ALICE, "/new diary")
        await place.hears("1")
        await place.says(ALICE, "my secret is 42")
        await place.hears("1")
        await place.says(BOB, "/session diary")
        assert (await place.hears("2"))[0].startswith("There is no conversation `diary`")
        await place.says(BOB, "/session telegram_1_dm.diary")
        assert (await place.hears("2"))[0].startswith("There is no conversation")
        await place.says(BOB, "what is the secret?")
        await place.hears("2")
        assert words(place.stage.model.requests[-1]) == ["what is the secret?"]


async def test_a_group_has_one_conversation_which_new_begins_anew() -> None:
    async with town(**OPEN, owners=["1"]) as place:
        await place.in_group(ALICE, "hello")
        await place.hears("-5")
        for command in ("/sessions", "/session main", "/rename team"):
            await place.in_group(BOB, command)
            assert await place.hears("-5") == [notice("private_only")]
        await place.in_group(ALICE, "/new team")
        assert await place.hears("-5") == [notice("cleared")]
        (row,) = await place.stage.ledger.listing()
        assert (row.messages, row.title) == (0, None)


async def test_a_message_that_is_edited_into_a_switch_switches_nothing() -> None:
    async with chat() as room:
        thinking = Gate()
        room.stage.model.will(thinking)
        await room.says("think hard")
        await thinking.reached.wait()
        message = await room.says("and then?")
        await room.edits(message, "/new tax")
        thinking.open.set()
        await room.sees("echo: think hard", notice("not_by_edit", command="/new"))
        await room.says("hello")
        await room.stage.settled()
        assert len(await room.stage.ledger.family(SessionId("telegram_1_dm"))) == 1


async def test_in_telegram_a_button_of_the_list_goes_there(tmp_path: Path) -> None:
    async with TelegramEmulator() as tg:
        alice = tg.user("Alice")
        async with bot(tg, tmp_path) as argent:
            await alice.says("my name is Alice")
            await alice.hears()
            await alice.says("/new Tax 2025")
            await alice.hears()
            await alice.says("/sessions")
            (listed,) = await alice.hears()
            assert listed.text.splitlines()[0] == "1. Tax 2025 – no messages ← here"
            await alice.presses("main", message=listed.message)
            (told,) = await alice.hears()
            assert told.text.startswith("This is main – “my name is Alice”")
            await alice.says("who am I?")
            await alice.hears()
            assert words(argent.model.requests[-1])[0] == "my name is Alice"
        folders = tmp_path / "agents" / "main" / "sessions"
        base = f"telegram_{alice.id}_dm"
        assert {each.name for each in folders.iterdir()} == {base, f"{base}.tax-2025"}
