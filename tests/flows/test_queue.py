"""Several messages at once: what is answered together, when, and after which crash."""

import asyncio
from typing import Any

from gateway.notices import notice
from state.history import AssistantEntry, UserEntry
from state.keys import Address
from state.messages import ChatKind, Outcome, Sender
from tests.flows.chat import Chat, chat
from tests.flows.stage import Gate, Grows, words

IN_GROUP: dict[str, Any] = {
    "address": Address("telegram", "-5"),
    "kind": ChatKind.GROUP,
}


async def held(argent: Chat) -> Gate:
    """A turn that waits at a gate, with somebody's first message."""
    gate = Gate()
    argent.stage.model.will(gate)
    await argent.says("first")
    await gate.reached.wait()
    return gate


async def dying_at_finish(argent: Chat, gate: Gate, *, after: int) -> None:
    """Crash when so many rows were closed: the answer is in the history, and no more."""
    finish, left = argent.stage.ledger.finish, [after]

    async def dies(*given: Any, **named: Any) -> Any:
        if not left[0]:
            raise asyncio.CancelledError
        left[0] -= 1
        return await finish(*given, **named)

    argent.stage.ledger.finish = dies  # type: ignore[method-assign]
    gate.open.set()
    await argent.stage.settled()
    argent.stage.ledger.finish = finish  # type: ignore[method-assign]


async def test_what_arrives_during_a_turn_is_answered_together() -> None:
    async with chat() as argent:
        gate = await held(argent)
        await argent.says("second")
        await argent.says("third")
        gate.open.set()
        await argent.sees("echo: first", "echo: second\nthird")
        assert words(argent.stage.model.requests[-1])[-1] == "second\nthird"


async def test_messages_answered_together_stay_messages_of_their_own_in_the_history() -> None:
    async with chat() as argent:
        gate = await held(argent)
        await argent.says("second")
        await argent.says("third")
        gate.open.set()
        await argent.sees("echo: first", "echo: second\nthird")
        _, _, second, third, answer = await argent.history()
        assert isinstance(second, UserEntry)
        assert isinstance(third, UserEntry)
        assert (second.content, third.content) == ("second", "third")
        assert second.turn == third.turn
        assert isinstance(answer, AssistantEntry)
        assert answer.re == (second.id, third.id)
        assert (await argent.stage.ledger.counts()).outcomes == {Outcome.REPLIED: 3}


async def test_in_followup_each_message_has_its_own_answer() -> None:
    async with chat(queue="followup") as argent:
        gate = await held(argent)
        await argent.says("second")
        await argent.says("third")
        gate.open.set()
        await argent.sees("echo: first", "echo: second", "echo: third")


async def test_in_interrupt_a_new_message_is_answered_at_once_with_the_one_before() -> None:
    async with chat(queue="interrupt") as argent:
        await held(argent)
        await argent.says("second")
        await argent.sees("echo: first\nsecond")
        assert (await argent.stage.ledger.counts()).outcomes == {Outcome.REPLIED: 2}
        assert len(await argent.history()) == 3


async def test_what_was_shown_of_an_interrupted_answer_goes(live: None) -> None:
    async with chat(queue="interrupt") as argent:
        argent.stage.model.will(Grows(("Once upon a time", Gate())))
        await argent.says("tell me a story")
        await argent.glimpses("Once upon a time")
        await argent.says("no, a joke")
        await argent.sees("echo: tell me a story\nno, a joke")


async def test_words_of_two_people_are_never_one_turn() -> None:
    async with chat() as argent:
        gate = Gate()
        argent.stage.model.will(gate)
        await argent.says("first", **IN_GROUP)
        await gate.reached.wait()
        await argent.says("from ann", **IN_GROUP)
        await argent.says("from bob", **IN_GROUP, sender=Sender("2", "Bob"))
        gate.open.set()
        await argent.sees("echo: Ann: first", "echo: Ann: from ann", "echo: Bob: from bob")


async def test_a_text_that_was_cut_is_one_question_also_in_followup() -> None:
    async with chat(queue="followup") as argent:
        await argent.says("a long", unfinished=True)
        await argent.says("text")
        await argent.sees("echo: a long\ntext")


async def test_an_album_is_one_turn() -> None:
    async with chat() as argent:
        for name in ("1.txt", "2.txt", "3.txt", "4.txt"):
            argent.phone.files[name] = name.encode()
            await argent.sends(name, unfinished=name != "4.txt")
        await argent.stage.settled()
        (seen,) = argent.stage.model.requests
        assert [line for line in words(seen)[0].splitlines() if line.startswith("> ")] == [
            "> 1.txt", "> 2.txt", "> 3.txt", "> 4.txt",
        ]  # fmt: skip
        assert len(await argent.history()) == 5


async def test_a_stop_ends_also_a_turn_that_waits_for_a_file() -> None:
    async with chat() as argent:
        argent.phone.files["slow.txt"] = Gate()
        await argent.sends("slow.txt")
        await argent.phone.files["slow.txt"].reached.wait()
        await argent.says("/stop")
        await argent.sees(notice("stopped"))
        assert argent.stage.model.requests == []


async def test_files_of_a_question_that_is_asked_anew_are_not_fetched_again() -> None:
    async with chat(queue="interrupt") as argent:
        argent.phone.files["1.txt"] = b"one"
        gate = Gate()
        argent.stage.model.will(gate)
        await argent.sends("1.txt")
        await gate.reached.wait()
        await argent.says("what does it say?")
        await argent.stage.settled()
        assert argent.phone.fetched == ["1.txt"]
        asked = words(argent.stage.model.requests[-1])[0]
        assert asked.endswith("> one\nwhat does it say?")


async def test_what_people_saw_of_a_stopped_answer_was_said(live: None) -> None:
    async with chat() as argent:
        argent.stage.model.will(Grows(("Once upon a time", Gate())))
        await argent.says("tell me a story")
        await argent.glimpses("Once upon a time")
        await argent.says("/stop")
        stopped = notice("stopped")
        await argent.sees(f"Once upon a time\n\n*{stopped}*", stopped)
        await argent.says("go on")
        await argent.stage.settled()
        seen = words(argent.stage.model.requests[-1])
        assert seen == ["tell me a story", "Once upon a time", "go on"]
        outcomes = {Outcome.REPLIED: 2, Outcome.DECLINED: 1}
        assert (await argent.stage.ledger.counts()).outcomes == outcomes


async def test_a_crash_between_history_and_ledger_owes_the_answer_once() -> None:
    async with chat() as argent:
        gate = await held(argent)
        await argent.says("second")
        await argent.says("third")
        await dying_at_finish(argent, gate, after=1)
        assert len(await argent.history()) == 5
        await argent.stage.restart()
        await argent.says("fourth")
        await argent.sees("echo: first", "echo: second\nthird", "echo: fourth")
        assert len(argent.stage.model.requests) == 3
        assert (await argent.stage.ledger.counts()).outcomes == {Outcome.REPLIED: 4}


async def test_after_a_crash_each_message_is_answered_once_whatever_the_queue_is_now() -> None:
    async with chat() as argent:
        gate = await held(argent)
        await argent.says("second")
        await argent.says("third")
        await dying_at_finish(argent, gate, after=1)
        argent.stage.settings["agents"]["defaults"]["session"]["queue"] = "followup"
        await argent.stage.restart()
        await argent.sees("echo: first", "echo: second\nthird")
        assert len(argent.stage.model.requests) == 2


async def test_an_answer_to_late_messages_says_why_it_comes_late() -> None:
    async with chat() as argent:
        gate = Gate()
        argent.stage.model.will(gate)
        await argent.says("hello?", ago=600)
        await gate.reached.wait()
        await argent.says("still there?", ago=300)
        await argent.says("good night", ago=200)
        gate.open.set()
        await argent.sees(
            "*This arrived while I was away.*\n\necho: hello?",
            "*2 messages arrived while I was away.*\n\necho: still there?\ngood night",
        )
        *_, answer = await argent.history()
        assert isinstance(answer, AssistantEntry)
        assert answer.content == "echo: still there?\ngood night"


async def test_a_command_that_comes_late_is_just_obeyed() -> None:
    async with chat() as argent:
        await argent.says("/stop", ago=600)
        await argent.sees(notice("nothing_to_stop"))
