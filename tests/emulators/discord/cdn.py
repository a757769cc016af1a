"""The files of messages, at addresses that hold for a while.

https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
"""

import hashlib
import hmac
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.emulators.discord import errors
from tests.emulators.discord.routes import Upload

if TYPE_CHECKING:
    from tests.emulators.discord.emulator import DiscordEmulator

Json = dict[str, Any]
LARGEST = 10 * 1024 * 1024
"""Bytes of one file: https://docs.discord.com/developers/reference#uploading-files"""

_DAY = 86_400
_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")


class Cdn:
    """What stands for ``cdn.discordapp.com``."""

    def __init__(self, discord: "DiscordEmulator") -> None:
        self.largest = LARGEST
        self.fetched = 0
        """How often a file was asked for."""
        self._discord = discord
        self._files: dict[str, tuple[bytes, str]] = {}
        self._secret = secrets.token_bytes(16)

    def keep(self, channel: int, uploads: list[Upload], described: Any) -> list[Json]:
        """The attachments of a message. Raises `ApiError` for a file that is too large."""
        if any(len(upload.content) > self.largest for upload in uploads):
            raise errors.too_large()
        told = {str(d.get("id")): d for d in described or () if isinstance(d, dict)}
        return [self._kept(channel, upload, told.get(_index(upload), {})) for upload in uploads]

    def signed(self, message: Json) -> Json:
        """The message as it is given out, with addresses that hold from now on."""
        replied = message.get("referenced_message")
        if isinstance(replied, dict) and replied.get("attachments"):
            message = message | {"referenced_message": self.signed(replied)}
        if not message.get("attachments"):
            return message
        return message | {"attachments": [self._signed(each) for each in message["attachments"]]}

    def content(self, attachment: Json) -> bytes:
        """What a person who opens it sees."""
        return self._files[_path(attachment)][0]

    def expire(self) -> None:
        """No address that was given out so far holds any more."""
        self._secret = secrets.token_bytes(16)

    def lose(self, attachment: Json) -> None:
        """The content is gone."""
        self._files.pop(_path(attachment), None)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """A request for a file."""
        self.fetched += 1
        kept = self._files.get(request.path)
        given = request.query.get("hm", "")
        holds = hmac.compare_digest(given, self._mark(request.path, request.query.get("ex", "")))
        if kept is None or not holds:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=kept[0], content_type=kept[1])

    def _kept(self, channel: int, upload: Upload, described: Json) -> Json:
        number = self._discord.world.ids.next()
        wanted = str(described.get("filename") or upload.name)
        # Not documented: in the name that is part of the address, little is left of others.
        name = _PLAIN.sub("", wanted.replace(" ", "_")) or "unknown"
        self._files[f"/attachments/{channel}/{number}/{name}"] = upload.content, upload.type
        body: Json = {
            "id": str(number), "filename": name, "size": len(upload.content),
            "url": f"/attachments/{channel}/{number}/{name}", "content_type": upload.type,
            "flags": 0,
        }  # fmt: skip
        if described.get("description"):
            body["description"] = described["description"]
        if name != wanted:
            body["title"] = wanted.rpartition(".")[0] or wanted
        return body

    def _signed(self, attachment: Json) -> Json:
        now = int(time.time())
        ex, path = f"{now + _DAY:x}", _path(attachment)
        url = f"{self._discord.url}{path}?ex={ex}&is={now:x}&hm={self._mark(path, ex)}&"
        return attachment | {"url": url, "proxy_url": url}

    def _mark(self, path: str, ex: str) -> str:
        return hmac.new(self._secret, f"{path}?{ex}".encode(), hashlib.sha256).hexdigest()


def shown_name(attachment: Json) -> str:
    """The name that people see."""
    name = str(attachment["filename"])
    title = attachment.get("title")
    return f"{title}.{name.rpartition('.')[2]}" if title else name


def _path(attachment: Json) -> str:
    return str(attachment["url"])


def _index(upload: Upload) -> str:
    return re.sub(r"\D", "", upload.field)
