"""What an operator can look at: sessions, people and figures, as JSON values.

It needs no lock and no gateway: a store that only reads will do. The shapes are described in
docs/cli.md, which is what scripts rely on.
"""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from gateway import export
from gateway.admin_errors import AdminError, as_admin_errors
from state.codec import entry_to_json, session_to_json, time_to_json
from state.history import Entry
from state.keys import SessionId
from state.lifecycle import Phase
from state.session import Session
from state.store import Admission, Counts, Loaded, PairingRequest, SessionRow

Json = dict[str, Any]
_CANDIDATES = 10


class SessionsReader(Protocol):
    """What of `store.Sessions` is needed to look."""

    async def load(self, session_id: SessionId) -> Loaded | None:
        """The session, or None."""

    async def entries(self, session_id: SessionId) -> tuple[Entry, ...]:
        """Every entry of its history."""


class LedgerReader(Protocol):
    """What of `store.Ledger` is needed to look."""

    async def listing(
        self, *, phase: Phase | None = None, limit: int | None = None
    ) -> tuple[SessionRow, ...]:
        """Sessions, the most lately active first."""

    async def find(self, text: str) -> tuple[SessionRow, ...]:
        """Sessions by key, id or prefix."""

    async def pairings(self, now: datetime) -> tuple[PairingRequest, ...]:
        """Live requests."""

    async def admissions(self) -> tuple[Admission, ...]:
        """Who was let in."""

    async def counts(self) -> Counts:
        """Figures."""


class Reading:
    """Every action that changes nothing. Raises `AdminError`."""

    def __init__(
        self, sessions: SessionsReader, ledger: LedgerReader, *, now: Callable[[], datetime]
    ) -> None:
        self._reads = sessions
        self._looks_up = ledger
        self._now = now

    async def list_sessions(self, *, state: str | None = None, limit: int | None = None) -> Json:
        """The sessions, the most lately active first; `state` is a phase's name."""
        if state is not None and state not in list(Phase):
            raise AdminError("usage", f"{state!r} is no state", f"one of {', '.join(Phase)}")
        phase = None if state is None else Phase(state)
        with as_admin_errors():
            rows = await self._looks_up.listing(phase=phase, limit=limit)
        return {"sessions": [row_to_json(row) for row in rows]}

    async def info(self, name: str) -> Json:
        """A session's facts and the log of its life."""
        session, _ = await self._session(name)
        return session_to_json(session)

    async def show(self, name: str, *, last: int | None = None) -> Json:
        """What was said, or only the `last` entries of it."""
        session, entries = await self._session(name)
        shown = entries if last is None else entries[max(len(entries) - last, 0) :]
        return {
            "session": session_to_json(session),
            "total": len(entries),
            "entries": [entry_to_json(entry) for entry in shown],
        }

    async def export(self, name: str, *, form: str = "json") -> Json:
        """A session as one document: ``json`` or ``markdown``."""
        session, entries = await self._session(name)
        if form == "json":
            return {"format": form, "document": export.as_json(session, entries)}
        if form == "markdown":
            return {"format": form, "document": export.as_markdown(session, entries)}
        raise AdminError("usage", f"{form!r} is no format", "json or markdown")

    async def people(self) -> Json:
        """Who asks to be let in, and who was."""
        with as_admin_errors():
            requests = await self._looks_up.pairings(self._now())
            admitted = await self._looks_up.admissions()
        return {
            "pending": [request_to_json(request) for request in requests],
            "admitted": [admission_to_json(admission) for admission in admitted],
        }

    async def counts(self) -> Json:
        """How much there is: sessions, open messages, owed and repeated parts."""
        with as_admin_errors():
            return asdict(await self._looks_up.counts())

    async def resolve(self, name: str) -> SessionRow:
        """The one session that is called so: by key, id, or a prefix that only it has."""
        with as_admin_errors():
            found = await self._looks_up.find(name) if name else ()
            if len(found) == 1:
                return found[0]
            if found:
                raise _ambiguous(name, found)
            raise _unknown(name, await self._looks_up.listing())

    async def _session(self, name: str) -> tuple[Session, Sequence[Entry]]:
        row = await self.resolve(name)
        with as_admin_errors():
            loaded = await self._reads.load(row.id)
            if loaded is None:
                raise AdminError("not_found", f"session {row.key} is in the index but has no files")
            return loaded.session, await self._reads.entries(row.id)


def row_to_json(row: SessionRow) -> Json:
    """A line of the listing."""
    return {
        "id": row.id,
        "key": str(row.key),
        "type": str(row.key.type),
        "channel": row.key.channel,
        "agent": row.agent,
        "state": str(row.phase),
        "messages": row.messages,
        "created_at": time_to_json(row.created_at),
        "updated_at": time_to_json(row.updated_at),
        "title": row.title,
        "person": row.person,
        "context": {"tokens": row.context_tokens, "limit": row.context_limit},
    }


def request_to_json(request: PairingRequest) -> Json:
    """A stranger's request."""
    return {
        "code": request.code,
        "account": request.account,
        "user": request.user,
        "name": request.name,
        "created_at": time_to_json(request.created_at),
        "expires_at": time_to_json(request.expires_at),
    }


def admission_to_json(admission: Admission) -> Json:
    """Somebody who was let in."""
    return {
        "account": admission.account,
        "user": admission.user,
        "name": admission.name,
        "role": str(admission.role),
        "since": time_to_json(admission.since),
    }


def _ambiguous(name: str, found: Sequence[SessionRow]) -> AdminError:
    names = [str(row.key) for row in found[:_CANDIDATES]]
    more = f" and {len(found) - _CANDIDATES} more" if len(found) > _CANDIDATES else ""
    return AdminError(
        "ambiguous",
        f"{name!r} could be {len(found)} sessions",
        f"write more of one of these: {', '.join(names)}{more}",
    )


def _unknown(name: str, rows: Sequence[SessionRow]) -> AdminError:
    near = difflib.get_close_matches(name, [str(row.key) for row in rows], n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else "`argent sessions list` names them"
    return AdminError("not_found", f"there is no session {name!r}", hint)
