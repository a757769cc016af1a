"""The people, bots, chats and topics of an emulated Telegram, and the messages in them."""

import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulators.telegram.signal import Signal
from tests.emulators.telegram.updates import UpdateQueue

if TYPE_CHECKING:
    from tests.emulators.telegram.calls import Upload

Json = dict[str, Any]
GENERAL = 1
"""The id of the topic that every forum has; it is not written in messages."""


@dataclass(eq=False)
class Bot:
    """A bot account with its updates, its menu and its webhook."""

    id: int
    secret: str
    username: str
    first_name: str
    privacy: bool = False
    joins_groups: bool = True
    updates: UpdateQueue = field(default_factory=UpdateQueue)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    private: dict[int, "Chat"] = field(default_factory=dict)

    @property
    def token(self) -> str:
        return f"{self.id}:{self.secret}"

    def as_user(self) -> Json:
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.first_name,
            "username": self.username,
        }

    def as_me(self) -> Json:
        return {
            **self.as_user(),
            "can_join_groups": self.joins_groups,
            "can_read_all_group_messages": not self.privacy,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }


@dataclass(frozen=True)
class Sent:
    """A message that a bot sent. `source` is its text as the bot wrote it, markup included."""

    seq: int
    bot: int
    chat: int
    thread: int | None
    message: int
    text: str
    source: str
    parse_mode: str | None
    entities: tuple[Json, ...]
    reply_to: int | None
    at: float
    params: Json = field(default_factory=dict, repr=False)
    kind: str = "text"
    file: "Upload | None" = None

    def as_json(self) -> Json:
        file = self.file and {
            "name": self.file.name, "mime": self.file.mime, "size": len(self.file.content),
        }  # fmt: skip
        return {
            "seq": self.seq, "bot": self.bot, "chat": self.chat, "thread": self.thread,
            "message": self.message, "text": self.text, "source": self.source,
            "parse_mode": self.parse_mode, "entities": list(self.entities),
            "reply_to": self.reply_to, "at": self.at, "kind": self.kind, "file": file,
        }  # fmt: skip


@dataclass(frozen=True)
class Topic:
    """A topic of a forum; `id` is the thread's."""

    chat: "Chat"
    id: int
    name: str


class Said(int):
    """A message's id, that remembers its chat."""

    chat: "Chat"

    def __new__(cls, message: int, chat: "Chat") -> "Said":
        said = super().__new__(cls, message)
        said.chat = chat
        return said


@dataclass(eq=False)
class Chat:
    """A private chat, a group, a supergroup or a forum."""

    id: int
    type: str
    title: str | None = None
    is_forum: bool = False
    person: Json | None = None
    bots: list[Bot] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    """Bots that were blocked or removed."""
    topics: dict[int, Topic] = field(default_factory=dict)
    closed_topics: set[int] = field(default_factory=set)
    messages: dict[int, Json] = field(default_factory=dict)
    reactions: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    """The emoji that a bot has on a message, by the ids of both."""
    migrated_to: int | None = None
    sent: list[Sent] = field(default_factory=list)
    heard: dict[int, int] = field(default_factory=dict)
    changed: Signal = field(default_factory=Signal)
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    topic_creations: dict[int, Json] = field(default_factory=dict)

    def as_json(self) -> Json:
        body: Json = {"id": self.id, "type": self.type}
        if self.person is not None:
            names = ("first_name", "last_name", "username")
            return body | {k: self.person[k] for k in names if k in self.person}
        body["title"] = self.title
        if self.is_forum:
            body["is_forum"] = True
        if self.type == "group":
            body["all_members_are_administrators"] = False
        return body

    @property
    def general(self) -> Topic:
        return Topic(self, GENERAL, "General")

    def message(self, author: Json | None, thread: int | None = None, **fields: Any) -> Json:
        """A new message of this chat, kept."""
        body: Json = {"message_id": next(self.ids)}
        if author is not None:
            body["from"] = author
        body |= {"chat": self.as_json(), "date": int(time.time())}
        if thread is not None and thread != GENERAL:
            body |= {"message_thread_id": thread, "is_topic_message": True}
            creation = self.topic_creations.get(thread)
            if creation is not None and "reply_to_message" not in fields:
                fields["reply_to_message"] = creation
        body |= fields
        self.messages[body["message_id"]] = body
        return body


def without_reply(message: Json) -> Json:
    """A message as it appears inside a reply: replies are not nested further."""
    return {k: v for k, v in message.items() if k not in {"reply_to_message", "quote"}}


class World:
    """Everything that exists."""

    def __init__(self) -> None:
        self.bots: dict[str, Bot] = {}
        self.groups: dict[int, Chat] = {}
        self.people: dict[int, Json] = {}
        self.files: dict[str, bytes] = {}
        self.hidden: set[str] = set()
        """Paths whose files are lost, though `getFile` knows of them."""
        self.file_paths: dict[str, str] = {}
        self.local_mode = False
        """Whether the server keeps files for the bot on its own disk (``--local``)."""
        self._users = itertools.count(500_000_001)
        self._groups = itertools.count(4_000_001)
        self._channels = itertools.count(1_000_000_001)
        self._small_chat_ids = itertools.count(1)
        self._files = itertools.count(1)
        self._albums = itertools.count(13_000_000_000_000_001)

    def add_bot(self, username: str, first_name: str, *, privacy: bool = False) -> Bot:
        number = 7_000_000_001 + len(self.bots)
        secret = f"AAH{number:x}-emulated-secret-of-{username}"
        bot = Bot(number, secret, username, first_name, privacy)
        self.bots[bot.token] = bot
        return bot

    def add_person(self, first_name: str, username: str | None, language: str | None) -> Json:
        person: Json = {"id": next(self._users), "is_bot": False, "first_name": first_name}
        if username is not None:
            person["username"] = username
        if language is not None:
            person["language_code"] = language
        self.people[person["id"]] = person
        return person

    def add_group(
        self, title: str, bots: Iterable[Bot], *, kind: str = "group", is_forum: bool = False
    ) -> Chat:
        big = kind == "supergroup"
        number = int(f"-100{next(self._channels)}") if big else -next(self._groups)
        # Small groups and private chats share one sequence of message ids, a big one
        # has its own, whose first message is its creation.
        ids = itertools.count(2) if big else self._small_chat_ids
        chat = Chat(number, kind, title, is_forum, bots=list(bots), ids=ids)
        self.groups[number] = chat
        return chat

    def private(self, bot: Bot, person: Json) -> Chat:
        """The chat of a person with a bot, begun if need be."""
        chat = bot.private.get(person["id"])
        if chat is None:
            chat = Chat(
                person["id"], "private", person=person, bots=[bot], ids=self._small_chat_ids
            )
            bot.private[person["id"]] = chat
        return chat

    def next_album(self) -> int:
        """The `media_group_id` of a new album."""
        return next(self._albums)

    def keep(self, kind: str, name: str, content: bytes, mime: str) -> Json:
        """A new file, as messages describe it."""
        number = next(self._files)
        file_id = f"{kind}-{number}"
        ending = "jpg" if kind == "photo" else name.rpartition(".")[2] if "." in name else "bin"
        self.file_paths[file_id] = f"{kind}s/file_{number}.{ending}"
        self.files[self.file_paths[file_id]] = content
        body: Json = {"file_id": file_id, "file_unique_id": f"u{number}"}
        if kind in {"photo", "video", "animation"}:
            body |= {"width": 90, "height": 90}
        if kind in {"voice", "audio", "video", "animation"}:
            body["duration"] = 1
        if kind != "photo":
            body["mime_type"] = mime
        if kind not in {"photo", "voice"}:
            body["file_name"] = name
        return body | {"file_size": len(content)}

    def find(self, bot: Bot, number: int) -> Chat | None:
        """The chat as the bot can see it."""
        if number > 0:
            return bot.private.get(number)
        chat = self.groups.get(number)
        return chat if chat is not None and bot in chat.bots else None
