"""Who is whom, and what they may: the persons of the configuration, those who were linked, and all
who were let in. Pure.

A role follows from where it was given: by the configuration, by hand, or by whoever made the code
that was entered, as long as that one has it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from state.keys import SessionId, SessionKey, person_session_id
from state.links import Change, Joining, Leaving, Link, NamedPerson, Redeeming
from state.persons import PRIVATE, Identity
from state.records import Admission, Role

_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Configured:
    """What the configuration says of people: who may what, and who is whom.

    `roles` are those of the accounts' owners and allowed users, and of the persons' addresses.
    """

    roles: Mapping[Identity, Role] = field(default_factory=dict)
    persons: Mapping[str, frozenset[Identity]] = field(default_factory=dict)

    def person_of(self, identity: Identity) -> str | None:
        """The name of the person whose address it is."""
        return next((name for name, ids in self.persons.items() if identity in ids), None)


@dataclass(frozen=True, slots=True)
class Whois:
    """Everybody, at one moment. `of` makes one; `after` is the next."""

    configured: Configured
    admissions: tuple[Admission, ...]
    linked: tuple[NamedPerson, ...]
    links: tuple[Link, ...]
    persons: Mapping[str, NamedPerson]
    members: Mapping[Identity, str]
    roles: Mapping[Identity, Role]
    aliases: dict[str, SessionId]

    @classmethod
    def of(
        cls,
        configured: Configured,
        admissions: Iterable[Admission] = (),
        linked: Iterable[NamedPerson] = (),
        links: Iterable[Link] = (),
    ) -> "Whois":
        """What follows from what is configured and known."""
        admissions, linked, links = tuple(admissions), tuple(linked), tuple(links)
        persons = {person.name: person for person in linked} | {
            name: NamedPerson(name, person_session_id(name), _ALWAYS) for name in configured.persons
        }
        may = roles(_given(configured, admissions), links)
        members = dict(_members(configured, persons, links, may))
        return cls(
            configured,
            admissions,
            linked,
            links,
            persons,
            members,
            may,
            {
                str(key): persons[name].session
                for identity, name in members.items()
                for key in private_keys(identity)
            },
        )

    def after(self, change: Change) -> "Whois":
        """The same after a change, as the ledger makes it."""
        match change:
            case Joining(person, links, _, _):
                known = any(each.name == person.name for each in self.linked)
                fresh = {link.identity for link in links}
                return self._with(
                    linked=self.linked if known else (*self.linked, person),
                    links=(*(link for link in self.links if link.identity not in fresh), *links),
                )
            case Leaving(identity, name, session):
                left = tuple(
                    replace(link, by=None) if link.by == identity else link
                    for link in self.links
                    if link.identity != identity
                )
                names = {link.person for link in left}
                return self._with(
                    linked=tuple(
                        replace(each, session=session) if each.name == name else each
                        for each in self.linked
                        if each.name in names
                    ),
                    links=left,
                )
            case Redeeming(admission, _):
                user = (admission.account, admission.user)
                others = (a for a in self.admissions if (a.account, a.user) != user)
                return self._with(admissions=(*others, admission))

    def _with(
        self,
        *,
        admissions: Iterable[Admission] | None = None,
        linked: Iterable[NamedPerson] | None = None,
        links: Iterable[Link] | None = None,
    ) -> "Whois":
        return Whois.of(
            self.configured,
            self.admissions if admissions is None else admissions,
            self.linked if linked is None else linked,
            self.links if links is None else links,
        )

    def person_of(self, identity: Identity) -> NamedPerson | None:
        """The person whose address it is."""
        name = self.members.get(identity)
        return None if name is None else self.persons[name]

    def named_by(self, session: SessionId) -> str | None:
        """The name of the person whose session it is."""
        return next((p.name for p in self.persons.values() if p.session == session), None)

    def addresses(self, name: str) -> tuple[Identity, ...]:
        """A person's addresses, in order."""
        return tuple(sorted(each for each, person in self.members.items() if person == name))

    def link_of(self, identity: Identity) -> Link | None:
        """How an address came to be its person's, where that is not by the configuration."""
        return next((link for link in self.links if link.identity == identity), None)


def roles(given: Mapping[Identity, Role], links: Iterable[Link]) -> dict[Identity, Role]:
    """What everybody may: what they were given, or what whoever linked them may, if that is more.

    Where two linked each other, neither has a right that nobody gave one of them.
    """
    by = {link.identity: link.by for link in links if link.by is not None}
    found = dict(given)
    for identity in by:
        seen: list[Identity] = []
        at: Identity | None = identity
        while at is not None and at not in seen:
            seen.append(at)
            at = by.get(at)
        role = higher(*(given.get(each) for each in seen))
        if role is not None:
            found[identity] = role
    return found


def higher(*roles: Role | None) -> Role | None:
    """The one that may the most."""
    return max(roles, key=rank, default=None)


def rank(role: Role | None) -> int:
    """How much somebody may, beside others."""
    return 0 if role is None else 1 + (role is Role.OWNER)


def private_keys(identity: Identity) -> tuple[SessionKey, ...]:
    """The keys that a private chat can have: an owner's and anybody's."""
    return tuple(
        SessionKey(identity.account, identity.user, kind) for kind in sorted(PRIVATE, reverse=True)
    )


def _given(configured: Configured, admissions: Iterable[Admission]) -> dict[Identity, Role]:
    given = dict(configured.roles)
    for each in admissions:
        identity = Identity(each.account, each.user)
        role = higher(given.get(identity), each.role)
        if role is not None:
            given[identity] = role
    return given


def _members(
    configured: Configured,
    persons: Mapping[str, NamedPerson],
    links: tuple[Link, ...],
    may: Mapping[Identity, Role],
) -> Iterator[tuple[Identity, str]]:
    """Whose every address is. The configuration beats what was linked, and a name is no identity:
    somebody who was linked under a name that the configuration gives to a person is not that
    person, unless one of that person's addresses linked them. An address that lost the rights it
    was linked with is no more in the conversation of those that have them."""
    by = {link.identity: link.by for link in links}
    most: dict[str, int] = {}
    for link in links:
        most[link.person] = max(most.get(link.person, 0), rank(may.get(link.identity)))
    for link in links:
        own = configured.persons.get(link.person)
        if own is None:
            belongs = rank(may.get(link.identity)) == most[link.person]
        else:
            belongs = _leads_to(by, link.identity, own)
        if link.person in persons and belongs:
            yield link.identity, link.person
    for name, identities in configured.persons.items():
        for identity in identities:
            yield identity, name


def _leads_to(
    by: Mapping[Identity, Identity | None], identity: Identity, there: frozenset[Identity]
) -> bool:
    seen: set[Identity] = set()
    at: Identity | None = identity
    while at is not None and at not in seen:
        if at in there:
            return True
        seen.add(at)
        at = by.get(at)
    return False
