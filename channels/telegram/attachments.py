"""What came with a message, described."""

from collections.abc import Callable
from typing import Any

from telegram import (
    Animation,
    Audio,
    Contact,
    Dice,
    Document,
    Location,
    Message,
    PhotoSize,
    Poll,
    Sticker,
    Venue,
    Video,
    VideoNote,
    Voice,
)

from state.messages import Attachment, AttachmentKind


def attachments(message: Message) -> tuple[Attachment, ...]:
    """The message's attachment, if it has one; an album is one message for each picture."""
    content = message.venue or message.effective_attachment
    if content is None:
        return ()
    if isinstance(content, tuple | list):
        return (_photo(content[-1]),) if content else ()
    for kind, describe in _DESCRIPTIONS.items():
        if isinstance(content, kind):
            return (describe(content),)
    return (Attachment(AttachmentKind.OTHER, name=type(content).__name__.lower()),)


def _photo(largest: PhotoSize) -> Attachment:
    # Telegram gives the same picture in several sizes, the largest last, and always as JPEG.
    return Attachment(
        AttachmentKind.IMAGE, mime="image/jpeg", size=largest.file_size, reference=largest.file_id
    )


def _file(kind: AttachmentKind) -> Callable[[Any], Attachment]:
    def describe(content: Any) -> Attachment:
        return Attachment(
            kind,
            name=getattr(content, "file_name", None) or getattr(content, "title", None),
            mime=getattr(content, "mime_type", None),
            size=content.file_size,
            reference=content.file_id,
        )

    return describe


def _sticker(sticker: Sticker) -> Attachment:
    return Attachment(
        AttachmentKind.STICKER,
        name=sticker.emoji,
        size=sticker.file_size,
        reference=sticker.file_id,
    )


def _location(location: Location) -> Attachment:
    return Attachment(
        AttachmentKind.LOCATION, name=f"{location.latitude:.6f}, {location.longitude:.6f}"
    )


def _venue(venue: Venue) -> Attachment:
    where = _location(venue.location).name
    return Attachment(AttachmentKind.LOCATION, name=f"{venue.title}, {venue.address} ({where})")


def _contact(contact: Contact) -> Attachment:
    name = " ".join(filter(None, (contact.first_name, contact.last_name, contact.phone_number)))
    return Attachment(AttachmentKind.CONTACT, name=name)


def _poll(poll: Poll) -> Attachment:
    options = " / ".join(option.text for option in poll.options)
    return Attachment(AttachmentKind.OTHER, name=f"poll: {poll.question} ({options})")


def _dice(dice: Dice) -> Attachment:
    return Attachment(AttachmentKind.OTHER, name=f"dice: {dice.emoji} {dice.value}")


_DESCRIPTIONS: dict[type, Callable[[Any], Attachment]] = {
    Voice: _file(AttachmentKind.VOICE),
    Audio: _file(AttachmentKind.AUDIO),
    Video: _file(AttachmentKind.VIDEO),
    VideoNote: _file(AttachmentKind.VIDEO),
    Animation: _file(AttachmentKind.VIDEO),
    Document: _file(AttachmentKind.DOCUMENT),
    Sticker: _sticker,
    Venue: _venue,
    Location: _location,
    Contact: _contact,
    Poll: _poll,
    Dice: _dice,
}
