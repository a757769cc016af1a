"""What a model may use in a turn: the tools that there are, and of those the ones that fit it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from agents.models.model import ToolSpec
from agents.tools.builtin import harmless_tools
from agents.tools.mcp.servers import McpServers
from agents.tools.tool import Approve, Seen, Tool, Toolbox, is_allowed, told
from gateway.clock import Clock
from gateway.occasion import Occasion, Shelf
from gateway.powers import Power, power


class Toolboxes:
    """Packs a toolbox for each turn, from shelves."""

    def __init__(self, shelves: Sequence[Shelf]) -> None:
        self._shelves = tuple(shelves)
        self._told: dict[str, tuple[ToolSpec, int]] = {}

    def known(self, occasion: Occasion) -> tuple[Tool[Any], ...]:
        """Every tool that there is on an occasion, whether or not it may be used."""
        return tuple(tool for shelf in self._shelves for tool in shelf(occasion))

    def offered(self, occasion: Occasion, also: Iterable[Tool[Any]] = ()) -> Iterator[Tool[Any]]:
        """The tools that may be used on it, of those that there are and `also` others.

        The settings leave some out, and never let in what the trust does not.
        """
        for tool, may in self._usable(occasion, also):
            approved = may is Power.APPROVAL and not tool.guarded
            yield replace(tool, guarded=True) if approved else tool

    def packed(
        self,
        occasion: Occasion,
        also: Iterable[Tool[Any]] = (),
        *,
        approve: Approve,
        seen: Seen,
        through: Callable[[Tool[Any]], Tool[Any]] = lambda tool: tool,
    ) -> Toolbox:
        """The toolbox of one turn; `also` are tools that live only in it.

        `approve` waits for an owner where the model sees material from outside, `seen` knows what
        it sees, and every tool goes `through` something that may watch over its calls.
        """
        tools = map(through, self.offered(occasion, also))
        return Toolbox(tools, foreign=occasion.foreign, approve=approve, seen=seen)

    def told(self, occasion: Occasion) -> int:
        """About how many tokens a model is told them in."""
        return sum(self._length(tool.spec) for tool, _ in self._usable(occasion))

    def _usable(
        self, occasion: Occasion, also: Iterable[Tool[Any]] = ()
    ) -> Iterator[tuple[Tool[Any], Power]]:
        allowed, trust = occasion.opened.setup.profile.settings.tools, occasion.trust
        for tool in chain(self.known(occasion), also):
            may = power(tool.spec.name, trust)
            if may is not Power.NEVER and is_allowed(tool.spec.name, allowed):
                yield tool, may

    def _length(self, spec: ToolSpec) -> int:
        # To write a schema takes long. A server may tell of a tool anew, under the same name.
        known = self._told.get(spec.name)
        if known is None or known[0] is not spec:
            known = self._told[spec.name] = spec, told([spec])
        return known[1]


def mcp_shelf(servers: McpServers) -> Shelf:
    """What MCP servers offer now, those that the session may use."""

    def tools(occasion: Occasion) -> tuple[Tool[Any], ...]:
        opened = occasion.opened
        return servers.tools(opened.setup.profile.settings.mcp, opened.session.key.type)

    return tools


def basic_shelf(clock: Clock) -> Shelf:
    """The tools that harm nobody, and those of the session's skill."""

    def tools(occasion: Occasion) -> Iterator[Tool[Any]]:
        opened = occasion.opened
        agent, skill = opened.setup.agent, opened.setup.skill
        yield from harmless_tools(
            opened.session,
            model=agent.model,
            window=agent.window,
            trust=occasion.trust,
            now=clock.now,
        )
        if skill is not None:
            yield from skill.tools

    return tools
