"""What is done about who is whom as a message that asks for it comes in.

A code links in the transaction that accepts its message, so that neither a crash nor a message that
comes again can part the two (`docs/adr/0018-a-switch-is-part-of-its-message.md`). Everything
else that is said about codes is said here as well, without a session: whoever enters one may have
none, and must not wait behind a turn.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import structlog

from gateway import commands, pairing
from gateway.commands import CommandName
from gateway.delivery import Delivery
from gateway.ground import Ground
from gateway.linking import Linking, private_key
from gateway.notices import notice
from gateway.pairing import UNKNOWN, Links, MakesOwner, Refused
from gateway.people import People
from gateway.routes import Routes
from gateway.routing import Route
from gateway.whois import higher, private_keys
from state.keys import SessionId
from state.links import Change, PairCode, Redeeming
from state.messages import Button, ChatKind, InboundMessage, Reply, ReplyKind
from state.persons import Identity
from state.records import Admission, Role
from state.store import NotFound

YES = "yes"
"""What agrees to a link, said behind the code."""

Accept = Callable[[InboundMessage, Route, Change | None], Awaitable[bool]]
"""Takes a message over, with a change. Whether it did. Raises `NotFound` as `Ledger.accept`."""

_log = structlog.get_logger("pairing")


class Entering:
    """Knows the messages that link and part people, and lets them."""

    def __init__(
        self, ground: Ground, linking: Linking, people: People, routes: Routes, delivery: Delivery
    ) -> None:
        self._ledger = ground.ledger
        self._channels = ground.channels
        self._clock = ground.clock
        self._linking = linking
        self._people = people
        self._routes = routes
        self._delivery = delivery

    @staticmethod
    def concerns(message: InboundMessage, *, admitted: bool) -> bool:
        """Whether a message may be one of those. A stranger may say a code and nothing else."""
        if message.kind is not ChatKind.DIRECT:
            return False
        match commands.parse(message.text):
            case CommandName.PAIR:
                return bool(commands.code_in(message.text))
            case CommandName.UNPAIR:
                return admitted
        return not admitted and pairing.is_code(message.text)

    async def take(self, message: InboundMessage, accept: Accept, *, admitted: bool) -> bool:
        """Whether a message was dealt with. Others go the way of all messages."""
        async with self._people.alone:
            known = await self._ledger.taken(message.address.channel, message.source)
            if known is not None:
                # It may have been stored although that was reported as failed. Then its change was
                # made, nobody knows of it here, and nobody runs the message yet.
                await self._people.read()
                await self._routes.refresh()
                await accept(message, Route(known.key, known.session), None)
                return True
            if commands.parse(message.text) is CommandName.UNPAIR:
                return await self._leave(message, accept)
            return await self._enter(message, accept, admitted=admitted)

    async def _enter(self, message: InboundMessage, accept: Accept, *, admitted: bool) -> bool:
        who, now = _sender(message), self._clock.now()
        commanded = commands.parse(message.text) is CommandName.PAIR
        written = commands.code_in(message.text) if commanded else message.text
        agreed = written.lower().endswith(f" {YES}")
        written = written[: -len(YES)] if agreed else written
        if (wait := await self._wait(who)) is not None:
            if admitted:
                await self._say(message, notice("pair_wait", minutes=_minutes(wait)))
            # A stranger can still ask to be let in.
            return admitted
        code = pairing.found(written, await self._ledger.links.codes(now))
        welcome = code is None or code.identity is None or self._people.is_welcome(code.identity)
        means = pairing.meaning(code, who, self._people.whois, admitted=admitted, welcome=welcome)
        if means is UNKNOWN or code is None:
            await self._wrong(who)
            if commanded:
                await self._say(message, notice("pair_unknown"))
            return commanded
        await self._ledger.links.tried_well(who)
        # A code alone would be words for the agent, and be kept.
        message = message if commanded else replace(message, text=f"/{CommandName.PAIR} {written}")
        match means:
            case Refused(why):
                await self._say(message, notice(why))
            case MakesOwner():
                await self._redeem(message, who, code, accept)
            case Links(host, _) if agreed:
                await self._join(message, who, host, code, accept)
            case Links(host, role):
                await self._ask(message, host, role, code, written)
        return True

    async def _redeem(
        self, message: InboundMessage, who: Identity, code: PairCode, accept: Accept
    ) -> None:
        at = self._clock.now()
        admission = Admission(who.account, who.user, Role.OWNER, message.sender.name, at)
        key = private_key(who, Role.OWNER)
        async with self._waiting([self._routes.base(each) for each in private_keys(who)]):
            way = Route(key, self._routes.base(key))
            if await self._accept(message, way, Redeeming(admission, code.digest), accept):
                _log.warning("owner_let_in", account=who.account, user=who.user)

    async def _ask(
        self, message: InboundMessage, host: Identity, role: Role | None, code: PairCode, word: str
    ) -> None:
        """Say whom a code links with, before it does."""
        facts = {"called": code.called or host.user, "account": host.account}
        text = notice("pair_sure", **facts)
        mine = self._people.whois.roles.get(_sender(message))
        if role is Role.OWNER and mine is not Role.OWNER:
            text += " " + notice("pair_makes_owner")
        plain = pairing.plain(word)
        text += "\n\n" + notice("pair_agree", code=plain, called=facts["called"])
        buttons = (Button(notice("pair_button"), f"/pair {plain} {YES}"),)
        await self._say(message, text, buttons)

    async def _join(
        self, message: InboundMessage, who: Identity, host: Identity, code: PairCode, accept: Accept
    ) -> None:
        keys = [*private_keys(who), *private_keys(host)]
        async with self._waiting([self._routes.base(key) for key in keys]):
            change = await self._linking.joining(
                host, code.called or host.user, who, message.sender.name, code=code.digest
            )
            roles = self._people.whois.roles
            key = private_key(who, higher(roles.get(who), roles.get(host)))
            if await self._accept(message, Route(key, change.person.session), change, accept):
                self._routes.parted(who)
                _log.info("linked", account=who.account, person=change.person.name)
                await self._tell(message, code)

    async def _tell(self, message: InboundMessage, code: PairCode) -> None:
        """Let whoever made a code know who entered it."""
        address = code.address
        if address is None or (channel := self._channels.get(address.channel)) is None:
            return
        name, account = message.sender.name, message.address.channel
        reply = Reply(notice("pair_told", called=name, account=account), ReplyKind.NOTICE)
        told = f"pair {account} {message.source}"
        parts = channel.render(reply)
        self._delivery.post(await self._ledger.announce(told, address, parts, at=self._clock.now()))

    async def _accept(
        self, message: InboundMessage, way: Route, change: Change, accept: Accept
    ) -> bool:
        try:
            return await accept(message, way, change)
        except NotFound:
            # The code expired just now.
            await self._say(message, notice("pair_unknown"))
            return False

    async def _leave(self, message: InboundMessage, accept: Accept) -> bool:
        who = _sender(message)
        leaving = await self._linking.leaving(who)
        if leaving is None:
            known = self._people.whois.person_of(who) is not None
            await self._say(message, notice("pair_configured" if known else "pair_alone"))
            return True
        whois = self._people.whois
        role = whois.after(leaving).roles.get(who)
        stays = whois.persons[leaving.person].session == leaving.session
        parted = (who,) if stays else whois.addresses(leaving.person)
        async with self._waiting([self._routes.base(key) for key in private_keys(who)]):
            key, session = await self._linking.key_and_session(who, role)
            if await accept(message, Route(key, session), leaving):
                for each in parted:
                    self._routes.parted(each)
                _log.info("unlinked", account=who.account, person=leaving.person)
        return True

    @asynccontextmanager
    async def _waiting(self, sessions: Iterable[SessionId]) -> AsyncIterator[None]:
        """Let everything else of these people wait to be routed, as it waits for a switch.

        Only one is here at a time, and all others hold but one of these: none wait for each other.
        """
        async with AsyncExitStack() as stack:
            for each in sorted(set(sessions)):
                await stack.enter_async_context(self._routes.alone(each))
            yield

    async def _wait(self, who: Identity) -> timedelta | None:
        """How long somebody is not listened to. Strangers wait for each other, nobody else does."""
        now, links = self._clock.now(), self._ledger.links
        wait = pairing.waits(await links.tries(who.account, who.user), now)
        if wait is None and self._is_stranger(who):
            wait = pairing.waits(await links.tries(who.account, ""), now)
        return wait

    async def _wrong(self, who: Identity) -> None:
        now, links = self._clock.now(), self._ledger.links
        forget = now - pairing.REMEMBERED
        own = (who.account, who.user)
        await links.tried(pairing.after_wrong(await links.tries(*own), own, now), forget=forget)
        if self._is_stranger(who):
            everybody = (who.account, "")
            tries = pairing.after_wrong(
                await links.tries(*everybody),
                everybody,
                now,
                free=pairing.STRANGERS_FREE_TRIES,
                longest=pairing.STRANGERS_LONGEST_WAIT,
            )
            await links.tried(tries, forget=forget)

    def _is_stranger(self, who: Identity) -> bool:
        return who not in self._people.whois.roles

    async def _say(
        self, message: InboundMessage, text: str, buttons: tuple[Button, ...] = ()
    ) -> None:
        reply = Reply(text, ReplyKind.NOTICE, message.id, buttons=buttons)
        parts = self._channels[message.address.channel].render(reply)
        owed = await self._ledger.decline(
            message, reason="pairing", parts=parts, at=self._clock.now()
        )
        self._delivery.post(owed or ())


def _sender(message: InboundMessage) -> Identity:
    return Identity(message.address.channel, message.sender.id)


def _minutes(wait: timedelta) -> int:
    return max(1, round(wait.total_seconds() / 60))
