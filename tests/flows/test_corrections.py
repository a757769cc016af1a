"""Edits and deletions at every moment of a message: waiting, being answered, answered, crashed."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from gateway.notices import notice
from state.history import AssistantEntry, CorrectionEntry, DeletionEntry, UserEntry
from state.messages import InboundMessage, Outcome, Sender
from tests.flows.chat import Chat, chat
from tests.flows.stage import Gate, Grows, words


@pytest.fixture(params=["memory", "files"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Where the state is; None for the reference stores."""
    return tmp_path if request.param == "files" else None


async def asked(argent: Chat, text: str) -> tuple[InboundMessage, Gate]:
    """A question whose turn waits at a gate."""
    gate = Gate()
    argent.stage.model.will(gate)
    message = await argent.says(text)
    await gate.reached.wait()
    return message, gate


async def saw(argent: Chat, text: str) -> list[str]:
    """What the model sees when this is asked next."""
    await argent.says(text)
    await argent.stage.settled()
    return words(argent.stage.model.requests[-1])


async def outcomes(argent: Chat) -> dict[str, int]:
    return dict((await argent.stage.ledger.counts()).outcomes)


async def crashing(argent: Chat, change: Awaitable[None]) -> None:
    """Take a change over, and stop as hard as the gateway can before it has an effect."""
    await change
    await argent.stage.stop(0)
    await argent.stage.start()


async def test_a_question_that_waits_is_asked_as_it_reads_now(folder: Path | None) -> None:
    async with chat(folder) as argent:
        _, gate = await asked(argent, "first")
        second = await argent.says("tea")
        await argent.edits(second, "cofee")
        await argent.edits(second, "coffee")
        gate.open.set()
        await argent.sees("echo: first", "echo: coffee")
        assert await outcomes(argent) == {Outcome.REPLIED: 2, Outcome.RECORDED: 2}


async def test_the_history_holds_a_question_as_it_was_answered(folder: Path | None) -> None:
    async with chat(folder) as argent:
        _, gate = await asked(argent, "first")
        await argent.edits(await argent.says("tea"), "coffee")
        gate.open.set()
        await argent.sees("echo: first", "echo: coffee")
        *_, question, answer = await argent.history()
        assert isinstance(question, UserEntry)
        assert question.content == "coffee"
        assert isinstance(answer, AssistantEntry)


async def test_a_question_that_is_being_answered_is_answered_as_it_reads_now(
    live: None, folder: Path | None
) -> None:
    async with chat(folder) as argent:
        argent.stage.model.will(Grows(("Tea is", Gate())))
        question = await argent.says("tea")
        await argent.glimpses("Tea is")
        await argent.edits(question, "coffee")
        await argent.sees("echo: coffee")
        assert len(await argent.history()) == 2
        assert await outcomes(argent) == {Outcome.REPLIED: 1, Outcome.RECORDED: 1}


async def test_an_answered_question_reads_differently_in_its_old_place(folder: Path | None) -> None:
    async with chat(folder) as argent:
        question = await argent.says("I like tea")
        await argent.sees("echo: I like tea")
        await argent.edits(question, "I like coffee")
        await argent.stage.settled()
        assert len(argent.stage.model.requests) == 1
        expected = ["I like coffee", "echo: I like tea", "what do I like?"]
        assert await saw(argent, "what do I like?") == expected
        said, _, correction, *_ = await argent.history()
        assert isinstance(said, UserEntry)
        assert said.content == "I like tea"
        assert isinstance(correction, CorrectionEntry)


async def test_a_correction_of_what_left_the_context_is_told_in_words(folder: Path | None) -> None:
    async with chat(folder, max_context_tokens=1000) as argent:
        question = await argent.says("I like tea")
        for number in range(12):
            await argent.says(f"{number} " + "x" * 300)
            await argent.stage.settled()
        assert "I like tea" not in words(argent.stage.model.requests[-1])
        await argent.edits(question, "I like coffee")
        *_, told, _ = await saw(argent, "what do I like?")
        assert told == "[The user changed an earlier message; it now reads:]\nI like coffee"


async def test_nobody_changes_what_somebody_else_said(folder: Path | None) -> None:
    async with chat(folder) as argent:
        question = await argent.says("I like tea")
        await argent.sees("echo: I like tea")
        await argent.edits(question, "I like coffee", by=Sender("2", "Bob"))
        assert (await saw(argent, "and now?"))[0] == "I like tea"


async def test_a_correction_of_what_was_never_taken_over_is_nothing(folder: Path | None) -> None:
    async with chat(folder) as argent:
        known = await argent.says("hello")
        await argent.sees("echo: hello")
        never = InboundMessage(
            "unknown", "99", known.address, known.kind, known.sender, "", known.at
        )
        await argent.edits(never, "hello bot")
        await argent.deletes(never)
        await argent.stage.settled()
        assert await outcomes(argent) == {Outcome.REPLIED: 1}


@pytest.mark.parametrize("change", ["edit", "deletion"])
async def test_after_a_crash_a_question_is_asked_as_it_reads_now(
    change: str, folder: Path | None
) -> None:
    async with chat(folder) as argent:
        question, _ = await asked(argent, "tea")
        # The turn has no time to obey before the end comes.
        if change == "edit":
            await crashing(argent, argent.edits(question, "coffee"))
            await argent.sees("echo: coffee")
            assert await outcomes(argent) == {Outcome.REPLIED: 1, Outcome.RECORDED: 1}
        else:
            await crashing(argent, argent.deletes(question))
            await argent.stage.settled()
            await argent.sees()
            assert await outcomes(argent) == {Outcome.DECLINED: 1, Outcome.RECORDED: 1}
        assert await argent.stage.ledger.pending() == ()


@pytest.mark.parametrize("change", ["edit", "deletion"])
async def test_a_change_that_is_in_the_history_is_not_made_twice(
    change: str, folder: Path | None
) -> None:
    async with chat(folder) as argent:
        question = await argent.says("I like tea")
        await argent.sees("echo: I like tea")
        finish = argent.stage.ledger.finish

        async def dies(*_: object, **__: object) -> Any:
            raise asyncio.CancelledError

        argent.stage.ledger.finish = dies  # type: ignore[method-assign]
        if change == "edit":
            await argent.edits(question, "I like coffee")
        else:
            await argent.deletes(question)
        await argent.stage.settled()
        argent.stage.ledger.finish = finish  # type: ignore[method-assign]
        await argent.stage.restart()
        await argent.stage.settled()
        assert len(await argent.history()) == 3
        assert await argent.stage.ledger.pending() == ()


async def test_a_message_that_is_deleted_while_it_waits_is_not_answered(
    folder: Path | None,
) -> None:
    async with chat(folder) as argent:
        _, gate = await asked(argent, "first")
        await argent.says("second")
        oops = await argent.says("my password")
        await argent.says("third")
        await argent.deletes(oops)
        gate.open.set()
        await argent.sees("echo: first", "echo: second\nthird")
        assert [getattr(entry, "content", "") for entry in await argent.history()] == [
            "first", "echo: first", "second", "third", "echo: second\nthird",
        ]  # fmt: skip
        counted = {Outcome.REPLIED: 3, Outcome.DECLINED: 1, Outcome.RECORDED: 1}
        assert await outcomes(argent) == counted


async def test_a_message_that_is_deleted_while_it_is_answered_leaves_no_trace(
    live: None, folder: Path | None
) -> None:
    async with chat(folder) as argent:
        argent.stage.model.will(Grows(("Your password", Gate())))
        oops = await argent.says("my password")
        await argent.glimpses("Your password")
        await argent.deletes(oops)
        await argent.sees()
        assert await outcomes(argent) == {Outcome.DECLINED: 1, Outcome.RECORDED: 1}
        assert await saw(argent, "hello") == ["hello"]


async def test_a_turn_goes_on_without_the_one_of_its_messages_that_is_deleted(
    folder: Path | None,
) -> None:
    async with chat(folder) as argent:
        _, first = await asked(argent, "first")
        oops = await argent.says("my password")
        await argent.says("third")
        gate = Gate()
        argent.stage.model.will(gate)
        first.open.set()
        await gate.reached.wait()
        await argent.deletes(oops)
        await argent.sees("echo: first", "echo: third")


async def test_an_answered_message_that_is_deleted_leaves_the_context(folder: Path | None) -> None:
    async with chat(folder) as argent:
        oops = await argent.says("my password is 42")
        await argent.sees("echo: my password is 42")
        await argent.deletes(oops)
        seen = await saw(argent, "hello")
        assert seen[0] == "[This message was deleted.]"
        said, _, deletion, *_ = await argent.history()
        assert isinstance(said, UserEntry)
        assert said.content == "my password is 42"
        assert isinstance(deletion, DeletionEntry)


async def test_a_deleted_message_is_erased_from_the_history_where_that_is_the_setting(
    folder: Path | None,
) -> None:
    async with chat(folder, deletions="erase") as argent:
        oops = await argent.says("my password is 42")
        await argent.edits(oops, "my password is 43")
        await argent.stage.settled()
        await argent.deletes(oops)
        assert (await saw(argent, "hello"))[0] == "[This message was deleted.]"
        asked_then = [e for e in await argent.history() if not isinstance(e, AssistantEntry)]
        assert "password" not in str(asked_then)


async def test_a_corrected_message_can_be_deleted_before_it_is_answered(
    folder: Path | None,
) -> None:
    async with chat(folder) as argent:
        _, gate = await asked(argent, "first")
        oops = await argent.says("my pasword")
        await argent.edits(oops, "my password")
        await argent.deletes(oops)
        gate.open.set()
        await argent.stage.settled()
        assert await saw(argent, "hello") == ["first", "echo: first", "hello"]
        counted = {Outcome.REPLIED: 2, Outcome.DECLINED: 1, Outcome.RECORDED: 2}
        assert await outcomes(argent) == counted


async def test_a_stop_is_not_undone_by_a_change_that_comes_after_it(folder: Path | None) -> None:
    async with chat(folder) as argent:
        question, _ = await asked(argent, "tea")
        await argent.says("/stop")
        await argent.edits(question, "coffee")
        await argent.sees(notice("stopped"))
        assert len(argent.stage.model.requests) == 1
