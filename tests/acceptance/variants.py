"""Gateways that break one promise each, to show that the tests would see it.

``python -m tests.acceptance.variants <variant> <arguments of argent>``
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import gateway.app
import state.files.open
from gateway.cli.main import main
from gateway.intake import Intake
from state.files.ledger.ledger import SqliteLedger
from state.messages import Inbound

_LATE = 0.5
"""Seconds until what was acknowledged is stored: as long as a busy disk may take."""


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


def _intake(variant: type[Intake]) -> None:
    gateway.app.Intake = variant  # type: ignore[misc]


def _ledger(variant: type[SqliteLedger]) -> None:
    state.files.open.SqliteLedger = variant  # type: ignore[misc]


VARIANTS: Mapping[str, Callable[[], None]] = {
    "acknowledges-first": lambda: _intake(AcknowledgesFirst),
    "knows-nothing-again": lambda: _ledger(KnowsNothingAgain),
    "notes-no-attempt": lambda: _ledger(NotesNoAttempt),
}

if __name__ == "__main__":
    VARIANTS[sys.argv[1]]()
    main(sys.argv[2:])
