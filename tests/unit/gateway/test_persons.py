"""Who is meant by a name."""

import pytest

from gateway import persons
from gateway.admin_errors import AdminError
from state.keys import SessionKey
from state.persons import Identity, Person

JASON = Identity("telegram", "123")
WORK = Identity("telegram-work", "123")
MALLORY = Identity("discord", "9")
SEEN = {JASON: {"Jason"}, MALLORY: {"Jason", "mal"}}
LINKED = {"jason": Person.of(JASON, MALLORY)}


def test_an_account_with_an_id_says_who_is_meant_also_when_nobody_was_seen() -> None:
    assert persons.meant("telegram:123", {}, {}) == Person.of(JASON)
    assert persons.meant("slack:U1:2", {}, {}) == Person.of(Identity("slack", "U1:2"))


def test_an_id_is_enough_where_one_account_has_it() -> None:
    assert persons.meant("123", SEEN, {}) == Person.of(JASON)
    with pytest.raises(AdminError, match="several accounts") as ambiguous:
        persons.meant("123", SEEN | {WORK: {"Jason"}}, {})
    assert ambiguous.value.code == "ambiguous"


@pytest.mark.parametrize("name", ["Jason", "mal"])
def test_a_name_that_people_see_says_nobody(name: str) -> None:
    with pytest.raises(AdminError, match=r"names are anybody's: .*discord:9") as ambiguous:
        persons.meant(name, SEEN, {})
    assert ambiguous.value.code == "ambiguous"


def test_whoever_is_not_known_is_not_found() -> None:
    with pytest.raises(AdminError) as missing:
        persons.meant("nobody", SEEN, {})
    assert missing.value.code == "not_found"


@pytest.mark.parametrize("written", ["jason", "telegram:123", "123", "9"])
def test_a_linked_person_is_meant_with_all_that_is_theirs(written: str) -> None:
    assert persons.meant(written, SEEN, LINKED) == LINKED["jason"]


@pytest.mark.parametrize("written", [[], ["Jason"], ["telegram:123", ":1"]])
def test_what_is_no_identity_is_refused(written: list[str]) -> None:
    with pytest.raises(AdminError, match="<account>:<user id>"):
        persons.parse(written)


def test_a_session_is_theirs_alone_when_all_its_keys_are_their_private_chats() -> None:
    own = [SessionKey.parse("telegram:123:main"), SessionKey.parse("telegram:123:dm")]
    both = [*own, SessionKey.parse("discord:9:dm")]
    assert Person.of(JASON).has_alone(own)
    assert not Person.of(JASON).has_alone(both)
    assert Person.of(JASON, MALLORY).has_alone(both)
    assert not Person.of(JASON).has_alone([SessionKey.parse("telegram:123:group")])
    assert not Person.of(JASON).has_alone([])


def test_an_id_is_not_found_in_a_longer_one() -> None:
    assert Person.of(JASON).is_named_in(b'{"id":123}')
    assert not Person.of(JASON).is_named_in(b'{"id":1234}')
