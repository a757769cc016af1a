"""A state folder with conversations, backed up and looked at."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from state.files import ReadOnlyState, State
from state.files.backup.create import Request, create
from state.files.backup.manifest import Manifest
from state.files.backup.verify import Verified, verify
from state.files.layout import Layout
from state.history import AssistantEntry, UserEntry, finished
from state.keys import SessionId
from state.messages import Outcome
from state.session import Session
from tests.contracts.examples import HERE, JASON, NOON, after, message, part, session


def nothing() -> None:
    """Nobody counts the steps."""


def back_up(
    root: Path, target: Path, *, step: Callable[[], None] = nothing, config: Path | None = None
) -> Manifest:
    return create(Request(root, target, "0.1.0", NOON, config), step=step)


def verified(backup: Path) -> Verified:
    return verify(backup, step=nothing)


def contents(root: Path) -> dict[str, bytes]:
    """Every file below, by its path."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


class Talk:
    """Messages that are taken, answered and closed, in some sessions."""

    def __init__(self, state: State, sessions: int) -> None:
        self.state = state
        self.facts = [session(str(number)) for number in range(1, sessions + 1)]
        self.messages = 0

    async def asks(self, number: int) -> tuple[int, str]:
        """A message is taken over: its row, and the id of its entry."""
        self.messages += 1
        facts, source = self.facts[number], str(self.messages)
        entry = f"e{source}"
        accepted = await self.state.ledger.accept(
            message(source), key=facts.key, session=facts.id, entry=entry, at=NOON
        )
        assert accepted is not None
        return accepted.seq, entry

    async def is_answered(self, number: int, seq: int, entry: str) -> None:
        """The words become durable, then the row is closed."""
        asked = UserEntry(
            id=entry, at=NOON, content="Hello", address=HERE, sender=JASON, message=entry[1:],
            turn=f"t{entry}",
        )  # fmt: skip
        said = AssistantEntry(
            id=f"a{entry}", at=NOON, content="Hi " * 20, turn=f"t{entry}", re=(entry,)
        )
        self.facts[number] = facts = after(self.facts[number], [asked, said])
        await self.state.sessions.append(facts, [asked, said])
        await self.state.ledger.finish(
            seq, outcome=Outcome.REPLIED, parts=[(HERE, part())], at=NOON, session=facts
        )

    async def goes_on(self) -> None:
        """In every session somebody asks and is answered."""
        for number in range(len(self.facts)):
            await self.is_answered(number, *await self.asks(number))


def rows(root: Path) -> dict[str, tuple[SessionId, str | None]]:
    """Of every message in the ledger, by its entry: its session, and its outcome if it has one."""
    with closing(sqlite3.connect(Layout(root).database)) as db:
        found = db.execute("SELECT entry, session, outcome FROM inbox").fetchall()
    return {entry: (SessionId(name), outcome) for entry, name, outcome in found}


def answered(root: Path, facts: Session) -> frozenset[str]:
    """The entries that a session's history says are answered."""
    return finished(ReadOnlyState(root).entries(facts.id))


async def in_thread(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    await loop.run_in_executor(None, work)
