"""A channel whose platform answers as a test says, and keeps what people see."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace

from channels.channel import Capabilities, Condition, Health, Receive
from channels.errors import ChannelError
from state.keys import Address
from state.messages import Attachment, OwedPart, Part, Receipt, Reply

PATIENCE = 5.0


class Slow:
    """Holds a call back until a test lets it go on; then it is carried out."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def wait(self) -> None:
        self.reached.set()
        async with asyncio.timeout(PATIENCE):
            await self.go_on.wait()


@dataclass(frozen=True)
class Call:
    """A call as it was made: ``post``, ``edit``, ``remove``, ``upload``, ``typing``, ``seen`` or
    ``unseen``."""

    kind: str
    chat: str
    text: str = ""
    part: Part | None = None
    key: str = ""


@dataclass
class Platform:
    """One account. `will` lines up how the next calls end; without a line, they succeed."""

    name: str = "telegram"
    kind: str = "test"
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(
            text_limit=20, edit_seconds=0.01, upload_limit=100, typing_seconds=5.0
        )
    )
    chats: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    under_way: int = 0
    most_at_once: int = 0
    _script: deque[ChannelError | Exception | Slow | None] = field(default_factory=deque)
    _keys: dict[str, str] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _posted: int = 0

    def will(self, *answers: ChannelError | Exception | Slow | None) -> None:
        """Line up how the next sends end."""
        self._script.extend(answers)

    def can(self, **facts: object) -> None:
        """Change what the platform offers."""
        self.capabilities = replace(self.capabilities, **facts)  # type: ignore[arg-type]

    def shows(self, chat: str = "7") -> list[str]:
        """What people see in a chat."""
        return list(self.chats.get(chat, {}).values())

    def made(self, *kinds: str) -> list[str]:
        """The words of all calls of these kinds."""
        return [call.text for call in self.calls if call.kind in kinds]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for calls: ``until(lambda: platform.made("edit"))``."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: bool(condition()))

    def render(self, reply: Reply) -> tuple[Part, ...]:
        limit = self.capabilities.text_limit
        pieces = [reply.text[at : at + limit] for at in range(0, len(reply.text), limit)]
        return tuple(
            Part(piece, piece, reply_to=None if number else reply.reply_to)
            for number, piece in enumerate(pieces)
        )

    async def send(self, part: OwedPart) -> Receipt:
        words, chat = part.part, part.address.chat
        kind = "remove" if words.removes else "edit" if words.edits else "post"
        await self._answer(Call(kind, chat, words.text, words, part.key))
        receipt = Receipt(self._become(self.chats.setdefault(chat, {}), words, part.key))
        await self._changes()
        return receipt

    def _become(self, messages: dict[str, str], words: Part, key: str) -> str:
        old = words.edits or ""
        if words.removes:
            messages.pop(old, None)
            return old
        if old in messages:
            messages[old] = words.text
            return old
        if self.capabilities.idempotent and key in self._keys:
            return self._keys[key]
        return self._new(messages, words.text, key)

    async def upload(self, part: OwedPart, content: bytes) -> Receipt:
        text = content.decode()
        await self._answer(Call("upload", part.address.chat, text, part.part, part.key))
        return Receipt(self._new(self.chats.setdefault(part.address.chat, {}), text, part.key))

    async def typing(self, address: Address) -> None:
        await self._note(Call("typing", address.chat))

    async def acknowledge(self, address: Address, message: str, *, seen: bool) -> None:
        await self._note(Call("seen" if seen else "unseen", address.chat, message))

    async def download(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        raise AssertionError("nothing is fetched here")
        yield b""

    async def run(self, receive: Receive) -> None: ...

    def health(self) -> Health:
        return Health(Condition.HEALTHY)

    async def close(self) -> None: ...

    async def _answer(self, call: Call) -> None:
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await self._note(call)
            answer = self._script.popleft() if self._script else None
            if isinstance(answer, Slow):
                await answer.wait()
            elif answer is not None:
                raise answer
        finally:
            self.under_way -= 1

    async def _note(self, call: Call) -> None:
        self.calls.append(call)
        await self._changes()

    async def _changes(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _new(self, messages: dict[str, str], text: str, key: str) -> str:
        self._posted += 1
        name = f"m{self._posted}"
        messages[name] = text
        self._keys[key] = name
        return name
