"""`/pair` and `/unpair`, as their messages come to their turn.

Who is whom was changed when they were accepted (`entering`). Here the conversations follow: the
joining chat's own goes to the archive, and comes back when it leaves. Doing it twice does no more
than doing it once, as a crash may make it.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from channels.channel import Channel
from gateway import commands
from gateway.basics import said
from gateway.commands import CommandName
from gateway.ground import Ground, Host
from gateway.holding import Holding
from gateway.notices import notice
from gateway.obeying import Asked, Obey
from gateway.open_sessions import is_shared
from gateway.pairing import CODE_LIFE
from state.keys import SessionId
from state.lifecycle import Phase
from state.links import Link, NamedPerson
from state.messages import Accepted, Deletion, Reply
from state.persons import Identity

TELEGRAM = "telegram"

PATIENCE = 1.0
"""Seconds that a linked chat waits for the conversations it leaves to be put away. One that is at
work is put away when it has ended its turn: nobody waits for another's turn."""


class PairCommands:
    """Carries them out, each in its session's lane."""

    def __init__(self, ground: Ground, holding: Holding, host: Host) -> None:
        self._sessions = ground.sessions
        self._channels = ground.channels
        self._clock = ground.clock
        self._linking = holding.linking
        self._people = holding.people
        self._life = holding.life
        self._keeping = holding.keeping
        self._host = host

    @property
    def book(self) -> Mapping[CommandName, Obey]:
        """What carries out which command."""
        return {CommandName.PAIR: self._pair, CommandName.UNPAIR: self._unpair}

    async def _pair(self, asked: Asked) -> Reply:
        who, name = _sender(asked.accepted)
        if is_shared(asked.accepted.key):
            return said(notice("pair_private"))
        if not asked.argument:
            return await self._offer(asked, who, name)
        person, link = self._people.whois.person_of(who), self._people.whois.link_of(who)
        there = person is not None and asked.accepted.session == person.session
        if person is not None and link is not None and link.by is not None and there:
            return await self._linked(asked, person, link)
        if asked.owner:
            return said(notice("pair_owner_now"))
        return said(notice("not_by_edit", command=f"/{asked.command}"))

    async def _offer(self, asked: Asked, who: Identity, name: str) -> Reply:
        address = asked.accepted.message.address
        async with self._people.alone:
            code = await self._linking.new_code(who, name, address)
        minutes = int(CODE_LIFE.total_seconds() // 60)
        text = notice("pair_code", code=code, minutes=minutes)
        for account, link in telegram_links(self._channels, code).items():
            if account != who.account:
                text += "\n\n" + notice("pair_telegram", link=link)
        return said(text)

    async def _linked(self, asked: Asked, person: NamedPerson, link: Link) -> Reply:
        """Put away what the chats lead to no more, with where they lead instead."""
        opened, now = asked.opened, self._clock.now()
        remark = f"{link.identity} was linked"
        if all(step.reason != remark or step.at < link.since for step in opened.session.log):
            await self._keeping.change(opened, opened.session.noting(now, remark))
        reason = f"linked to user-{person.name}"
        left = [
            self._host.between(
                session, partial(self._put_away, session, identity, person.name, reason)
            )
            for identity in filter(None, (link.identity, link.by))
            for session in await self._linking.own(identity)
            if session != person.session
        ]
        # What a lane was once given to do, it does, whoever still waits for it.
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*left)
        return said(notice("pair_done", called=person.name))

    async def _put_away(
        self, session: SessionId, identity: Identity, person: str, reason: str
    ) -> None:
        # It may have left again, before this came to its turn.
        if self._people.whois.members.get(identity) != person:
            return
        loaded = await self._sessions.load(session)
        if loaded is not None and loaded.session.phase is not Phase.ARCHIVED:
            await self._life.archive(session, reason=reason)

    async def _unpair(self, asked: Asked) -> Reply:
        who, _ = _sender(asked.accepted)
        if is_shared(asked.accepted.key):
            return said(notice("pair_private"))
        if self._people.whois.person_of(who) is not None:
            return said(notice("not_by_edit", command=f"/{asked.command}"))
        session = asked.opened.session
        if session.phase is Phase.ARCHIVED:
            await self._life.restore(session.id, reason="parted from the others")
        welcome = self._people.is_welcome(who)
        return said(notice("pair_parted" if welcome else "pair_parted_stranger"))


def telegram_links(channels: Mapping[str, Channel], code: str) -> dict[str, str]:
    """What opens the Telegram bots that there are with a code, by account."""
    found = {}
    for name, channel in channels.items():
        bot = channel.health().identity if channel.kind == TELEGRAM else None
        if bot is not None:
            found[name] = commands.deep_link(bot, code)
    return found


def _sender(accepted: Accepted) -> tuple[Identity, str]:
    message = accepted.message
    if isinstance(message, Deletion):
        raise TypeError("a deletion is no command")
    return Identity(message.address.channel, message.sender.id), message.sender.name
