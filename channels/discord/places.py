"""What Discord says about the rooms in which people write.

https://docs.discord.com/developers/resources/channel#channel-object-channel-types
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from state.messages import ChatKind

Json = dict[str, Any]

DM = 1
GROUP_DM = 3
THREADS = frozenset({10, 11, 12})
_NO_MESSAGES = frozenset({4, 14, 15, 16})
"""Categories, directories, forums and media channels: there are messages in their threads only."""


@dataclass(frozen=True, slots=True)
class Place:
    """A room. `parent` is set for threads and forum posts, `guild` for whatever is in a server.

    `joined` says that the bot takes part in a thread; `last` is the latest message that Discord
    knew of when it described the room; `role` is the bot's own role in the server.
    """

    id: int
    kind: ChatKind
    title: str | None = None
    guild: int | None = None
    parent: int | None = None
    joined: bool = False
    last: int | None = None
    role: int | None = None


def read_place(raw: Json, guild: int | None, me: int) -> Place | None:
    """A room out of a channel object; None for one without messages. Raises TypeError, ValueError
    and KeyError for another shape."""
    kind = raw["type"]
    if not isinstance(kind, int):
        raise TypeError(f"a type of channel is a number, not {kind!r:.80}")
    if kind in _NO_MESSAGES:
        return None
    place = Place(
        id=_number(raw["id"]),
        kind=_kind(kind),
        title=_text(raw.get("name")),
        guild=_id(raw.get("guild_id")) or guild,
        last=_id(raw.get("last_message_id")),
    )
    if kind not in THREADS:
        return place
    joined = raw.get("member") is not None or _id(raw.get("owner_id")) == me
    return replace(place, parent=_number(raw["parent_id"]), joined=joined)


class Directory:
    """The rooms that are known. It only learns what Discord tells, and never raises for it."""

    def __init__(self, me: int) -> None:
        self._me = me
        self._places: dict[int, Place] = {}
        self._roles: dict[int, int] = {}
        """The bot's own role, by server: the one that came in with it and nobody else can have."""

    def find(self, channel: int) -> Place | None:
        """A room that was told of."""
        place = self._places.get(channel)
        role = self._roles.get(place.guild) if place is not None and place.guild else None
        return place if place is None or role is None else replace(place, role=role)

    def add(self, place: Place) -> None:
        """Remember a room that was asked for."""
        self._places[place.id] = place

    def new_session(self) -> None:
        """What was the latest message of a room need not be that any more."""
        self._places = {room: replace(place, last=None) for room, place in self._places.items()}

    def learn(self, event: str, data: Json) -> list[Place]:
        """Take in what an event says; the rooms that it describes come back."""
        try:
            return self._learn(event, data)
        except (TypeError, ValueError, KeyError, AttributeError):
            return []

    def _learn(self, event: str, data: Json) -> list[Place]:
        match event:
            case "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE":
                self._learn_roles(data["guild_id"], [data["role"]])
            case "GUILD_CREATE":
                self._learn_roles(data["id"], data.get("roles"))
                return self._keep((*data.get("channels", ()), *data.get("threads", ())), data["id"])
            case "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE":
                return self._keep((data,), data.get("guild_id"))
            case "THREAD_LIST_SYNC":
                return self._keep(data.get("threads", ()), data["guild_id"])
            case "CHANNEL_DELETE" | "THREAD_DELETE":
                self._places.pop(_number(data["id"]), None)
            case "THREAD_MEMBERS_UPDATE":
                self._members(data)
        return []

    def _learn_roles(self, guild: Any, raws: Any) -> None:
        # https://docs.discord.com/developers/topics/permissions#role-object-role-tags-structure
        for raw in raws if isinstance(raws, list) else ():
            tags = raw.get("tags") if isinstance(raw, dict) else None
            if isinstance(tags, dict) and tags.get("bot_id") == str(self._me):
                self._roles[_number(guild)] = _number(raw["id"])

    def _keep(self, raws: Any, guild: Any) -> list[Place]:
        return [self._kept(place) for place in self._read(raws, _id(guild))]

    def _read(self, raws: Any, guild: int | None) -> Iterator[Place]:
        for raw in raws:
            try:
                place = read_place(raw, guild, self._me)
            except (TypeError, ValueError, KeyError, AttributeError):
                # One room that cannot be read must not hide the others of its server.
                continue
            if place is not None:
                yield place

    def _kept(self, place: Place) -> Place:
        known = self._places.get(place.id)
        if known is not None and known.joined:
            # An update of a thread does not say again who is in it.
            place = replace(place, joined=True)
        self._places[place.id] = place
        return place

    def _members(self, data: Json) -> None:
        place = self._places.get(_number(data["id"]))
        if place is None:
            return
        added = {_id(member.get("user_id")) for member in data.get("added_members", ())}
        removed = {_id(number) for number in data.get("removed_member_ids", ())}
        if self._me in added | removed:
            self._places[place.id] = replace(place, joined=self._me in added)


def _kind(number: int) -> ChatKind:
    if number == DM:
        return ChatKind.DIRECT
    return ChatKind.THREAD if number in THREADS else ChatKind.GROUP


def _number(value: Any) -> int:
    if not isinstance(value, str | int):
        raise TypeError(f"an id is a text, not {value!r:.80}")
    return int(value)


def _id(value: Any) -> int | None:
    return int(value) if isinstance(value, str | int) and value else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
