"""What the fields of a message's event say, read one by one. Pure.

All of them raise TypeError or ValueError for what is not of the shape that Slack gives it.
"""

from channels.slack import ids
from channels.slack.identity import Identity
from channels.slack.known import Known, Person, Room
from state.keys import Address
from state.messages import ChatKind, Sender

Json = dict[str, object]

SAID = (None, "file_share", "thread_broadcast", "me_message")
"""The subtypes of messages in which a person says something."""


def is_bots(message: Json, me: Identity, known: Known) -> bool:
    """Whether a bot wrote it: this one, Slack's own, or another."""
    user = message.get("user")
    if message.get("bot_id") or user in (me.user, "USLACKBOT"):
        return True
    person = known.people.get(user) if isinstance(user, str) else None
    return person is not None and person.is_bot


def address_of(message: Json, channel: str, ts: str, room: Room, me: Identity) -> Address:
    """The place that a message belongs to."""
    return ids.address(me.account, channel, _thread(message, ts, room, me))


def kind_of(message: Json, ts: str, room: Room, me: Identity) -> ChatKind:
    """The kind of that place."""
    if room is Room.IM:
        return ChatKind.DIRECT
    return ChatKind.GROUP if _thread(message, ts, room, me) is None else ChatKind.THREAD


def room_of(event: Json, known: Known) -> Room:
    """The kind of conversation that an event happened in."""
    kind, channel = event.get("channel_type"), channel_of(event)
    if kind == "app_home" or channel.startswith("D"):
        return Room.IM
    if isinstance(kind, str):
        return Room(kind)
    # An app_mention does not say in what kind of place it happened.
    place = known.places.get(channel)
    return place.room if place is not None else Room.CHANNEL


def sender_of(message: Json, me: Identity, known: Known) -> Sender:
    """Who wrote it."""
    user = message.get("user")
    if not isinstance(user, str) or not user:
        raise TypeError("a message without a sender")
    person = known.people.get(user, Person(user))
    team = message.get("user_team") or message.get("source_team")
    return Sender(ids.user(me.team, team, user), person.name, person.username, person.is_bot)


def channel_of(json: Json, name: str = "channel") -> str:
    """The conversation that a field names."""
    channel = json.get(name)
    if not isinstance(channel, str) or not ids.is_conversation(channel):
        raise ValueError(f"no {name}: {channel!r:.40}")
    return channel


def ts_of(json: Json, name: str = "ts") -> str:
    """The message, or the moment, that a field names."""
    ts = json.get(name)
    if not isinstance(ts, str) or not ids.is_ts(ts):
        raise ValueError(f"no {name}: {ts!r:.40}")
    return ts


def _thread(message: Json, ts: str, room: Room, me: Identity) -> str | None:
    """The root's ts. In a channel a message that stands alone is the root of what follows it."""
    root = None if message.get("thread_ts") is None else ts_of(message, "thread_ts")
    if root not in (None, ts):
        return root
    begins = me.starts_threads and room in (Room.CHANNEL, Room.PRIVATE)
    return ts if begins else None
