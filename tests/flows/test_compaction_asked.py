"""Summaries that somebody asks for, and those of sessions that rest."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from agents.tools.tool import Tool
from gateway.notices import notice
from gateway.occasion import Occasion
from gateway.routing import Route
from gateway.tools.fetch import FETCH, FetchArguments
from state.history import SummaryEntry, ToolCall
from state.keys import SessionKey, SessionType
from state.lifecycle import Phase
from state.quiet import Due
from state.session import Context
from tests.flows.stage import PATIENCE, Gate, Stage, stage, words
from tests.flows.test_compaction import SESSION, said, settings, talk

KEY = SessionKey("terminal", "local", SessionType.MAIN)


async def test_compact_summarises_what_was_said_and_tells_the_figures() -> None:
    async with stage() as argent:
        await talk(argent, 1, 12)
        before = await context(argent)
        await argent.says("/compact keep the names")
        (told,) = await argent.hears()
        after = await context(argent)
        assert after.tokens < before.tokens
        assert told == notice(
            "compacted_now", first=1, last=14, before=before.tokens, after=after.tokens
        )
        assert "“keep the names”" in argent.model.summarised[0]
        await argent.says("and now?")
        assert await argent.hears() == ["echo: and now?"]
        seen = words(argent.model.requests[-1])
        assert seen[0].startswith("[Summary of the 14 messages")
        assert seen[1:3] == [said(8), f"echo: {said(8)}"]


async def test_compact_undo_shows_the_model_everything_again() -> None:
    async with stage() as argent:
        await talk(argent, 1, 12)
        await argent.says("/compact undo")
        assert await argent.hears() == [notice("nothing_to_undo")]
        await argent.says("/compact")
        await argent.hears()
        await argent.says("/compact undo")
        (told,) = await argent.hears()
        assert told == notice("compaction_undone", tokens=(await context(argent)).tokens)
        await argent.says("and now?")
        await argent.hears()
        seen = words(argent.model.requests[-1])
        assert seen[0] == said(1)
        assert len(seen) == 25


async def test_a_new_conversation_has_nothing_to_compact() -> None:
    async with stage() as argent:
        await argent.says("/compact")
        assert await argent.hears() == [notice("nothing_to_compact")]
        await talk(argent, 1, 2)
        await argent.says("/compact")
        assert await argent.hears() == [notice("nothing_to_compact")]


async def test_a_stop_ends_a_compaction_that_somebody_asked_for() -> None:
    async with stage() as argent:
        await talk(argent, 1, 12)
        gate = Gate()
        argent.model.memory.append(gate)
        await argent.says("/compact")
        await gate.reached.wait()
        await argent.says("/stop")
        assert await argent.hears() == [notice("stopped")]
        assert not any(isinstance(e, SummaryEntry) for e in await argent.history())


async def test_people_are_told_of_a_summary_that_an_operator_asked_for() -> None:
    async with stage() as argent:
        await talk(argent, 1, 12)
        done = await argent.gateway.compact(Route(KEY, SESSION), None)
        assert done is not None
        told = notice("compacted", first=1, last=14)
        assert await talk(argent, 13, 14) == [
            f"*{told}*\n\necho: {said(13)}",
            f"echo: {said(14)}",
        ]


async def test_a_large_session_is_summarised_when_it_goes_to_rest() -> None:
    resting = settings(idle_after=3600, idle_compaction=0.3, max_context_tokens=4_000)
    async with stage(settings=resting) as argent:
        await talk(argent, 1, 7)
        before = await context(argent)
        await rest(argent)
        assert (await context(argent)).tokens < before.tokens
        (row,) = await argent.ledger.listing()
        assert row.phase is Phase.COMPACTED
        (answer,) = await talk(argent, 8, 8)
        assert answer.startswith("*I summarised messages 1-4 ")


async def test_a_session_that_rests_is_left_alone_unless_it_is_large() -> None:
    async with stage(settings=settings(idle_compaction=0.3)) as argent:
        await talk(argent, 1, 7)
        await rest(argent)
        (row,) = await argent.ledger.listing()
        assert row.phase is Phase.IDLE
        assert argent.model.summarised == []


async def rest(argent: Stage) -> None:
    """An hour passes, as the janitor sees it, and all that comes of it."""
    (row,) = await argent.ledger.listing()
    before = argent.gateway.clock.now() + timedelta(hours=1)
    await argent.gateway.lanes.run_between(
        SESSION,
        lambda: argent.gateway.life.settle(SESSION, Due.IDLE, before=before, reason="quiet"),
    )
    argent.gateway._rests(row)
    await asyncio.gather(*(t for t in argent.gateway._tasks if t.get_name() != "janitor"))
    await argent.settled()


async def context(argent: Stage) -> Context:
    loaded = await argent.sessions.load(SESSION)
    assert loaded is not None
    return loaded.session.context


async def test_an_address_that_only_a_summary_tells_was_put_together_by_a_model() -> None:
    fetched: list[str] = []

    def shelf(_: Occasion) -> Iterator[Tool[Any]]:
        async def run(given: FetchArguments) -> str:
            fetched.append(given.url)
            return "a page"

        cited = lambda given: given.url  # noqa: E731
        yield Tool(FETCH, FetchArguments, run, foreign=True, guarded=True, cited=cited)

    async with stage(shelves=[shelf]) as argent:
        argent.model.will((ToolCall("a", "fetch", '{"url": "https://example.org/"}'),), "I see.")
        await argent.says("look at https://example.org/")
        assert await argent.hears() == ["I see."]
        await talk(argent, 1, 12)
        argent.model.memory.append("They will look at https://example.org/?secret.")
        await argent.says("/compact")
        await argent.hears()
        call = ToolCall("c", "fetch", '{"url": "https://example.org/?secret"}')
        argent.model.will((call,), "Done.")
        await argent.says("go on")
        with argent.gateway.terminal.listen("local") as parts:
            async with asyncio.timeout(PATIENCE):
                asked = (await anext(aiter(parts))).part.text
        assert "/approve" in asked
        assert fetched == ["https://example.org/"]
