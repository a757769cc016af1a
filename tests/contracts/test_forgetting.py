"""What every store does about one person."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest

from state.forgetting import ERASED, Forgetting
from state.history import AssistantEntry, Entry, UserEntry
from state.keys import Address, SessionKey, SessionType
from state.messages import Attachment, AttachmentKind, Outcome, Receipt, Sender
from state.persons import Identity, Person
from state.session import Session
from state.spending import Per, Spending, Spent
from state.store import Ledger, NotFound, Role, Sessions
from tests.contracts.examples import (
    JASON,
    KEY,
    NOON,
    after,
    message,
    part,
    poison,
    session,
    stranger,
    turn,
)

THEM = Person.of(Identity("telegram", JASON.id))
BOB = Sender("8", "Bob")
GROUP = SessionKey("telegram", "-5", SessionType.GROUP)
FACTS = Session.begin(GROUP, agent="main", at=NOON)
PHOTO = Attachment(AttachmentKind.IMAGE, file="att-a.png")


async def pieces() -> AsyncIterator[bytes]:
    yield b"content"


def by(who: Sender, number: int, **changes: object) -> list[Entry]:
    asked, answer = turn(number, answers=f"Hi {number}")
    changes = {"sender": who, "address": Address("telegram", "-5"), **changes}
    return [replace(asked, **changes), answer]  # type: ignore[type-var]


async def talked(sessions: Sessions) -> None:
    """A private session, and a group with an archive."""
    await sessions.append(after(session(), turn(1)), turn(1))
    for name in ("att-a.png", "att-b.png"):
        await sessions.keep_file(FACTS.id, name, pieces(), most=9)
    old = [*by(JASON, 2), *by(BOB, 3)]
    await sessions.append(after(FACTS, old), old)
    await sessions.clear(FACTS)
    shown = replace(PHOTO, file="att-b.png")
    now = [*by(BOB, 4, attachments=(shown,)), *by(JASON, 5, attachments=(PHOTO,))]
    await sessions.append(replace(after(FACTS, now), title="Hello", titled=True), now)


async def test_every_session_with_words_of_theirs_is_found(sessions: Sessions) -> None:
    await talked(sessions)
    alone, shared = sorted(await sessions.traces(THEM), key=lambda each: not each.alone)
    assert (alone.session, alone.alone, alone.messages) == (KEY.session_id, True, {"u1"})
    assert (shared.session, shared.alone, shared.messages) == (FACTS.id, False, {"u2", "u5"})
    assert shared.names == {"Jason"}
    assert await sessions.traces(Person.of(Identity("discord", JASON.id))) == ()


async def test_a_session_that_others_share_keeps_its_shape_without_their_words(
    sessions: Sessions,
) -> None:
    await talked(sessions)
    lost = await sessions.forget(FACTS.id, Forgetting(THEM))
    assert (lost.messages, lost.answers, lost.files) == (2, 2, 1)
    entries = await sessions.entries(FACTS.id)
    assert [entry.id for entry in entries] == ["u4", "a4", "u5", "a5"]
    asked, answer = entries[2:]
    assert isinstance(asked, UserEntry)
    assert isinstance(answer, AssistantEntry)
    assert (asked.content, asked.sender, asked.attachments) == ("", Sender("", ""), ())
    assert (answer.content, answer.notice, answer.re) == ("", ERASED, ("u5",))
    with pytest.raises(NotFound):
        await sessions.read_file(FACTS.id, "att-a.png")
    assert await sessions.read_file(FACTS.id, "att-b.png") == b"content"


async def test_a_title_that_was_made_of_words_goes_with_them(sessions: Sessions) -> None:
    await talked(sessions)
    await sessions.forget(FACTS.id, Forgetting(THEM))
    loaded = await sessions.load(FACTS.id)
    assert loaded is not None
    assert (loaded.session.title, loaded.session.titled) == (None, False)


async def test_whoever_is_forgotten_leaves_no_trace_and_is_forgotten_once(
    sessions: Sessions,
) -> None:
    await talked(sessions)
    await sessions.forget(FACTS.id, Forgetting(THEM))
    assert [trace.session for trace in await sessions.traces(THEM)] == [KEY.session_id]
    assert not await sessions.forget(FACTS.id, Forgetting(THEM))
    await sessions.leave_nothing()


async def test_forgetting_in_a_session_that_is_not_there_is_no_error(sessions: Sessions) -> None:
    assert not await sessions.forget(FACTS.id, Forgetting(THEM))


# The ledger -----------------------------------------------------------------------------------


async def dealt(ledger: Ledger) -> None:
    """An ended and a waiting message, with what else a ledger has of people."""
    for source in ("1", "2"):
        await ledger.accept(
            message(source), key=KEY, session=KEY.session_id, entry=f"e{source}", at=NOON
        )
    here = Address("telegram", JASON.id)
    spent = Spending(date(2026, 1, 30), "telegram", JASON.id, KEY.session_id, "m", Spent(1, 2))
    await ledger.finish(1, outcome=Outcome.REPLIED, parts=[(here, part())], at=NOON, spent=spent)
    await ledger.request_pairing(stranger(user=JASON.id), most=9)
    await ledger.approve("CODE1", role=Role.GUEST, at=NOON)
    await ledger.set_alias(KEY, FACTS.id)
    await ledger.choose(KEY, KEY.session_id)
    await ledger.set_aside(replace(poison("9"), raw=b'{"id":123456789}'))
    await ledger.set_aside(poison("8"))


async def test_everything_that_is_theirs_is_told(ledger: Ledger) -> None:
    await dealt(ledger)
    found = await ledger.records(THEM)
    assert [each.role for each in found.admissions] == [Role.GUEST]
    assert [each.entry for each in found.waiting] == ["e2"]
    assert [each.part.plain for each in found.owed] == ["Hi there!"]
    assert [each.source for each in found.set_aside] == ["9"]
    assert found.spent == {"2026-01-30": Spent(1, 2)}
    assert set(found.keys) == {str(KEY)}
    assert found.names == {"Mallory", "Jason"}
    assert Identity("telegram", JASON.id) in await ledger.seen()
    assert not await ledger.records(Person.of(Identity("telegram", "8")))


async def test_everything_that_is_theirs_is_forgotten(ledger: Ledger) -> None:
    await dealt(ledger)
    count = await ledger.forget(THEM, at=NOON, waiting=[2])
    assert count == {
        "messages": 2, "parts": 1, "set_aside": 1, "aliases": 1, "chosen": 1, "admissions": 1,
        "spending": 1,
    }  # fmt: skip
    assert not await ledger.records(THEM)
    assert (await ledger.pending(), await ledger.owed()) == ((), ())
    assert await ledger.forget(THEM, at=NOON) == {}
    day = date(2026, 1, 30)
    assert await ledger.spent(Per.PERSON, day) == {"telegram:erased": Spent(1, 2)}
    assert await ledger.spent(Per.SESSION, day) == {"erased": Spent(1, 2)}
    assert (await ledger.counts()).set_aside == 1
    await ledger.leave_nothing()


async def test_a_message_of_theirs_that_may_still_run_is_left_to_run(ledger: Ledger) -> None:
    await dealt(ledger)
    await ledger.forget(THEM, at=NOON)
    assert [each.entry for each in await ledger.pending()] == ["e2"]
    await ledger.finish(2, outcome=Outcome.REPLIED, parts=(), at=NOON)


async def test_a_forgotten_message_is_known_when_it_comes_again(ledger: Ledger) -> None:
    await dealt(ledger)
    await ledger.forget(THEM, at=NOON, waiting=[2])
    for source in ("1", "2"):
        again = await ledger.accept(
            message(source), key=KEY, session=KEY.session_id, entry="e9", at=NOON
        )
        assert again is None
        assert await ledger.taken("telegram", source) is None


async def test_a_part_that_was_going_out_may_still_be_sent(ledger: Ledger) -> None:
    await dealt(ledger)
    (owed,) = await ledger.owed()
    await ledger.begin_sending(owed.id)
    await ledger.forget(THEM, at=NOON)
    await ledger.sent(owed.id, Receipt("7"))
    assert await ledger.owed() == ()
