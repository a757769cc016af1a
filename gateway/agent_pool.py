"""The agents that think, made once for each way in which one is set."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import orjson

from agents.agent import Agent
from agents.config import MAIN, AgentSettings, AgentsSettings
from agents.models.guarded import Breakers
from agents.models.names import OFFLINE
from agents.models.registry import Listing

Make = Callable[[AgentSettings], Awaitable[Agent]]
"""Makes an agent with its models. Raises an `agents.errors.ModelError`."""

ListsModels = Callable[[], Awaitable[Sequence[Listing]]]
"""Asks every provider for its models, within bounded time."""

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


async def only_offline() -> tuple[Listing, ...]:
    """Where no providers are asked: what every Argent has."""
    return (Listing(OFFLINE, (OFFLINE,)),)


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """How models are come by, as one set of settings says. `breakers` say which are left alone."""

    make: Make | None = None
    listed: ListsModels = only_offline
    breakers: Breakers = field(default_factory=Breakers)


@dataclass(frozen=True, slots=True, eq=False)
class Agents:
    """The agents that are made with these models. `main` answers where no other can."""

    main: Agent
    models: Models
    made: dict[bytes, Agent]


class AgentPool:
    """`main` is the agent of `settings`; where nothing makes others, it is everybody's."""

    def __init__(self, main: Agent, settings: AgentSettings, models: Models | None = None) -> None:
        self.agents = Agents(main, models or Models(), {_digest(settings): main})
        self._making = asyncio.Lock()

    @property
    def main(self) -> Agent:
        """The agent that answers where no other can."""
        return self.agents.main

    @property
    def models(self) -> Models:
        """How models are come by now."""
        return self.agents.models

    async def of(self, settings: AgentSettings) -> Agent:
        """The agent of these settings. Raises an `agents.errors.ModelError`."""
        # As they are now: others may be taken up while this one is made.
        return await self._among(self.agents, settings)

    async def anew(self, settings: AgentsSettings, models: Models | None) -> Agents:
        """Every agent that is configured, made for `take`; without `models`, of those of now.

        Raises an `agents.errors.ModelError`: what an agent cannot think with is told before it is
        in effect, and not to whoever writes first.
        """
        now = self.agents
        if models is None:
            agents = Agents(now.main, now.models, dict(now.made))
        else:
            agents = Agents(now.main, models, {})
        if agents.models.make is None:
            return agents
        configured = [settings.of(name) for name in settings.names]
        made = {_digest(each): await self._among(agents, each) for each in configured}
        return Agents(made[_digest(settings.of(MAIN))], agents.models, made)

    def take(self, agents: Agents) -> None:
        """Let these think from now on; turns that run keep theirs."""
        self.agents = agents

    async def _among(self, agents: Agents, settings: AgentSettings) -> Agent:
        if agents.models.make is None:
            return agents.main
        digest = _digest(settings)
        if (made := agents.made.get(digest)) is not None:
            return made
        async with self._making:
            if digest not in agents.made:
                agents.made[digest] = await agents.models.make(settings)
            return agents.made[digest]


def _digest(settings: AgentSettings) -> bytes:
    given = settings.model_dump(mode="json", include=_THINKS_WITH)
    return orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
