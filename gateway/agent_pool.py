"""The agents that think, made once for each way in which one is set."""

import asyncio
from collections.abc import Awaitable, Callable

import orjson

from agents.agent import Agent
from agents.config import AgentSettings

Make = Callable[[AgentSettings], Awaitable[Agent]]
"""Makes an agent with its models. Raises an `agents.errors.ModelError`."""

_THINKS_WITH = {
    "model",
    "fallbacks",
    "options",
    "max_steps",
    "context_window",
    "max_output_tokens",
    "media",
}
"""The settings that an `Agent` is made of; those of a conversation are not among them."""


class AgentPool:
    """`main` is the agent of `settings`; without `make` it is everybody's."""

    def __init__(self, main: Agent, settings: AgentSettings, make: Make | None = None) -> None:
        self.main = main
        self._make = make
        self._made = {_digest(settings): main}
        self._making = asyncio.Lock()

    async def of(self, settings: AgentSettings) -> Agent:
        """The agent of these settings. Raises an `agents.errors.ModelError`."""
        if self._make is None:
            return self.main
        digest = _digest(settings)
        if (made := self._made.get(digest)) is not None:
            return made
        async with self._making:
            if digest not in self._made:
                self._made[digest] = await self._make(settings)
            return self._made[digest]


def _digest(settings: AgentSettings) -> bytes:
    given = settings.model_dump(mode="json", include=_THINKS_WITH)
    return orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
