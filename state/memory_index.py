"""The reference index: which sessions there are, and which keys lead to them. For tests."""

from collections.abc import Mapping
from datetime import datetime

from state.keys import SessionId, SessionKey, person_in
from state.lifecycle import Phase
from state.records import SessionRow, latest_first, leading
from state.session import Session


class MemoryIndex:
    """What `store.Ledger` knows of sessions, in dictionaries."""

    def __init__(self) -> None:
        self._index: dict[SessionId, SessionRow] = {}
        self._aliases: dict[str, SessionId] = {}
        self._chosen: dict[str, SessionId] = {}

    async def aliases(self) -> dict[str, SessionId]:
        return dict(self._aliases)

    async def set_alias(self, key: SessionKey, session: SessionId) -> None:
        self._aliases[str(key)] = session

    async def chosen(self) -> dict[str, SessionId]:
        return dict(self._chosen)

    async def choose(self, key: SessionKey, session: SessionId | None) -> None:
        self._chosen.pop(str(key), None)
        if session is not None:
            self._chosen[str(key)] = session

    async def index(self, *sessions: Session) -> None:
        self._index |= {session.id: SessionRow.of(session) for session in sessions}

    async def unindex(self, session: SessionId) -> None:
        self._index.pop(session, None)
        self._chosen = {key: chosen for key, chosen in self._chosen.items() if chosen != session}

    async def listing(
        self, *, phase: Phase | None = None, limit: int | None = None
    ) -> tuple[SessionRow, ...]:
        rows = (row for row in self._index.values() if phase is None or row.phase is phase)
        return tuple(sorted(rows, key=latest_first)[:limit])

    async def find(self, text: str) -> tuple[SessionRow, ...]:
        rows = sorted(self._index.values(), key=latest_first)
        exact = [row for row in rows if text in (row.id, str(row.key))]
        name = person_in(text)
        return leading(
            exact
            or [row for row in rows if name is not None and row.person == name]
            or (row for row in rows if row.id.startswith(text) or str(row.key).startswith(text))
        )

    async def family(self, base: SessionId) -> tuple[SessionRow, ...]:
        rows = [row for row in self._index.values() if base in (row.id, row.base)]
        return tuple(sorted(rows, key=lambda row: (row.id != base, latest_first(row))))

    async def quiet_since(
        self, phase: Phase, before: datetime, limit: int, *, agent: str | None = None
    ) -> tuple[SessionRow, ...]:
        rows = [row for row in self._of(agent) if row.phase is phase and row.updated_at < before]
        return tuple(sorted(rows, key=lambda row: (row.updated_at, row.id))[:limit])

    async def oldest(self, *, agent: str | None = None) -> Mapping[Phase, datetime]:
        first: dict[Phase, datetime] = {}
        for row in self._of(agent):
            first[row.phase] = min(row.updated_at, first.get(row.phase, row.updated_at))
        return first

    async def agents(self) -> tuple[str, ...]:
        return tuple(sorted({row.agent for row in self._index.values()}))

    async def held(self, agent: str) -> int:
        return len(self._of(agent))

    def _of(self, agent: str | None) -> list[SessionRow]:
        return [row for row in self._index.values() if agent in (None, row.agent)]
