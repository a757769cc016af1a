"""What an operator does with sessions. Raises `AdminError`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from gateway import settable
from gateway.admin_choices import Skills, as_refusals, chosen, named, no_skills, titled
from gateway.admin_errors import AdminError, as_admin_errors
from gateway.admin_import import brought, exists
from gateway.admin_live import Live
from gateway.life import Life
from gateway.not_offered import check_skill
from gateway.reading import LOOKED_AT, Json, no_such, the_one
from gateway.routing import Route
from gateway.siblings import Siblings
from state.keys import SessionId
from state.lifecycle import Phase
from state.session import Session
from state.store import Ledger, NotFound, SessionRow, Sessions

T = TypeVar("T")
_ASKED = "the operator asked"
_NEVER = datetime.max.replace(tzinfo=UTC)


class SessionActions:
    """Actions on sessions, told in JSON values: between two turns where a gateway runs."""

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        life: Life,
        live: Live | None = None,
        skills: Skills = no_skills,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._life = life
        self._live = live
        self._skills = skills

    async def clear(
        self, names: Sequence[str] = (), *, every: bool = False, erase: bool = False
    ) -> Json:
        """Begin conversations anew. The old words are archived, or erased."""
        cleared = []
        for row in await self._chosen(names, every=every):
            archived = await self._between_turns(row.id, partial(self._clear, row, erase=erase))
            cleared.append({"id": row.id, "key": str(row.key), "archived": archived})
        return {"cleared": cleared}

    async def delete(self, names: Sequence[str], *, erase: bool = False) -> Json:
        """Remove sessions. Their folders are kept under ``deleted/``, or erased."""
        deleted = []
        for row in await self._chosen(names, every=False):
            delete = partial(self._life.delete, row.id, keep=not erase)
            kept = await self._between_turns(row.id, delete)
            deleted.append({"id": row.id, "key": str(row.key), "kept": kept})
        return {"deleted": deleted}

    async def tools(self, name: str) -> Json:
        """The tools that a session is offered, and why not the others."""
        if self._live is None:
            hint = "start it: argent gateway run"
            raise AdminError("gateway_down", "no gateway is running to offer tools", hint)
        row = await self._resolve(name)
        with as_admin_errors():
            offered = await self._live.offers(Route(row.key, row.id))
        return {"id": row.id, "key": str(row.key), "tools": [asdict(each) for each in offered]}

    async def compact(self, name: str, *, keep: str | None = None) -> Json:
        """Summarise what was said in a session; the gateway's model does it."""
        if self._live is None:
            hint = "start it: argent gateway run"
            raise AdminError("gateway_down", "no gateway is running to make a summary", hint)
        row = await self._resolve(name)
        with as_admin_errors():
            done = await self._live.compact(Route(row.key, row.id), keep)
        return {
            "id": row.id,
            "key": str(row.key),
            "messages": None if done is None else [done.first, done.last],
            "tokens": None if done is None else {"before": done.before, "after": done.after},
        }

    async def undo(self, name: str) -> Json:
        """Take a session's last compaction back; `undone` is false when there is none."""
        row = await self._resolve(name)
        back = await self._between_turns(row.id, partial(self._undo, row))
        return {
            "id": row.id,
            "key": str(row.key),
            "undone": back is not None,
            "tokens": None if back is None else back.context.tokens,
        }

    async def set(self, name: str, assignments: Sequence[str]) -> Json:
        """Set a session anew (``model=…``, see `settable`), all of it or nothing.

        Without a gateway it is not asked whether there is such a model, tool or MCP server.
        """
        row = await self._resolve(name)
        with as_admin_errors(), as_refusals():
            changes = [settable.assignment(text) for text in assignments]
            if self._live is not None:
                after = await self._live.choose(Route(row.key, row.id), changes)
            else:
                after = settable.applied(await self._facts(row), changes)
                if after.choices.skill and settable.sets(changes, "skill"):
                    check_skill(after.choices.skill, self._skills(after.agent))
                after = await self._life.change(after)
        return {"id": row.id, "key": str(row.key), "chosen": chosen(after, changes)}

    async def rename(self, name: str, called: str) -> Json:
        """Give a side session another name, and any other session another title."""
        row = await self._resolve(name)
        after = await self._between_turns(row.id, partial(self._rename, row, called))
        return {"id": row.id, "key": str(row.key), "name": after.name, "title": after.title}

    async def archive(self, names: Sequence[str]) -> Json:
        """Put sessions away until the next message. Their histories are compressed."""
        archived = []
        for row in await self._chosen(names, every=False):
            act = partial(self._life.archive, row.id, reason=_ASKED)
            await self._between_turns(row.id, act)
            archived.append({"id": row.id, "key": str(row.key)})
        return {"archived": archived}

    async def unarchive(self, names: Sequence[str]) -> Json:
        """Take archived sessions out again; `restored` is false for one that was not archived."""
        sessions = []
        for row in await self._chosen(names, every=False):
            act = partial(self._life.restore, row.id, reason=_ASKED)
            await self._between_turns(row.id, act)
            was = row.phase is Phase.ARCHIVED
            sessions.append({"id": row.id, "key": str(row.key), "restored": was})
        return {"unarchived": sessions}

    async def clean(
        self,
        ids: Sequence[str],
        *,
        before: datetime | None = None,
        state: str | None = None,
        erase: bool = False,
    ) -> Json:
        """Delete those of these sessions (by their whole ids) that are still as they were chosen.

        That is: last active before then, and in this state, where either is given.
        """
        phases = tuple(Phase) if state is None else (_phase(state),)
        deleted: list[Json] = []
        spared: list[Json] = []
        for session_id in map(SessionId, ids):
            delete = partial(
                self._life.delete_if_quiet,
                session_id,
                before=before or _NEVER,
                phases=phases,
                keep=not erase,
            )
            try:
                done = await self._between_turns(session_id, delete)
            except AdminError as error:
                # The others are deleted all the same.
                spared.append({"id": session_id, "error": error.message})
                continue
            if done is None:
                spared.append({"id": session_id, "error": None})
            else:
                key = str(done.session.key)
                deleted.append({"id": session_id, "key": key, "kept": done.kept})
        return {"deleted": deleted, "spared": spared}

    async def bring_in(self, facts: object, lines: str, *, replace: bool) -> Json:
        """Begin a session with a conversation from elsewhere: its facts, and its entries' lines.

        One that exists is left alone unless it may be replaced; its words are archived first.
        """
        session, entries = await asyncio.to_thread(brought, facts, lines)

        async def act() -> str | None:
            old = None if replace else await self._sessions.load(session.id)
            if old is not None:
                raise exists(str(session.key), old.session.messages)
            return await self._life.bring_in(session, entries)

        archived = await self._between_turns(session.id, act)
        if self._live is not None:
            await self._live.aliases_changed()
        return {"id": session.id, "key": str(session.key), "archived": archived}

    async def repair(self, ids: Sequence[str]) -> Json:
        """Mend these sessions (by their whole ids): what does not read is set aside."""
        repaired: list[Json] = []
        for session_id in map(SessionId, ids):
            try:
                done = await self._between_turns(session_id, partial(self._life.repair, session_id))
            except AdminError as error:
                # The others are mended all the same.
                repaired.append({"session": session_id, "aside": [], "error": error.message})
            else:
                aside = [] if done is None else list(done.aside)
                repaired.append({"session": session_id, "aside": aside, "error": None})
        return {"repaired": repaired}

    async def _chosen(self, names: Sequence[str], *, every: bool) -> tuple[SessionRow, ...]:
        """The sessions that are meant; all names are resolved before anything is done."""
        if every:
            if names:
                raise AdminError("usage", "either name sessions, or take all of them")
            with as_admin_errors():
                return await self._ledger.listing()
        if not names:
            raise AdminError("usage", "which session?", "`argent sessions list` names them")
        rows = [await self._resolve(name) for name in names]
        return tuple({row.id: row for row in rows}.values())

    async def _resolve(self, name: str) -> SessionRow:
        with as_admin_errors():
            found = await self._ledger.find(name) if name else ()
            if (one := the_one(name, found)) is not None:
                return one
            # Many names are compared: not while everybody waits.
            rows = await self._ledger.listing(limit=LOOKED_AT)
            return await asyncio.to_thread(no_such, name, rows)

    async def _between_turns(self, session_id: SessionId, act: Callable[[], Awaitable[T]]) -> T:
        with as_admin_errors():
            if self._live is None:
                return await act()
            return await self._live.in_lane(session_id, act)

    async def _clear(self, row: SessionRow, *, erase: bool) -> str | None:
        return await self._life.clear(await self._facts(row), reason=_ASKED, erase=erase)

    async def _undo(self, row: SessionRow) -> Session | None:
        return await self._life.undo(await self._facts(row))

    async def _rename(self, row: SessionRow, called: str) -> Session:
        session = await self._facts(row)
        with as_refusals():
            if session.base is None:
                return await self._life.change(titled(session, called))
            family = Siblings.of(session.base, await self._ledger.family(session.base))
            return await self._life.change(named(session, called, family))

    async def _facts(self, row: SessionRow) -> Session:
        loaded = await self._sessions.load(row.id)
        if loaded is None:
            raise NotFound(f"session {row.key} has no files")
        return loaded.session


def _phase(state: str) -> Phase:
    if state not in list(Phase):
        raise AdminError("usage", f"{state!r} is no state", f"one of {', '.join(Phase)}")
    return Phase(state)
