"""Images and documents in the requests that model emulators get, and what the real APIs refuse."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,(.*)", re.DOTALL)
_MAGIC = (
    # A real one goes on with its header; what stops after the signature is damaged.
    ("image/png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/gif", b"GIF8"),
    ("image/webp", b"RIFF"),
    ("application/pdf", b"%PDF-"),
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f00050001ff56c72f0d0000000049454e44ae426082"
)
"""A picture of one red pixel."""
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")


class Unreadable(Exception):
    """What was sent is no base64, or no data URL."""


@dataclass(frozen=True)
class Shown:
    """An image or a document as a model got it; `mime` is what the request says that it is."""

    mime: str
    data: bytes

    @property
    def looks(self) -> str | None:
        """What it is by its first bytes."""
        return next((mime for mime, magic in _MAGIC if self.data.startswith(magic)), None)


def from_data_url(url: str) -> Shown:
    """The content of a ``data:`` URL. Raises `Unreadable`."""
    found = _DATA_URL.fullmatch(url)
    if found is None:
        raise Unreadable(url[:40])
    return from_base64(found[1], found[2])


def from_base64(mime: str, text: str) -> Shown:
    """Content in base64. Raises `Unreadable`."""
    try:
        return Shown(mime, b64decode(text, validate=True))
    except NotBase64:
        raise Unreadable(mime) from None


def shown_in(messages: list[dict[str, Any]]) -> Iterator[Shown]:
    """Every image and document in a conversation, in either dialect, in order."""
    for message in messages:
        content = message["content"]
        for part in content if isinstance(content, list) else ():
            match part:
                case {"type": "image_url", "image_url": {"url": url}}:
                    yield from_data_url(url)
                case {"type": "file", "file": {"file_data": url}}:
                    yield from_data_url(url)
                case {"source": {"type": "base64", "media_type": mime, "data": text}}:
                    yield from_base64(mime, text)
