"""Three messaging apps with a stage behind them, where one person may write in each."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from channels.loopback import LoopbackChannel
from state.history import AssistantEntry, UserEntry
from state.keys import Address, SessionId
from state.messages import ChatKind, Sender
from state.session import Session
from tests.flows.stage import Stage, stage
from tests.unit.gateway.messages import message

APPS = ("telegram", "discord", "slack")


@dataclass
class Apps:
    """A stage with an account on each platform."""

    stage: Stage
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def says(self, app: str, text: str, user: str = "1", **facts: Any) -> str:
        """Somebody writes in private; the source of the message."""
        facts.setdefault("source", f"{app}-{next(self._numbers)}")
        facts.setdefault("at", datetime.now(UTC))
        facts.setdefault("sender", Sender(user, "Jason"))
        chat = facts.pop("chat", user)
        said = message(text, address=Address(app, chat), **facts)
        await self.stage.gateway.intake.receive(said)
        return said.source

    async def in_group(self, app: str, text: str, user: str = "1") -> None:
        await self.says(app, text, user, chat="-5", kind=ChatKind.GROUP, container="-5")

    async def hears(self, app: str, chat: str = "1", count: int = 1) -> list[str]:
        """What arrives next there."""
        channel = self.stage.gateway.channels[app]
        assert isinstance(channel, LoopbackChannel)
        channel.on_online(self.stage.gateway.delivery.wake)
        texts = []
        with channel.listen(chat) as parts:
            async for part in parts:
                texts.append(part.part.text)
                if len(texts) == count:
                    break
        await self.stage.settled()
        return texts

    async def talks(self, app: str, text: str, user: str = "1", **facts: Any) -> str:
        """Somebody writes, and this is the answer."""
        await self.says(app, text, user, **facts)
        (answer,) = await self.hears(app, user)
        return answer

    async def code(self, app: str, user: str = "1") -> str:
        """A code that somebody asks for."""
        answer = await self.talks(app, "/pair", user)
        return answer.partition("/pair ")[2][:8]

    async def link(self, here: str, there: str, user: str = "1", host: str = "1") -> str:
        """Somebody enters there a code that a host made here, and agrees; the answer."""
        code = await self.code(here, host)
        await self.talks(there, f"/pair {code}", user)
        answer = await self.talks(there, f"/pair {code} yes", user)
        await self.hears(here, host)
        return answer

    async def silence(self, app: str, chat: str = "1") -> bool:
        await self.stage.settled()
        owed = await self.stage.ledger.owed()
        return not [each for each in owed if each.address == Address(app, chat)]

    async def said(self, session: str) -> list[str]:
        """The words of a session, each with where it was said."""
        entries = await self.stage.sessions.entries(SessionId(session))
        return [
            f"{entry.address.channel}: {entry.content}"
            if isinstance(entry, UserEntry)
            else entry.content
            for entry in entries
            if isinstance(entry, UserEntry | AssistantEntry)
        ]

    async def facts(self, session: str) -> Session:
        loaded = await self.stage.sessions.load(SessionId(session))
        assert loaded is not None, f"there is no session {session}"
        return loaded.session


def owned(*apps: str, **more: Any) -> dict[str, Any]:
    """Settings in which user 1 of these is an owner, and nobody else is known."""
    accounts = {app: {"owners": ["1"]} if app in apps else {} for app in APPS}
    tokens = {"telegram": {"token": "1:x"}, "discord": {"token": "x"}, "slack": SLACK}
    return {"channels": {app: tokens[app] | accounts[app] for app in APPS}, **more}


SLACK = {"token": "xoxb-1", "app_token": "xapp-1"}


@asynccontextmanager
async def apps(settings: dict[str, Any], **parts: Any) -> AsyncIterator[Apps]:
    """A stage with the three."""
    channels = lambda _: [LoopbackChannel(app) for app in APPS]  # noqa: E731
    async with stage(settings=settings, channels=channels, **parts) as set_up:
        yield Apps(set_up)
