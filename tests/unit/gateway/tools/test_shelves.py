"""Shelves hold back what is not for a conversation, whatever else decides about it."""

from datetime import UTC, datetime

import pytest

from agents.tools.tool import Tool
from agents.transcript import Transcript
from gateway.clock import Clock
from gateway.occasion import Occasion, Shelf
from gateway.open_sessions import OpenSession
from gateway.passing import Sending
from gateway.tools.notes import notes_shelf
from gateway.tools.sessions import sessions_shelf
from state.keys import SessionKey, SessionType
from state.memory import MemoryLedger, MemorySessions
from state.session import Session

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def on(shelf: Shelf, kind: SessionType, *, owner: bool) -> set[str]:
    """The tools that a shelf has for whoever speaks there."""
    key = SessionKey("telegram", "1", kind, "9" if kind is SessionType.TOPIC else None)
    session = Session.begin(key, agent="main", at=NOON)
    opened = OpenSession(session, Transcript(), [], frozenset(), stored=False)
    tools: list[Tool] = list(shelf(Occasion(opened, None, owner)))
    return {tool.spec.name for tool in tools}


def others() -> Shelf:
    ledger = MemoryLedger()
    sending = Sending(ledger, Clock(), lambda _: None)
    return sessions_shelf(MemorySessions(), ledger, sending, ["telegram"])


def notes() -> Shelf:
    return notes_shelf(MemoryLedger().notes, Clock(), lambda one: [one])


@pytest.mark.parametrize("kind", SessionType)
@pytest.mark.parametrize("owner", [True, False])
def test_other_conversations_are_an_owners_in_private_alone(kind: SessionType, owner: bool) -> None:
    theirs = owner and kind is SessionType.MAIN
    every = {"sessions_list", "sessions_history", "sessions_send"}
    assert on(others(), kind, owner=owner) == (every if theirs else set())


@pytest.mark.parametrize("kind", SessionType)
@pytest.mark.parametrize("owner", [True, False])
def test_notes_are_for_private_chats(kind: SessionType, owner: bool) -> None:
    private = kind in (SessionType.MAIN, SessionType.DM)
    every = {"remember", "recall", "forget"}
    assert on(notes(), kind, owner=owner) == (every if private else set())
