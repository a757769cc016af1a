"""Where every chat goes on, in memory because every message asks. The ledger has it, too."""

import asyncio
from collections import ChainMap
from collections.abc import Callable
from weakref import WeakValueDictionary

import structlog

from gateway.routing import Route, route
from gateway.whois import private_keys
from state.keys import Scope, SessionId, SessionKey, SessionType, side_of
from state.messages import InboundMessage, Migration
from state.persons import PRIVATE, Identity
from state.store import Ledger

_log = structlog.get_logger("intake")


class Routes:
    """Routes messages by what the ledger says of their chats.

    Which session a private chat is in can change from one message to the next, and each belongs to
    the one that was chosen last before it was accepted. What keeps that true:

    - A switch is stored in the transaction that accepts its message (`Ledger.accept`), so that
      neither a crash nor a message that comes again can part the two.
    - Between routing a message and asking the ledger to accept it there is no `await`, and the
      ledger accepts in the order in which it is asked.
    - While a switch is being accepted, nothing else of that person is: it waits at `turn`, in the
      order in which it came, and is routed after that.
    """

    def __init__(self, ledger: Ledger, linked: Callable[[], dict[str, SessionId]] = dict) -> None:
        """`linked` are the keys of persons' chats, with the session that each leads to now."""
        self._ledger = ledger
        self._linked = linked
        self._aliases: dict[str, SessionId] = {}
        self._chosen: dict[str, SessionId] = {}
        # A lock is there as long as somebody has it or waits for it.
        self._turns: WeakValueDictionary[SessionId, asyncio.Lock] = WeakValueDictionary()

    async def refresh(self) -> None:
        """Let chats go on as the ledger says now."""
        self._aliases = await self._ledger.aliases()
        # Whatever switches meanwhile is stored after this was read, and noted after it is here.
        self._chosen = await self._ledger.chosen()

    def of(self, message: InboundMessage, *, owner: bool, scope: Scope) -> Route:
        """The session of a message, if it is accepted now."""
        return route(
            message,
            owner=owner,
            scope=scope,
            aliases=ChainMap(self._linked(), self._aliases),
            chosen=self._chosen,
        )

    def turn(self, way: Route, *, switches: bool) -> asyncio.Lock | None:
        """What a message must hold while it is routed and accepted; None: there is no need.

        One that `switches` has it alone. It is the base's, not the chat's: no two chats of a person
        make one name at a time.
        """
        if way.base is None:
            return None
        return self.alone(way.base) if switches else self._turns.get(way.base)

    def alone(self, base: SessionId) -> asyncio.Lock:
        """Keeps everything of a person from being accepted that is not routed yet. Not for long."""
        return self._turns.setdefault(base, asyncio.Lock())

    def base(self, key: SessionKey) -> SessionId:
        """Where a key leads to by itself: its person's session, where it has one."""
        return self._linked().get(str(key)) or self.own(key)

    def own(self, key: SessionKey) -> SessionId:
        """The same, whoever it is linked with."""
        return self._aliases.get(str(key), key.session_id)

    def is_theirs(self, key: SessionKey, session: SessionId) -> bool:
        """Whether the chat of a key may still change what was said in a session.

        What a person said in private is theirs where it is their own, and as long as they are
        linked with those whose conversation it is. Groups are their members'.
        """
        side = side_of(session)
        base = session if side is None else side[0]
        return key.type not in PRIVATE or base in (self.base(key), self.own(key))

    def parted(self, identity: Identity) -> None:
        """Somebody came to a person, or left one: the side sessions of before are not theirs."""
        for key in private_keys(identity):
            self._chosen.pop(str(key), None)

    def now(self, key: SessionKey) -> SessionId:
        """Where the private chat of a key goes on."""
        return self._chosen.get(str(key), self.base(key))

    def switched(self, way: Route) -> None:
        """A chat goes on there: the ledger has accepted the switch."""
        self._chosen.pop(str(way.key), None)
        if way.session != way.base:
            self._chosen[str(way.key)] = way.session

    def gone(self, session: SessionId) -> None:
        """A session was deleted: chats that had chosen it are back where they began."""
        self._chosen = {key: there for key, there in self._chosen.items() if there != session}

    async def migrate(self, migration: Migration) -> None:
        """The group's session is reached by the supergroup's key from now on."""
        old = SessionKey(migration.channel, migration.old_chat, SessionType.GROUP)
        new = SessionKey(migration.channel, migration.new_chat, SessionType.GROUP)
        session_id = self.base(old)
        if self._aliases.get(str(new)) == session_id:
            return
        # Nothing waits for a turn that runs: the session takes its new key when it is used next.
        await self._ledger.set_alias(new, session_id)
        self._aliases[str(new)] = session_id
        _log.info("chat_migrated", session=session_id, key=str(new))
