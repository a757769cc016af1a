"""What came with a message, described.

https://docs.discord.com/developers/resources/message#attachment-object
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from channels.errors import Rejected
from state.messages import Attachment, AttachmentKind

Json = dict[str, Any]
_VOICE_MESSAGE = 1 << 13
_KINDS = {
    "image": AttachmentKind.IMAGE,
    "audio": AttachmentKind.AUDIO,
    "video": AttachmentKind.VIDEO,
}


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a file is, and the message to ask for a fresh address, whose numbers are 0 where it
    cannot be asked (what a forward passes on is in no message that we know of)."""

    url: str
    channel: int = 0
    message: int = 0
    attachment: int = 0

    def __str__(self) -> str:
        return f"{self.channel}/{self.message}/{self.attachment} {self.url}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The inverse of `str`. Raises `Rejected` for what no `str` ever made."""
        numbers, _, url = text.partition(" ")
        try:
            channel, message, attachment = map(int, numbers.split("/"))
        except ValueError:
            raise Rejected("that is no reference to a file on Discord") from None
        return cls(url, channel, message, attachment)


def url_of(message: Json, attachment: int) -> str | None:
    """Where a file of the message is now; None when it is not there any more."""
    files = message.get("attachments")
    for raw in files if isinstance(files, list) else ():
        if isinstance(raw, dict) and raw.get("id") == str(attachment):
            return raw["url"] if isinstance(raw.get("url"), str) else None
    return None


def attachments(message: Json) -> tuple[Attachment, ...]:
    """Files, stickers and polls of a message. Raises TypeError for another shape."""
    return tuple(_all(message))


def _all(message: Json) -> Iterator[Attachment]:
    flags = message.get("flags") or 0
    voice = isinstance(flags, int) and bool(flags & _VOICE_MESSAGE)
    for raw in message.get("attachments") or ():
        yield _file(raw, message, voice)
    for raw in message.get("sticker_items") or ():
        yield Attachment(AttachmentKind.STICKER, name=raw.get("name"))
    poll = message.get("poll")
    if poll:
        yield Attachment(AttachmentKind.OTHER, name=_poll(poll))


def _file(raw: Json, message: Json, voice: bool) -> Attachment:
    mime = raw.get("content_type")
    kind = _KINDS.get(str(mime).partition("/")[0], AttachmentKind.DOCUMENT)
    return Attachment(
        AttachmentKind.VOICE if voice else kind,
        name=raw.get("filename"),
        mime=mime,
        size=raw.get("size"),
        reference=_reference(raw, message),
    )


def _reference(raw: Json, message: Json) -> str | None:
    url = raw.get("url")
    if not isinstance(url, str):
        return None
    numbers = message.get("channel_id"), message.get("id"), raw.get("id")
    if not all(isinstance(number, str) and number.isdecimal() for number in numbers):
        return str(Reference(url))
    return str(Reference(url, *(int(str(number)) for number in numbers)))


def _poll(poll: Json) -> str:
    options = [answer["poll_media"].get("text") or "" for answer in poll.get("answers") or ()]
    return f"poll: {poll['question'].get('text') or ''} ({' / '.join(options)})"
