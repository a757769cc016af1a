"""A model that follows a script, for tests of what is built on models."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from agents.models.model import ModelAnswer, ModelEvent, ModelRequest
from state.history import ToolCall, Usage
from state.keys import SessionKey
from state.session import Session


async def forever() -> None:
    """Wait until cancelled."""
    await asyncio.get_running_loop().create_future()


@dataclass(frozen=True)
class Silence:
    """Nothing more comes."""


Step = ModelEvent | Exception | Silence
"""What a scripted call does next."""


class ScriptedModel:
    """Every call takes the next script; the last one serves for all further calls."""

    def __init__(
        self,
        name: str,
        *scripts: Iterable[Step],
        window: int | None = None,
        takes: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.window = window
        self.takes = takes
        self.requests: list[ModelRequest] = []
        self.closed = 0
        self._scripts = [list(script) for script in scripts]

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
        self.requests.append(request)
        try:
            for step in script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, Silence):
                    await forever()
                else:
                    yield step
        finally:
            self.closed += 1


def answer(text: str, *calls: ToolCall, usage: Usage | None = None) -> ModelAnswer:
    return ModelAnswer(text, tuple(calls), usage)


def a_session() -> Session:
    at = datetime(2026, 1, 30, 10, tzinfo=UTC)
    return Session.begin(SessionKey.parse("telegram:123456789:main"), agent="main", at=at)
