"""A whole gateway in one process, for tests that read as scripts.

The model is a double behind the real protocol: it echoes, or does what a test lines up. Stores
survive `restart`, as a folder would.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from agents import summary_prompts
from agents.agent import Agent
from agents.errors import ModelError
from agents.models.model import ModelAnswer, ModelEvent, ModelRequest, TextDelta, Timeouts
from agents.skill_folders import SkillFolders
from agents.transcript import AssistantSays, Said, ToolsSay, UserSays
from channels.channel import Channel
from gateway import accounts
from gateway.agent_pool import ListsModels, Make, Models, only_offline
from gateway.app import Gateway
from gateway.clock import Clock
from gateway.config import Settings
from gateway.config_source import ConfigSource
from gateway.ground import FindsFile, Minds
from gateway.occasion import Shelf
from gateway.sandboxing import Sandboxing
from state.history import Entry, ToolCall, Usage
from state.keys import SessionId
from state.memory import MemoryLedger, MemorySessions
from state.messages import OwedPart
from state.store import Ledger, Sessions

PATIENCE = 10.0
SUMMARISING = summary_prompts.instructions(summary_prompts.SUMMARIZATION_PROMPT)


class Gate:
    """Holds a model's answer back until a test opens it; says when somebody waits there."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()


@dataclass(frozen=True)
class Grows:
    """An answer that comes piece by piece; it waits at each gate, and ends with an error."""

    pieces: tuple[str | Gate | Exception, ...]

    @property
    def text(self) -> str:
        return "".join(piece for piece in self.pieces if isinstance(piece, str))


Line = Grows | str | ModelError | Exception | Gate | tuple[ToolCall, ...]


@dataclass
class ScriptedModel:
    """Answers with the next line of its script, and echoes when there is none.

    Asked for a summary, it takes the next of `memory`; else it names what `Remember` is said of.
    """

    name: str = "scripted"
    window: int | None = None
    takes: frozenset[str] = frozenset()
    script: deque[Line] = field(default_factory=deque)
    requests: list[list[Said]] = field(default_factory=list)
    systems: list[str] = field(default_factory=list)
    usage: Usage | None = None
    memory: deque[Line] = field(default_factory=deque)
    summarised: list[str] = field(default_factory=list)

    def will(self, *lines: Line) -> None:
        """Line up what the next calls do."""
        self.script.extend(lines)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        seen = [*request.transcript, *request.turn]
        if request.system == SUMMARISING:
            self.summarised.append(_last_words(seen))
            line = self.memory.popleft() if self.memory else recalled(_last_words(seen))
        else:
            self.requests.append(seen)
            self.systems.append(request.system)
            line = self.script.popleft() if self.script else None
        if isinstance(line, Gate):
            line.reached.set()
            await line.open.wait()
            line = None
        if isinstance(line, Exception):
            raise line
        if isinstance(line, tuple):
            yield ModelAnswer("", calls=line, usage=self.usage, model=self.name)
            return
        if isinstance(line, Grows):
            for piece in line.pieces:
                if isinstance(piece, Gate):
                    piece.reached.set()
                    await piece.open.wait()
                elif isinstance(piece, Exception):
                    raise piece
                else:
                    yield TextDelta(piece)
            yield ModelAnswer(line.text, usage=self.usage, model=self.name)
            return
        text = line if line is not None else f"echo: {_last_words(seen)}"
        for word in text.split(" "):
            yield TextDelta(word + " ")
        yield ModelAnswer(text, usage=self.usage, model=self.name)


def recalled(material: str) -> str:
    """The summary of one that remembers what it was told to remember, and nothing else."""
    lines = material.partition("\n\nSummarise")[0].splitlines()
    facts = [line.lstrip("> ") for line in lines if "Remember" in line]
    return "\n".join(dict.fromkeys(facts)) or "They talked."


def _last_words(seen: Sequence[Said]) -> str:
    last = seen[-1]
    return last.text if isinstance(last, UserSays | AssistantSays) else last.results[-1].content


def words(seen: Sequence[Said]) -> list[str]:
    """What a model saw, as plain lines."""
    return [
        ", ".join(result.content for result in each.results)
        if isinstance(each, ToolsSay)
        else each.text
        for each in seen
    ]


@dataclass
class Stage:
    """The parts of a test: a model, stores, channels, and the gateway that joins them."""

    settings: dict[str, Any] = field(default_factory=dict)
    model: ScriptedModel = field(default_factory=ScriptedModel)
    sessions: Sessions = field(default_factory=MemorySessions)
    ledger: Ledger = field(default_factory=MemoryLedger)
    channels: Callable[["Stage"], Sequence[Channel]] = lambda _: ()
    timeouts: Timeouts = Timeouts()
    clock: Clock | None = None
    make_agent: Make | None = None
    list_models: ListsModels = only_offline
    skills: SkillFolders | None = None
    shelves: Sequence[Shelf] = ()
    sandboxing: Sandboxing | None = None
    workspace: FindsFile | None = None
    models_of: Callable[[Settings], Models] | None = None
    opens: accounts.Opens | None = None
    source: ConfigSource | None = None
    gateway: Gateway = field(init=False)
    heard: list[str] = field(default_factory=list)

    async def start(self) -> None:
        """Start a gateway on the stores as they are."""
        self.gateway = Gateway(
            Settings.model_validate(self.settings),
            sessions=self.sessions,
            ledger=self.ledger,
            minds=Minds(
                Agent([self.model], timeouts=self.timeouts, attempts=1),
                Models(self.make_agent, self.list_models),
                self.skills,
                shelves=self.shelves,
                sandboxing=self.sandboxing,
                workspace=self.workspace,
                models_of=self.models_of,
            ),
            lines=map(accounts.Line, self.channels(self)),
            opens=self.opens,
            source=self.source,
            clock=self.clock,
        )
        await self.gateway.start()

    async def stop(self, seconds: float = 5.0) -> None:
        """Stop it as a signal would."""
        await self.gateway.stop(seconds)

    async def restart(self) -> None:
        """Stop and start."""
        await self.stop()
        await self.start()

    async def says(self, text: str, **facts: Any) -> None:
        """The owner says something in the terminal."""
        await self.gateway.terminal.say(text, **facts)

    async def hears(self, count: int = 1, chat: str = "local") -> list[str]:
        """What arrives next in the terminal."""
        arrived: list[OwedPart] = []
        with self.gateway.terminal.listen(chat) as parts:
            async with asyncio.timeout(PATIENCE):
                async for part in parts:
                    arrived.append(part)
                    if len(arrived) == count:
                        break
        await self.settled()
        return [part.part.text for part in arrived]

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        async with asyncio.timeout(PATIENCE):
            await self.gateway.lanes.settled()
            await self.gateway.delivery.settled()

    async def history(self, session: str = "terminal_local_main") -> tuple[Entry, ...]:
        """Everything in a session's history."""
        return await self.sessions.entries(SessionId(session))


@asynccontextmanager
async def stage(**parts: Any) -> AsyncIterator[Stage]:
    """A started stage, stopped at the end."""
    set_up = Stage(**parts)
    await set_up.start()
    try:
        yield set_up
    finally:
        await set_up.stop(1.0)
