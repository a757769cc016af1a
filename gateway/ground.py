"""What every part of a gateway stands on, and what thinks in it."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.agent import Agent
from agents.skill_folders import SkillFolders
from agents.tools.mcp.servers import McpServers
from channels.channel import Channel
from gateway.agent_pool import Models
from gateway.clock import Clock
from gateway.config import Settings
from gateway.current import Current
from gateway.feed import Feed
from gateway.occasion import Shelf
from gateway.sandboxing import Sandboxing
from gateway.trouble import Trouble
from state.keys import SessionId
from state.messages import Accepted
from state.store import Ledger, Sessions


@dataclass(frozen=True, slots=True)
class Ground:
    """The settings, the stores, the channels, and where to tell what."""

    settings: Current
    sessions: Sessions
    ledger: Ledger
    channels: Mapping[str, Channel]
    feed: Feed
    trouble: Trouble
    clock: Clock


FindsFile = Callable[[SessionId, str, int], Awaitable[bytes]]
"""The content of a file of a session's workspace, of so many bytes at most. Raises `ToolFailed`."""


@dataclass(frozen=True, slots=True)
class Minds:
    """What thinks: the agent `main`, how others are made, and what they can be given.

    `shelves` hold the tools that stand on more than a gateway's ground; `sandboxing` is where the
    commands among them run, and `workspace` finds what they leave. `models_of` says how models are
    come by with other settings.
    """

    agent: Agent
    models: Models = field(default_factory=Models)
    skills: SkillFolders | None = None
    mcp: McpServers | None = None
    shelves: Sequence[Shelf] = ()
    sandboxing: Sandboxing | None = None
    workspace: FindsFile | None = None
    models_of: Callable[[Settings], Models] | None = None


class Host(Protocol):
    """What the gateway does for its parts."""

    def announce(self, text: str) -> None:
        """Tell the owners something, beside everything else."""

    def begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do something beside everything else; it ends with the gateway at the latest."""

    def submit(self, accepted: Accepted) -> None:
        """Let a session work on a message that was accepted for it."""

    async def between(self, session_id: str, act: Callable[[], Awaitable[None]]) -> None:
        """Do something between two messages of a session."""
