"""One message in, one durable answer out: in the terminal, with a model that does as told."""

import asyncio
from typing import Any

import pytest

from agents.errors import AuthFailed, ContextOverflow, Overloaded
from gateway.notices import notice
from state.history import AssistantEntry, SummaryEntry, ToolCall, ToolEntry, Usage, UserEntry
from state.lifecycle import Phase
from state.memory import MemoryLedger
from state.messages import Accepted, Outcome
from tests.flows.stage import PATIENCE, Gate, stage, words


async def test_a_question_is_answered_where_it_came_from() -> None:
    async with stage() as argent:
        await argent.says("hello")
        assert await argent.hears() == ["echo: hello"]


async def test_the_history_tells_who_said_what_and_that_it_is_finished() -> None:
    async with stage() as argent:
        await argent.says("hello")
        await argent.hears()
        asked, answered = await argent.history()
        assert isinstance(asked, UserEntry)
        assert asked.content == "hello"
        assert asked.sender.id == "local"
        assert isinstance(answered, AssistantEntry)
        assert answered.content == "echo: hello"
        assert answered.re == (asked.id,)


async def test_the_conversation_is_remembered_across_a_restart() -> None:
    async with stage() as argent:
        await argent.says("my name is Jason")
        await argent.hears()
        await argent.restart()
        await argent.says("what is my name?")
        await argent.hears()
        assert words(argent.model.requests[-1]) == [
            "my name is Jason",
            "echo: my name is Jason",
            "what is my name?",
        ]


async def test_the_same_message_delivered_twice_is_run_once_also_across_a_restart() -> None:
    async with stage() as argent:
        await argent.says("hello", source="m1")
        await argent.says("hello", source="m1")
        await argent.hears()
        await argent.restart()
        await argent.says("hello", source="m1")
        await argent.settled()
        assert len(argent.model.requests) == 1


async def test_a_message_is_answered_also_when_its_sender_leaves_while_it_is_stored() -> None:
    class Slow(MemoryLedger):
        stored, go_on = asyncio.Event(), asyncio.Event()

        async def accept(self, *args: Any, **facts: Any) -> Accepted | None:
            accepted = await super().accept(*args, **facts)
            self.stored.set()
            await self.go_on.wait()
            return accepted

    async with stage(ledger=Slow()) as argent:
        saying = asyncio.create_task(argent.says("hello", source="m1"))
        async with asyncio.timeout(PATIENCE):
            await Slow.stored.wait()
        saying.cancel()
        await asyncio.wait([saying])
        Slow.go_on.set()
        assert saying.cancelled()
        assert await argent.hears() == ["echo: hello"]


async def test_an_answer_that_nobody_heard_is_delivered_later_also_after_a_restart() -> None:
    async with stage() as argent:
        await argent.says("hello")
        await argent.settled()
        assert (await argent.ledger.counts()).owed == 1
        await argent.restart()
        assert await argent.hears() == ["echo: hello"]
        assert (await argent.ledger.counts()).owed == 0


async def test_a_message_without_an_outcome_runs_after_a_restart() -> None:
    async with stage() as argent:
        gate = Gate()
        argent.model.will(gate)
        await argent.says("hello")
        await gate.reached.wait()
        await argent.stop(0)
        assert len(await argent.ledger.pending()) == 1
        await argent.start()
        assert await argent.hears() == ["echo: hello"]
        assert len(await argent.history()) == 2


async def test_an_answer_that_is_in_the_history_is_not_thought_of_twice() -> None:
    async with stage() as argent:
        finish = argent.ledger.finish

        async def dies(*_: object, **__: object) -> None:
            raise asyncio.CancelledError

        argent.ledger.finish = dies  # type: ignore[method-assign, assignment]
        await argent.says("hello")
        await argent.settled()
        argent.ledger.finish = finish  # type: ignore[method-assign]
        assert len(await argent.history()) == 2
        await argent.restart()
        assert await argent.hears() == ["echo: hello"]
        assert len(argent.model.requests) == 1
        assert len(await argent.history()) == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Overloaded("529 secret-host:8443"), "overloaded"),
        (AuthFailed("key sk-123"), "unavailable"),
        (RuntimeError("Traceback"), "failed"),
    ],
)
async def test_a_failure_is_a_notice_and_never_a_raw_error(error: Exception, code: str) -> None:
    async with stage() as argent:
        argent.model.will(error)
        await argent.says("hello")
        assert await argent.hears() == [notice(code)]
        assert (await argent.ledger.counts()).outcomes == {Outcome.FAILED: 1}
        await argent.says("again")
        await argent.hears()
        # The model sees what was asked, and not what Argent said in its place.
        assert words(argent.model.requests[-1]) == ["hello", "again"]


async def test_even_a_defect_leaves_nobody_without_an_outcome() -> None:
    async with stage() as argent:

        async def broken(*_: object) -> tuple[int, ...]:
            raise TypeError("a bug")

        argent.sessions.append = broken  # type: ignore[method-assign]
        await argent.says("hello")
        assert await argent.hears() == [notice("failed")]
        assert await argent.ledger.pending() == ()


async def test_tools_and_their_results_are_kept_together() -> None:
    async with stage() as argent:
        argent.model.will((ToolCall("c1", "current_time", "{}"), ToolCall("c2", "nope", "{}")))
        await argent.says("what time is it?")
        (answer,) = await argent.hears()
        assert "nope" in answer
        _, calls, first, second, last = await argent.history()
        assert isinstance(calls, AssistantEntry)
        assert [c.id for c in calls.calls] == ["c1", "c2"]
        assert isinstance(first, ToolEntry)
        assert (first.call, first.failed) == ("c1", False)
        assert isinstance(second, ToolEntry)
        assert (second.call, second.failed) == ("c2", True)
        assert isinstance(last, AssistantEntry)
        assert last.re


async def test_stop_ends_the_answer_and_what_waits_behind_it() -> None:
    async with stage() as argent:
        gate = Gate()
        argent.model.will(gate)
        await argent.says("long story")
        await gate.reached.wait()
        await argent.says("and another one")
        await argent.says("/stop")
        assert await argent.hears() == [notice("stopped_some", waiting=1)]
        assert len(argent.model.requests) == 1
        assert (await argent.ledger.counts()).outcomes == {
            Outcome.DECLINED: 2,
            Outcome.REPLIED: 1,
        }


async def test_stop_counts_what_it_stopped_and_no_command_that_was_obeyed() -> None:
    async with stage() as argent:
        gate = Gate()
        argent.model.will(gate)
        await argent.says("long story")
        await gate.reached.wait()
        await argent.says("/status")
        await argent.says("/stop")
        status, stopped = await argent.hears(2)
        assert "Model:" in status
        assert stopped == notice("stopped")


async def test_stop_with_nothing_to_stop_says_so() -> None:
    async with stage() as argent:
        await argent.says("/stop")
        assert await argent.hears() == [notice("nothing_to_stop")]


async def test_clear_archives_the_words_and_begins_again() -> None:
    async with stage() as argent:
        await argent.says("my name is Jason")
        await argent.hears()
        await argent.says("/clear")
        assert await argent.hears() == [notice("cleared")]
        await argent.says("what is my name?")
        await argent.hears()
        assert words(argent.model.requests[-1]) == ["what is my name?"]
        (row,) = await argent.ledger.find("terminal:local:main")
        assert row.messages == 2
        assert row.phase is Phase.ACTIVE


async def test_help_and_status_do_not_ask_the_model() -> None:
    async with stage() as argent:
        await argent.says("/help")
        await argent.says("/status")
        helped, status = await argent.hears(2)
        assert "/new" in helped
        assert "terminal:local:main" in status
        assert argent.model.requests == []


async def test_more_than_the_queue_takes_is_declined_with_a_notice() -> None:
    async with stage(settings={"gateway": {"max_queue": 2}}) as argent:
        gate = Gate()
        argent.model.will(gate)
        for number in range(4):
            await argent.says(str(number))
        gate.open.set()
        texts = await argent.hears(4)
        assert sorted(texts) == sorted(
            ["echo: 0", "echo: 1", *[notice("queue_full", waiting=2)] * 2]
        )


async def test_a_context_that_grows_too_large_is_compacted_and_the_history_keeps_all() -> None:
    # Tools take room beside what is said.
    small = {"agents": {"defaults": {"tools": [], "session": {"max_context_tokens": 1000}}}}
    async with stage(settings=small) as argent:
        for number in range(30):
            await argent.says(f"{number} " + "x" * 300)
            await argent.hears()
        seen = words(argent.model.requests[-1])
        assert len(seen) < 20
        assert seen[-1].startswith("29 ")
        assert seen[0].startswith("[Summary of the 5")
        assert seen[0].endswith("messages before this one:]\nThey talked.")
        said = [each for each in await argent.history() if not isinstance(each, SummaryEntry)]
        assert len(said) == 60


async def test_a_provider_that_finds_the_context_too_long_is_asked_once_more_with_less() -> None:
    async with stage() as argent:
        for number in range(4):
            await argent.says(f"message {number}")
            await argent.hears()
        argent.model.will(ContextOverflow("too long"))
        await argent.says("and now?")
        assert (await argent.hears())[0].endswith("\n\necho: and now?")
        assert len(argent.model.requests[-1]) < len(argent.model.requests[-2])


async def test_a_question_that_fails_after_room_was_made_is_part_of_what_is_left() -> None:
    async with stage() as argent:
        for number in range(4):
            await argent.says(f"message {number}")
            await argent.hears()
        argent.model.will(ContextOverflow("too long"), ContextOverflow("still too long"))
        await argent.says("and now?")
        assert await argent.hears() == [notice("too_long")]
        await argent.says("go on")
        await argent.hears()
        seen = words(argent.model.requests[-1])
        assert "message 0" not in seen
        assert seen[-2:] == ["and now?", "go on"]
        (row,) = await argent.ledger.listing()
        history = await argent.history()
        assert row.messages == sum(not isinstance(e, SummaryEntry) for e in history) == 12


async def test_usage_is_the_provider_s_own_where_it_counts() -> None:
    async with stage() as argent:
        argent.model.usage = Usage(input=812, output=9)
        await argent.says("hello")
        await argent.hears()
        loaded = await argent.sessions.load((await argent.ledger.listing())[0].id)
        assert loaded is not None
        assert loaded.session.totals.usage == Usage(812, 9)
        assert loaded.session.context.tokens == 821
