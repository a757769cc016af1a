"""A messaging app where anybody can write anywhere, with a stage behind it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from channels.loopback import LoopbackChannel
from gateway.agent_pool import Make
from state.keys import Address
from state.messages import ChatKind, Sender
from tests.flows.stage import PATIENCE, Stage, stage
from tests.unit.gateway.messages import message

ALICE, BOB = Sender("1", "Alice"), Sender("2", "Bob")
NOTHING_ELSE: Mapping[str, Any] = MappingProxyType({})
OPEN = {"dm_policy": "open", "group_policy": "open"}


@dataclass
class Town:
    """A stage with one messaging app, where anybody can write anywhere."""

    stage: Stage
    room: dict[str, Any] = field(default_factory=dict)

    async def says(self, who: Sender, text: str, chat: str | None = None, **facts: Any) -> None:
        thread = facts.pop("thread", None)
        facts.setdefault("at", datetime.now(UTC))
        address = Address("telegram", chat or who.id, thread)
        await self.stage.gateway.intake.receive(message(text, sender=who, address=address, **facts))

    async def in_group(self, who: Sender, text: str, thread: str | None = None) -> None:
        kind = ChatKind.THREAD if thread else ChatKind.GROUP
        await self.says(who, text, "-5", kind=kind, thread=thread, container="-5")

    async def hears(self, chat: str, count: int = 1) -> list[str]:
        channel = self.stage.gateway.channels["telegram"]
        assert isinstance(channel, LoopbackChannel)
        channel.on_online(self.stage.gateway.delivery.wake)
        texts = []
        with channel.listen(chat) as parts:
            async with asyncio.timeout(PATIENCE):
                async for part in parts:
                    texts.append(part.part.text)
                    if len(texts) == count:
                        break
        await self.stage.settled()
        return texts

    async def silence(self, chat: str) -> bool:
        await self.stage.settled()
        owed = await self.stage.ledger.owed()
        return not [part for part in owed if part.address.chat == chat]

    async def keys(self) -> list[str]:
        return sorted(str(row.key) for row in await self.stage.ledger.listing())


@asynccontextmanager
async def town(
    *,
    also: Mapping[str, Any] = NOTHING_ELSE,
    parts: Mapping[str, Any] = NOTHING_ELSE,
    make_agent: Make | None = None,
    **account: Any,
) -> AsyncIterator[Town]:
    """A stage with the account `telegram`; `also` are settings beside it, `parts` the stage's."""
    settings = {"channels": {"telegram": {"kind": "telegram", "token": "1:x", **account}}, **also}
    channels = lambda _: [LoopbackChannel("telegram")]  # noqa: E731
    async with stage(
        settings=settings, channels=channels, **({"make_agent": make_agent} | parts)
    ) as set_up:
        yield Town(set_up)
