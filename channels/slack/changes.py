"""Messages that read differently now, and messages that are gone. Pure.

https://docs.slack.dev/reference/events/message/message_changed
https://docs.slack.dev/reference/events/message/message_deleted
"""

from channels.slack import ids
from channels.slack.fields import (
    SAID,
    address_of,
    channel_of,
    is_bots,
    kind_of,
    room_of,
    sender_of,
    ts_of,
)
from channels.slack.identity import Identity
from channels.slack.known import Known
from channels.slack.words import words
from state.messages import Correction, Deletion

Json = dict[str, object]


def changed(event: Json, me: Identity, known: Known) -> Correction | Deletion | None:
    """What a `message_changed` says: an edit, or that what others replied to was deleted."""
    message = event.get("message")
    if not isinstance(message, dict):
        raise TypeError("a message_changed needs a message")
    if message.get("subtype") == "tombstone":
        return _deletion(event, ts_of(message), me, known)
    return _correction(event, message, me, known)


def deleted(event: Json, me: Identity, known: Known) -> Deletion | None:
    """What a `message_deleted` says."""
    return _deletion(event, ts_of(event, "deleted_ts"), me, known)


def _deletion(event: Json, ts: str, me: Identity, known: Known) -> Deletion | None:
    before = event.get("previous_message")
    before = before if isinstance(before, dict) else {}
    # Of a tombstone nobody can tell any more whose words lie under it.
    if before.get("subtype") != "tombstone" and is_bots(before, me, known):
        return None
    channel, room = channel_of(event), room_of(event, known)
    return Deletion(
        source=ids.deletion_source(me.team, channel, ts),
        id=ts,
        address=address_of(before, channel, ts, room, me),
        at=ids.moment(ts_of(event, "event_ts" if "event_ts" in event else "ts")),
        of=ids.message_source(me.team, channel, ts),
    )


def _correction(event: Json, message: Json, me: Identity, known: Known) -> Correction | None:
    """An edit. Slack says "changed" also when it adds a link's preview or counts replies."""
    before, edited = event.get("previous_message"), message.get("edited")
    if not isinstance(edited, dict) or message.get("subtype") not in SAID:
        return None
    if is_bots(message, me, known):
        return None
    if isinstance(before, dict) and before.get("text") == message.get("text"):
        return None
    said = words(message.get("text", ""), me, known.people)
    if not said.text.strip():
        return None
    channel, ts, room, at = channel_of(event), ts_of(message), room_of(event, known), ts_of(edited)
    return Correction(
        source=ids.edit_source(me.team, channel, ts, at),
        id=ts,
        address=address_of(message, channel, ts, room, me),
        kind=kind_of(message, ts, room, me),
        sender=sender_of(message, me, known),
        text=said.text,
        at=ids.moment(at),
        container=me.team,
        of=ids.message_source(me.team, channel, ts),
    )
