"""Gateways that break one promise each, to show that the tests would see it.

``python -m tests.acceptance.variants <variant> <arguments of argent>``
"""

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gateway.app
import state.files.open
from gateway.cli.main import main
from gateway.intake import Intake
from state.files.calls import SystemCalls
from state.files.ledger.ledger import SqliteLedger
from state.files.open import open_state
from state.messages import Inbound, OwedPart, PartState

_LATE = 0.5
"""Seconds until what was acknowledged is stored: as long as a busy disk may take."""

_MOST_PARTS = 1_000


class AcknowledgesFirst(Intake):
    """Tells the platform that it has a message, and stores it soon."""

    def __init__(self, *needed: Any, **parts: Any) -> None:
        super().__init__(*needed, **parts)
        self._storing: set[asyncio.Task[None]] = set()

    async def receive(self, inbound: Inbound) -> None:
        task = asyncio.create_task(self._store(inbound))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def _store(self, inbound: Inbound) -> None:
        await asyncio.sleep(_LATE)
        await super().receive(inbound)


class KnowsNothingAgain(SqliteLedger):
    """Takes a message that comes again for a new one."""

    async def accept(self, message: Any, **facts: Any) -> Any:
        source = f"{message.source} as {facts['entry']}"
        return await super().accept(replace(message, source=source), **facts)


class NotesNoAttempt(SqliteLedger):
    """Sends without having noted that it will."""

    async def finish(self, seq: int, *, begin: bool = False, **facts: Any) -> Any:
        return await super().finish(seq, **facts)

    async def begin_sending(self, part: int) -> None:
        return


class OwesAfterwards(SqliteLedger):
    """Lets an answer out, and notes soon afterwards that it was owed."""

    def __init__(self, *needed: Any, **parts: Any) -> None:
        super().__init__(*needed, **parts)
        self._noting: set[asyncio.Task[None]] = set()

    async def finish(self, seq: int, *, parts: Any, **facts: Any) -> Any:
        task = asyncio.create_task(self._finish(seq, facts))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)
        state = PartState.SENDING if facts.get("begin") else PartState.OWED
        return tuple(
            OwedPart(-(seq * _MOST_PARTS + index + 1), seq, index, address, part, state)
            for index, (address, part) in enumerate(parts)
        )

    async def _finish(self, seq: int, facts: dict[str, Any]) -> None:
        await asyncio.sleep(_LATE)
        await super().finish(seq, parts=(), **facts)

    async def begin_sending(self, part: int) -> None:
        if part > 0:
            await super().begin_sending(part)

    async def sent(self, part: int, receipt: Any, *, then: int | None = None) -> None:
        if part > 0:
            await super().sent(part, receipt, then=then)


def _syncs_nothing() -> None:
    """Leaves it to the system when anything reaches the disk: only a power loss shows that."""
    state.files.open.SystemCalls = partial(  # type: ignore[assignment,attr-defined]
        SystemCalls, fsync=_later, fdatasync=_later, syncfs=_later
    )
    defaults = open_state.__kwdefaults__
    assert defaults is not None
    defaults["connect"] = _connected_loosely


def _later(_: int) -> None:
    return


def _connected_loosely(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=_Loose)


class _Loose(sqlite3.Connection):
    """Hears ``synchronous = FULL`` as ``OFF``."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return super().execute(sql.replace("synchronous = FULL", "synchronous = OFF"), *values)


def _intake(variant: type[Intake]) -> None:
    gateway.app.Intake = variant  # type: ignore[attr-defined]


def _ledger(variant: type[SqliteLedger]) -> None:
    state.files.open.SqliteLedger = variant  # type: ignore[attr-defined]


VARIANTS: Mapping[str, Callable[[], None]] = {
    "acknowledges-first": lambda: _intake(AcknowledgesFirst),
    "knows-nothing-again": lambda: _ledger(KnowsNothingAgain),
    "notes-no-attempt": lambda: _ledger(NotesNoAttempt),
    "owes-afterwards": lambda: _ledger(OwesAfterwards),
    "syncs-nothing": _syncs_nothing,
}

if __name__ == "__main__":
    VARIANTS[sys.argv[1]]()
    main(sys.argv[2:])
