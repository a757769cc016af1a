"""Conversations that nobody gave a title are called by what is said in them."""

import asyncio
from typing import Any

from agents import titling
from agents.errors import Overloaded
from gateway.notices import notice
from state.history import Usage
from state.keys import SessionId
from state.spending import Per
from state.store import Ledger
from tests.flows.chat import chat
from tests.flows.stage import PATIENCE, Gate, Grows, Stage, stage, words
from tests.flows.town import ALICE, BOB, OPEN, town
from tests.unit.gateway.messages import AT

BASE = SessionId("terminal_local_main")


def titles(mode: str) -> dict[str, Any]:
    return {"agents": {"defaults": {"session": {"titles": mode}}}}


async def entitled(argent: Stage) -> None:
    """Wait until no title is being made any more."""
    making = [task for task in asyncio.all_tasks() if task.get_name().startswith("title of")]
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*making)
    await argent.settled()


async def title(ledger: Ledger, session: str = BASE) -> str | None:
    (row,) = await ledger.family(SessionId(session))
    return row.title


async def test_by_its_first_words_which_costs_no_call_and_stays() -> None:
    async with stage() as argent:
        await argent.says("see https://example.org: *how* do I fix this tap?")
        await argent.hears()
        assert await title(argent.ledger) == "see how do I fix this…"
        await argent.says("thanks")
        await argent.hears()
        await argent.restart()
        assert await title(argent.ledger) == "see how do I fix this…"
        assert len(argent.model.requests) == 2
        loaded = await argent.sessions.load(BASE)
        assert loaded is not None
        assert loaded.session.titled


async def test_by_none_where_that_is_set() -> None:
    async with stage(settings=titles("off")) as argent:
        await argent.says("hello")
        await argent.hears()
        assert await title(argent.ledger) is None


async def test_a_room_is_not_called_by_what_is_said_in_it() -> None:
    async with town(**OPEN) as place:
        await place.in_group(ALICE, "hello")
        await place.hears("-5")
        await place.in_group(BOB, "hello", thread="3")
        await place.hears("-5")
        assert {row.title for row in await place.stage.ledger.listing()} == {None}


async def test_by_the_model_once_after_the_first_answer_and_beside_the_conversation() -> None:
    async with stage(settings=titles("model")) as argent:
        thinking = Gate()
        argent.model.will("Turn the valve.", Grows((thinking, "Title: Fixing a tap")))
        argent.model.usage = Usage(10, 5)
        await argent.says("my tap drips")
        assert await argent.hears() == ["Turn the valve."]
        await thinking.reached.wait()
        assert await title(argent.ledger) is None
        assert argent.model.systems[-1] == titling.INSTRUCTIONS
        asked = words(argent.model.requests[-1])[0]
        assert "> my tap drips" in asked
        assert "> Turn the valve." in asked
        # The conversation goes on meanwhile, and asks for no second title.
        await argent.says("thanks")
        assert await argent.hears() == ["echo: thanks"]
        thinking.open.set()
        await entitled(argent)
        assert await title(argent.ledger) == "Fixing a tap"
        await argent.says("bye")
        await argent.hears()
        await entitled(argent)
        assert len(argent.model.requests) == 4
        spent = await argent.ledger.spent(Per.SESSION, AT.date().replace(year=2000))
        assert spent[BASE].tokens == 4 * 15


async def test_by_the_words_where_the_model_has_no_title() -> None:
    for no_title in (Overloaded("busy"), "...", "x" * 2):
        async with stage(settings=titles("model")) as argent:
            argent.model.will("Turn the valve.", no_title)
            await argent.says("my tap drips")
            await argent.hears()
            await entitled(argent)
            by_model = no_title == "xx"
            assert await title(argent.ledger) == ("xx" if by_model else "my tap drips")


async def test_a_model_that_writes_and_writes_is_not_listened_to_for_long() -> None:
    async with stage(settings=titles("model")) as argent:
        never = Gate()
        argent.model.will("Turn the valve.", Grows(("word " * 200, never)))
        await argent.says("my tap drips")
        await argent.hears()
        await entitled(argent)
        assert (await title(argent.ledger) or "").startswith("word word")
        assert not never.reached.is_set()


async def test_no_budget_is_spent_on_a_title_when_it_is_used_up() -> None:
    async with stage(settings=titles("model") | {"budget": {"tokens_per_day": 10}}) as argent:
        argent.model.usage = Usage(10, 5)
        await argent.says("my tap drips")
        await argent.hears()
        await entitled(argent)
        assert await title(argent.ledger) == "my tap drips"
        assert len(argent.model.requests) == 1


async def test_what_somebody_calls_it_meanwhile_stays() -> None:
    async with stage(settings=titles("model")) as argent:
        thinking = Gate()
        argent.model.will("Turn the valve.", Grows((thinking, "Fixing a tap")))
        await argent.says("my tap drips")
        await argent.hears()
        await thinking.reached.wait()
        await argent.says("/rename Water")
        assert await argent.hears() == [notice("title_set", title="Water")]
        thinking.open.set()
        await entitled(argent)
        assert await title(argent.ledger) == "Water"


async def test_a_conversation_begun_anew_is_not_called_by_the_old_one() -> None:
    async with stage(settings=titles("model")) as argent:
        thinking = Gate()
        argent.model.will("Turn the valve.", Grows((thinking, "Fixing a tap")))
        await argent.says("my tap drips")
        await argent.hears()
        await thinking.reached.wait()
        await argent.says("/clear")
        await argent.hears()
        thinking.open.set()
        await entitled(argent)
        assert await title(argent.ledger) is None


async def test_a_title_goes_with_the_message_that_was_deleted() -> None:
    async with chat(deletions="erase") as room:
        message = await room.says("my secret is 42")
        await room.stage.settled()
        ledger = room.stage.ledger
        assert await title(ledger, "telegram_1_dm") == "my secret is 42"
        await room.deletes(message)
        await room.stage.settled()
        assert await title(ledger, "telegram_1_dm") is None
        await room.says("forget it")
        await room.stage.settled()
        assert await title(ledger, "telegram_1_dm") == "forget it"


async def test_a_title_that_the_last_turn_began_does_not_outlive_the_gateway() -> None:
    argent = Stage(settings=titles("model"))
    await argent.start()
    thinking, naming = Gate(), Gate()
    argent.model.will(thinking, naming)
    await argent.says("my tap drips")
    await thinking.reached.wait()
    stopping = asyncio.create_task(argent.stop())
    while not argent.gateway.lanes._closing:  # noqa: ASYNC110
        await asyncio.sleep(0)
    thinking.open.set()
    await stopping
    left = [task.get_name() for task in asyncio.all_tasks()]
    assert not [name for name in left if name.startswith("title of")]
