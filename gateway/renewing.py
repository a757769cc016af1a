"""Takes other settings up while everything goes on, so that no message sees half of them.

What can fail comes first and changes nothing. Then everything is replaced between two steps of the
event loop. What takes time comes last, for each account alone.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agents.tools.mcp.servers import check_installed
from channels.channel import Channel
from gateway.accounts import Accounts, Line, let_go
from gateway.agent_pool import Agents
from gateway.changes import Changes
from gateway.config import Settings
from gateway.current import Current
from gateway.delivery import Delivery
from gateway.ground import Minds
from gateway.holding import Holding
from gateway.intake import Intake

STORING = 10.0
"""Seconds that what an account just heard is given to be stored before the account changes."""

CALLS = 20.0
"""Seconds that calls under way are given to end before an account's connections are closed."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """What was made for other settings, and is not in effect yet."""

    agents: Agents | None
    lines: Mapping[str, Line]


class Renewing:
    """Replaces the settings in effect, and what is made of them.

    What is derived from them when it is needed is not named here; see `Current`. `on_agents` is
    told when other agents think, `on_terms` when sessions may be due sooner than before.
    """

    def __init__(
        self,
        current: Current,
        *,
        accounts: Accounts,
        holding: Holding,
        intake: Intake,
        delivery: Delivery,
        minds: Minds,
        on_agents: Callable[[], None],
        on_terms: Callable[[], None],
    ) -> None:
        self._current = current
        self._accounts = accounts
        self._people, self._pool = holding.people, holding.pool
        self._intake = intake
        self._delivery = delivery
        self._mcp, self._models_of = minds.mcp, minds.models_of
        self._sandboxing = minds.sandboxing
        self._on_agents, self._on_terms = on_agents, on_terms

    async def take_up(self, changes: Changes[Settings]) -> None:
        """Let the settings of `changes` be in effect. One at a time.

        Raises an `agents.errors.ModelError` or `McpNotInstalled` when they cannot be; nothing has
        changed then.
        """
        ready = await self._prepare(changes)
        known = frozenset(self._accounts.channels)
        # Nobody hears anything on an account while it changes: what its platform is not told that
        # we have, it keeps.
        await self._accounts.quiet(changes.accounts)
        await self._intake.settled(STORING)
        async with self._people.alone:
            old = self._replace(changes, ready)
        try:
            await asyncio.gather(*(self._let_go(channel) for channel in old))
            await self._intake.take_up(ready.lines.keys() - known)
        finally:
            self._accounts.begin(ready.lines)
            for name in ready.lines:
                self._delivery.back(name)

    async def _prepare(self, changes: Changes[Settings]) -> _Ready:
        now, then, agents = self._current.now, changes.settings, None
        check_installed(then.mcp)
        if then.agents is not now.agents or then.models is not now.models:
            others = then.models is not now.models and self._models_of is not None
            models = self._models_of(then) if others and self._models_of is not None else None
            agents = await self._pool.anew(then.agents, models)
        lines = await self._accounts.opened(then.channels, changes.accounts)
        return _Ready(agents, lines)

    def _replace(self, changes: Changes[Settings], ready: _Ready) -> list[Channel]:
        """Nothing is awaited in here: whoever reads the settings sees these or those.

        Returns the channels that are in use no more.
        """
        self._current.now = changes.settings
        if ready.agents is not None:
            self._pool.take(ready.agents)
            self._on_agents()
        if self._mcp is not None and changes.servers:
            self._mcp.keep_to(changes.settings.mcp, changes.servers)
        if self._sandboxing is not None:
            self._sandboxing.keep_to(changes.settings.sandbox)
        old = self._accounts.exchange(changes.accounts, ready.lines)
        self._on_terms()
        return list(old)

    async def _let_go(self, channel: Channel) -> None:
        """Close a channel when its calls have ended. What follows goes out through the new one."""
        await self._delivery.ended(channel, CALLS)
        await let_go(channel)
