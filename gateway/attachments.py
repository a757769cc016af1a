"""Files that come with messages: fetched, kept with the session, and shown to models.

Nothing here can fail a turn. Whatever a platform, a file's size or the disk says becomes a word
with the attachment (`Attachment.problem`), and the message is answered without the file.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

import structlog

from agents.tools.send_file import FileSender
from agents.transcript import Media
from channels.channel import Channel
from channels.errors import ChannelError, Rejected
from gateway.clock import Clock
from gateway.filetypes import HEAD, mime_of, recognised
from gateway.ground import FindsFile
from state.history import Entry, UserEntry
from state.ids import idempotency_key
from state.keys import SessionId
from state.messages import Attachment, AttachmentKind, InboundMessage, StoredFile
from state.store import FileTooLarge, Sessions, StoreError

AT_ONCE = 32
"""Files that are fetched at the same time, of all chats together."""
AT_ONCE_EACH = 4
"""Those of one message: it must not stand in the way of all others."""
MOST_FILES = 20
"""Files of one message that are fetched."""
FETCH_SECONDS = 120.0
"""The longest time that a message waits for all of its files."""
_TRIES = 2

_FILES = frozenset(
    {
        AttachmentKind.IMAGE,
        AttachmentKind.AUDIO,
        AttachmentKind.VOICE,
        AttachmentKind.VIDEO,
        AttachmentKind.DOCUMENT,
        AttachmentKind.STICKER,
    }
)
_EXTENSION = re.compile(r"\.([a-z0-9]{1,8})\Z")
_log = structlog.get_logger("attachments")


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a kind of media a model is shown: of the newest, so many, each so long."""

    files: int
    each: int


MOST_SHOWN = 11_000_000
"""Bytes of media that are looked up for a model, together: for a question, or for all that was
said before it. Anthropic takes 32 MB in a request, of base64, which is a third longer:
https://platform.claude.com/docs/en/build-with-claude/vision"""
# Anthropic's 5 MB are those of the base64 text.
_LARGEST_IMAGE = 5 * 1024 * 1024 * 3 // 4
SHARES: Mapping[str, Share] = {
    "image": Share(files=10, each=_LARGEST_IMAGE),
    "pdf": Share(files=3, each=10_000_000),
    "plain": Share(files=10, each=32_000),
}


class Attachments:
    """Keeps what comes with messages, and finds it again.

    `limit` says for an account how long a file may be, in bytes; 0: nothing is fetched.
    `workspace` finds the files that agents have.
    """

    def __init__(
        self,
        sessions: Sessions,
        channels: Mapping[str, Channel],
        clock: Clock,
        *,
        limit: Callable[[str], int],
        seconds: float = FETCH_SECONDS,
        workspace: FindsFile | None = None,
    ) -> None:
        self._sessions = sessions
        self._channels = channels
        self._clock = clock
        self._limit = limit
        self._seconds = seconds
        self._workspace = workspace
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def keep(self, session: SessionId, message: InboundMessage) -> InboundMessage:
        """The message with its files kept with the session, as far as they are to be had.

        Once more for the same message keeps the same files again, under the same names.
        """
        account = message.address.channel
        limit = self._limit(account)
        if limit == 0 or not any(map(_is_fetched, message.attachments)):
            return message

        fetch = _Fetch(session, account, limit, asyncio.get_running_loop().time() + self._seconds)
        few = asyncio.Semaphore(AT_ONCE_EACH)

        async def one(index: int, attachment: Attachment) -> Attachment:
            if index >= MOST_FILES or not _is_fetched(attachment):
                return attachment
            identity = f"att-{idempotency_key(account, message.source, index)}"
            async with few:
                return await self._fetched(fetch, attachment, identity)

        kept = await asyncio.gather(*(one(*each) for each in enumerate(message.attachments)))
        return replace(message, attachments=tuple(kept))

    async def contents(
        self, session: SessionId, entries: Sequence[Entry], takes: Collection[str]
    ) -> Mapping[str, Media]:
        """What a model can be shown of the files that came with these entries, by their names.

        `takes` is what it can be shown beside words (`Model.takes`): nothing else is read again.
        The newest are taken first, as many as `SHARES` and `MOST_SHOWN` say.
        """
        shown: dict[str, Media] = {}
        left = {of: share.files for of, share in SHARES.items() if of in takes or of == "plain"}
        room = MOST_SHOWN
        for attachment in _newest(entries):
            name = attachment.file or ""
            media = await self._read(session, name, attachment, left, room)
            if media is not None:
                if media.ability != "plain":
                    media.prepare()
                shown[name] = media
                left[media.ability] -= 1
                room -= len(media.data)
        return shown

    def sender(self, session: SessionId, account: str) -> FileSender | None:
        """The tool with which an agent sends files here; None where none can be sent."""
        largest = self._channels[account].capabilities.upload_limit

        async def keep(title: str, mime: str, content: bytes) -> StoredFile:
            return await self.hand_out(session, title, mime, content)

        workspace = self._workspace
        finds = None if workspace is None else partial(workspace, session)
        return FileSender(keep, largest=largest, finds=finds) if largest else None

    async def hand_out(
        self, session: SessionId, title: str, mime: str, content: bytes
    ) -> StoredFile:
        """Keep a file that an agent made, for the people to have. Raises a `StoreError`."""
        extension = _EXTENSION.search(title.lower())
        name = f"out-{self._clock.id().lower()}.{extension[1] if extension else 'bin'}"
        size = await self._sessions.keep_file(session, name, _pieces(content), most=len(content))
        return StoredFile(session, name, title, mime, size)

    async def _fetched(self, fetch: "_Fetch", attachment: Attachment, identity: str) -> Attachment:
        if attachment.size is not None and attachment.size > fetch.limit:
            return replace(attachment, problem="too_large")
        problem = "unreachable"
        for _ in range(_TRIES):
            try:
                async with asyncio.timeout_at(fetch.deadline), self._slots:
                    name, size = await self._store(fetch, attachment, identity)
                return replace(attachment, file=name, size=size)
            except (Rejected, StoreError, TimeoutError) as error:
                problem = _problem(error)
                _not_kept(fetch.account, error)
                break
            except ChannelError as error:
                _not_kept(fetch.account, error)
            except Exception:
                _log.exception("attachment_broke", channel=fetch.account)
                break
        return replace(attachment, problem=problem)

    async def _store(
        self, fetch: "_Fetch", attachment: Attachment, identity: str
    ) -> tuple[str, int]:
        async with aclosing(self._channels[fetch.account].download(attachment)) as coming:
            head = await _head(coming)
            name = f"{identity}.{recognised(head).extension}"

            async def chunks() -> AsyncIterator[bytes]:
                if head:
                    yield head
                async for chunk in coming:
                    yield chunk

            size = await self._sessions.keep_file(fetch.session, name, chunks(), most=fetch.limit)
            return name, size

    async def _read(
        self,
        session: SessionId,
        name: str,
        attachment: Attachment,
        left: Mapping[str, int],
        room: int,
    ) -> Media | None:
        mime = mime_of(name)
        if mime is None:
            return None
        wanted = Media(mime, b"", attachment.name or "")
        share = SHARES.get(wanted.ability)
        if share is None or left.get(wanted.ability, 0) <= 0:
            return None
        most = min(share.each, room)
        if attachment.size is not None and attachment.size > most:
            return None
        try:
            data = await self._sessions.read_file(session, name)
        except StoreError as error:
            _log.warning("attachment_not_read", session=session, error=str(error))
            return None
        # The name tells how the file began; now all of it is here to be judged.
        if len(data) > most or recognised(data).mime != mime:
            return None
        return replace(wanted, data=data)


@dataclass(frozen=True, slots=True)
class _Fetch:
    """Fetching the files of one message: how long each may be, and until when on the loop."""

    session: SessionId
    account: str
    limit: int
    deadline: float


def _problem(error: Exception) -> str:
    if isinstance(error, Rejected):
        return "gone"
    if isinstance(error, StoreError):
        return "too_large" if isinstance(error, FileTooLarge) else "disk"
    return "unreachable"


def _not_kept(account: str, error: Exception) -> None:
    _log.warning("attachment_not_kept", channel=account, error=str(error) or type(error).__name__)


def unreadable(asked: Sequence[UserEntry], media: Mapping[str, Media]) -> list[UserEntry]:
    """The entries with what a model was shown of them, and refused, marked as unreadable.

    What is told in words was not refused.
    """

    def marked(attachment: Attachment) -> Attachment:
        shown = media.get(attachment.file or "")
        refused = shown is not None and shown.ability != "plain"
        return replace(attachment, problem="unreadable") if refused else attachment

    return [replace(entry, attachments=tuple(map(marked, entry.attachments))) for entry in asked]


def _is_fetched(attachment: Attachment) -> bool:
    return (
        attachment.kind in _FILES
        and attachment.reference is not None
        and attachment.file is None
        and attachment.problem is None
    )


def _newest(entries: Sequence[Entry]) -> list[Attachment]:
    """The attachments that are kept, the newest first."""
    return [
        attachment
        for entry in reversed(entries)
        if isinstance(entry, UserEntry)
        for attachment in entry.attachments
        if attachment.file is not None and attachment.problem is None
    ]


async def _head(coming: AsyncGenerator[bytes, None]) -> bytes:
    """The first bytes: enough of them to recognise the file by, where it has so many."""
    head = bytearray()
    async for chunk in coming:
        head += chunk
        if len(head) >= HEAD:
            break
    return bytes(head)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content
