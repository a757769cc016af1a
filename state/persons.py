"""A person, as stores know one: the user ids that they write under. Pure.

Names identify nobody: two people may have the same one, and anybody can change theirs.
"""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Self

from state.history import CorrectionEntry, Entry, UserEntry
from state.keys import SessionId, SessionKey, SessionType, is_account_name
from state.messages import Sender

_UTF8 = ("utf-8", "surrogatepass")

PRIVATE = frozenset({SessionType.MAIN, SessionType.DM})
"""The types of keys that are one person's, whose user id is the key's chat."""


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """A user of an account's platform, by the id that the platform never changes."""

    account: str
    user: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The identity that is written ``<account>:<user>``; None where it is none."""
        account, colon, user = text.partition(":")
        return cls(account, user) if colon and user and is_account_name(account) else None

    def __str__(self) -> str:
        return f"{self.account}:{self.user}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by everything that is theirs: one identity, or several that were linked."""

    identities: frozenset[Identity]

    @classmethod
    def of(cls, *identities: Identity) -> Self:
        """Whoever has these."""
        return cls(frozenset(identities))

    @property
    def digest(self) -> str:
        """Tells this person from others, without saying who it is."""
        ids = "\n".join(map(str, sorted(self.identities)))
        return hashlib.sha256(ids.encode(*_UTF8)).hexdigest()[:16]

    def is_named_in(self, data: bytes) -> bool:
        """Whether an id of theirs stands in these bytes, and not only as a piece of another."""
        ids = b"|".join(re.escape(each.user.encode(*_UTF8)) for each in self.identities)
        return re.search(rb"(?<![0-9A-Za-z])(?:" + ids + rb")(?![0-9A-Za-z])", data) is not None

    def said(self, entry: Entry) -> bool:
        """Whether it is an entry of their words."""
        return isinstance(entry, UserEntry | CorrectionEntry) and self.is_sender(
            entry.address.channel, entry.sender
        )

    def is_sender(self, account: str, sender: Sender) -> bool:
        """Whether they are who sent something on an account."""
        return Identity(account, sender.id) in self.identities

    def chats_in(self, key: SessionKey) -> bool:
        """Whether it is the key of a private chat of theirs."""
        return key.type in PRIVATE and Identity(key.channel, key.chat) in self.identities

    def has_alone(self, keys: Collection[SessionKey]) -> bool:
        """Whether a session that these keys lead to is theirs and nobody else's."""
        return bool(keys) and all(map(self.chats_in, keys))


@dataclass(frozen=True, slots=True)
class Trace:
    """A session with words of somebody's.

    `alone`: it is theirs and nobody else's. `deleted` is the folder among the deleted sessions
    where it is kept for a while; None for one that is in use. `messages` are theirs by the ids of
    their entries, with those in its archive, and `names` are what they were called there.
    """

    session: SessionId
    alone: bool
    messages: frozenset[str] = field(default=frozenset())
    names: frozenset[str] = field(default=frozenset())
    deleted: str | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """What a session lost when somebody was forgotten in it.

    `quotes` are those of their words in other people's messages, `aside` files that were damaged
    once and set aside, which cannot be parted by whose words they are.
    """

    messages: int = 0
    answers: int = 0
    quotes: int = 0
    summaries: int = 0
    files: int = 0
    aside: int = 0

    def __add__(self, other: "Lost") -> "Lost":
        return Lost(
            self.messages + other.messages,
            self.answers + other.answers,
            self.quotes + other.quotes,
            self.summaries + other.summaries,
            self.files + other.files,
            self.aside + other.aside,
        )

    def __bool__(self) -> bool:
        return self != NOTHING_LOST


NOTHING_LOST = Lost()
