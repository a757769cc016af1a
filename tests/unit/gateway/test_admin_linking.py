"""What an operator does about who is whom, where no gateway runs."""

from pathlib import Path

import pytest

from gateway.admin import Admin
from gateway.admin_errors import AdminError
from gateway.clock import Clock
from gateway.config import Settings
from gateway.current import Current
from gateway.life import Life
from gateway.open_sessions import OpenSessions
from gateway.people import People
from state.files.receipts import Receipts
from state.history import Entry
from state.keys import SessionKey
from state.lifecycle import Phase
from state.memory import MemoryLedger, MemorySessions
from state.persons import Identity
from state.records import Admission, Role
from state.session import Session
from tests.contracts.examples import NOON, turn
from tests.flows.apps import owned

HOST, GUEST = SessionKey.parse("telegram:1:main"), SessionKey.parse("discord:2:dm")


class Office:
    """Stores, an operator, and the settings that say who is an owner."""

    def __init__(self, **people: object) -> None:
        self.sessions, self.ledger, clock = MemorySessions(), MemoryLedger(), Clock()
        settings = Settings.model_validate(owned("telegram", people=people))
        self.people = People(self.ledger, {}, clock, Current(settings))
        life = Life(self.sessions, self.ledger, OpenSessions(self.sessions), clock)
        self.admin = Admin(
            sessions=self.sessions,
            ledger=self.ledger,
            life=life,
            clock=clock,
            receipts=Receipts(Path("nowhere")),
            everybody=lambda: self.people,
        )

    async def talked(self, key: SessionKey, entries: list[Entry] | None = None) -> None:
        session = Session.begin(key, agent="main", at=NOON)
        said = turn(1) if entries is None else entries
        await self.sessions.append(session.with_entries(said), said)
        await self.ledger.index(session.with_entries(said))

    async def phase(self, key: SessionKey) -> Phase:
        loaded = await self.sessions.load(key.session_id)
        assert loaded is not None
        return loaded.session.phase


async def refusal(doing: object) -> AdminError:
    with pytest.raises(AdminError) as caught:
        await doing  # type: ignore[misc]
    return caught.value


async def test_two_addresses_are_linked_and_parted() -> None:
    office = Office()
    await office.talked(HOST)
    await office.talked(GUEST)
    done = await office.admin.links.link("telegram:1", "discord:2")
    assert done == {"linked": ["telegram:1", "discord:2"], "person": "1"}
    assert await office.phase(GUEST) is Phase.ARCHIVED
    assert office.people.whois.roles[Identity("discord", "2")] is Role.OWNER
    assert office.people.whois.aliases[str(GUEST)] == HOST.session_id
    await office.admin.links.unlink("discord:2")
    assert await office.phase(GUEST) is not Phase.ARCHIVED
    assert Identity("discord", "2") not in office.people.whois.roles


async def test_what_makes_no_sense_is_refused_with_what_would() -> None:
    office = Office(ann={"accounts": ["slack:U9"]})
    links = office.admin.links
    assert (await refusal(links.link("jason", "discord:2"))).code == "usage"
    assert "the other way round" in str((await refusal(links.link("discord:2", "telegram:1"))).hint)
    assert (await refusal(links.unlink("discord:2"))).code == "not_found"
    assert (await refusal(links.unlink("slack:U9"))).code == "not_found"
    assert (await refusal(links.code("nobody"))).code == "not_found"
    await links.link("telegram:1", "discord:2")
    assert "already" in str(await refusal(links.link("telegram:1", "discord:2")))
    assert "unlink discord:2" in str((await refusal(links.link("telegram:7", "discord:2"))).hint)


async def test_a_person_is_renamed_and_keeps_the_conversation() -> None:
    office = Office(ann={"accounts": ["slack:U9"]})
    await office.talked(HOST)
    await office.admin.links.link("telegram:1", "discord:2")
    done = await office.admin.links.rename("1", "jason")
    assert done == {"renamed": "1", "person": "jason", "session": HOST.session_id}
    assert [row.id for row in await office.ledger.find("user-jason")] == [HOST.session_id]
    for name, new, code in (
        ("nobody", "x", "not_found"),
        ("jason", "Jason!", "usage"),
        ("jason", "ann", "usage"),
    ):
        assert (await refusal(office.admin.links.rename(name, new))).code == code


async def test_a_code_of_the_operators_is_for_an_owner_or_a_person() -> None:
    office = Office(ann={"accounts": ["slack:U9"]})
    owners = await office.admin.links.code()
    assert (owners["owner"], owners["person"], owners["links"]) == (True, None, {})
    anns = await office.admin.links.code("ann")
    assert anns["person"] == "ann"
    of = {code.identity for code in await office.ledger.links.codes(Clock().now())}
    assert of == {None, Identity("slack", "U9")}


async def test_whoever_is_revoked_is_parted_and_so_are_their_rights() -> None:
    office = Office()
    guest = Admission("discord", "2", Role.GUEST, "Jay", NOON)
    office.ledger._admissions["discord", "2"] = guest
    await office.admin.links.link("discord:2", "slack:U3")
    assert office.people.whois.roles[Identity("slack", "U3")] is Role.GUEST
    done = await office.admin.revoke("2")
    assert done["unlinked"]
    assert Identity("slack", "U3") not in office.people.whois.roles
    assert [link.identity.account for link in await office.ledger.links.links()] == ["slack"]
