"""How fast to send, learnt from what the platform says.

Platforms publish only rough limits, and self-hosted servers have others, so nothing is assumed:
parts go out at once until the platform answers with a flood wait. That parks the chat it was about
for as long as it says, and paces the chat for a while after; floods in several chats within a
short time are about the whole account, and pace that. See docs/adr/0004.
"""

from dataclasses import dataclass

from aiolimiter import AsyncLimiter

CHAT_INTERVAL = 1.0
"""Seconds between two parts in a chat that was flooded lately."""
ACCOUNT_RATE = 25.0
"""Parts a second over an account that was flooded lately."""
MEMORY = 60.0
"""Seconds for which a flood slows things down."""
SPARE_RATE = 20.0
"""Calls a second over an account that could as well be left out: signs of work, live answers."""
_ACCOUNT_FLOODS = 3
_ACCOUNT_WINDOW = 10.0


@dataclass(slots=True)
class _Chat:
    free_at: float
    paced_until: float


class Pace:
    """The pace of one account. Times are the event loop's, in seconds."""

    def __init__(self) -> None:
        self._chats: dict[str, _Chat] = {}
        self._floods: list[tuple[float, str]] = []
        self._account_until = 0.0
        self._account_free_at = 0.0
        self._limiter = AsyncLimiter(ACCOUNT_RATE, 1.0)
        self._spare = AsyncLimiter(SPARE_RATE, 1.0)

    def delay(self, chat: str, now: float) -> float:
        """How long a chat has to wait before its next part, in seconds."""
        free_at = self._account_free_at
        if (known := self._chats.get(chat)) is not None:
            free_at = max(free_at, known.free_at)
        return max(0.0, free_at - now)

    def account_is_paced(self, now: float) -> bool:
        """Whether the whole account was flooded lately."""
        return now < self._account_until

    def waiting(self, now: float) -> tuple[int, float]:
        """How many chats have to wait because of a flood, and the longest wait, in seconds."""
        waits = [wait for chat in self._chats if (wait := self.delay(chat, now)) > 0]
        return len(waits), max(waits, default=self.delay("", now))

    async def admit(self, now: float) -> None:
        """Wait for the account's turn, when the account is paced."""
        if self.account_is_paced(now):
            await self._limiter.acquire()

    async def spare(self, chat: str, now: float) -> bool:
        """Whether a call may be made now that could as well be left out, and takes its place.

        Never while somebody waits because of a flood, and never waits itself.
        """
        if self.account_is_paced(now) or self.delay(chat, now) or not self._spare.has_capacity():
            return False
        await self._spare.acquire()
        return True

    def sent(self, chat: str, now: float) -> None:
        """A part went out to a chat."""
        if (known := self._chats.get(chat)) is None:
            return
        if now < known.paced_until:
            known.free_at = now + CHAT_INTERVAL
        else:
            del self._chats[chat]

    def flooded(self, chat: str, retry_after: float, now: float, *, whole_account: bool) -> None:
        """The platform asked to wait."""
        until = now + retry_after
        # A chat that nobody writes to again would stay here for ever.
        self._chats = {c: known for c, known in self._chats.items() if now < known.paced_until}
        self._chats[chat] = _Chat(free_at=until, paced_until=until + MEMORY)
        recent = [(at, c) for at, c in self._floods if at > now - _ACCOUNT_WINDOW and c != chat]
        self._floods = [*recent, (now, chat)]
        if whole_account:
            self._account_free_at = max(self._account_free_at, until)
        if whole_account or len(self._floods) >= _ACCOUNT_FLOODS:
            self._account_until = until + MEMORY
