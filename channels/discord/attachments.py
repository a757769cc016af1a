"""What came with a message, described.

https://docs.discord.com/developers/resources/message#attachment-object
"""

from collections.abc import Iterator
from typing import Any

from state.messages import Attachment, AttachmentKind

Json = dict[str, Any]
_VOICE_MESSAGE = 1 << 13
_KINDS = {
    "image": AttachmentKind.IMAGE,
    "audio": AttachmentKind.AUDIO,
    "video": AttachmentKind.VIDEO,
}


def attachments(message: Json) -> tuple[Attachment, ...]:
    """Files, stickers and polls of a message. Raises TypeError for another shape."""
    return tuple(_all(message))


def _all(message: Json) -> Iterator[Attachment]:
    flags = message.get("flags") or 0
    voice = isinstance(flags, int) and bool(flags & _VOICE_MESSAGE)
    for raw in message.get("attachments") or ():
        yield _file(raw, voice)
    for raw in message.get("sticker_items") or ():
        yield Attachment(AttachmentKind.STICKER, name=raw.get("name"), reference=raw.get("id"))
    poll = message.get("poll")
    if poll:
        yield Attachment(AttachmentKind.OTHER, name=_poll(poll))


def _file(raw: Json, voice: bool) -> Attachment:
    mime = raw.get("content_type")
    kind = _KINDS.get(str(mime).partition("/")[0], AttachmentKind.DOCUMENT)
    return Attachment(
        AttachmentKind.VOICE if voice else kind,
        name=raw.get("filename"),
        mime=mime,
        size=raw.get("size"),
        reference=raw.get("url"),
    )


def _poll(poll: Json) -> str:
    options = [answer["poll_media"].get("text") or "" for answer in poll.get("answers") or ()]
    return f"poll: {poll['question'].get('text') or ''} ({' / '.join(options)})"
