"""Who is whom and who was let in, and how strangers ask for it."""

import asyncio
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from channels.channel import Channel
from channels.config import DmPolicy
from channels.loopback import LOCAL_USER, TERMINAL
from gateway.clock import Clock
from gateway.config import Settings
from gateway.current import Current
from gateway.notices import notice
from gateway.pairing import CODE_ALPHABET, CODE_LENGTH, CODE_LIFE
from gateway.whois import Configured, Whois, higher
from state.keys import SessionId, SessionKey
from state.links import Change
from state.messages import InboundMessage, OwedPart, Reply, ReplyKind
from state.persons import Identity
from state.store import Ledger, PairingRequest, Role

MOST_REQUESTS = 20
"""Live requests an account keeps; a flood of strangers gets no answer beyond that."""


class People:
    """Everybody of all accounts, kept in memory because every message asks.

    Whoever changes who is whom holds `alone` from looking at it until the change is `took`.
    """

    def __init__(
        self,
        ledger: Ledger,
        channels: Mapping[str, Channel],
        clock: Clock,
        settings: Current | None = None,
    ) -> None:
        self._ledger = ledger
        self._channels = channels
        self._clock = clock
        self._settings = settings or Current(Settings())
        self._asking: set[Identity] = set()
        self.alone = asyncio.Lock()
        self._everybody = _Everybody.of(self._settings.now, Whois.of(Configured()))

    @property
    def whois(self) -> Whois:
        """Everybody, as the ledger and the settings in effect say."""
        return self._now().whois

    async def refresh(self) -> None:
        """Read everything again, after it was changed elsewhere than in a chat."""
        async with self.alone:
            await self.read()

    async def read(self) -> None:
        """The same, for whoever is `alone`."""
        links = self._ledger.links
        admissions = await self._ledger.admissions()
        linked, addresses = await links.persons(), await links.links()
        self._know(Whois.of(self.whois.configured, admissions, linked, addresses))

    def took(self, change: Change) -> None:
        """The ledger made a change: it holds from the next message on."""
        self._know(self.whois.after(change))

    def admitted(self, account: str) -> Mapping[str, Role]:
        """What the user ids may that were let in on an account, however that was."""
        return self._now().admitted.get(account, {})

    def named(self, session: SessionId) -> str | None:
        """The name of the person whose session it is."""
        return self.whois.named_by(session)

    def leads(self, key: SessionKey) -> SessionId:
        """The session of a person's private chat, as far as it follows from who they are."""
        return self.whois.aliases.get(str(key), key.session_id)

    def is_welcome(self, identity: Identity) -> bool:
        """Whether somebody may write in private now."""
        account = self._settings.now.channels.get(identity.account)
        opened = account is not None and account.dm_policy is DmPolicy.OPEN
        return opened or identity in self.whois.roles

    def lacks_owner(self) -> bool:
        """Whether there are accounts, and nobody is an owner on any."""
        owned = {each.account for each, role in self.whois.roles.items() if role is Role.OWNER}
        accounts = self._settings.now.channels.keys()
        return bool(accounts) and not owned & accounts

    def same(self, identity: Identity) -> Collection[Identity]:
        """All addresses of whoever has this one."""
        members = self.whois.members
        name = members.get(identity)
        if name is None:
            return (identity,)
        return [each for each, person in members.items() if person == name]

    def _know(self, whois: Whois) -> None:
        self._everybody = _Everybody.of(self._settings.now, whois)

    def _now(self) -> "_Everybody":
        if self._everybody.settings is not self._settings.now:
            self._know(self._everybody.whois)
        return self._everybody

    async def ask_in(self, message: InboundMessage) -> tuple[OwedPart, ...]:
        """Give a stranger their code, once while it lives; what they wrote is not kept."""
        who = Identity(message.address.channel, message.sender.id)
        if who in self._asking:
            # They are being told: of many messages at once, none but the first gets the code.
            return ()
        self._asking.add(who)
        try:
            return await self._ask_in(message)
        finally:
            self._asking.discard(who)

    async def _ask_in(self, message: InboundMessage) -> tuple[OwedPart, ...]:
        now = self._clock.now()
        asked = await self._ledger.request_pairing(
            PairingRequest(
                code=new_code(),
                account=message.address.channel,
                user=message.sender.id,
                name=message.sender.name,
                address=message.address,
                created_at=now,
                expires_at=now + CODE_LIFE,
            ),
            most=MOST_REQUESTS,
        )
        if asked is None or asked.notified_at is not None:
            return ()
        minutes = int(CODE_LIFE.total_seconds() // 60)
        reply = Reply(notice("pairing", code=asked.code, minutes=minutes), ReplyKind.NOTICE)
        parts = self._channels[message.address.channel].render(reply)
        owed = await self._ledger.decline(message, reason="pairing", parts=parts, at=now)
        await self._ledger.notified(asked.code, now)
        return owed or ()


@dataclass(frozen=True, slots=True)
class _Everybody:
    """What is known by one set of settings. `admitted` is asked of every message."""

    settings: Settings
    whois: Whois
    admitted: Mapping[str, Mapping[str, Role]]

    @classmethod
    def of(cls, settings: Settings, known: Whois) -> "_Everybody":
        """The same people, as these settings see them."""
        whois = Whois.of(configured(settings), known.admissions, known.linked, known.links)
        admitted: dict[str, dict[str, Role]] = {}
        for identity, role in whois.roles.items():
            admitted.setdefault(identity.account, {})[identity.user] = role
        return cls(settings, whois, admitted)


def new_code() -> str:
    """A code that nobody can guess in the time it lives."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def configured(settings: Settings) -> Configured:
    """Who is whom and who may what, as it is set. Whoever is at the terminal is an owner."""
    roles = {Identity(TERMINAL, LOCAL_USER.id): Role.OWNER}
    persons: dict[str, frozenset[Identity]] = {}
    for name, account in settings.channels.items():
        roles |= {Identity(name, user): Role.GUEST for user in account.allow_users}
        roles |= {Identity(name, user): Role.OWNER for user in account.owners}
    for name, person in settings.people.items():
        persons[name] = person.identities
        for identity in person.identities:
            given = Role.OWNER if person.owner else Role.GUEST
            roles[identity] = higher(roles.get(identity), given) or given
    return Configured(roles, persons)
