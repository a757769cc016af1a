"""Where somebody is reached in private: where they last wrote to us alone."""

from collections.abc import Callable, Collection, Sequence

from state.history import UserEntry
from state.keys import Address, SessionId, SessionKey, SessionType
from state.messages import Accepted, ChatKind, InboundMessage
from state.persons import Identity
from state.store import Sessions, StoreError

Leads = Callable[[SessionKey], SessionId]
"""The session that a key leads to."""


class Whereabouts:
    """Knows it since the start, and else finds it in what was said."""

    def __init__(self, sessions: Sessions, leads: Leads) -> None:
        self._sessions = sessions
        self._leads = leads
        self._seen: dict[Identity, Address] = {}

    def note(self, accepted: Accepted) -> None:
        """Somebody wrote whose whereabouts matter."""
        message = accepted.message
        if isinstance(message, InboundMessage) and message.kind is ChatKind.DIRECT:
            identity = Identity(message.address.channel, message.sender.id)
            self._seen[identity] = message.address

    async def of(self, people: Collection[Identity]) -> Sequence[Address]:
        """Where each of them is reached, as far as that is known."""
        return [await self._of(each) for each in people]

    async def _of(self, identity: Identity) -> Address:
        if identity not in self._seen:
            self._seen[identity] = await self._last_heard(identity)
        return self._seen[identity]

    async def _last_heard(self, identity: Identity) -> Address:
        key = SessionKey(identity.account, identity.user, SessionType.MAIN)
        try:
            loaded = await self._sessions.load(self._leads(key))
        except StoreError:
            loaded = None
        entries = () if loaded is None else loaded.entries
        said = (each for each in reversed(entries) if isinstance(each, UserEntry))
        own = (
            each.address
            for each in said
            if (each.address.channel, each.sender.id) == (identity.account, identity.user)
        )
        # Some platforms call a private chat like its person; the others will say that it is none.
        return next(own, Address(identity.account, identity.user))
