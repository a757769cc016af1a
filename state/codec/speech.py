"""What entries and inbound messages have in common: who said something where, and what with it."""

from state.codec.fields import Fields
from state.codec.text import Json, present
from state.history import Usage
from state.keys import Address, SessionId
from state.messages import Attachment, AttachmentKind, Quote, Sender, StoredFile


def place_to_json(address: Address) -> Json:
    """Where something is said or happens, when nobody says it."""
    return present(channel=address.channel, chat=address.chat, thread=address.thread)


def place_from_json(fields: Fields) -> Address:
    """Inverse to `place_to_json`. Raises `InvalidValue`, as the other readers here do."""
    return Address(fields.text("channel"), fields.text("chat"), fields.maybe_text("thread"))


def speaker_to_json(address: Address, sender: Sender) -> Json:
    """Who spoke, and where."""
    return place_to_json(address) | present(
        sender=sender.id,
        name=sender.name,
        username=sender.username,
        bot=sender.is_bot or None,
        as_chat=sender.as_chat or None,
    )


def speaker_from_json(fields: Fields) -> tuple[Address, Sender]:
    """Inverse to `speaker_to_json`."""
    return (
        place_from_json(fields),
        Sender(
            id=fields.text("sender"),
            name=fields.text("name"),
            username=fields.maybe_text("username"),
            is_bot=fields.flag("bot"),
            as_chat=fields.flag("as_chat"),
        ),
    )


def quote_to_json(quote: Quote) -> Json:
    """What a message refers to."""
    return present(
        text=quote.text,
        author=quote.author,
        bot=quote.from_bot or None,
        forwarded=quote.forwarded or None,
    )


def quote_from_json(fields: Fields) -> Quote:
    """Inverse to `quote_to_json`."""
    return Quote(
        text=fields.text("text"),
        author=fields.text("author"),
        from_bot=fields.flag("bot"),
        forwarded=fields.flag("forwarded"),
    )


def attachment_to_json(attachment: Attachment) -> Json:
    """What came with a message, without its content."""
    return present(
        kind=str(attachment.kind),
        name=attachment.name,
        mime=attachment.mime,
        size=attachment.size,
        reference=attachment.reference,
        file=attachment.file,
        problem=attachment.problem,
    )


def attachment_from_json(fields: Fields) -> Attachment:
    """Inverse to `attachment_to_json`."""
    return Attachment(
        kind=fields.one_of("kind", AttachmentKind),
        name=fields.maybe_text("name"),
        mime=fields.maybe_text("mime"),
        size=fields.maybe_count("size"),
        reference=fields.maybe_text("reference"),
        file=fields.maybe_text("file"),
        problem=fields.maybe_text("problem"),
    )


def stored_file_to_json(file: StoredFile) -> Json:
    """A file that is kept with a session."""
    return {
        "session": file.session,
        "name": file.name,
        "title": file.title,
        "mime": file.mime,
        "size": file.size,
    }


def stored_file_from_json(fields: Fields) -> StoredFile:
    """Inverse to `stored_file_to_json`."""
    return StoredFile(
        session=SessionId(fields.text("session")),
        name=fields.text("name"),
        title=fields.text("title"),
        mime=fields.text("mime"),
        size=fields.count("size"),
    )


def usage_to_json(usage: Usage) -> Json:
    """Tokens, in and out; those from a cache where there were some."""
    return present(input=usage.input, output=usage.output, cached=usage.cached or None)


def usage_from_json(fields: Fields) -> Usage:
    """Inverse to `usage_to_json`."""
    return Usage(fields.count("input", 0), fields.count("output", 0), fields.count("cached", 0))
