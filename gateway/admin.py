"""Every operator action that changes something, once: the command line and chats call these.

With a gateway running (`live`), an action on a session waits for its running turn and runs
between two turns. Without one, the caller holds the state folder's lock.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from channels.channel import Health
from gateway.admin_errors import AdminError, as_admin_errors
from gateway.admin_import import brought, exists
from gateway.clock import Clock
from gateway.life import Life
from gateway.notices import notice
from gateway.reading import Json, admission_to_json, no_such, request_to_json, the_one
from state.codec import time_to_json
from state.files.layout import Layout
from state.keys import Address, SessionId
from state.session import Session
from state.store import Admission, Ledger, NotFound, Role, SessionRow, Sessions

T = TypeVar("T")
KEPT = "deleted"
"""The folder in the state folder where deleted sessions go, unless they are erased."""


class Live(Protocol):
    """A running gateway, as its operator reaches it."""

    async def in_lane(self, session_id: str, action: Callable[[], Awaitable[T]]) -> T:
        """Run an action between two turns of a session, and hand on what it returns or raises."""

    def channel_health(self) -> Sequence[tuple[str, str, Health]]:
        """Every account's name, its kind, and how it is."""

    async def admissions_changed(self) -> None:
        """Somebody was let in or out: it counts from the next message on."""

    async def aliases_changed(self) -> None:
        """Other keys than before lead to sessions, from the next message on."""

    async def tell(self, address: Address, text: str) -> None:
        """Owe and send a notice to an address."""

    def request_stop(self) -> None:
        """Begin the staged shutdown."""

    def runtime(self) -> dict[str, Any]:
        """How the process is: `pid`, `version`, `started_at`, `model`, and what it is doing."""


class Admin:
    """Every action that changes something, told in JSON values. Raises `AdminError`.

    `state_dir` is where deleted sessions are kept; without it they are erased.
    """

    def __init__(
        self,
        *,
        sessions: Sessions,
        ledger: Ledger,
        life: Life,
        clock: Clock,
        live: Live | None = None,
        state_dir: Path | None = None,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._life = life
        self._clock = clock
        self._live = live
        self._state_dir = state_dir

    # Sessions ---------------------------------------------------------------------------------

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
            kept = await self._between_turns(row.id, partial(self._delete, row, erase=erase))
            deleted.append({"id": row.id, "key": str(row.key), "kept": kept})
        return {"deleted": deleted}

    async def bring_in(self, facts: object, lines: str, *, replace: bool) -> Json:
        """Begin a session with a conversation from elsewhere: its facts, and its entries' lines.

        One that exists is left alone unless it may be replaced; its words are archived first.
        """
        session, entries = await asyncio.to_thread(brought, facts, lines)

        async def act() -> str | None:
            await self._refuse_to_replace(session, may=replace)
            return await self._life.bring_in(session, entries)

        archived = await self._between_turns(session.id, act)
        if self._live is not None:
            await self._live.aliases_changed()
        return {"id": session.id, "key": str(session.key), "archived": archived}

    async def _refuse_to_replace(self, session: Session, *, may: bool) -> None:
        there = None if may else await self._sessions.load(session.id)
        if there is not None:
            raise exists(str(session.key), there.session.messages)

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
            # Thousands of names are compared: not while everybody waits.
            return await asyncio.to_thread(no_such, name, await self._ledger.listing())

    async def _between_turns(self, session_id: SessionId, act: Callable[[], Awaitable[T]]) -> T:
        with as_admin_errors():
            if self._live is None:
                return await act()
            return await self._live.in_lane(session_id, act)

    async def _clear(self, row: SessionRow, *, erase: bool) -> str | None:
        loaded = await self._sessions.load(row.id)
        if loaded is None:
            raise NotFound(f"session {row.key} has no files")
        return await self._life.clear(loaded.session, reason="the operator asked", erase=erase)

    async def _delete(self, row: SessionRow, *, erase: bool) -> str | None:
        kept = None
        if self._state_dir is not None and not erase:
            folder = Layout(self._state_dir, row.agent).folder(row.id)
            stamp = f"{self._clock.now():%Y%m%dT%H%M%S.%fZ}"
            kept = await asyncio.to_thread(_keep, folder, self._state_dir / KEPT, stamp)
        await self._life.delete(row.id)
        return kept

    # People -----------------------------------------------------------------------------------

    async def approve(self, code: str, *, owner: bool = False) -> Json:
        """Let in whoever was given this code, as a guest or as an owner, and tell them."""
        role = Role.OWNER if owner else Role.GUEST
        with as_admin_errors():
            try:
                request, admission = await self._ledger.approve(
                    _code(code), role=role, at=self._clock.now()
                )
            except NotFound as error:
                raise _no_code(code) from error
        if self._live is not None:
            await self._live.admissions_changed()
            await self._live.tell(request.address, notice("approved"))
        return {"admitted": admission_to_json(admission), "told": self._live is not None}

    async def deny(self, code: str) -> Json:
        """Drop a request. The stranger is not told."""
        with as_admin_errors():
            try:
                request = await self._ledger.deny(_code(code))
            except NotFound as error:
                raise _no_code(code) from error
        return {"denied": request_to_json(request)}

    async def revoke(self, user: str, *, account: str | None = None) -> Json:
        """Take an admission back. `account` is needed where the id was let in on several."""
        admission = await self._admission(user, account)
        with as_admin_errors():
            revoked = await self._ledger.revoke(admission.account, admission.user)
        if self._live is not None:
            await self._live.admissions_changed()
        return {"revoked": admission_to_json(revoked)}

    async def _admission(self, user: str, account: str | None) -> Admission:
        with as_admin_errors():
            everybody = await self._ledger.admissions()
        found = [a for a in everybody if a.user == user and account in (None, a.account)]
        if not found:
            hint = "`argent pair list` names them; owners of the configuration are changed there"
            raise AdminError("not_found", f"nobody with the id {user!r} was let in by hand", hint)
        if len(found) > 1:
            names = ", ".join(a.account for a in found)
            raise AdminError("ambiguous", f"{user} was let in on {names}", "say --account NAME")
        return found[0]

    # The gateway ------------------------------------------------------------------------------

    def channels(self) -> Json:
        """How every account is, as its platform proved it."""
        return {
            "channels": [
                {
                    "account": name,
                    "kind": kind,
                    "condition": str(health.condition),
                    "proved_at": None
                    if health.proved_at is None
                    else time_to_json(health.proved_at),
                    "detail": health.detail,
                    "identity": health.identity,
                    "connections": health.generation,
                    "lag": None if health.lag is None else round(health.lag, 3),
                }
                for name, kind, health in self._running().channel_health()
            ]
        }

    async def status(self) -> Json:
        """The gateway, its channels and its figures at once."""
        runtime = self._running().runtime()
        with as_admin_errors():
            counts = await self._ledger.counts()
        return {
            "gateway": {name: _plain(fact) for name, fact in runtime.items()},
            **self.channels(),
            "counts": asdict(counts),
        }

    def stop(self) -> Json:
        """Begin the staged shutdown of the gateway."""
        live = self._running()
        runtime = live.runtime()
        live.request_stop()
        return {"stopping": True, "pid": runtime.get("pid")}

    def _running(self) -> Live:
        if self._live is None:
            raise AdminError(
                "gateway_down", "no gateway is running", "start it: argent gateway run"
            )
        return self._live


def _plain(fact: object) -> object:
    return time_to_json(fact) if isinstance(fact, datetime) else fact


def _keep(folder: Path, kept: Path, stamp: str) -> str | None:
    """Copy a session's folder to where deleted ones are kept; returns the copy's path."""
    if not folder.is_dir():
        return None
    kept.mkdir(mode=0o700, exist_ok=True)
    target = kept / f"{folder.name}-{stamp}"
    shutil.copytree(folder, target, symlinks=True)
    return str(target)


def _code(text: str) -> str:
    return text.strip().upper()


def _no_code(code: str) -> AdminError:
    return AdminError(
        "not_found",
        f"no stranger has the code {code!r}: it is wrong, used up, or has expired",
        "`argent pair list` shows the live ones; whoever writes again gets a new one",
    )
