"""Lets models name conversations that nobody gave a title, where that is set (``titles``)."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from agents import titling
from agents.config import TitleMode
from agents.errors import ModelError
from agents.models.names import OFFLINE
from gateway import titles
from gateway.clock import Clock
from gateway.keeping import Keeping
from gateway.open_sessions import OpenSession
from gateway.purse import Purse
from state.history import AssistantEntry, Entry, UserEntry
from state.lifecycle import Event
from state.messages import Accepted
from state.session import Session
from state.store import Ledger

Between = Callable[[str, Callable[[], Awaitable[None]]], Awaitable[None]]
"""Does something between two messages of a session."""

Begin = Callable[[Coroutine[Any, Any, None], str], None]
"""Does something beside everything else; it has a name for the log."""

_log = structlog.get_logger("titles")


class Titling:
    """Asks once for each conversation, after its first answer, and beside its lane's work.

    Where the model has no title to give, the words have (`gateway.titles`).
    """

    def __init__(
        self,
        keeping: Keeping,
        ledger: Ledger,
        purse: Purse,
        clock: Clock,
        between: Between,
        begin: Begin,
    ) -> None:
        self._keeping = keeping
        self._ledger = ledger
        self._purse = purse
        self._clock = clock
        self._between = between
        self._begin = begin
        self._asked: set[str] = set()

    def answered(self, accepted: Accepted, opened: OpenSession, turn: Sequence[Entry]) -> None:
        """A turn was answered: if its conversation waits for a title, let one be made."""
        session = opened.session
        wanted = opened.setup.kept.titles is TitleMode.MODEL and titles.untitled(session)
        if not wanted or session.id in self._asked:
            return
        self._asked.add(session.id)
        self._begin(self._entitle(accepted, opened, tuple(turn)), f"title of {session.id}")

    async def _entitle(
        self, accepted: Accepted, opened: OpenSession, turn: Sequence[Entry]
    ) -> None:
        try:
            title = await self._made(accepted, opened, turn) or titles.of_words(turn)
            if title is not None:
                keep = partial(self._keep, accepted, opened.session, title)
                await self._between(opened.session.id, keep)
        except Exception:
            # Nobody waits for a title: a conversation does well without.
            _log.exception("not_entitled", session=opened.session.id)
        finally:
            self._asked.discard(opened.session.id)

    async def _made(
        self, accepted: Accepted, opened: OpenSession, turn: Sequence[Entry]
    ) -> str | None:
        model = opened.setup.agent.first
        if model.name == OFFLINE or self._purse.declined(accepted) is not None:
            return None
        question = "\n\n".join(each.content for each in turn if isinstance(each, UserEntry))
        answers = [each.content for each in turn if isinstance(each, AssistantEntry)]
        try:
            written = await titling.written(model, question, answers[-1] if answers else "")
        except ModelError as error:
            _log.warning("title_not_by_model", model=model.name, reason=error.code)
            return None
        now = self._clock.now()
        await self._purse.beside(opened.session, written.usage, model=model.name, at=now)
        return titles.from_model(written.text)

    async def _keep(self, accepted: Accepted, then: Session, title: str) -> None:
        opened = await self._keeping.open(accepted)
        same = opened.stored and _beginning(opened.session) == _beginning(then)
        if not same or not titles.untitled(opened.session):
            return  # it was deleted, or begun anew, or somebody was quicker
        await self._keeping.change(opened, replace(opened.session, title=title, titled=True))
        await self._ledger.index(opened.session)


def _beginning(session: Session) -> datetime:
    """When what is said in a session now began."""
    cleared = [step.at for step in session.log if step.event is Event.CLEAR]
    return cleared[-1] if cleared else session.created_at
