"""Files in both directions.

https://core.telegram.org/bots/api#sending-files and #getfile
"""

import re
import unicodedata
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from channels.errors import Rejected
from channels.fetching import Fetcher
from channels.telegram.client import BotClient
from state.messages import Attachment, StoredFile

UPLOAD_LIMIT = 50_000_000
"""The largest file that the Bot API takes, in bytes."""

_LARGEST_PHOTO = 10_000_000
_LONGEST_NAME = 120
_LONGEST_ENDING = 16
_UNWANTED = re.compile(r'[/\\:*?"<>|]')
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Controls, what turns the direction of a text or is not seen at all, halves of characters."""


@dataclass(frozen=True, slots=True)
class Way:
    """A method that sends a file, and the parameter that takes it."""

    method: str
    parameter: str


AS_DOCUMENT = Way("senddocument", "document")
"""Takes whatever it is, and shows its name."""

_WAYS = {
    "image/jpeg": Way("sendphoto", "photo"),
    "image/png": Way("sendphoto", "photo"),
    "image/webp": Way("sendphoto", "photo"),
    "image/gif": Way("sendanimation", "animation"),
    "audio/ogg": Way("sendvoice", "voice"),
    "audio/opus": Way("sendvoice", "voice"),
    "audio/mpeg": Way("sendaudio", "audio"),
    "audio/mp4": Way("sendaudio", "audio"),
    "video/mp4": Way("sendvideo", "video"),
}


def way(file: StoredFile) -> Way:
    """How a file is shown best: a picture as one, a recording so that it can be played."""
    found = _WAYS.get(file.mime.partition(";")[0].strip().lower(), AS_DOCUMENT)
    if found.parameter == "photo" and file.size > _LARGEST_PHOTO:
        return AS_DOCUMENT
    return found


def safe_name(title: str) -> str:
    """The name of a file as people see it, without anything that could mislead them.

    A name comes from a model, so in the end from anybody: no folders, nothing that is not seen,
    nothing that turns ``exe.gpj`` around; and an ending survives where the name is cut.
    """
    seen = "".join(c for c in title if unicodedata.category(c) not in _UNSEEN)
    name = _UNWANTED.sub("_", seen).strip(" .")
    if len(name) > _LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        tail = dot + ending if stem and len(ending) <= _LONGEST_ENDING else ""
        name = name[: _LONGEST_NAME - len(tail)] + tail
    return name or "file"


class Downloads:
    """Fetches what came with messages."""

    def __init__(self, client: BotClient, fetcher: Fetcher) -> None:
        self._client = client
        self._fetcher = fetcher

    async def stream(self, attachment: Attachment) -> AsyncGenerator[bytes, None]:
        """See `channels.channel.Channel.download`.

        Telegram gives out at most 20 MB, and refuses more; an address holds for an hour, so it is
        asked for every time.
        """
        if attachment.reference is None:
            raise Rejected("this has no content that could be fetched")
        path = await self._client.file_path(attachment.reference)
        if not _is_relative(path):
            raise Rejected(
                "the Bot API server keeps files on its own disk: start it without --local, so "
                "that they can be fetched"
            )
        async with aclosing(self._fetcher.stream(self._client.file_address(path))) as chunks:
            async for chunk in chunks:
                yield chunk


def _is_relative(path: str) -> bool:
    """Whether a path belongs below the bot's address, and is no place on the server's disk."""
    return not path.startswith("/") and not {":", "\\"} & set(path) and ".." not in path.split("/")
