"""What Slack tells the app, as what it means to Argent. Pure, and it never raises.

https://docs.slack.dev/reference/events/message, and for slash commands
https://docs.slack.dev/interactivity/implementing-slash-commands/
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from channels.slack import ids
from channels.slack.attachments import attachments, quotes
from channels.slack.buttons import pressed, presser
from channels.slack.identity import Identity
from channels.slack.known import Known, Person, Room
from channels.slack.words import Words, mentions, plain, words
from channels.sound import sound
from state.keys import Address
from state.messages import (
    ChatKind,
    Correction,
    Deletion,
    Inbound,
    InboundMessage,
    Malformed,
    Sender,
)

Json = dict[str, object]

_SAID = (None, "file_share", "thread_broadcast", "me_message")
"""The subtypes of messages in which a person says something."""

_MOST_NAMES = 10
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """The ids that a payload names, to be looked up before it is read."""

    people: frozenset[str] = frozenset()
    channel: str | None = None
    thread: str | None = None


def wanted(payload: object) -> Wanted:
    """What must be looked up to read a payload. Never raises."""
    event = payload.get("event") if isinstance(payload, dict) else None
    if not isinstance(event, dict):
        who = presser(payload)
        return Wanted(frozenset((who,) if who else ()))
    changed = event.get("message")
    said = changed if isinstance(changed, dict) else event
    user, text = said.get("user"), said.get("text")
    people = sorted(mentions(text))[:_MOST_NAMES] if isinstance(text, str) else []
    channel, thread = event.get("channel"), said.get("thread_ts")
    return Wanted(
        frozenset([*people, *([user] if isinstance(user, str) else ())]),
        channel if ids.is_conversation(channel) and isinstance(channel, str) else None,
        thread if ids.is_ts(thread) and isinstance(thread, str) else None,
    )


def parse(payload: object, me: Identity, known: Known, at: datetime) -> Inbound | None:
    """What a payload says; None when it says nothing to Argent (a bot's words, somebody joined).

    `payload` is decoded JSON or a decoded form of whatever shape. What cannot be understood
    becomes `Malformed`, so that it cannot hold up what comes after it.
    """
    try:
        return sound(_read(payload, me, known, at))
    except Exception as error:
        return malformed(payload, me, f"{type(error).__name__}: {error}", at)


def malformed(payload: object, me: Identity, reason: str, at: datetime) -> Malformed:
    """A payload to set aside, as it came."""
    content = payload if isinstance(payload, bytes) else _dumped(payload)
    event = payload.get("event_id") if isinstance(payload, dict) else None
    name = event if isinstance(event, str) and event.isalnum() else None
    return Malformed(
        source=ids.event_source(me.team, name or hashlib.sha256(content).hexdigest()[:32]),
        channel=me.account,
        raw=content,
        reason=reason.encode(errors="replace").decode()[:_LONGEST_REASON],
        at=at,
    )


def from_history(message: object, channel: str, room: Room) -> Json:
    """A message of a conversation's history in the form of the event that told of it."""
    event = dict(message) if isinstance(message, dict) else {}
    return {
        "type": "event_callback",
        "event": {**event, "channel": channel, "channel_type": room.value},
    }


def _read(payload: object, me: Identity, known: Known, at: datetime) -> Inbound | None:
    if not isinstance(payload, dict):
        raise TypeError("a payload is an object")
    if "command" in payload:
        return _command(payload, me, known, at)
    if "actions" in payload:
        return pressed(payload, me, known, at)
    if payload.get("type") != "event_callback":
        return None
    event = payload.get("event")
    if not isinstance(event, dict):
        raise TypeError("an event_callback needs an event")
    if event.get("type") not in ("message", "app_mention"):
        return None
    if event.get("subtype") == "message_deleted":
        return _deletion(event, _ts({"ts": event.get("deleted_ts")}), me, known)
    if event.get("subtype") == "message_changed":
        return _change(event, me, known)
    return _message(event, me, known) if event.get("subtype") in _SAID else None


def _message(event: Json, me: Identity, known: Known) -> InboundMessage | None:
    if _is_bots(event, me, known):
        return None
    said = words(event.get("text", ""), me, known.people)
    things, shared = attachments(event), quotes(event, me)
    if not (said.text.strip() or things or shared):
        return None
    channel, ts = _channel(event), _ts(event)
    room = _room(event, known)
    place = known.places.get(channel)
    return InboundMessage(
        source=ids.message_source(me.team, channel, ts),
        id=ts,
        address=_address(event, channel, ts, room, me),
        kind=_kind(event, ts, room, me),
        sender=_sender(event, known),
        text=said.text,
        at=ids.moment(ts),
        addressed=_addressed(event, ts, room, said, me, known),
        container=me.team,
        quotes=shared,
        attachments=things,
        title=place.name if place is not None else None,
    )


def _change(event: Json, me: Identity, known: Known) -> Correction | Deletion | None:
    message = event.get("message")
    if not isinstance(message, dict):
        raise TypeError("a message_changed needs a message")
    if message.get("subtype") == "tombstone":
        # What others replied to leaves a stone behind when it is deleted.
        return _deletion(event, _ts(message), me, known)
    return _correction(event, message, me, known)


def _deletion(event: Json, ts: str, me: Identity, known: Known) -> Deletion | None:
    """https://docs.slack.dev/reference/events/message/message_deleted"""
    before = event.get("previous_message")
    before = before if isinstance(before, dict) else {}
    # Of a stone nobody knows any more whose words lie under it.
    if before.get("subtype") != "tombstone" and _is_bots(before, me, known):
        return None
    channel, room = _channel(event), _room(event, known)
    return Deletion(
        source=ids.deletion_source(me.team, channel, ts),
        id=ts,
        address=_address(before, channel, ts, room, me),
        at=ids.moment(_ts({"ts": event.get("event_ts") or event.get("ts")})),
        of=ids.message_source(me.team, channel, ts),
    )


def _correction(event: Json, message: Json, me: Identity, known: Known) -> Correction | None:
    """An edit. Slack says "changed" also when it adds a link's preview or counts replies."""
    before = event.get("previous_message")
    edited = message.get("edited")
    if not isinstance(edited, dict) or message.get("subtype") not in _SAID:
        return None
    if _is_bots(message, me, known):
        return None
    if isinstance(before, dict) and before.get("text") == message.get("text"):
        return None
    said = words(message.get("text", ""), me, known.people)
    if not said.text.strip():
        return None
    channel, ts, room = _channel(event), _ts(message), _room(event, known)
    if not ids.is_ts(edited.get("ts")):
        raise ValueError("an edit needs a ts")
    return Correction(
        source=ids.edit_source(me.team, channel, ts, str(edited["ts"])),
        id=ts,
        address=_address(message, channel, ts, room, me),
        kind=_kind(message, ts, room, me),
        sender=_sender(message, known),
        text=said.text,
        at=ids.moment(str(edited["ts"])),
        container=me.team,
        of=ids.message_source(me.team, channel, ts),
    )


def _command(payload: Json, me: Identity, known: Known, at: datetime) -> InboundMessage | None:
    if payload["command"] != f"/{me.slash}":
        return None
    channel, trigger = _channel({"channel": payload.get("channel_id")}), payload.get("trigger_id")
    user, name = payload.get("user_id"), payload.get("user_name")
    text = payload.get("text") or ""
    if not (isinstance(trigger, str) and trigger and isinstance(user, str) and user):
        raise TypeError("a slash command needs a trigger_id and a user_id")
    if not isinstance(text, str):
        raise TypeError(f"a command's text is no {type(text).__name__}")
    text = plain(text, me, known.people).strip()
    if not text:
        text = "/help"
    elif text.split()[0].lower() in me.commands:
        text = f"/{text}"
    direct = channel.startswith("D")
    return InboundMessage(
        source=ids.command_source(me.team, trigger),
        id=trigger,
        address=ids.address(me.account, channel, None),
        kind=ChatKind.DIRECT if direct else ChatKind.GROUP,
        sender=Sender(user, name if isinstance(name, str) and name else user),
        text=text,
        at=at,
        container=me.team,
    )


def _is_bots(message: Json, me: Identity, known: Known) -> bool:
    user = message.get("user")
    if message.get("bot_id") or user in (me.user, "USLACKBOT"):
        return True
    person = known.people.get(user) if isinstance(user, str) else None
    return person is not None and person.is_bot


def _addressed(event: Json, ts: str, room: Room, said: Words, me: Identity, known: Known) -> bool:
    if room is Room.IM or said.mentioned or event.get("type") == "app_mention":
        return True
    in_thread = event.get("thread_ts", ts) != ts
    return in_thread and known.in_thread


def _thread(message: Json, ts: str, room: Room, me: Identity) -> str | None:
    """The root's ts. In a channel a message that stands alone is the root of what follows it."""
    root = message.get("thread_ts")
    if root is not None and not ids.is_ts(root):
        raise ValueError(f"no thread_ts: {root!r:.40}")
    if root is not None and root != ts:
        return str(root)
    return ts if _starts_thread(room, me) else None


def _starts_thread(room: Room, me: Identity) -> bool:
    return me.starts_threads and room in (Room.CHANNEL, Room.PRIVATE)


def _address(message: Json, channel: str, ts: str, room: Room, me: Identity) -> Address:
    return ids.address(me.account, channel, _thread(message, ts, room, me))


def _kind(message: Json, ts: str, room: Room, me: Identity) -> ChatKind:
    if room is Room.IM:
        return ChatKind.DIRECT
    return ChatKind.GROUP if _thread(message, ts, room, me) is None else ChatKind.THREAD


def _room(event: Json, known: Known) -> Room:
    kind, channel = event.get("channel_type"), _channel(event)
    if kind == "app_home" or channel.startswith("D"):
        return Room.IM
    if isinstance(kind, str):
        return Room(kind)
    # An app_mention does not say in what kind of place it happened.
    place = known.places.get(channel)
    return place.room if place is not None else Room.CHANNEL


def _sender(message: Json, known: Known) -> Sender:
    user = message.get("user")
    if not isinstance(user, str) or not user:
        raise TypeError("a message without a sender")
    person = known.people.get(user, Person(user))
    return Sender(user, person.name, person.username, is_bot=person.is_bot)


def _channel(event: Json) -> str:
    channel = event.get("channel")
    if not isinstance(channel, str) or not ids.is_conversation(channel):
        raise ValueError(f"no channel: {channel!r:.40}")
    return channel


def _ts(message: Json) -> str:
    ts = message.get("ts")
    if not isinstance(ts, str) or not ids.is_ts(ts):
        raise ValueError(f"no ts: {ts!r:.40}")
    return ts


def _dumped(payload: object) -> bytes:
    try:
        return json.dumps(payload, default=repr).encode()
    except (RecursionError, ValueError):
        return b'"(cannot be kept: nested too deeply)"'
