"""A Slack on this machine with one workspace and one app, and the hands of the people in it."""

import asyncio
import re
import secrets
from collections import Counter
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from tests.emulators.slack import blocks as kit
from tests.emulators.slack.delivery import Deliveries, Delivery
from tests.emulators.slack.faults import Faults
from tests.emulators.slack.methods import Methods
from tests.emulators.slack.people import WAIT_SECONDS, User
from tests.emulators.slack.server import Server
from tests.emulators.slack.socket import SocketMode
from tests.emulators.slack.world import APP, SCOPES, TEAM, Channel, Sent, Upload, World
from tests.emulators.telegram.signal import Signal

Json = dict[str, Any]
_USES = 5
"""How often a response URL can be used."""


class SlackEmulator:
    """The server, and everything a test does on Slack's side of the wire.

    ``async with SlackEmulator() as sl:`` listens on a free port of 127.0.0.1.
    """

    def __init__(self, *, port: int = 0, bot: str = "argent") -> None:
        self.world = World(bot)
        self.token = "xoxb-emulated-bot-token"
        self.app_token = "xapp-1-emulated-app-token"
        self.signing_secret = "8f742231b10e8888abcd99yyyzzz85a5"
        self.revoked: set[str] = set()
        self.faults = Faults()
        self.record: list[Sent] = []
        """Every message that the bot sent, in order."""
        self.edits: list[tuple[str, str, str]] = []
        """`chat.update`: channel, ts, what is shown since."""
        self.scopes = set(SCOPES)
        """The bot token's, as every answer names them."""
        self.reads_files = True
        """Whether the app has the scope `files:read`."""
        self.bearers: list[str] = []
        """With what files were asked for, one for each request."""
        self.calls: Counter[str] = Counter()
        """How often each method was called, faults included."""
        self.changed = Signal()
        self.socket = SocketMode(self)
        self.deliveries = Deliveries(self)
        self.methods = Methods(self)
        self._responses: dict[str, tuple[str, int]] = {}
        self._server = Server(self, port)

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End everything that is under way."""
        self.faults.clear()
        await self.deliveries.close()
        await self.socket.close()
        await self._server.stop()

    async def goes_down(self) -> None:
        """Nobody listens any more, and every connection ends."""
        self.socket.cut()
        await self._server.stop()

    async def comes_back(self) -> None:
        """It listens again, at the same address."""
        await self._server.start()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def api_root(self) -> str:
        """What a client takes as the API's root, as in ``https://slack.com/api/``."""
        return f"{self._server.url}/api/"

    # People and places ------------------------------------------------------------------------

    def user(self, name: str, *, is_bot: bool = False) -> User:
        """A new person; they begin a chat with the bot by writing to it."""
        return User(self, self.world.add_user(name, is_bot=is_bot))

    def channel(self, name: str, *, private: bool = False, joined: bool = True) -> Channel:
        """A channel, with the bot in it if it `joined`."""
        members = [self.world.bot_user] if joined else []
        return self.world.add_channel(name, "group" if private else "channel", members)

    def im(self, user: User) -> Channel:
        """The direct messages of a person with the bot."""
        return self.im_of(user.id)

    def mpim(self, *users: User) -> Channel:
        """A group of direct messages with the bot in it."""
        name = "mpdm-" + "--".join(u.person["name"] for u in users) + "-1"
        members = [self.world.bot_user, *(u.id for u in users)]
        return self.world.add_channel(name, "mpim", members)

    def im_of(self, user: str) -> Channel:
        members = [user, self.world.bot_user]
        for channel in self.world.channels.values():
            if channel.kind == "im" and channel.members == members:
                return channel
        return self.world.add_channel("", "im", members)

    def add_file(self, name: str, mime: str, content: bytes) -> Json:
        """A file as it stands in a message; download it with the bot's token."""
        file = self.world.new_id("F")
        self.world.contents[file] = content
        self.world.files[file] = self.described(file, name, mime, len(content))
        return self.world.files[file]

    def described(self, file: str, name: str, mime: str, size: int) -> Json:
        """https://docs.slack.dev/reference/objects/file-object/"""
        url = f"{self.url}/files/{file}/{quote(name, safe='')}"
        return {
            "id": file, "name": name, "title": name, "mimetype": mime, "size": size,
            "filetype": name.rpartition(".")[2], "mode": "hosted", "is_external": False,
            "url_private": url, "url_private_download": url,
        }  # fmt: skip

    def with_mentions(self, text: str) -> str:
        """Typed words as Slack keeps them: escaped, and names of members as mentions."""
        ids = {u["name"]: u["id"] for u in self.world.users.values()}
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return re.sub(
            r"(?<!\w)@([a-z.]+)",
            lambda m: f"<@{ids[m[1]]}>" if m[1] in ids else m[0],
            escaped,
        )

    # Events -----------------------------------------------------------------------------------

    def deliver_message(self, channel: Channel, message: Json) -> None:
        """Tell the app of a message; where the bot is mentioned, twice."""
        if self.world.bot_user not in channel.members:
            return
        event = {k: v for k, v in message.items() if k != "metadata"}
        event |= {"channel": channel.id, "event_ts": message["ts"]}
        kind = {"im": "im", "mpim": "mpim", "group": "group"}.get(channel.kind, "channel")
        self.event({**event, "channel_type": kind})
        mentioned = f"<@{self.world.bot_user}>" in message.get("text", "")
        if mentioned and channel.kind != "im" and "bot_id" not in message:
            self.event({**event, "type": "app_mention"})

    def delete(self, channel: Channel, ts: str) -> None:
        """Take a message away; what was replied to leaves a tombstone, and so it is told."""
        before = {k: v for k, v in channel.messages.pop(ts).items() if k != "metadata"}
        if not before.get("reply_count"):
            self.deliver_change(
                channel, "message_deleted", deleted_ts=ts, previous_message=before
            )  # fmt: skip
        else:
            kept = ("ts", "thread_ts", "reply_count", "reply_users_count", "latest_reply")
            stone = {k: before[k] for k in kept if k in before} | {
                "type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": True,
                "text": "This message was deleted.",
            }  # fmt: skip
            channel.messages[ts] = stone
            self.deliver_change(
                channel, "message_changed", message=stone, previous_message=before
            )  # fmt: skip
        channel.changed.changed()
        self.changed.changed()

    def deliver_change(self, channel: Channel, subtype: str, **fields: Any) -> None:
        """Tell the app that a message was edited or deleted."""
        ts = self.world.ts()
        kind = {"im": "im", "mpim": "mpim", "group": "group"}.get(channel.kind, "channel")
        self.event({
            "type": "message", "subtype": subtype, "channel": channel.id, "channel_type": kind,
            "ts": ts, "event_ts": ts, "hidden": True, **fields,
        })  # fmt: skip

    def event(self, event: Json, **outer: Any) -> Delivery:
        """An event in its wrapping: https://docs.slack.dev/apis/events-api/#callback-field."""
        return self.deliveries.add("events_api", {
            "token": "verification", "team_id": TEAM, "api_app_id": APP, "event": event,
            "type": "event_callback", "event_id": self.world.new_id("Ev"),
            "event_time": int(float(event.get("event_ts") or 0)),
            "authorizations": [{
                "enterprise_id": None, "team_id": TEAM, "user_id": self.world.bot_user,
                "is_bot": True, "is_enterprise_install": False,
            }],
            "is_ext_shared_channel": False, **outer,
        })  # fmt: skip

    # What the bot did -------------------------------------------------------------------------

    async def sent(self, channel: Channel, count: int) -> list[Sent]:
        """What the bot sent to a channel, once it is `count` messages or more."""
        if not await channel.changed.until(lambda: len(channel.sent) >= count, WAIT_SECONDS):
            raise AssertionError(f"{len(channel.sent)} of {count} messages came: {channel.sent}")
        return list(channel.sent)

    async def called(self, method: str, count: int = 1) -> None:
        """Wait until a method was called `count` times in all."""
        if not await self.changed.until(lambda: self.calls[method] >= count, WAIT_SECONDS):
            raise AssertionError(f"{method} was called {self.calls[method]} times, not {count}")

    def counted(self, method: str) -> None:
        self.calls[method] += 1
        self.changed.changed()

    def sent_now(self, channel: Channel, sent: Sent) -> None:
        self.record.append(sent)
        channel.sent.append(sent)
        channel.changed.changed()
        self.changed.changed()

    def uploaded_now(self, channel: Channel, upload: Upload) -> None:
        channel.uploads.append(upload)
        channel.changed.changed()
        self.changed.changed()

    def shown(self, channel: Channel, thread: str | None = None) -> list[str]:
        """The texts of the bot's messages that are in a place now, in order."""
        mine = [
            m for m in channel.messages.values()
            if m.get("bot_id") == self.world.bot_id
            and (None if m.get("thread_ts") == m["ts"] else m.get("thread_ts")) == thread
        ]  # fmt: skip
        mine.sort(key=lambda m: float(m["ts"]))
        return [kit.read(m["blocks"])[0] if "blocks" in m else kit.shown(m["text"]) for m in mine]

    def edited_now(self, channel: Channel, ts: str, text: str) -> None:
        self.edits.append((channel.id, ts, text))
        channel.changed.changed()
        self.changed.changed()

    # Response URLs ----------------------------------------------------------------------------

    def response_url(self, channel: str) -> str:
        path = f"/commands/{TEAM}/{secrets.token_hex(6)}"
        self._responses[path] = (channel, _USES)
        return self.url + path

    def expire_response_urls(self) -> None:
        """Half an hour has passed."""
        self._responses.clear()

    def take_response_url(self, path: str) -> Channel | None:
        """Whose response URL it is, if it can still be used."""
        channel, uses = self._responses.get(path, ("", 0))
        if uses <= 0:
            return None
        self._responses[path] = (channel, uses - 1)
        return self.world.channels[channel]

    def responded(self, channel: Channel, body: Json) -> None:
        text, pings = kit.read(body["blocks"]) if body.get("blocks") else (
            kit.shown(body.get("text", "")), [])  # fmt: skip
        self.sent_now(channel, Sent(
            channel.id, self.world.ts(), body.get("thread_ts"), text, body.get("text", ""),
            tuple(body.get("blocks") or ()), tuple(pings + kit.pings_in(body.get("text", ""))),
            ephemeral=body.get("response_type", "ephemeral") == "ephemeral", params=body,
        ))  # fmt: skip


def run_until_stopped(port: int) -> None:
    """Serve until interrupted, having printed the address as one JSON line."""
    import orjson

    async def serve() -> None:
        async with SlackEmulator(port=port) as sl:
            line = {
                "url": sl.url, "api_root": sl.api_root, "token": sl.token,
                "app_token": sl.app_token, "signing_secret": sl.signing_secret,
                "bot": sl.world.bot_user,
            }  # fmt: skip
            print(orjson.dumps(line).decode(), flush=True)
            await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        return
