"""What stays of conversations when they end: everything, nothing, or what people say."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.asking import YES
from gateway.notices import notice
from state.choices import Persistence
from state.keys import SessionId
from state.lifecycle import Event, Phase
from state.messages import Sender
from state.spending import Per
from tests.flows.house import ANNS, DAY, HOUR, LATER, ROOMS, House, house
from tests.flows.stage import words

BOB = Sender("2", "Bob")
EVERYWHERE = {"gateway.db", "search.db", "history.json", "metadata.json"}


def names(found: list[str]) -> set[str]:
    return {Path(each).name.removesuffix("-wal") for each in found}


# never --------------------------------------------------------------------------------------------


async def test_no_byte_of_a_conversation_is_left_when_it_ended(tmp_path: Path) -> None:
    async with house(tmp_path, "never") as argent:
        await argent.talks()
        spent = await argent.state.ledger.spent(Per.SESSION, argent.clock.now().date())
        assert names(await argent.words()) >= EVERYWHERE
        before = await argent.facts()
        await argent.is_quiet(HOUR - timedelta(seconds=1))
        assert names(await argent.words()) >= EVERYWHERE
        await argent.is_quiet(timedelta(seconds=2))
        assert await argent.words() == []
        assert await argent.entries() == ()
        after = await argent.facts()
        assert (after.phase, after.messages, after.title) == (Phase.CREATED, 0, None)
        assert (after.totals, after.created_at) == (before.totals, before.created_at)
        assert after.log[-1].reason == "quiet for 1:00:00; its words are erased"
        assert await argent.state.ledger.spent(Per.SESSION, argent.clock.now().date()) == spent
        (row,) = await argent.state.ledger.listing()
        assert (row.phase, row.messages, row.title) == (Phase.CREATED, 0, None)


async def test_whoever_writes_again_begins_a_conversation_in_the_same_session(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, "never") as argent:
        await argent.says("My name is Ann")
        await argent.is_quiet()
        await argent.says("What is my name?")
        assert words(argent.model.requests[-1]) == ["What is my name?"]
        assert len(await argent.entries()) == 2
        assert await argent.state.sessions.ids() == (ANNS,)


async def test_a_title_that_somebody_gave_stays(tmp_path: Path) -> None:
    async with house(tmp_path, "never") as argent:
        await argent.talks()
        await argent.says("/title Plans")
        await argent.is_quiet()
        assert (await argent.facts()).title == "Plans"


@pytest.mark.parametrize("command", ["/clear", "/forget yes"])
async def test_no_byte_is_left_when_somebody_begins_anew(tmp_path: Path, command: str) -> None:
    async with house(tmp_path, "never") as argent:
        await argent.talks()
        told = notice("cleared_erased" if command == "/clear" else "forgotten")
        assert await argent.says(command) == told
        assert await argent.words() == []
        await argent.says("hello")
        assert words(argent.model.requests[-1]) == ["hello"]


async def test_no_byte_is_left_when_an_operator_archives_or_deletes(tmp_path: Path) -> None:
    async with house(tmp_path, "never") as argent:
        await argent.talks()
        life = argent.stage.gateway.life
        await argent.stage.gateway.in_lane(ANNS, lambda: life.archive(ANNS, reason="asked"))
        assert await argent.words() == []
        assert (await argent.facts()).phase is Phase.ARCHIVED
        await argent.talks()
        await argent.stage.gateway.in_lane(ANNS, lambda: life.delete(ANNS, keep=True))
        assert await argent.words() == []
        assert not (tmp_path / "deleted").exists()


async def test_what_was_deleted_of_a_session_before_goes_with_its_words(tmp_path: Path) -> None:
    async with house(tmp_path, "always") as argent:
        await argent.talks()
        await argent.stage.gateway.life.delete(ANNS, keep=True)
        await argent.says("/clear")
        await argent.talks()
        await argent.says("/clear")
        await argent.talks()
        await argent.says("/forget yes")
        assert await argent.words() == []


async def test_a_conversation_that_was_compacted_ends_like_any_other(tmp_path: Path) -> None:
    async with house(tmp_path, "never") as argent:
        await argent.talks()
        argent.model.memory.append("a summary")
        for number in range(12):
            await argent.says(f"word {number}")
        await argent.says("/compact")
        await argent.is_quiet()
        assert await argent.words() == []


async def test_a_conversation_that_became_due_while_nobody_looked_has_ended(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, "never") as argent:
        await argent.talks()
        await argent.closes()
        argent.clock.passes(2 * HOUR)
        await argent.opens()
        await argent.janitor_comes()
        assert await argent.words() == []


async def test_who_writes_before_the_janitor_comes_begins_anew_all_the_same(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, "never") as argent:
        await argent.says("My name is Ann")
        await argent.closes()
        argent.clock.passes(2 * HOUR)
        await argent.opens()
        await argent.says("What is my name?")
        assert words(argent.model.requests[-1]) == ["What is my name?"]


async def test_who_wrote_several_messages_before_the_start_begins_anew_all_the_same(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, "never") as argent:
        before = await argent.chat.says("My name is Ann")
        await argent.stage.settled()
        key = (await argent.facts()).key
        await argent.stage.stop(1.0)
        argent.clock.passes(LATER)
        for number, text in enumerate(("And now,", "what is my name?")):
            said = replace(before, source=f"last-{number}", id=f"last-{number}", text=text)
            await argent.state.ledger.accept(
                said, key=key, session=ANNS, entry=f"e{number}", at=argent.clock.now()
            )
        await argent.begins()
        await argent.stage.settled()
        assert words(argent.model.requests[-1]) == ["And now,\nwhat is my name?"]


async def test_a_doubtful_clock_erases_nothing_that_it_did_not_see_itself(tmp_path: Path) -> None:
    async with house(tmp_path, "never") as argent:
        await argent.says("My name is Ann")
        await argent.closes()
        argent.clock.passes(30 * DAY)
        await argent.opens()
        await argent.janitor_comes()
        assert len(await argent.entries()) == 2
        await argent.says("What is my name?")
        assert len(words(argent.model.requests[-1])) == 3
        await argent.is_quiet()
        assert await argent.entries() == ()


async def test_an_answer_that_is_owed_is_sent_before_its_words_go(tmp_path: Path) -> None:
    async with house(tmp_path, "never") as argent:
        await argent.says("hello")
        ledger, now = argent.state.ledger, argent.clock.now()
        message = await argent.chat.says("another", source="last")
        await argent.stage.settled()
        assert message.source == "last"
        finish = (await ledger.taken("telegram", "last"),)
        assert finish[0] is not None
        facts = await argent.facts()
        # As a part is that its platform does not take for now.
        accepted = await ledger.accept(
            replace(message, source="owed"), key=facts.key, session=ANNS, entry="e", at=now
        )
        assert accepted is not None
        (owed,) = await ledger.finish(
            accepted.seq,
            outcome="replied",  # type: ignore[arg-type]
            parts=[(message.address, argent.phone.sent[-1].part)],
            at=now,
        )
        await argent.is_quiet()
        assert len(await argent.entries()) == 4
        await ledger.failed(owed.id, "gone")
        await argent.is_quiet()
        assert await argent.entries() == ()


async def test_each_session_is_kept_as_its_rule_and_its_choice_say(tmp_path: Path) -> None:
    async with house(tmp_path, "always") as argent:
        await argent.says("hello")
        await argent.says_in_the_room("hello")
        facts = await argent.facts()
        chosen = replace(facts, choices=replace(facts.choices, persistence=Persistence.NEVER))
        await argent.stage.gateway.life.change(chosen)
        await argent.is_quiet()
        assert await argent.entries() == ()
        assert len(await argent.entries(ROOMS)) == 2
        assert "Words: erased after 1h of quiet, chosen here" in await argent.says("/status")


async def test_a_conversation_at_rest_ends_when_its_words_are_kept_no_more(tmp_path: Path) -> None:
    async with house(tmp_path, "always") as argent:
        await argent.talks()
        await argent.is_quiet(2 * HOUR)
        facts = await argent.facts()
        assert facts.phase is Phase.IDLE
        chosen = replace(facts, choices=replace(facts.choices, persistence=Persistence.NEVER))
        await argent.stage.gateway.life.change(chosen)
        await argent.janitor_comes()
        assert await argent.words() == []


# ask ----------------------------------------------------------------------------------------------


async def test_people_are_asked_once_where_they_last_spoke_and_silence_keeps(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, "ask") as argent:
        await argent.talks()
        await argent.is_quiet()
        assert argent.phone.sent[-1].part.text == notice("keep_or_erase")
        assert argent.phone.buttons() == ["/keep", "/forget"]
        assert argent.phone.sent[-1].address.chat == "1"
        sent = len(argent.phone.sent)
        await argent.is_quiet(DAY)
        await argent.closes()
        await argent.opens()
        await argent.is_quiet(3 * DAY)
        assert argent.phone.sent == []
        assert sent
        assert (await argent.facts()).phase is Phase.IDLE
        assert names(await argent.words()) >= {"search.db", "history.json"}


async def test_whoever_says_erase_is_asked_no_more_and_nothing_is_left(tmp_path: Path) -> None:
    async with house(tmp_path, "ask") as argent:
        await argent.talks()
        await argent.is_quiet()
        assert await argent.says("/forget") == notice("forgotten")
        assert await argent.words() == []
        await argent.is_quiet(2 * DAY)
        assert argent.phone.sent[-1].part.text == notice("forgotten")


async def test_whoever_says_keep_is_asked_again_only_after_more_was_said(tmp_path: Path) -> None:
    async with house(tmp_path, "ask") as argent:
        await argent.says("hello")
        await argent.is_quiet()
        assert await argent.says("/keep") == notice("kept")
        await argent.is_quiet(2 * DAY)
        assert argent.phone.sent[-1].part.text == notice("kept")
        await argent.says("hello again")
        await argent.is_quiet()
        assert argent.phone.sent[-1].part.text == notice("keep_or_erase")
        assert len(await argent.entries()) == 4


async def test_an_old_question_erases_nothing_that_was_said_since(tmp_path: Path) -> None:
    async with house(tmp_path, "ask") as argent:
        await argent.says("hello")
        await argent.is_quiet()
        await argent.says("hello again")
        assert await argent.says("/forget") == notice("forget_sure")
        assert argent.phone.buttons() == [f"/forget {YES}"]
        assert len(await argent.entries()) == 4


async def test_a_question_that_a_crash_came_behind_is_not_asked_twice(tmp_path: Path) -> None:
    async with house(tmp_path, "ask") as argent:
        await argent.says("hello")
        save = argent.state.sessions.save

        async def dies(_: object) -> None:
            raise OSError("killed here")

        argent.state.sessions.save = dies  # type: ignore[method-assign, assignment]
        await argent.is_quiet()
        argent.state.sessions.save = save  # type: ignore[method-assign]
        asked = [part for part in argent.phone.sent if part.part.buttons]
        assert len(asked) == 1
        await argent.closes()
        await argent.opens()
        await argent.is_quiet(HOUR)
        assert argent.phone.sent == []
        assert (await argent.facts()).phase is Phase.IDLE


async def test_clearing_asks_for_the_old_words(tmp_path: Path) -> None:
    async with house(tmp_path, "ask") as argent:
        await argent.talks()
        assert await argent.says("/clear") == notice("cleared_asking")
        assert argent.phone.buttons() == ["/keep", "/forget"]
        assert any("archive" in each for each in await argent.words())
        assert await argent.says("/forget") == notice("forgotten")
        assert await argent.words() == []


async def test_nobody_is_asked_about_what_is_put_away_at_once(tmp_path: Path) -> None:
    async with house(tmp_path, "ask") as argent:
        await argent.says("hello")
        await argent.closes()
        argent.clock.passes(40 * DAY)
        await argent.opens()
        await argent.janitor_comes()
        assert (await argent.facts()).phase is Phase.IDLE
        assert argent.phone.sent == []


async def test_a_group_is_asked_in_the_group_and_only_an_owner_erases(tmp_path: Path) -> None:
    async with house(tmp_path, "ask", owners=("2",)) as argent:
        await argent.says_in_the_room("hello")
        await argent.is_quiet()
        assert argent.phone.sent[-1].address.chat == "-7"
        assert argent.phone.buttons() == ["/keep", "/forget"]
        assert await argent.says_in_the_room("/forget") == notice("forget_owners")
        assert len(await argent.entries(ROOMS)) == 2
        assert await argent.says_in_the_room("/forget", BOB) == notice("forgotten")
        assert await argent.entries(ROOMS) == ()


# always, and /forget at any time ------------------------------------------------------------------


async def test_a_conversation_that_is_kept_goes_only_when_somebody_says_so_twice(
    tmp_path: Path,
) -> None:
    async with house(tmp_path, "always") as argent:
        assert await argent.says("/forget") == notice("nothing_to_forget")
        await argent.talks()
        await argent.is_quiet()
        assert "history.json" in names(await argent.words())
        assert await argent.says("/forget") == notice("forget_sure")
        assert "history.json" in names(await argent.words())
        assert await argent.says("/forget yes") == notice("forgotten")
        assert await argent.words() == []
        facts = await argent.facts()
        assert (facts.log[-1].event, facts.phase) == (Event.CLEAR, Phase.CREATED)


# Several agents -----------------------------------------------------------------------------------


async def test_each_agents_sessions_end_after_its_own_quiet(tmp_path: Path) -> None:
    coder: dict[str, Any] = {"coder": {"session": {"idle_after": 300, "persistence": "never"}}}

    async with house(tmp_path, "always", agents=coder) as argent:
        await two_agents(argent)
        await argent.is_quiet(timedelta(minutes=6))
        room = await argent.facts(ROOMS)
        assert (room.agent, room.phase, room.messages) == ("coder", Phase.CREATED, 0)
        assert (await argent.facts()).phase is Phase.ACTIVE
        await argent.is_quiet(LATER)
        assert (await argent.facts()).phase is Phase.IDLE


async def two_agents(argent: House) -> None:
    """Ann's room is answered by another agent than she is."""
    await argent.stage.stop(1.0)
    await argent.begins()
    argent.stage.settings["rules"] = {"rooms": {"type": "group", "agent": "coder"}}
    await argent.stage.restart()
    await argent.says("hello")
    await argent.says_in_the_room("hello")
    assert {row.id: row.agent for row in await argent.state.ledger.listing()} == {
        ANNS: "main",
        SessionId(ROOMS): "coder",
    }
