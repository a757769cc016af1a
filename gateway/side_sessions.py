"""Several sessions in one private chat: begun, listed, gone to, and named.

`/new` and `/session` have done their work when they come here (`switching`): they say where the
chat is now, or why it stayed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from gateway.basics import said
from gateway.clock import Clock
from gateway.commands import CommandName
from gateway.elapsed import ago
from gateway.keeping import Keeping
from gateway.notices import notice
from gateway.obeying import Asked, Obey
from gateway.open_sessions import is_shared
from gateway.routes import Routes
from gateway.settable import InvalidChoice, applied, change
from gateway.siblings import GoTo, Sibling, Siblings, Stay, as_name, shown, unfit
from gateway.visible import one_line
from state.messages import Button, Reply, ReplyKind
from state.store import Ledger

MOST_BUTTONS = 8
MOST_LISTED = 30


class SideSessions:
    """Carries the commands out, each in its session's lane."""

    def __init__(self, ledger: Ledger, routes: Routes, keeping: Keeping, clock: Clock) -> None:
        self._ledger = ledger
        self._routes = routes
        self._keeping = keeping
        self._clock = clock

    @property
    def book(self) -> Mapping[CommandName, Obey]:
        """What carries out which command."""
        return {
            CommandName.NEW: self._new,
            CommandName.SESSIONS: self._sessions,
            CommandName.SESSION: self._session,
            CommandName.RENAME: self._rename,
        }

    async def _new(self, asked: Asked) -> Reply:
        family, here = await self._family(asked), asked.opened.session
        if family.step(asked.command, asked.argument) != GoTo(here.id):
            return self._stayed(asked, family)
        if here.name is None:
            return said(notice("begun"))
        return said(notice("begun_as", called=shown(here.name)))

    async def _session(self, asked: Asked) -> Reply:
        if not asked.argument or is_shared(asked.accepted.key):
            return await self._sessions(asked)
        family, here = await self._family(asked), asked.opened.session.id
        # Those that a number stands for may have changed places since it was obeyed.
        known = family.matching(asked.argument)
        meant = family.all if asked.argument.isdecimal() and known else known
        there = next((each for each in meant if each.id == here), None)
        if there is None:
            return self._stayed(asked, family)
        return said(notice("switched", session=_told(there, self._clock.now())))

    def _stayed(self, asked: Asked, family: Siblings) -> Reply:
        step = family.step(asked.command, asked.argument)
        if isinstance(step, Stay):
            return said(step.why)
        # An edit made a command of what was accepted as something else.
        return said(notice("not_by_edit", command=f"/{asked.command}"))

    async def _sessions(self, asked: Asked) -> Reply:
        if is_shared(asked.accepted.key):
            return said(notice("private_only"))
        family, now = await self._family(asked), self._clock.now()
        here = self._routes.now(asked.accepted.key)
        listed = family.all[:MOST_LISTED]
        text = "\n".join(
            f"{number}. {_told(each, now)}{' ← here' * (each.id == here)}"
            for number, each in enumerate(listed, 1)
        )
        if more := len(family.all) - len(listed):
            text += "\n\n" + notice("more_sessions", count=more)
        text += "\n\n" + notice("sessions_how")
        others = [each for each in listed if each.id != here][:MOST_BUTTONS]
        buttons = tuple(Button(each.called, f"/session {each.called}") for each in others)
        return Reply(text, ReplyKind.NOTICE, buttons=buttons)

    async def _rename(self, asked: Asked) -> Reply:
        here, name = asked.opened.session, as_name(asked.argument)
        if is_shared(asked.accepted.key):
            return said(notice("private_only"))
        if not name:
            return said(notice("rename_how"))
        if here.base is None:
            return await self._entitle(asked)
        if (why := unfit(name)) is not None:
            return said(why)
        renamed = replace(here, name=name)
        # Others of this person's chats must not take the name between the look and the taking.
        async with self._routes.alone(here.base):
            same = (await self._family(asked)).named(name)
            if same is not None and same.id != here.id:
                return said(notice("name_taken", called=shown(name)))
            await self._ledger.index(renamed)
        await self._keeping.change(asked.opened, renamed)
        return said(notice("renamed", called=shown(name)))

    async def _entitle(self, asked: Asked) -> Reply:
        """The session that a chat begins with has a word of its own, so it takes a title."""
        try:
            changed = applied(asked.opened.session, [change("title", asked.argument)])
        except InvalidChoice as error:
            return said(notice("not_like_that", why=error))
        await self._keeping.change(asked.opened, changed)
        if changed.title is None:
            return said(notice("title_taken_back"))
        return said(notice("title_set", title=changed.title))

    async def _family(self, asked: Asked) -> Siblings:
        """The sessions that this chat can be in."""
        base = self._routes.base(asked.accepted.key)
        return Siblings.of(base, await self._ledger.family(base))


def _told(sibling: Sibling, now: datetime) -> str:
    facts = []
    if sibling.title:
        facts.append(f"“{one_line(sibling.title)}”")
    count = sibling.messages
    facts.append("no messages" if not count else f"{count} message{'s' * (count > 1)}")
    if sibling.at is not None:
        facts.append(f"active {ago(sibling.at, now)}")
    if sibling.archived:
        facts.append("archived")
    return f"{shown(sibling.called)} – {', '.join(facts)}"
