"""The people, channels and messages of one emulated workspace."""

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.telegram.signal import Signal

Json = dict[str, Any]
TEAM = "T0EMULATED"
APP = "A0EMULATED"
SCOPES = (
    "app_mentions:read", "channels:history", "channels:read", "chat:write", "commands",
    "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read",
    "im:write", "mpim:history", "mpim:read", "reactions:write", "users:read",
)  # fmt: skip
"""What the app was granted when it was installed."""


@dataclass(frozen=True)
class Sent:
    """A message of the bot: `text` as it is shown, `source` as it was given (`text`, escaped).

    `pings` are all the people and audiences that it would notify.
    """

    channel: str
    ts: str
    thread: str | None
    text: str
    source: str
    blocks: tuple[Json, ...]
    pings: tuple[str, ...]
    ephemeral: bool = False
    params: Json = field(default_factory=dict, repr=False)
    at: float = field(default_factory=time.monotonic)

    def as_json(self) -> Json:
        return {
            "channel": self.channel, "ts": self.ts, "thread": self.thread, "text": self.text,
            "source": self.source, "blocks": list(self.blocks), "pings": list(self.pings),
            "ephemeral": self.ephemeral, "at": self.at,
        }  # fmt: skip


@dataclass(frozen=True)
class Upload:
    """A file that the bot shared, with the words that came along with it."""

    channel: str
    ts: str
    thread: str | None
    name: str
    title: str
    content: bytes = field(repr=False)
    text: str = ""


class Said(str):
    """A message's ts, that remembers its channel."""

    __slots__ = ("channel",)
    channel: "Channel"

    def __new__(cls, ts: str, channel: "Channel") -> "Said":
        said = super().__new__(cls, ts)
        said.channel = channel
        return said


@dataclass(eq=False)
class Channel:
    """A channel, a direct message (`im`) or a group of direct messages (`mpim`)."""

    id: str
    kind: str
    name: str
    members: list[str] = field(default_factory=list)
    archived: bool = False
    messages: dict[str, Json] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    uploads: list[Upload] = field(default_factory=list)
    heard: dict[tuple[str, str | None], int] = field(default_factory=dict)
    changed: Signal = field(default_factory=Signal)

    def as_json(self, bot: str) -> Json:
        """https://docs.slack.dev/reference/objects/conversation-object/"""
        body: Json = {
            "id": self.id, "created": 1_700_000_000, "is_archived": self.archived,
            "is_im": self.kind == "im", "is_mpim": self.kind == "mpim",
            "is_channel": self.kind == "channel", "is_group": self.kind == "group",
            "is_private": self.kind != "channel", "context_team_id": TEAM,
        }  # fmt: skip
        if self.kind == "im":
            return body | {"user": next((m for m in self.members if m != bot), bot)}
        return body | {"name": self.name, "is_member": bot in self.members}

    def thread_of(self, root: str) -> list[Json]:
        """The replies of a thread, oldest first, without the root."""
        replies = (m for m in self.messages.values() if m.get("thread_ts") == root)
        return sorted((m for m in replies if m["ts"] != root), key=lambda m: m["ts"])


class World:
    """Everything that exists in the workspace."""

    def __init__(self, bot_name: str) -> None:
        self.users: dict[str, Json] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, Json] = {}
        self.contents: dict[str, bytes] = {}
        self._numbers = itertools.count(1)
        self._last_ts = 0
        self.bot_user = self.add_user(bot_name, is_bot=True)["id"]
        self.bot_id = self.new_id("B")

    def new_id(self, prefix: str) -> str:
        """An id as Slack forms them."""
        return f"{prefix}{next(self._numbers):09X}Q"

    def ts(self) -> str:
        """The next message's timestamp, unlike any before."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_user(self, name: str, *, is_bot: bool = False) -> Json:
        user: Json = {
            "id": self.new_id("U"), "team_id": TEAM, "name": name.lower().replace(" ", "."),
            "real_name": name, "is_bot": is_bot, "deleted": False,
            "profile": {"real_name": name, "display_name": name},
        }  # fmt: skip
        self.users[user["id"]] = user
        return user

    def add_channel(self, name: str, kind: str, members: list[str]) -> Channel:
        prefix = "D" if kind == "im" else "C"
        channel = Channel(self.new_id(prefix), kind, name, list(members))
        self.channels[channel.id] = channel
        return channel

    def keep(self, channel: Channel, message: Json) -> Json:
        """Add a message; its thread's root counts it."""
        channel.messages[message["ts"]] = message
        root = channel.messages.get(message.get("thread_ts", ""))
        if root is not None and root is not message:
            replies = channel.thread_of(root["ts"])
            root |= {
                "thread_ts": root["ts"], "reply_count": len(replies), "latest_reply": message["ts"],
                "reply_users": sorted({r["user"] for r in replies if "user" in r}),
                "reply_users_count": len({r.get("user") for r in replies}),
            }  # fmt: skip
            if "user" in root:
                message["parent_user_id"] = root["user"]
        return message
