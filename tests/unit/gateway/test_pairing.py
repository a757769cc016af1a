"""What a code may do, and how often one may be wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import pairing
from gateway.pairing import UNKNOWN, Links, MakesOwner, Refused, meaning
from gateway.whois import Configured, Whois, rank
from state.keys import SessionId, person_session_id
from state.links import Link, NamedPerson, PairCode, Tries
from state.persons import Identity
from state.records import Role

NOW = datetime(2026, 1, 30, tzinfo=UTC)
HOST, GUEST = Identity("telegram", "1"), Identity("discord", "1")
CODE = PairCode(pairing.digest("ABCD2345"), NOW, NOW + pairing.CODE_LIFE, HOST)
OPERATORS = PairCode("d", NOW, NOW + pairing.CODE_LIFE)
ROLES = [None, Role.GUEST, Role.OWNER]


def known(host: Role | None, guest: Role | None = None) -> Whois:
    given_ = {HOST: host, GUEST: guest}
    return Whois.of(Configured({who: role for who, role in given_.items() if role}))


@pytest.mark.parametrize("host", ROLES)
@pytest.mark.parametrize("guest", ROLES)
@pytest.mark.parametrize("admitted", [True, False])
def test_rights_never_flow_to_whoever_made_a_code(
    host: Role | None, guest: Role | None, admitted: bool
) -> None:
    means = meaning(CODE, GUEST, known(host, guest), admitted=admitted, welcome=True)
    if isinstance(means, Links):
        assert rank(guest) <= rank(host)
        assert admitted or host is not None
    else:
        assert means in (UNKNOWN, Refused("pair_more_rights"))


def test_an_owners_code_makes_an_owner_and_a_guests_lets_in() -> None:
    for role in (Role.OWNER, Role.GUEST):
        means = meaning(CODE, GUEST, known(role), admitted=False, welcome=True)
        assert means == Links(HOST, role)


def test_a_code_of_somebody_who_is_let_in_no_more_is_none() -> None:
    assert meaning(CODE, GUEST, known(None), admitted=True, welcome=False) == UNKNOWN


def test_whoever_is_linked_must_part_first() -> None:
    person = NamedPerson("ann", SessionId("user-ann"), NOW)
    links = [Link(GUEST, "ann", "", NOW)]
    roles = Configured({HOST: Role.OWNER})
    whois = Whois.of(roles, (), [person], links)
    assert meaning(CODE, GUEST, whois, admitted=True, welcome=True) == Refused("pair_linked")
    links = [Link(HOST, "ann", "", NOW), Link(GUEST, "ann", "", NOW, by=HOST)]
    both = Whois.of(roles, (), [person], links)
    assert meaning(CODE, GUEST, both, admitted=True, welcome=True) == Refused("pair_already")


def test_the_operators_code_makes_an_owner_of_whoever_is_none() -> None:
    for role in (None, Role.GUEST):
        whois = known(None, role)
        assert meaning(OPERATORS, GUEST, whois, admitted=False, welcome=True) == MakesOwner()
    whois = known(None, Role.OWNER)
    already = Refused("pair_owner_already")
    assert meaning(OPERATORS, GUEST, whois, admitted=True, welcome=True) == already


@pytest.mark.parametrize("written", ["ABCD2345", " abcd-2345 ", "`ABCD 2345`"])
def test_a_code_is_found_however_it_is_written(written: str) -> None:
    assert pairing.found(written, [OPERATORS, CODE]) is CODE
    assert pairing.is_code(written)


@pytest.mark.parametrize("written", ["", "ABCD234", "ABCD23456", "ABCD2340", "hello you"])
def test_what_is_no_code_is_none(written: str) -> None:
    assert pairing.found(written, [OPERATORS, CODE]) is None
    assert not pairing.is_code(written)


def after(count: int, *, at: datetime = NOW) -> Tries:
    tries = None
    for _ in range(count):
        tries = pairing.after_wrong(tries, ("telegram", "1"), at)
    assert tries is not None
    return tries


def test_waits_double_up_to_a_few_hours() -> None:
    assert pairing.waits(after(4), NOW) is None
    waited = [pairing.waits(after(count), NOW) for count in range(5, 9)]
    assert waited == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert pairing.waits(after(999), NOW) == pairing.LONGEST_WAIT


def test_a_day_without_a_try_begins_anew() -> None:
    later = NOW + pairing.REMEMBERED + timedelta(seconds=1)
    assert pairing.after_wrong(after(99), ("telegram", "1"), later).count == 1


def test_a_clock_that_is_set_back_locks_nobody_out_for_long() -> None:
    assert pairing.waits(after(5), NOW - timedelta(days=999)) == pairing.LONGEST_WAIT


@given(st.text(max_size=90), st.sets(st.sampled_from(["jason", "jason-2", "person"])))
def test_any_name_makes_a_free_name_that_can_be_in_an_id(called: str, taken: set[str]) -> None:
    name = pairing.person_name(called, taken)
    assert name not in taken
    assert person_session_id(name) == f"user-{name}"
