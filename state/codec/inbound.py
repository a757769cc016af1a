"""Inbound messages, as the inbox keeps them until they are finished."""

from state.codec.fields import Fields
from state.codec.speech import (
    attachment_from_json,
    attachment_to_json,
    place_from_json,
    place_to_json,
    quote_from_json,
    quote_to_json,
    speaker_from_json,
    speaker_to_json,
)
from state.codec.text import Json, present, time_to_json
from state.keys import SessionId
from state.messages import ChatKind, Correction, Deletion, InboundMessage


def message_to_json(message: InboundMessage | Correction | Deletion) -> Json:
    """A message as the inbox keeps it until it is finished."""
    if isinstance(message, Deletion):
        return {
            "is": "deletion",
            "source": message.source,
            "id": message.id,
            "from": place_to_json(message.address),
            "at": time_to_json(message.at),
            "of": message.of,
        }
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
        return common | present(of=message.of or None)
    return common | present(
        addressed=None if message.addressed else False,
        quotes=[quote_to_json(quote) for quote in message.quotes] or None,
        attachments=[attachment_to_json(a) for a in message.attachments] or None,
        title=message.title,
        unfinished=message.unfinished or None,
        passed_on=message.passed_on,
    )


def message_from_json(raw: object) -> InboundMessage | Correction | Deletion:
    """The message the inbox kept. Raises `InvalidValue`."""
    fields = Fields(raw)
    match fields.text("is"):
        case "deletion":
            return _deletion(fields)
        case "correction":
            return _correction(fields)
        case _:
            return _message(fields)


def _deletion(fields: Fields) -> Deletion:
    return Deletion(
        source=fields.text("source"),
        id=fields.text("id"),
        address=place_from_json(fields.child("from")),
        at=fields.time("at"),
        of=fields.text("of"),
    )


def _correction(fields: Fields) -> Correction:
    address, sender = speaker_from_json(fields.child("from"))
    return Correction(
        source=fields.text("source"),
        id=fields.text("id"),
        address=address,
        kind=fields.one_of("kind", ChatKind),
        sender=sender,
        text=fields.text("text"),
        at=fields.time("at"),
        container=fields.maybe_text("container"),
        of=fields.maybe_text("of") or "",
    )


def _message(fields: Fields) -> InboundMessage:
    address, sender = speaker_from_json(fields.child("from"))
    passed_on = fields.maybe_text("passed_on")
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
        unfinished=fields.flag("unfinished"),
        passed_on=None if passed_on is None else SessionId(passed_on),
    )
