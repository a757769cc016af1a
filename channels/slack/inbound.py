"""What Slack tells the app, as what it means to Argent. Pure, and it never raises.

https://docs.slack.dev/reference/events/message, and for slash commands
https://docs.slack.dev/interactivity/implementing-slash-commands/
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from channels.slack import ids
from channels.slack.attachments import attachments, quotes, undescribed
from channels.slack.buttons import pressed, presser
from channels.slack.changes import changed, deleted
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
from channels.slack.known import Known, Person, Room
from channels.slack.words import Words, mentions, plain, words
from channels.sound import sound
from state.messages import (
    ChatKind,
    Inbound,
    InboundMessage,
    Malformed,
    Quote,
    Sender,
)

Json = dict[str, object]

_MOST_NAMES = 10
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """The ids that a payload names, to be looked up before it is read."""

    people: frozenset[str] = frozenset()
    channel: str | None = None
    thread: str | None = None
    files: frozenset[str] = frozenset()


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
        undescribed(said),
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
        return deleted(event, me, known)
    if event.get("subtype") == "message_changed":
        return changed(event, me, known)
    return _message(event, me, known) if event.get("subtype") in SAID else None


def _message(event: Json, me: Identity, known: Known) -> InboundMessage | None:
    if is_bots(event, me, known):
        return None
    said = words(event.get("text", ""), me, known.people)
    things, shared = attachments(event, known.files), quotes(event, me)
    if not (said.text.strip() or things or shared):
        return None
    channel, ts = channel_of(event), ts_of(event)
    room = room_of(event, known)
    place = known.places.get(channel)
    return InboundMessage(
        source=ids.message_source(me.team, channel, ts),
        id=ts,
        address=address_of(event, channel, ts, room, me),
        kind=kind_of(event, ts, room, me),
        sender=sender_of(event, me, known),
        text=said.text,
        at=ids.moment(ts),
        addressed=_addressed(event, ts, room, said, me, known),
        container=me.team,
        quotes=(*_begun_with(known, room, me), *shared),
        attachments=things,
        title=place.name if place is not None else None,
    )


def _begun_with(known: Known, room: Room, me: Identity) -> tuple[Quote, ...]:
    """What began the thread, for a conversation that begins in the midst of it."""
    if known.root is None or room is Room.IM:
        return ()
    text, user = known.root.get("text"), known.root.get("user")
    if not isinstance(text, str) or not text.strip() or not isinstance(user, str):
        return ()
    said = plain(text, me, known.people)
    person = known.people.get(user, Person(user))
    return (Quote(said, person.name, from_bot=user == me.user),)


def _command(payload: Json, me: Identity, known: Known, at: datetime) -> InboundMessage | None:
    if payload["command"] != f"/{me.slash}":
        return None
    channel, trigger = channel_of(payload, "channel_id"), payload.get("trigger_id")
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
        sender=Sender(
            ids.user(me.team, payload.get("team_id"), user),
            name if isinstance(name, str) and name else user,
        ),
        text=text,
        at=at,
        container=me.team,
    )


def _addressed(event: Json, ts: str, room: Room, said: Words, me: Identity, known: Known) -> bool:
    if room is Room.IM or said.mentioned or event.get("type") == "app_mention":
        return True
    in_thread = event.get("thread_ts", ts) != ts
    return in_thread and known.in_thread


def _dumped(payload: object) -> bytes:
    try:
        return json.dumps(payload, default=repr).encode()
    except (RecursionError, ValueError):
        return b'"(cannot be kept: nested too deeply)"'
