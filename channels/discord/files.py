"""Files in both directions: off Discord's CDN, and up with a message.

https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from channels.discord.attachments import Reference, url_of
from channels.discord.client import BotClient
from channels.discord.transport import Upload
from channels.errors import Rejected
from channels.fetching import Fetcher
from state.messages import Attachment, StoredFile

HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
UPLOAD_LIMIT = 10 * 1024 * 1024
"""Bytes of a file where no server is boosted:
https://docs.discord.com/developers/reference#uploading-files"""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069/\\:*?"<>|]+')
_MIME = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60}")
_LONGEST_NAME = 100
_LONGEST_ENDING = 12
_UNNAMED = "file"


class Files:
    """Fetches what came with messages."""

    def __init__(self, client: BotClient, fetcher: Fetcher) -> None:
        self._client = client
        self._fetcher = fetcher

    async def stream(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        """The content, in pieces. Raises `Rejected` and `Unreachable`.

        Addresses hold for about a day; for one that does not any more, the message is asked once.
        """
        reference = Reference.read(attachment.reference or "")
        begun = False
        try:
            async with aclosing(self._fetcher.stream(reference.url)) as chunks:
                async for chunk in chunks:
                    begun = True
                    yield chunk
            return
        except Rejected:
            fresh = None if begun else await self._fresh(reference)
            if fresh is None:
                raise
        async with aclosing(self._fetcher.stream(fresh)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _fresh(self, reference: Reference) -> str | None:
        """The address that Discord gives now; None when it gives no other one."""
        if not reference.message:
            return None
        raw = await self._client.message(reference.channel, reference.message)
        url = url_of(raw, reference.attachment)
        return None if url == reference.url else url


def upload_of(file: StoredFile, content: bytes) -> Upload:
    """A file as it goes out, under a name in which nothing can lead astray."""
    mime = file.mime if _MIME.fullmatch(file.mime) else "application/octet-stream"
    return Upload(safe_name(file.title), mime, content)


def safe_name(title: str) -> str:
    """A name to show: no path, nothing unseen, and its ending kept when it is too long."""
    name = _UNSAFE.sub("_", title).strip(" ._")
    if len(name) > _LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        tail = dot + ending if stem and len(ending) <= _LONGEST_ENDING else ""
        name = name[: _LONGEST_NAME - len(tail)] + tail
    return name or _UNNAMED
