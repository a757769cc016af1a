"""How a message becomes ours: admit, route, store. Only then may its platform be told."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from functools import partial

import structlog

from gateway import commands
from gateway.admission import Admit, Ignore, Pair
from gateway.delivery import Delivery
from gateway.doors import Doors
from gateway.entering import Entering
from gateway.events import Arrival, Arrived
from gateway.ground import Ground
from gateway.lanes import Lanes
from gateway.limits import TooMany
from gateway.people import People
from gateway.routes import Routes
from gateway.routing import Route
from gateway.scopes import scope_of
from gateway.switching import Switching
from gateway.turning_away import TurningAway
from state.keys import SessionId
from state.links import Change
from state.messages import (
    Accepted,
    Correction,
    Deletion,
    Inbound,
    InboundMessage,
    Malformed,
    Migration,
)
from state.store import StorageFailed, StorageFull

_log = structlog.get_logger("intake")

Hear = Callable[[Accepted], None]
"""Takes up at once what cannot wait for its lane, of a message that was accepted."""


class Intake:
    """Receives what channels hear; see `channels.channel.Receive`."""

    def __init__(
        self,
        ground: Ground,
        *,
        doors: Doors,
        people: People,
        routes: Routes,
        switching: Switching,
        entering: Entering,
        lanes: Lanes,
        delivery: Delivery,
        hear: Hear,
    ) -> None:
        self._settings = ground.settings
        self._ledger = ground.ledger
        self._feed = ground.feed
        self._channels = ground.channels
        self._doors = doors
        self._people = people
        self._routes = routes
        self._switching = switching
        self._entering = entering
        self._lanes = lanes
        self._delivery = delivery
        self._hear = hear
        self._trouble = ground.trouble
        self._clock = ground.clock
        self._turning_away = TurningAway(ground, delivery)
        self._arriving: Counter[SessionId] = Counter()
        self._taking: set[asyncio.Task[None]] = set()

    async def recover(self) -> None:
        """Take up what an earlier run left: messages without an outcome, parts not sent."""
        await self._routes.refresh()
        await self._people.refresh()
        await self._turning_away.recall()
        await self.take_up(self._channels)
        pending = await self._ledger.pending()
        for gone in {each.message.address.channel for each in pending} - self._channels.keys():
            _log.warning("account_gone", channel=gone)

    async def take_up(self, accounts: Collection[str]) -> None:
        """Take up what was left of these accounts, and is not under way."""
        owed = [each for each in await self._ledger.owed() if each.address.channel in accounts]
        pending = [
            each
            for each in await self._ledger.pending()
            if each.message.address.channel in accounts
        ]
        if owed or pending:
            _log.info("recovered", messages=len(pending), parts=len(owed))
        self._delivery.post(part for part in owed if not self._delivery.has(part))
        for accepted in pending:
            if not self._lanes.has(accepted):
                self._dispatch(accepted)

    async def receive(self, inbound: Inbound) -> None:
        """Take something over durably. Raises `StorageFull` or `StorageFailed` when it is not.

        Whoever is cancelled while waiting here (a client that leaves, a channel that breaks) ends
        only the waiting: a message that was stored but not begun would be known when it comes
        again, and be run by nobody until the next start.
        """
        taking = asyncio.create_task(self._take_over(inbound))
        self._taking.add(taking)
        taking.add_done_callback(self._ended)
        await asyncio.shield(taking)

    async def settled(self, seconds: float) -> None:
        """Wait, so long at most, until nothing is being stored any more."""
        if self._taking:
            await asyncio.wait(self._taking, timeout=seconds)

    def _ended(self, taking: asyncio.Task[None]) -> None:
        self._taking.discard(taking)
        if not taking.cancelled():
            # Whoever left is not there to hear why it failed; `trouble` has it.
            taking.exception()

    async def _take_over(self, inbound: Inbound) -> None:
        # This task is the message's own: what is logged in it is about that message.
        structlog.contextvars.bind_contextvars(channel=_account(inbound), source=inbound.source)
        try:
            await self._receive(inbound)
        except (StorageFull, StorageFailed) as error:
            self._trouble.refused(self._name(inbound), error)
            raise
        self._trouble.taken(self._name(inbound))

    def _name(self, inbound: Inbound) -> tuple[str, str]:
        """What a refused message goes by until it, or another in its place, is taken."""
        account = _account(inbound)
        again = self._channels[account].capabilities.redelivers
        return account, inbound.source if again else ""

    async def _receive(self, inbound: Inbound) -> None:
        match inbound:
            case Malformed():
                _log.error("update_set_aside", source=inbound.source, reason=inbound.reason)
                await self._ledger.set_aside(inbound)
                self._arrived(inbound, Arrival.SET_ASIDE)
            case Migration():
                await self._routes.migrate(inbound)
            case InboundMessage():
                await self._take(inbound)
            case Correction():
                await self._correct(inbound)
            case Deletion():
                await self._delete(inbound)

    async def _take(self, message: InboundMessage) -> None:
        account = message.address.channel
        match self._doors.verdict(message):
            case Ignore(reason):
                self._ignored(message, reason)
            case Admit() | Pair() as verdict if await self._entered(message, verdict):
                pass
            case Pair():
                self._delivery.post(await self._people.ask_in(message))
                self._arrived(message, Arrival.STRANGER)
            case Admit(owner):
                settings = self._settings.now
                scope = settings.agents.defaults.session.channel_scope
                if (own := settings.channels.get(account)) is not None:
                    scope = scope_of(message.container, own, scope)
                await self._enter(message, partial(self._routes.of, owner=owner, scope=scope))

    async def _entered(self, message: InboundMessage, verdict: Admit | Pair) -> bool:
        """Whether it was a message about who is whom, and was dealt with."""
        admitted = isinstance(verdict, Admit)
        if not self._entering.concerns(message, admitted=admitted):
            return False
        return await self._entering.take(message, self._accept_with, admitted=admitted)

    async def _accept_with(
        self, message: InboundMessage, way: Route, change: Change | None
    ) -> bool:
        return await self._accept(message, way, change=change)

    async def _enter(
        self, message: InboundMessage, route: Callable[[InboundMessage], Route]
    ) -> None:
        """Accept a message in the session that its chat is in by then; see `Routes`."""
        switches = self._switching.asked(message)
        turn = self._routes.turn(route(message), switches=switches)
        if turn is None:
            await self._accept(message, route(message))
            return
        async with turn:
            if switches:
                await self._switch(message, route(message))
            else:
                await self._accept(message, route(message))

    async def _switch(self, message: InboundMessage, way: Route) -> None:
        """Accept what may lead its chat elsewhere, in the session that it leads to."""
        known = await self._ledger.taken(message.address.channel, message.source)
        to = None if known is not None else await self._switching.to(message, way)
        if to is not None:
            if await self._accept(message, to, base=way.base):
                self._routes.switched(to)
        elif await self._accept(message, way) and known is not None:
            # It switched when the ledger stored it, and said that it did not.
            await self._routes.refresh()

    async def _correct(self, correction: Correction) -> None:
        """Take over what was changed of a message that is known; of others there is no talk.

        A message that was not for us does not become so by what is changed in it later.
        """
        original = await self._ledger.taken(correction.address.channel, correction.of)
        if not self._doors.is_admitted(correction) or original is None:
            self._ignored(correction, "corrects nothing that was taken over")
            return
        if not self._routes.is_theirs(original.key, original.session):
            self._ignored(correction, "its conversation is another's now")
            return
        await self._accept(correction, Route(original.key, original.session))

    async def _delete(self, deletion: Deletion) -> None:
        """Take over that a message was deleted, if it is one that was taken over."""
        original = await self._ledger.taken(deletion.address.channel, deletion.of)
        if original is not None:
            await self._accept(deletion, Route(original.key, original.session))

    async def _accept(
        self,
        message: InboundMessage | Correction | Deletion,
        way: Route,
        *,
        base: SessionId | None = None,
        change: Change | None = None,
    ) -> bool:
        """Whether a message was taken over now; `base` and `change` as in `Ledger.accept`."""
        # A stop is always taken, and so is a deletion: they make the work less.
        # What a turn waits for is taken, too.
        urgent = isinstance(message, InboundMessage) and (
            commands.stops(message.text) or commands.decides(message.text)
        )
        waiting = self._lanes.waiting(way.session) + self._arriving[way.session]
        if waiting >= self._settings.now.gateway.max_queue and not (
            urgent or isinstance(message, Deletion)
        ):
            await self._turning_away.queue_full(message, waiting)
            self._arrived(message, Arrival.DECLINED)
            return False
        exempt = self._doors.is_owners(message)
        counted = self._turning_away.count(message, way.key, exempt=exempt)
        if isinstance(counted, TooMany):
            await self._turning_away.too_many(counted)
            self._arrived(message, Arrival.DECLINED)
            return False
        accepted = None
        self._arriving[way.session] += 1
        try:
            accepted = await self._ledger.accept(
                message,
                key=way.key,
                session=way.session,
                entry=self._clock.id(),
                at=self._clock.now(),
                base=base,
                change=change,
            )
        finally:
            if accepted is None and counted is not None:
                self._turning_away.uncount(counted)
            self._arriving[way.session] -= 1
            if not self._arriving[way.session]:
                del self._arriving[way.session]
        if accepted is None:
            _log.info("seen_before", source=message.source)
            self._arrived(message, Arrival.DUPLICATE)
            return False
        if change is not None:
            # Before anything is done about it: whoever asked may have the right by it alone.
            self._people.took(change)
        self._feed.publish(
            Arrived(
                message.address.channel,
                message.source,
                Arrival.ACCEPTED,
                accepted.session,
                accepted.seq,
            )
        )
        self._dispatch(accepted)
        return True

    def _ignored(self, message: InboundMessage | Correction, reason: str) -> None:
        _log.debug("ignored", channel=message.address.channel, reason=reason)
        self._arrived(message, Arrival.IGNORED)

    def _arrived(self, inbound: Inbound, how: Arrival) -> None:
        self._feed.publish(Arrived(_account(inbound), inbound.source, how))

    def _dispatch(self, accepted: Accepted) -> None:
        message = accepted.message
        stops = isinstance(message, InboundMessage) and commands.stops(message.text)
        self._hear(accepted)
        self._lanes.submit(accepted, stops=self._doors.stopped_by(accepted) if stops else None)


def _account(inbound: Inbound) -> str:
    match inbound:
        case InboundMessage() | Correction() | Deletion():
            return inbound.address.channel
        case Migration() | Malformed():
            return inbound.channel
