"""The reference of who is whom, in dictionaries. For tests."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from state.links import Change, Joining, Leaving, Link, NamedPerson, PairCode, Redeeming, Tries
from state.persons import Identity, Person
from state.records import Admission
from state.store_errors import NotFound, StoreError


class MemoryLinks:
    """`linking.Links` in dictionaries.

    `let_in` is given whom a code makes an owner, and `moved` whose chats lead elsewhere now.
    """

    def __init__(
        self, let_in: Callable[[Admission], None], moved: Callable[[Identity], None]
    ) -> None:
        self._let_in = let_in
        self._moved = moved
        self._persons: dict[str, NamedPerson] = {}
        self._links: dict[Identity, Link] = {}
        self._codes: dict[str, PairCode] = {}
        self._tries: dict[tuple[str, str], Tries] = {}

    async def persons(self) -> tuple[NamedPerson, ...]:
        return tuple(person for _, person in sorted(self._persons.items()))

    async def links(self) -> tuple[Link, ...]:
        return tuple(link for _, link in sorted(self._links.items()))

    async def change(self, change: Change) -> None:
        self.apply(change)

    def apply(self, change: Change) -> None:
        """Make a change, all of it or nothing. Raises `NotFound`."""
        match change:
            case Joining(person, links, joiner, code):
                if code is not None:
                    self._use_up(code)
                self._persons.setdefault(person.name, person)
                self._links.update({link.identity: link for link in links})
                self._moved(joiner)
            case Leaving(identity, person, session):
                link = self._links.get(identity)
                if link is None or link.person != person:
                    raise NotFound(f"{identity} is not linked with {person}")
                if self._persons[person].session != session:
                    for each in self._links.values():
                        if each.person == person:
                            self._moved(each.identity)
                self._persons[person] = replace(self._persons[person], session=session)
                self.drop(identity)
                self._moved(identity)
            case Redeeming(admission, code):
                self._use_up(code)
                self._let_in(admission)

    def drop(self, identity: Identity) -> bool:
        """Forget an address, with the rights through it; whether it was there."""
        there = self._links.pop(identity, None) is not None
        for link in self._links.values():
            if link.by == identity:
                self._links[link.identity] = replace(link, by=None)
        left = {link.person for link in self._links.values()}
        self._persons = {name: each for name, each in self._persons.items() if name in left}
        return there

    def forget(self, person: Person) -> dict[str, int]:
        """Forget everything about somebody; how many rows of each kind that were."""
        before = self._rows()
        theirs = {(each.account, each.user) for each in person.identities}
        self._tries = {who: each for who, each in self._tries.items() if who not in theirs}
        self._codes = {
            digest: code
            for digest, code in self._codes.items()
            if code.identity not in person.identities
        }
        for identity in person.identities:
            self.drop(identity)
        after = self._rows()
        return {kind: number - after[kind] for kind, number in before.items()}

    def _rows(self) -> dict[str, int]:
        return {
            "addresses": len(self._links),
            "people": len(self._persons),
            "pair_codes": len(self._codes),
            "pair_tries": len(self._tries),
        }

    def of(self, identity: Identity) -> Link | None:
        """The link of an address."""
        return self._links.get(identity)

    async def rename(self, name: str, new: str) -> NamedPerson:
        if name not in self._persons:
            raise NotFound(f"nobody is called {name}")
        if name != new and new in self._persons:
            raise StoreError(f"there is a person {new} already")
        self._persons[new] = renamed = replace(self._persons.pop(name), name=new)
        for link in list(self._links.values()):
            if link.person == name:
                self._links[link.identity] = replace(link, person=new)
        return renamed

    async def offer(self, code: PairCode) -> None:
        self._codes = {
            digest: known
            for digest, known in self._codes.items()
            if known.expires_at > code.created_at and known.identity != code.identity
        }
        self._codes[code.digest] = code

    async def codes(self, now: datetime) -> tuple[PairCode, ...]:
        live = (code for code in self._codes.values() if code.expires_at > now)
        return tuple(sorted(live, key=lambda code: (code.created_at, code.digest)))

    async def tries(self, account: str, user: str) -> Tries | None:
        return self._tries.get((account, user))

    async def tried(self, tries: Tries, *, forget: datetime) -> None:
        self._tries = {who: each for who, each in self._tries.items() if each.last >= forget}
        self._tries[tries.account, tries.user] = tries

    async def tried_well(self, identity: Identity) -> None:
        self._tries.pop((identity.account, identity.user), None)

    def _use_up(self, digest: str) -> None:
        if self._codes.pop(digest, None) is None:
            raise NotFound("no such pairing code; it may have been used or expired")
