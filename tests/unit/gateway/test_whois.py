"""Who is whom, and what follows for what they may."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.whois import Configured, Whois, rank, roles
from state.keys import SessionId
from state.links import Joining, Leaving, Link, NamedPerson, Redeeming
from state.persons import Identity
from state.records import Admission, Role

NOW = datetime(2026, 1, 30, tzinfo=UTC)
A, B, C, D = (Identity("telegram", name) for name in "abcd")
JASON = NamedPerson("jason", SessionId("telegram_a_main"), NOW)


def link(identity: Identity, by: Identity | None = None, person: str = "jason") -> Link:
    return Link(identity, person, identity.user, NOW, by)


def test_rights_are_those_of_whoever_linked_one_as_long_as_they_have_them() -> None:
    links = [link(A), link(B, A), link(C, B)]
    assert roles({A: Role.OWNER}, links) == dict.fromkeys((A, B, C), Role.OWNER)
    assert roles({}, links) == {}
    assert roles({B: Role.GUEST}, links) == {B: Role.GUEST, C: Role.GUEST}


def test_one_keeps_what_is_ones_own_where_that_is_more() -> None:
    found = roles({A: Role.GUEST, B: Role.OWNER}, [link(A), link(B, A)])
    assert found == {A: Role.GUEST, B: Role.OWNER}


identities = st.sampled_from([A, B, C, D])
someones = st.dictionaries(identities, st.sampled_from(Role))


@given(someones, st.dictionaries(identities, identities))
def test_nobody_may_more_than_somebody_from_whom_it_came(
    given_: dict[Identity, Role], by: dict[Identity, Identity]
) -> None:
    found = roles(given_, [link(who, giver) for who, giver in by.items()])
    for identity, role in found.items():
        seen, at = set(), identity
        while at is not None and at not in seen:
            seen.add(at)
            at = by.get(at)
        assert rank(role) == max(rank(given_.get(each)) for each in seen)
    assert all(rank(found.get(who)) >= rank(role) for who, role in given_.items())


def test_both_keys_of_each_address_lead_to_the_persons_session() -> None:
    whois = Whois.of(Configured(), (), [JASON], [link(A), link(B, A)])
    assert whois.aliases == {
        f"telegram:{user}:{kind}": JASON.session for user in "ab" for kind in ("main", "dm")
    }
    assert whois.named_by(JASON.session) == "jason"


def test_a_change_makes_of_it_what_the_ledger_would_tell() -> None:
    nobody = Whois.of(Configured())
    joined = nobody.after(Joining(JASON, (link(A), link(B, A)), B, "d"))
    assert joined == Whois.of(Configured(), (), [JASON], [link(A), link(B, A)])
    elsewhere = SessionId("user-jason")
    left = joined.after(Leaving(A, "jason", elsewhere))
    moved = NamedPerson("jason", elsewhere, NOW)
    assert left == Whois.of(Configured(), (), [moved], [link(B)])
    assert left.after(Leaving(B, "jason", elsewhere)) == nobody
    owner = Admission("telegram", "a", Role.OWNER, "A", NOW)
    assert nobody.after(Redeeming(owner, "d")).roles == {A: Role.OWNER}


def test_the_configuration_beats_what_was_linked() -> None:
    configured = Configured({A: Role.GUEST}, {"ann": frozenset({A})})
    whois = Whois.of(configured, (), [JASON], [link(A), link(B, A)])
    assert whois.members == {A: "ann", B: "jason"}
    assert whois.persons["ann"].session == "user-ann"


def test_a_name_alone_makes_nobody_a_configured_person() -> None:
    configured = Configured({A: Role.OWNER}, {"jason": frozenset({A})})
    impostor = Whois.of(configured, (), [JASON], [link(B), link(C, B)])
    assert impostor.members == {A: "jason"}
    linked = Whois.of(configured, (), [JASON], [link(B, A), link(C, B)])
    assert linked.members == dict.fromkeys((A, B, C), "jason")
    assert linked.roles == dict.fromkeys((A, B, C), Role.OWNER)
