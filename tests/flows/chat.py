"""A private chat with people who change their minds, in an app that shows what they see of it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from channels.loopback import LoopbackChannel
from state.files import open_state
from state.history import Entry
from state.keys import Address
from state.messages import (
    Attachment,
    AttachmentKind,
    ChatKind,
    Correction,
    Deletion,
    InboundMessage,
    OwedPart,
    Receipt,
    Sender,
)
from tests.flows.stage import PATIENCE, Gate, Stage, stage

ANN = Sender("1", "Ann")
_numbers = count(1)


class Phone(LoopbackChannel):
    """The app: messages can be edited, taken away, and have files."""

    capabilities = replace(LoopbackChannel.capabilities, edit_seconds=0.001)

    def __init__(self) -> None:
        super().__init__("telegram")
        self.screen: dict[str, str] = {}
        self.changed = asyncio.Condition()
        self.files: dict[str, bytes | Gate] = {}
        self.fetched: list[str] = []

    async def send(self, part: OwedPart) -> Receipt:
        name = part.part.edits or f"sent-{next(_numbers)}"
        async with self.changed:
            if part.part.removes:
                self.screen.pop(name, None)
            else:
                self.screen[name] = part.part.text
            self.changed.notify_all()
        return Receipt(name)

    async def download(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        name = attachment.reference or ""
        self.fetched.append(name)
        content = self.files[name]
        if isinstance(content, Gate):
            content.reached.set()
            await content.open.wait()
            content = b"plain words"
        yield content


@dataclass
class Chat:
    """The stage, with Ann's phone."""

    stage: Stage
    phone: Phone

    async def says(self, text: str, *, ago: float = 0.0, **facts: Any) -> InboundMessage:
        number = next(_numbers)
        told: dict[str, Any] = {
            "source": f"said-{number}",
            "id": str(number),
            "address": Address("telegram", ANN.id),
            "kind": ChatKind.DIRECT,
            "sender": ANN,
            "text": text,
            "at": datetime.now(UTC) - timedelta(seconds=ago),
        }
        message = InboundMessage(**(told | facts))
        await self.stage.gateway.intake.receive(message)
        return message

    async def sends(self, *files: str, text: str = "", **facts: Any) -> InboundMessage:
        pictures = [Attachment(AttachmentKind.DOCUMENT, file, reference=file) for file in files]
        return await self.says(text, attachments=tuple(pictures), **facts)

    async def edits(self, message: InboundMessage, text: str, by: Sender = ANN) -> None:
        await self.stage.gateway.intake.receive(
            Correction(
                source=f"edit-{next(_numbers)}",
                id=message.id,
                address=message.address,
                kind=message.kind,
                sender=by,
                text=text,
                at=datetime.now(UTC),
                of=message.source,
            )
        )

    async def deletes(self, message: InboundMessage) -> None:
        source, at = f"deletion-{next(_numbers)}", datetime.now(UTC)
        gone = Deletion(source, id=message.id, address=message.address, at=at, of=message.source)
        await self.stage.gateway.intake.receive(gone)

    async def sees(self, *texts: str) -> None:
        """Wait until these messages of the bot, and no others, are on the screen."""
        async with asyncio.timeout(PATIENCE), self.phone.changed:
            await self.phone.changed.wait_for(
                lambda: list(self.phone.screen.values()) == list(texts)
            )
        await self.stage.settled()
        assert list(self.phone.screen.values()) == list(texts)

    async def glimpses(self, text: str) -> None:
        """Wait until a message on the screen reads so, for however long."""
        async with asyncio.timeout(PATIENCE), self.phone.changed:
            await self.phone.changed.wait_for(lambda: text in self.phone.screen.values())

    async def history(self) -> tuple[Entry, ...]:
        return await self.stage.history("telegram_1_dm")


@asynccontextmanager
async def chat(folder: Path | None = None, **session: Any) -> AsyncIterator[Chat]:
    """A chat that has begun; `session` are the settings of conversations.

    Its state is in a folder, if there is one, and else in memory.
    """
    phone = Phone()
    account = {"kind": "telegram", "token": "1:x", "dm_policy": "open", "group_policy": "open"}
    parts: dict[str, Any] = {
        "settings": {
            "channels": {"telegram": account},
            "agents": {"defaults": {"session": session}},
        },
        "channels": lambda _: [phone],
    }
    async with AsyncExitStack() as stack:
        if folder is not None:
            state = await open_state(folder)
            stack.push_async_callback(state.close)
            parts |= {"sessions": state.sessions, "ledger": state.ledger}
        yield Chat(await stack.enter_async_context(stage(**parts)), phone)
