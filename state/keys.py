"""Who a conversation is with: addresses, session keys and the ids derived from them.

A key is written ``<channel>:<chat>:<type>``, a topic's ``<channel>:<chat>/<thread>:topic``. What
a platform calls a chat is opaque and may hold anything, so the characters that would make a key
ambiguous, invisible or unprintable are percent-encoded, and nothing else is. `SessionKey.parse`
and `str` are inverse to each other.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Self

SessionId = NewType("SessionId", str)
"""The name of a session's folder: safe as a file name and never longer than 200 bytes."""

_ACCOUNT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_PERSON = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_PLAIN = re.compile(r"[A-Za-z0-9@._-]+")
_ESCAPE = re.compile(rb"%([0-9A-F]{2})")
_PERSONAL = "user-"
_LONGEST_ID = 200
_LONGEST_SLUG = 48


class InvalidKey(ValueError):
    """A text that is no session key; the message says what a key looks like."""


class SessionType(StrEnum):
    """Who is at the other end, from which trust, tools and sandbox follow."""

    MAIN = "main"
    DM = "dm"
    GROUP = "group"
    TOPIC = "topic"


class Scope(StrEnum):
    """Whether the rooms of one guild, workspace or supergroup share a session."""

    PER_CHANNEL = "per-channel"
    COLLAPSED = "collapsed"


@dataclass(frozen=True, slots=True)
class Address:
    """A place where something was said and can be answered.

    It travels inside the message it came with; sessions own no address, so an answer can only go
    back to where its question came from.
    """

    channel: str
    chat: str
    thread: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class SessionKey:
    """Which conversation a message belongs to.

    `channel` is the configured account's name; `chat` and `thread` are the platform's own ids,
    unescaped. Raises `InvalidKey` for values that could not be read back from the written key.
    """

    channel: str
    chat: str
    type: SessionType
    thread: str | None = None

    def __post_init__(self) -> None:
        if not _ACCOUNT.fullmatch(self.channel):
            raise InvalidKey(f"{self.channel!r} is no account name: a-z, 0-9 and '-' only")
        if not self.chat or self.thread == "":
            raise InvalidKey("a session key needs a chat id")
        if self.thread is not None and self.type is not SessionType.TOPIC:
            raise InvalidKey(f"only a topic has a thread, not a {self.type}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a written key. Raises `InvalidKey`."""
        fields = text.split(":")
        if len(fields) != 3:
            raise InvalidKey(f"{text!r} is no session key: expected <channel>:<chat>:<type>")
        channel, place, kind = fields
        if kind not in list(SessionType):
            known = ", ".join(SessionType)
            raise InvalidKey(f"{kind!r} is no session type: expected one of {known}")
        chat, slash, thread = place.partition("/")
        if "/" in thread or (slash and not thread):
            raise InvalidKey(f"{place!r} is no chat id: '/' separates a chat from one thread")
        key = cls(channel, _decode(chat), SessionType(kind), _decode(thread) if slash else None)
        if str(key) != text:
            raise InvalidKey(f"{text!r} is not written as keys are: expected {str(key)!r}")
        return key

    @classmethod
    def of_session(cls, session_id: str) -> Self | None:
        """The key that makes this session id; None where it cannot be told (digests, people), and
        for a side session, which shares its base's key (`side_of`).
        """
        if "~" in session_id:
            return None
        fields = [_unescaped(field) for field in session_id.split("_")]
        try:
            key = cls.parse(f"{fields[0]}:{'/'.join(fields[1:-1])}:{fields[-1]}")
        except InvalidKey:
            return None
        return key if key.session_id == session_id else None

    def __str__(self) -> str:
        place = encode(self.chat)
        if self.thread is not None:
            place = f"{place}/{encode(self.thread)}"
        return f"{self.channel}:{place}:{self.type}"

    @property
    def session_id(self) -> SessionId:
        """The name of the session's folder: the key with ``:`` and ``/`` as ``_``.

        A ``_`` or ``~`` inside a platform id is escaped, so different keys have different ids; what
        would be too long for a file name ends in ``~`` and a digest of the whole.
        """
        fields = [self.channel, encode(self.chat)]
        if self.thread is not None:
            fields.append(encode(self.thread))
        return _fitting("_".join([*map(_escaped, fields), self.type]), f"_{self.type}")


def person_session_id(name: str) -> SessionId:
    """The folder of the session that all of a person's addresses share. Raises `InvalidKey`."""
    if not _PERSON.fullmatch(name):
        raise InvalidKey(f"{name!r} is no person's name: a-z, 0-9 and '-' only")
    return SessionId(f"{_PERSONAL}{name}")


def person_in(session_id: str) -> str | None:
    """The name in the id of a person's session; None for any other."""
    name = session_id.removeprefix(_PERSONAL)
    return name if name != session_id and _PERSON.fullmatch(name) else None


def side_session_id(base: SessionId, slug: str) -> SessionId:
    """The folder of a side session: ``<base-id>.<slug>``. No key and no person makes such an id.

    Raises `InvalidKey` for what is no slug (`as_slug` makes one).
    """
    if not slug or slug != as_slug(slug):
        raise InvalidKey(f"{slug!r} is no side session's name in an id: letters, digits and '-'")
    return _fitting(f"{base}.{slug}", ".side")


def side_of(session_id: str) -> tuple[SessionId, str] | None:
    """The base and the slug that make this id; None for any other, and where it was cut."""
    base, _, slug = session_id.rpartition(".")
    return (SessionId(base), slug) if slug and slug == as_slug(slug) and _is_base(base) else None


def as_slug(name: str) -> str:
    """A name as it is written in a side session's id; "" where nothing of it can be.

    Letters (with their marks) and digits of any script stay, without their case and in the one form
    of those that look alike; what is between them becomes ``-``. At most 48 characters.
    """
    for _ in range(2):  # once is not stable: https://www.unicode.org/versions/Unicode16.0.0 D147
        name = unicodedata.normalize("NFKC", name.casefold())
    kept = ""
    for character in name:
        kind = unicodedata.category(character)[0]
        # A mark alone, such as an emoji's variation, cannot be seen.
        plain = kind in "LN" or (kind == "M" and kept[-1:] not in ("", "-"))
        kept += character if plain else "-" if kept[-1:] not in ("", "-") else ""
    return kept[:_LONGEST_SLUG].rstrip("-")


def is_account_name(name: str) -> bool:
    """Whether a configured account may be called that."""
    return _ACCOUNT.fullmatch(name) is not None


def encode(platform_id: str) -> str:
    """A platform's id as it is written inside a key."""
    if _PLAIN.fullmatch(platform_id):
        return platform_id  # nearly all are numbers, and a listing writes thousands
    return "".join(_escape(c) if _is_special(c) else c for c in platform_id)


def _fitting(name: str, ending: str) -> SessionId:
    """A name of a folder; what would be too long ends in ``~``, a digest of all and `ending`."""
    if len(name.encode()) <= _LONGEST_ID:
        return SessionId(name)
    digest = hashlib.sha256(name.encode()).hexdigest()[:32]
    head = name.encode()[: _LONGEST_ID - 48].decode(errors="ignore")
    return SessionId(f"{head}~{digest}{ending}")


def _is_base(session_id: str) -> bool:
    """Whether a key or a person makes this id."""
    if session_id.startswith(_PERSONAL):
        return _PERSON.fullmatch(session_id.removeprefix(_PERSONAL)) is not None
    if "~" in session_id:
        return session_id.rpartition("_")[2] in list(SessionType)
    return SessionKey.of_session(session_id) is not None


def _escaped(field: str) -> str:
    return field.replace("_", "%5F").replace("~", "%7E")


def _unescaped(field: str) -> str:
    return field.replace("%5F", "_").replace("%7E", "~")


def _is_special(character: str) -> bool:
    # C*: control, format, surrogate, private, unassigned. Z*: spaces and line separators.
    return character in ":/%" or unicodedata.category(character)[0] in "CZ"


def _escape(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _decode(text: str) -> str:
    raw = _ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), text.encode("utf-8", "surrogatepass"))
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise InvalidKey(f"{text!r} holds an escape that is no text") from error
