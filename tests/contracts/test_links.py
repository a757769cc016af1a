"""What every ledger knows of who is whom."""

import pytest

from state.keys import SessionId, SessionKey, SessionType
from state.links import Joining, Leaving, Link, NamedPerson, PairCode, Redeeming, Tries
from state.persons import Identity, Person
from state.records import Admission, Role
from state.store import Ledger, NotFound, StoreError
from tests.contracts.examples import HERE, KEY, NOON, later, message

TELEGRAM, DISCORD = Identity("telegram", "123456789"), Identity("discord", "7")
JASON = NamedPerson("jason", KEY.session_id, NOON)
CODE = PairCode("d1", NOON, later(600), TELEGRAM, "Jason", HERE)
FIRST = Link(TELEGRAM, "jason", "Jason", NOON)
SECOND = Link(DISCORD, "jason", "Jay", NOON, by=TELEGRAM)
JOINING = Joining(JASON, (FIRST, SECOND), joiner=DISCORD, code="d1")
THERE = SessionKey("discord", "7", SessionType.DM)
SIDE = SessionId("discord_7_dm.work")


async def joined(ledger: Ledger) -> None:
    await ledger.links.offer(CODE)
    await ledger.links.change(JOINING)


async def test_a_code_links_two_addresses_once(ledger: Ledger) -> None:
    await joined(ledger)
    assert await ledger.links.persons() == (JASON,)
    assert await ledger.links.links() == (SECOND, FIRST)
    assert await ledger.links.codes(NOON) == ()
    with pytest.raises(NotFound):
        await ledger.links.change(JOINING)


async def test_a_person_joins_with_the_message_that_asks_for_it(ledger: Ledger) -> None:
    await ledger.links.offer(CODE)
    asked, there = message("1", "/pair yes"), KEY.session_id
    assert await ledger.accept(asked, key=KEY, session=there, entry="e", at=NOON, change=JOINING)
    assert len(await ledger.links.links()) == 2
    # Delivered again after they parted, it joins nobody.
    await ledger.links.change(Leaving(DISCORD, "jason", JASON.session))
    again = await ledger.accept(asked, key=KEY, session=there, entry="e", at=NOON, change=JOINING)
    assert again is None
    assert await ledger.links.links() == (FIRST,)


async def test_a_message_is_not_taken_when_its_code_is_not_there(ledger: Ledger) -> None:
    asked, there = message("1", "/pair yes"), KEY.session_id
    with pytest.raises(NotFound):
        await ledger.accept(asked, key=KEY, session=there, entry="e", at=NOON, change=JOINING)
    assert await ledger.links.persons() == ()
    assert await ledger.accept(asked, key=KEY, session=there, entry="e", at=NOON) is not None


async def test_whoever_joins_is_in_no_side_session_any_more(ledger: Ledger) -> None:
    await ledger.choose(THERE, SIDE)
    await joined(ledger)
    assert await ledger.chosen() == {}


async def test_whoever_leaves_takes_the_rights_along_and_the_last_one_the_person(
    ledger: Ledger,
) -> None:
    await joined(ledger)
    own = SessionId("user-jason")
    await ledger.links.change(Leaving(TELEGRAM, "jason", own))
    assert [(link.identity, link.by) for link in await ledger.links.links()] == [(DISCORD, None)]
    assert [person.session for person in await ledger.links.persons()] == [own]
    await ledger.links.change(Leaving(DISCORD, "jason", own))
    assert await ledger.links.persons() == ()
    with pytest.raises(NotFound):
        await ledger.links.change(Leaving(DISCORD, "jason", own))


async def test_nobody_goes_on_beside_a_conversation_that_somebody_takes_along(
    ledger: Ledger,
) -> None:
    await joined(ledger)
    side = SessionId(f"{JASON.session}.work")
    await ledger.choose(THERE, side)
    await ledger.links.change(Leaving(TELEGRAM, "jason", SessionId("user-jason")))
    assert await ledger.chosen() == {}


async def test_whoever_stays_goes_on_beside_what_stays(ledger: Ledger) -> None:
    await joined(ledger)
    side = SessionId(f"{JASON.session}.work")
    await ledger.choose(KEY, side)
    await ledger.links.change(Leaving(DISCORD, "jason", JASON.session))
    assert await ledger.chosen() == {str(KEY): side}


async def test_a_new_code_of_somebodys_voids_the_old_one(ledger: Ledger) -> None:
    operators = PairCode("d3", NOON, later(600))
    for code in (CODE, operators, PairCode("d2", later(1), later(601), TELEGRAM, "Jason", HERE)):
        await ledger.links.offer(code)
    assert [code.digest for code in await ledger.links.codes(later(1))] == ["d3", "d2"]
    assert [code.digest for code in await ledger.links.codes(later(600))] == ["d2"]


async def test_the_operators_code_makes_an_owner_once(ledger: Ledger) -> None:
    await ledger.links.offer(PairCode("d3", NOON, later(600)))
    redeeming = Redeeming(Admission("discord", "7", Role.OWNER, "Jay", NOON), "d3")
    await ledger.links.change(redeeming)
    assert [(a.user, a.role) for a in await ledger.admissions()] == [("7", Role.OWNER)]
    with pytest.raises(NotFound):
        await ledger.links.change(redeeming)


async def test_a_person_is_renamed_with_all_addresses(ledger: Ledger) -> None:
    await joined(ledger)
    assert (await ledger.links.rename("jason", "jay")).session == KEY.session_id
    assert {link.person for link in await ledger.links.links()} == {"jay"}
    other = Identity("slack", "U1")
    await ledger.links.change(
        Joining(
            NamedPerson("jason", SessionId("user-jason"), NOON),
            (Link(other, "jason", "Jason", NOON),),
            joiner=other,
        )
    )
    with pytest.raises(StoreError, match="already"):
        await ledger.links.rename("jay", "jason")
    with pytest.raises(NotFound):
        await ledger.links.rename("nobody", "jim")


async def test_tries_are_kept_until_they_are_long_ago(ledger: Ledger) -> None:
    first = Tries("telegram", "1", 1, NOON)
    await ledger.links.tried(first, forget=NOON)
    await ledger.links.tried(Tries("telegram", "", 4, later(9), later(99)), forget=NOON)
    assert await ledger.links.tries("telegram", "1") == first
    assert await ledger.links.tries("telegram", "") == Tries("telegram", "", 4, later(9), later(99))
    await ledger.links.tried(Tries("telegram", "2", 1, later(50)), forget=later(1))
    assert await ledger.links.tries("telegram", "1") is None
    await ledger.links.tried_well(Identity("telegram", "2"))
    assert await ledger.links.tries("telegram", "2") is None


async def test_a_forgotten_person_is_linked_with_nobody(ledger: Ledger) -> None:
    await joined(ledger)
    await ledger.links.offer(CODE)
    await ledger.links.tried(Tries("discord", "7", 1, NOON), forget=NOON)
    whole = Person.of(TELEGRAM, DISCORD)
    assert (await ledger.records(whole)).links == (SECOND, FIRST)
    assert (await ledger.seen())[DISCORD] == {"Jay"}
    dropped = await ledger.forget(whole, at=NOON)
    assert {
        kind: dropped[kind] for kind in ("addresses", "people", "pair_codes", "pair_tries")
    } == {
        "addresses": 2,
        "people": 1,
        "pair_codes": 1,
        "pair_tries": 1,
    }
    assert not await ledger.records(whole)
    assert await ledger.links.persons() == ()
