"""What is known of a workspace beyond an event itself: events name people and places by id only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Json = dict[str, object]


class Room(StrEnum):
    """The kinds of conversations, as events call them (`channel_type`)."""

    IM = "im"
    MPIM = "mpim"
    CHANNEL = "channel"
    PRIVATE = "group"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the workspace."""

    name: str
    username: str | None = None
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation. Direct messages have no name."""

    room: Room
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The people, places and files that an event names, as far as Slack would say, by id.

    `in_thread` says that the bot takes part in the event's thread. `root` is the message that
    began the thread, where the bot has not heard of the thread before.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    files: Mapping[str, Json] = field(default_factory=dict)
    in_thread: bool = False
    root: Json | None = None
