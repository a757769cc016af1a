"""Inbound messages, as the inbox keeps them until they are finished."""

from state.codec.fields import Fields
from state.codec.speech import (
    attachment_from_json,
    attachment_to_json,
    quote_from_json,
    quote_to_json,
    speaker_from_json,
    speaker_to_json,
)
from state.codec.text import Json, present, time_to_json
from state.messages import ChatKind, Correction, InboundMessage


def message_to_json(message: InboundMessage | Correction) -> Json:
    """A message as the inbox keeps it until it is finished."""
    common = {
        "is": "message" if isinstance(message, InboundMessage) else "correction",
        "source": message.source,
        "id": message.id,
        "from": speaker_to_json(message.address, message.sender),
        "kind": str(message.kind),
        "text": message.text,
        "at": time_to_json(message.at),
    } | present(container=message.container)
    if isinstance(message, Correction):
        return common
    return common | present(
        addressed=None if message.addressed else False,
        quotes=[quote_to_json(quote) for quote in message.quotes] or None,
        attachments=[attachment_to_json(a) for a in message.attachments] or None,
        title=message.title,
    )


def message_from_json(raw: object) -> InboundMessage | Correction:
    """The message the inbox kept. Raises `InvalidValue`."""
    fields = Fields(raw)
    address, sender = speaker_from_json(fields.child("from"))
    if fields.text("is") == "correction":
        return Correction(
            source=fields.text("source"),
            id=fields.text("id"),
            address=address,
            kind=fields.one_of("kind", ChatKind),
            sender=sender,
            text=fields.text("text"),
            at=fields.time("at"),
            container=fields.maybe_text("container"),
        )
    return InboundMessage(
        source=fields.text("source"),
        id=fields.text("id"),
        address=address,
        kind=fields.one_of("kind", ChatKind),
        sender=sender,
        text=fields.text("text"),
        at=fields.time("at"),
        addressed=fields.flag("addressed", default=True),
        container=fields.maybe_text("container"),
        quotes=tuple(map(quote_from_json, fields.children("quotes"))),
        attachments=tuple(map(attachment_from_json, fields.children("attachments"))),
        title=fields.maybe_text("title"),
    )
