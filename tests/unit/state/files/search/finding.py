"""Asking the index of a state folder."""

from pathlib import Path

from state.files.layout import Layout
from state.files.search.finding import find
from state.files.search.query import Query
from state.keys import SessionId
from state.session import Session
from state.store import Sessions
from tests.contracts.examples import after, session, turn

ADA, BOB = session("1"), session("2")


def found(root: Path, text: str, *, within: SessionId | None = None) -> list[tuple[str, str]]:
    """The session and the entry of every hit, in the order of their names."""
    hits = find(Layout(root), Query.parse(text), session=within, limit=1000).hits
    return sorted((hit.session, hit.entry) for hit in hits)


async def say(
    sessions: Sessions, facts: Session, number: int, asks: str, answers: str = "Hm."
) -> Session:
    """One more turn of a conversation; the facts after it."""
    entries = turn(number, asks=asks, answers=answers)
    facts = after(facts, entries)
    await sessions.append(facts, entries)
    return facts
