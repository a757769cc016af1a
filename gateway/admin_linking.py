"""What an operator does about who is whom. Raises `AdminError`."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from gateway import commands
from gateway.admin_errors import AdminError, as_admin_errors
from gateway.admin_live import Live
from gateway.clock import Clock
from gateway.life import Life
from gateway.linking import Linking
from gateway.pairing import CODE_LIFE
from gateway.people import People
from gateway.reading import Json
from gateway.whois import rank
from state.codec import time_to_json
from state.keys import InvalidKey, SessionId, person_session_id
from state.lifecycle import Phase
from state.links import Change, Leaving
from state.persons import Identity
from state.store import Ledger, NotFound, Sessions

TELEGRAM = "telegram"


class LinkActions:
    """Actions on who is whom, told in JSON values. `everybody` is asked for when it is needed."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        ledger: Ledger,
        life: Life,
        clock: Clock,
        live: Live | None,
        everybody: Callable[[], People],
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._life = life
        self._clock = clock
        self._live = live
        self._everybody = everybody

    async def code(self, person: str | None = None) -> Json:
        """A code that links with a person, or without one makes whoever enters it an owner."""
        with as_admin_errors():
            people = await self._known()
            async with people.alone:
                maker = self._spokesman(people, person) if person is not None else None
                code = await self._linking(people).new_code(maker, person or "")
        health = () if self._live is None else self._live.channel_health()
        return {
            "code": code,
            "person": person,
            "owner": person is None,
            "expires_at": time_to_json(self._clock.now() + CODE_LIFE),
            "links": {
                name: commands.deep_link(each.identity, code)
                for name, kind, each in health
                if kind == TELEGRAM and each.identity is not None
            },
        }

    async def link(self, first: str, second: str) -> Json:
        """Let the second address join the first one's person, with the rights of that."""
        host, joiner = _identity(first), _identity(second)
        with as_admin_errors():
            people = await self._known()
            async with people.alone:
                _check_link(people, host, joiner)
                names = await self._ledger.seen()
                called = [min(names.get(i, ()), default=i.user) for i in (host, joiner)]
                change = await self._linking(people).joining(
                    host, called[0], joiner, called[1], code=None
                )
                await self._make(people, change)
                own = [
                    (identity, session)
                    for identity in (host, joiner)
                    for session in await self._linking(people).own(identity)
                ]
            name = change.person.name
            # In their lanes, and so not while all who want to change something wait for this.
            for identity, session in own:
                if session != change.person.session:
                    await self._between(
                        session, partial(self._put_away, people, session, identity, name)
                    )
        return {"linked": [str(host), str(joiner)], "person": name}

    async def unlink(self, address: str) -> Json:
        """Part an address from its person. Rights that others have through it are gone."""
        identity = _identity(address)
        leaving = await self.part(identity)
        if leaving is None:
            hint = "`argent pair list` has who is; what the configuration links is changed there"
            raise AdminError("not_found", f"{identity} was linked with nobody", hint)
        return {"unlinked": str(identity), "person": leaving.person}

    async def part(self, identity: Identity) -> Leaving | None:
        """Part an address from its person; None where it has none."""
        with as_admin_errors():
            people = await self._known()
            async with people.alone:
                leaving = await self._linking(people).leaving(identity)
                if leaving is None:
                    return None
                await self._make(people, leaving)
                role = people.whois.roles.get(identity)
                _, own = await self._linking(people).key_and_session(identity, role)
            # In its lane, and so not while all who want to change something wait for this.
            await self._between(own, partial(self._take_out, own))
        return leaving

    async def rename(self, name: str, new: str) -> Json:
        """Call a person otherwise. Their conversation keeps its id, and is found by both names."""
        try:
            person_session_id(new)
        except InvalidKey as error:
            raise AdminError("usage", str(error)) from error
        with as_admin_errors():
            people = await self._known()
            async with people.alone:
                configured = people.whois.configured.persons
                if name in configured or new in configured:
                    hint = "rename them there, under [people]"
                    raise AdminError("usage", "that name is the configuration's", hint)
                try:
                    person = await self._ledger.links.rename(name, new)
                except NotFound as error:
                    hint = "`argent people list` has everybody's names"
                    raise AdminError("not_found", str(error), hint) from error
                await people.read()
            await self._between(person.session, partial(self._name, person.session, new))
        return {"renamed": name, "person": new, "session": person.session}

    async def _known(self) -> People:
        people = self._everybody()
        await people.refresh()
        return people

    def _linking(self, people: People) -> Linking:
        return Linking(self._ledger, self._sessions, people, self._clock)

    def _spokesman(self, people: People, person: str) -> Identity:
        """The address of a person that may the most: a code is as good as whose it is."""
        addresses = people.whois.addresses(person)
        if not addresses:
            hint = "`argent people list` has everybody's names"
            raise AdminError("not_found", f"nobody is called {person}", hint)
        welcome = [each for each in addresses if people.is_welcome(each)]
        if not welcome:
            hint = f"let them in first: argent people show {person}"
            raise AdminError("usage", f"{person} is let in nowhere, and so lets in nobody", hint)
        return max(welcome, key=lambda each: rank(people.whois.roles.get(each)))

    async def _make(self, people: People, change: Change) -> None:
        await self._ledger.links.change(change)
        people.took(change)
        if self._live is not None:
            await self._live.aliases_changed()

    async def _between(self, session: SessionId, act: Callable[[], Awaitable[None]]) -> None:
        await (act() if self._live is None else self._live.in_lane(session, act))

    async def _put_away(
        self, people: People, session: SessionId, identity: Identity, person: str
    ) -> None:
        loaded = await self._sessions.load(session)
        there = loaded is not None and loaded.session.phase is not Phase.ARCHIVED
        if there and people.whois.members.get(identity) == person:
            await self._life.archive(session, reason=f"linked to user-{person}")

    async def _take_out(self, session: SessionId) -> None:
        if await self._sessions.load(session) is not None:
            await self._life.restore(session, reason="parted from the others")

    async def _name(self, session: SessionId, person: str) -> None:
        loaded = await self._sessions.load(session)
        if loaded is not None:
            await self._life.change(replace(loaded.session, person=person))


def _identity(written: str) -> Identity:
    identity = Identity.parse(written)
    if identity is None:
        hint = "write <account>:<user id>, as `argent pair list` has them"
        raise AdminError("usage", f"{written!r} is no address of a person", hint)
    return identity


def _check_link(people: People, host: Identity, joiner: Identity) -> None:
    whois = people.whois
    person = whois.person_of(joiner)
    if host == joiner or (person is not None and person == whois.person_of(host)):
        raise AdminError("usage", "that is one person already")
    if person is not None:
        hint = f"first part it from them: argent pair unlink {joiner}"
        raise AdminError("usage", f"{joiner} is linked with {person.name}", hint)
    if rank(whois.roles.get(joiner)) > rank(whois.roles.get(host)):
        hint = f"say it the other way round: argent pair link {joiner} {host}"
        raise AdminError("usage", f"{joiner} may do more than {host}", hint)
