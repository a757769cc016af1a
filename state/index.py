"""What a ledger does as an index of sessions: it shows them, without anything being opened.

It is part of `store.Ledger`, and can be made again of the sessions' own facts.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from state.keys import SessionId
from state.lifecycle import Phase
from state.records import SessionRow
from state.session import Session


class ShowsSessions(Protocol):
    """The index of sessions."""

    async def index(self, *sessions: Session) -> None:
        """Show these facts in listings."""

    async def unindex(self, session: SessionId) -> None:
        """Forget a session that was deleted; a chat that had chosen it has chosen none."""

    async def listing(
        self,
        *,
        phase: Phase | None = None,
        limit: int | None = None,
    ) -> tuple[SessionRow, ...]:
        """Sessions, the most lately active first."""

    async def find(self, text: str) -> tuple[SessionRow, ...]:
        """Sessions whose key or id is `text`, else those of the person ``user-<name>``, else those
        whose key or id begins with it.

        A session stands for its side sessions, which share its key: of those that are found, a side
        session is left out where its base is found, too (`records.leading`).
        """

    async def quiet_since(
        self, phase: Phase, before: datetime, limit: int, *, agent: str | None = None
    ) -> tuple[SessionRow, ...]:
        """Sessions in a phase that were last active before then, the longest quiet first.

        With `agent`, only that agent's.
        """

    async def oldest(self, *, agent: str | None = None) -> Mapping[Phase, datetime]:
        """When the longest quiet session of each phase was last active. It reads no others.

        With `agent`, of that agent's sessions.
        """

    async def agents(self) -> tuple[str, ...]:
        """The agents that have sessions, by name. It reads none of these."""

    async def held(self, agent: str) -> int:
        """How many sessions an agent has."""
