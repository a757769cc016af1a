"""What every ledger does for notes, and for calls that were begun."""

from datetime import timedelta

from state.messages import Accepted, Begun, Outcome
from state.notes import Note
from state.persons import Identity, Person
from state.store import Ledger
from tests.contracts.examples import KEY, NOON, message

JASON, JACE = Identity("telegram", "1"), Identity("slack", "U1")
EVE = Identity("telegram", "2")


def note(name: str, owner: Identity = JASON, **facts: object) -> Note:
    at = NOON + timedelta(seconds=int(name))
    return Note(name, owner, at, f"fact {name}", bool(facts.get("foreign")))


async def take(ledger: Ledger, source: str) -> Accepted:
    accepted = await ledger.accept(
        message(source), key=KEY, session=KEY.session_id, entry=f"e{source}", at=NOON
    )
    assert accepted is not None
    return accepted


# Notes --------------------------------------------------------------------------------------------


async def test_notes_are_those_of_the_identities_that_are_asked_for(ledger: Ledger) -> None:
    mine = [note("1"), note("3", JACE, foreign=True)]
    for each in [*mine, note("2", EVE)]:
        await ledger.notes.keep(each)
    assert await ledger.notes.of([JASON, JACE]) == tuple(mine)
    assert await ledger.notes.of([]) == ()


async def test_a_note_of_the_same_id_takes_the_place_of_the_old_one(ledger: Ledger) -> None:
    await ledger.notes.keep(note("1"))
    newer = Note("1", JASON, NOON, "otherwise")
    await ledger.notes.keep(newer)
    assert await ledger.notes.of([JASON]) == (newer,)


async def test_nobody_drops_a_note_of_somebody_else(ledger: Ledger) -> None:
    await ledger.notes.keep(note("1"))
    assert not await ledger.notes.drop("1", [EVE])
    assert await ledger.notes.drop("1", [EVE, JASON])
    assert not await ledger.notes.drop("1", [JASON])
    assert await ledger.notes.of([JASON]) == ()


async def test_notes_are_told_of_a_person_and_go_with_them(ledger: Ledger) -> None:
    await ledger.notes.keep(note("1"))
    await ledger.notes.keep(note("2", EVE))
    jason = Person.of(JASON, JACE)
    assert (await ledger.records(jason)).notes == (note("1"),)
    assert (await ledger.forget(jason, at=NOON))["notes"] == 1
    assert not await ledger.records(jason)
    assert await ledger.notes.of([EVE]) == (note("2", EVE),)


# Calls that were begun ----------------------------------------------------------------------------


async def test_what_was_begun_for_an_open_message_is_known_again(ledger: Ledger) -> None:
    one, two = [await take(ledger, source) for source in "12"]
    first, second = (
        Begun("b1", "bash", '{"command":"make"}'),
        Begun("b2", "write", "{}", foreign=True),
    )
    await ledger.begin_call(two.seq, first)
    await ledger.begin_call(two.seq, second)
    await ledger.begin_call(two.seq, second)
    begun = {each.seq: each.begun for each in await ledger.pending()}
    assert begun == {one.seq: (), two.seq: (first, second)}


async def test_with_the_outcome_nothing_of_it_is_left(ledger: Ledger) -> None:
    one, two = [await take(ledger, source) for source in "12"]
    for each in (one, two):
        await ledger.begin_call(each.seq, Begun("b", "bash", "{}"))
    await ledger.finish(two.seq, outcome=Outcome.REPLIED, parts=[], at=NOON, also=[one.seq])
    await ledger.begin_call(two.seq, Begun("late", "bash", "{}"))
    assert await ledger.pending() == ()
