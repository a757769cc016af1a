"""One call to a platform for one part: its words, an edit, or a file."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import structlog

from channels.channel import Channel
from channels.errors import ChannelError, Rejected, Unreachable
from gateway.notices import notice
from state.messages import OwedPart, Part, Receipt, Reply, ReplyKind, StoredFile
from state.store import NotFound, Sessions

_AT_ONCE = 64
"""Calls under way at a time on one account; more would only queue up in the sockets."""

_UPLOADS = 4
"""Uploads under way at a time on one account: each holds a whole file in memory."""

_MOST_DEFECTS = 3
"""How often a part is tried on which the channel breaks; those behind it wait for so long."""

_log = structlog.get_logger("delivery")


class Calls:
    """Makes the calls, so many at a time on each account."""

    def __init__(self, sessions: Sessions, channels: Mapping[str, Channel]) -> None:
        self._sessions = sessions
        self._channels = channels
        self._slots = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(_AT_ONCE))
        self._making: Counter[int] = Counter()
        self._over: dict[int, asyncio.Event] = {}
        self._uploads = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(_UPLOADS))

    def free(self, account: str) -> bool:
        """Whether a call would be made at once."""
        return not self._slots[account].locked()

    async def make(self, part: OwedPart) -> Receipt:
        """Send a part. Raises a `ChannelError` whatever happens: a defect ends no chat's queue."""
        name = part.address.channel
        try:
            if part.part.file is None:
                async with self._slots[name]:
                    with self._under_way(name) as channel:
                        return await channel.send(part)
            # A large file takes no place of those who only have words to send.
            async with self._uploads[name]:
                content = await self._content(part.part.file)
                with self._under_way(name) as channel:
                    return await channel.upload(part, content)
        except ChannelError:
            raise
        except Exception as error:
            _log.exception("send_broke", channel=name, part=part.id)
            if part.attempts < _MOST_DEFECTS:
                raise Unreachable("the channel broke", uncertain=True) from error
            raise Rejected(f"the channel broke: {type(error).__name__}") from error

    async def ended(self, channel: Channel, seconds: float) -> None:
        """Wait, so long at most, until no call of a channel is under way."""
        if self._making[id(channel)]:
            over = self._over.setdefault(id(channel), asyncio.Event())
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await over.wait()

    @contextmanager
    def _under_way(self, account: str) -> Iterator[Channel]:
        """The channel that an account has at this moment, for one call."""
        channel = self._channels[account]
        self._making[id(channel)] += 1
        try:
            yield channel
        finally:
            self._making[id(channel)] -= 1
            if not self._making[id(channel)]:
                del self._making[id(channel)]
                if (over := self._over.pop(id(channel), None)) is not None:
                    over.set()

    async def _content(self, file: StoredFile) -> bytes:
        try:
            return await self._sessions.read_file(file.session, file.name)
        except NotFound:
            raise Rejected(f"the file {file.name} is not there any more") from None


def words_instead(channel: Channel, file: StoredFile) -> Part:
    """What is said where a file could not be sent."""
    reply = Reply(notice("file_not_sent", title=shown_title(file.title)), ReplyKind.NOTICE)
    return channel.render(reply)[0]


def shown_title(title: str) -> str:
    """A file's title as Markdown that shows it as it is, and not too long."""
    return "`" + " ".join(title.replace("`", "'").split())[:80] + "`"
