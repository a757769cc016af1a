"""A channel without a platform: for the terminal, and for tests.

What is said through `say` goes the whole way of a message, and answers come to whoever listens.
While nobody listens at a chat it is offline: answers stay owed and arrive when somebody does.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from channels.channel import Capabilities, Condition, Health, Receive
from channels.errors import Offline, Rejected
from state.keys import Address
from state.messages import (
    Attachment,
    ChatKind,
    InboundMessage,
    OwedPart,
    Part,
    Receipt,
    Reply,
    Sender,
)

TERMINAL = "terminal"
LOCAL_CHAT = "local"
LOCAL_USER = Sender(id="local", name="You")
UPLOAD_LIMIT = 100_000_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Listener:
    """Somebody at a chat; iterate it to get the parts as they are sent."""

    def __init__(self) -> None:
        self._parts: asyncio.Queue[OwedPart] = asyncio.Queue(maxsize=256)

    def put(self, part: OwedPart) -> None:
        """Raises `asyncio.QueueFull` when the listener does not keep up."""
        self._parts.put_nowait(part)

    async def __aiter__(self) -> AsyncIterator[OwedPart]:
        while True:
            yield await self._parts.get()


class LoopbackChannel:
    """In-memory channel. Its local user is the owner: whoever can open the state folder."""

    kind = "loopback"
    capabilities = Capabilities(
        text_limit=1_000_000,
        idempotent=True,
        points_in_private=True,
        redelivers=False,
        upload_limit=UPLOAD_LIMIT,
    )

    def __init__(
        self, name: str = TERMINAL, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.name = name
        self._now = now
        self._receive: asyncio.Future[Receive] | None = None
        self._listeners: dict[str, list[Listener]] = {}
        self._online: Callable[[Address], None] = lambda _address: None

    def on_online(self, tell: Callable[[Address], None]) -> None:
        """Call `tell` whenever somebody begins to listen at an address."""
        self._online = tell

    async def run(self, receive: Receive) -> None:
        """See `channels.channel.Channel`."""
        ready = self._ready()
        ready.set_result(receive)
        try:
            await asyncio.Event().wait()
        finally:
            self._receive = None

    async def say(
        self,
        text: str,
        *,
        chat: str = LOCAL_CHAT,
        sender: Sender = LOCAL_USER,
        source: str | None = None,
    ) -> InboundMessage:
        """Say something; returns when it is durable. Waits while the channel is not running."""
        receive = await asyncio.shield(self._ready())
        source = source or uuid4().hex
        message = InboundMessage(
            source=source,
            id=source,
            address=Address(self.name, chat),
            kind=ChatKind.DIRECT,
            sender=sender,
            text=text,
            at=self._now(),
        )
        await receive(message)
        return message

    @contextmanager
    def listen(self, chat: str = LOCAL_CHAT) -> Iterator[Listener]:
        """Be at a chat: parts that are owed there, and those to come, arrive at the listener."""
        listener = Listener()
        self._listeners.setdefault(chat, []).append(listener)
        self._online(Address(self.name, chat))
        try:
            yield listener
        finally:
            self._listeners[chat].remove(listener)
            if not self._listeners[chat]:
                del self._listeners[chat]

    def render(self, reply: Reply) -> tuple[Part, ...]:
        """One part, in the Markdown it came in, without control characters."""
        text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", reply.text)
        return (Part(text=text, plain=text, reply_to=reply.reply_to),)

    async def send(self, part: OwedPart) -> Receipt:
        """Hand a part to everybody at its chat. Raises `Offline` when that is nobody."""
        reached = False
        for listener in self._listeners.get(part.address.chat, ()):
            try:
                listener.put(part)
                reached = True
            except asyncio.QueueFull:
                continue
        if not reached:
            raise Offline(f"nobody listens at {part.address.chat}")
        return Receipt(message=part.key or str(part.id))

    async def upload(self, part: OwedPart, content: bytes) -> Receipt:
        """Tell everybody at the chat of the file, and where it is: they sit beside it."""
        file = part.part.file
        if file is None:
            raise Rejected("there is no file to hand out")
        place = f"sessions/{file.session}/media/{file.name}"
        told = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", f"[File: {file.title} ({place})]")
        text = "\n".join(words for words in (part.part.text, told) if words)
        return await self.send(replace(part, part=replace(part.part, text=text, plain=text)))

    def download(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        """Nothing can be attached in a terminal."""
        raise Rejected("a terminal has no files to fetch")

    async def acknowledge(self, address: Address, message: str, *, seen: bool) -> None:
        """There are no reactions in a terminal."""

    async def typing(self, address: Address) -> None:
        """There is nothing to show: observers see the turn itself."""

    def health(self) -> Health:
        """Healthy while it runs: there is no platform that could be gone."""
        running = self._receive is not None and self._receive.done()
        return Health(
            Condition.HEALTHY if running else Condition.STOPPED,
            proved_at=self._now() if running else None,
        )

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _ready(self) -> asyncio.Future[Receive]:
        if self._receive is None:
            self._receive = asyncio.get_running_loop().create_future()
        return self._receive
