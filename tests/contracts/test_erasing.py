"""What every store does when somebody takes words back."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from state.history import (
    AssistantEntry,
    CorrectionEntry,
    DeletionEntry,
    Entry,
    UserEntry,
)
from state.keys import Address, SessionId
from state.messages import Attachment, AttachmentKind, Quote
from state.session import Context
from state.store import NotFound, Sessions
from tests.contracts.examples import HERE, JASON, after, later, picture, session, turn

FACTS = session()


def question(number: int, **changes: object) -> UserEntry:
    asked = turn(number)[0]
    assert isinstance(asked, UserEntry)
    return replace(asked, **changes)  # type: ignore[arg-type]


def corrected(number: int, message: str) -> CorrectionEntry:
    return CorrectionEntry(f"c{number}", later(number), "Hullo", HERE, JASON, message)


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def said(sessions: Sessions, *entries: Entry) -> None:
    await sessions.append(after(FACTS, list(entries)), entries)


async def history(sessions: Sessions) -> list[Entry]:
    return list(await sessions.entries(FACTS.id))


async def test_an_erased_message_loses_its_words_and_keeps_its_place(sessions: Sessions) -> None:
    photo = Attachment(AttachmentKind.IMAGE, "me.png", file="a.png")
    asked = question(1, quotes=(Quote("quoted", "Ann"),), attachments=(photo,))
    answer = turn(1)[1]
    await said(sessions, asked, answer, *turn(2))
    assert await sessions.erase(FACTS.id, {"1"}) == 1
    left = question(1, content="")
    assert await history(sessions) == [left, answer, *turn(2)]
    assert await sessions.erase(FACTS.id, {"1"}) == 0
    assert await history(sessions) == [left, answer, *turn(2)]


async def test_corrections_of_an_erased_message_go_with_it(sessions: Sessions) -> None:
    await said(sessions, *turn(1), corrected(5, "1"), corrected(6, "2"), *turn(2))
    assert await sessions.erase(FACTS.id, ["1"]) == 2
    words = [getattr(entry, "content", None) for entry in await history(sessions)]
    assert words == ["", "Hi there!", "", "Hullo", "Hello", "Hi there!"]


async def test_files_of_an_erased_message_go_and_others_stay(sessions: Sessions) -> None:
    for name in ("a.png", "b.png", "c.png", picture().name):
        await sessions.keep_file(FACTS.id, name, pieces(b"content"), most=9)
    mine, shared, others = (
        Attachment(AttachmentKind.IMAGE, file=f"{name}.png") for name in ("a", "b", "c")
    )
    answer = turn(1)[1]
    assert isinstance(answer, AssistantEntry)
    await said(
        sessions,
        question(1, attachments=(mine, shared)),
        replace(answer, files=(picture(),)),
        question(2, attachments=(shared, others)),
        turn(2)[1],
    )
    await sessions.erase(FACTS.id, {"1"})
    with pytest.raises(NotFound):
        await sessions.read_file(FACTS.id, "a.png")
    for name in ("b.png", "c.png", picture().name):
        assert await sessions.read_file(FACTS.id, name) == b"content"


async def test_only_words_of_the_chat_that_is_meant_are_erased(sessions: Sessions) -> None:
    elsewhere = Address("telegram-work", "123456789")
    thread = replace(HERE, thread="7")
    await said(sessions, *turn(1), question(2, address=elsewhere, message="1"), turn(2)[1])
    await said(sessions, question(3, address=thread, message="1"), turn(3)[1])
    assert await sessions.erase(FACTS.id, {"1"}, chat=HERE) == 2
    words = [entry.content for entry in await history(sessions) if isinstance(entry, UserEntry)]
    assert words == ["", "Hello", ""]


async def test_a_context_begins_at_the_same_entry_after_words_before_it_went(
    sessions: Sessions,
) -> None:
    await said(sessions, *turn(1, asks="long " * 50))
    positions = await sessions.append(FACTS, turn(2))
    facts = replace(FACTS, context=Context(tokens=9, limit=100, start=positions[0]))
    await sessions.save(facts)
    await sessions.erase(FACTS.id, {"1"})
    loaded = await sessions.load(FACTS.id)
    assert loaded is not None
    assert loaded.entries == tuple(turn(2))
    assert loaded.session.context == replace(facts.context, start=loaded.positions[0])
    assert replace(loaded.session, context=facts.context) == facts
    assert loaded.repaired is None


async def test_a_history_goes_on_after_words_went(sessions: Sessions) -> None:
    await said(sessions, *turn(1))
    await sessions.erase(FACTS.id, {"1"})
    await sessions.append(FACTS, turn(2))
    assert await history(sessions) == [question(1, content=""), turn(1)[1], *turn(2)]


async def test_nothing_is_erased_where_nothing_is_meant(sessions: Sessions) -> None:
    assert await sessions.erase(SessionId("telegram_9_main"), {"1"}) == 0
    await said(sessions, *turn(1))
    assert await sessions.erase(FACTS.id, {"7"}) == 0
    assert await sessions.erase(FACTS.id, ()) == 0
    assert await history(sessions) == turn(1)
    assert await sessions.ids() == (FACTS.id,)


async def test_that_a_message_was_deleted_is_part_of_a_history(sessions: Sessions) -> None:
    gone = DeletionEntry("d1", later(5), HERE, "1")
    await said(sessions, *turn(1))
    await said(sessions, gone)
    await said(sessions, *turn(2))
    assert await history(sessions) == [*turn(1), gone, *turn(2)]


async def test_messages_that_are_answered_together_are_one_turn(sessions: Sessions) -> None:
    asked = [question(n, turn="t3") for n in (1, 2, 3)]
    answer = turn(3)[1]
    assert isinstance(answer, AssistantEntry)
    together: list[Entry] = [*asked, replace(answer, re=("u1", "u2", "u3"))]
    await said(sessions, *together)
    assert await history(sessions) == together
