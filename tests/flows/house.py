"""A gateway on a folder, with a clock that a test turns and a janitor that comes when it is told.

Whatever is said here holds `WORD`, so that it can be seen whether a byte of it is left.
"""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.clock import Clock
from state.files import State, open_state
from state.history import Entry, ToolCall
from state.keys import Address, SessionId
from state.messages import ChatKind, OwedPart, Receipt, Sender
from state.session import Session
from tests.flows.chat import ANN, Chat, Phone
from tests.flows.stage import PATIENCE, ScriptedModel, Stage

WORD = "zebrawort"
NOON = datetime(2026, 1, 30, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = HOUR + timedelta(seconds=1)
ANNS = SessionId("telegram_1_dm")
GROUP = Address("telegram", "-7")
ROOMS = SessionId("telegram_-7_group")


class Wrist(Clock):
    """Two clocks that a test turns."""

    def __init__(self, at: datetime = NOON) -> None:
        self.wall, self.seconds = at, 0.0

    def now(self) -> datetime:
        return self.wall

    def steady(self) -> float:
        return self.seconds

    def passes(self, span: timedelta) -> None:
        self.wall += span
        self.seconds += span.total_seconds()


class Told(Phone):
    """The phone, which also remembers buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[OwedPart] = []

    async def send(self, part: OwedPart) -> Receipt:
        self.sent.append(part)
        return await super().send(part)

    def buttons(self) -> list[str]:
        """What the buttons under the last message say."""
        return [button.says for button in self.sent[-1].part.buttons]


@dataclass
class House:
    """The chat, its clock and its folder."""

    root: Path
    persistence: str
    clock: Wrist
    agents: dict[str, Any] = field(default_factory=dict)
    session: dict[str, Any] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    model: ScriptedModel = field(default_factory=ScriptedModel)
    phone: Told = field(init=False)
    state: State = field(init=False)
    stage: Stage = field(init=False)
    chat: Chat = field(init=False)

    async def opens(self) -> None:
        """A process begins."""
        self.state = await open_state(self.root)
        self.state.search.start()
        await self.begins()

    async def begins(self) -> None:
        """A gateway begins on the folder as it is open."""
        self.phone = Told()
        account = {"kind": "telegram", "token": "1:x", "dm_policy": "open", "group_policy": "open"}
        session = {"persistence": self.persistence, **self.session}
        self.stage = Stage(
            settings={
                "channels": {"telegram": account | {"owners": list(self.owners)}},
                "agents": {"defaults": {"session": session}, **self.agents},
            },
            model=self.model,
            sessions=self.state.sessions,
            ledger=self.state.ledger,
            channels=lambda _: [self.phone],
            clock=self.clock,
        )
        await self.stage.start()
        self.chat = Chat(self.stage, self.phone)

    async def closes(self) -> None:
        """The gateway stops, and lets go of the folder."""
        await self.stage.stop(1.0)
        await self.state.close()

    async def says(self, text: str, **facts: Any) -> str:
        """Ann says something; what she hears."""
        before = len(self.phone.sent)
        await self.chat.says(text, **facts)
        async with asyncio.timeout(PATIENCE), self.phone.changed:
            await self.phone.changed.wait_for(lambda: len(self.phone.sent) > before)
        await self.stage.settled()
        return self.phone.sent[-1].part.text

    async def says_in_the_room(self, text: str, who: Sender = ANN) -> str:
        return await self.says(text, address=GROUP, kind=ChatKind.GROUP, sender=who)

    async def talks(self) -> None:
        """A conversation with something of everything in it."""
        self.phone.files["note.txt"] = f"{WORD} in a file".encode()
        sends = json.dumps({"name": f"{WORD}.csv", "content": f"{WORD};1"})
        self.model.will(
            (ToolCall("c1", "send_file", sends), ToolCall("c2", "nope", f'{{"a":"{WORD}"}}')),
            f"Here is {WORD}",
        )
        await self.says(f"My {WORD} is here")
        await self.chat.sends("note.txt", text=f"And {WORD} again")
        await self.stage.settled()
        self.model.memory.append(f"They spoke of {WORD}.")
        await self.says(f"More of {WORD}")
        await self.says("/compact")
        await self.says(f"Still {WORD}")
        workspace = self.folder() / "workspace"
        workspace.mkdir(exist_ok=True)
        (workspace / f"{WORD}.txt").write_text(WORD)

    async def janitor_comes(self) -> float:
        """The janitor does what is due, and all that comes of it."""
        delay = await self.stage.gateway._janitor.round()
        await self.stage.settled()
        return delay

    async def is_quiet(self, span: timedelta = LATER) -> None:
        """Time passes, and the janitor comes."""
        self.clock.passes(span)
        await self.janitor_comes()

    def folder(self, session: SessionId = ANNS) -> Path:
        return self.root / "agents/main/sessions" / session

    async def facts(self, session: SessionId = ANNS) -> Session:
        loaded = await self.state.sessions.load(session)
        assert loaded is not None
        return loaded.session

    async def entries(self, session: SessionId = ANNS) -> tuple[Entry, ...]:
        return await self.state.sessions.entries(session)

    async def words(self) -> list[str]:
        """The files with a byte of what was said, in whatever form."""
        await self.state.search.caught_up()
        return words_in(self.root)


def words_in(root: Path) -> list[str]:
    """The files below a folder with `WORD` in them or in their names."""
    found = []
    for path in sorted(root.rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        if WORD.encode() in data.lower() or WORD in path.name.lower():
            found.append(str(path.relative_to(root)))
    return found


@asynccontextmanager
async def house(root: Path, persistence: str, **facts: Any) -> AsyncIterator[House]:
    """A gateway that keeps conversations so."""
    set_up = House(root, persistence, Wrist(), **facts)
    await set_up.opens()
    try:
        yield set_up
    finally:
        await set_up.closes()
