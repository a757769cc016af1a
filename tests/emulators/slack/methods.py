"""The Web API's methods, as published at https://docs.slack.dev/reference/methods."""

import base64
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson

from tests.emulators.slack import blocks as kit
from tests.emulators.slack.world import APP, TEAM, Channel, Sent

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

Json = dict[str, Any]
MAX_TEXT = 40_000
MAX_MARKDOWN = 12_000
MAX_UPDATE = 4_000
APP_METHODS = frozenset({"apps.connections.open"})


class ApiError(Exception):
    """What Slack refuses, as its error code."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


class Params:
    """A call's arguments; forms and queries write every value as text, JSON bodies do not."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else orjson.dumps(value).decode()

    def integer(self, name: str, default: int) -> int:
        try:
            return int(self.values.get(name, default))
        except (TypeError, ValueError):
            raise ApiError("invalid_arguments") from None

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name, default)
        return value.lower() in {"1", "true"} if isinstance(value, str) else bool(value)

    def json(self, name: str) -> Any:
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            raise ApiError(f"invalid_{name}_format") from None


class Methods:
    """Carries out calls."""

    def __init__(self, slack: "SlackEmulator") -> None:
        self._slack = slack
        self._world = slack.world
        self.statuses: list[tuple[str, str, str]] = []
        """`assistant.threads.setStatus`: channel, thread, status."""
        self.reactions: list[tuple[str, str, str]] = []
        self._table: dict[str, Callable[[Params], Awaitable[Json]]] = {
            "auth.test": self._auth_test,
            "apps.connections.open": self._connections_open,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.info": self._info,
            "conversations.open": self._open,
            "conversations.list": self._list,
            "users.conversations": self._mine,
            "users.info": self._user,
            "reactions.add": self._react,
            "assistant.threads.setStatus": self._status,
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._upload_done,
            "files.info": self._file,
        }

    async def call(self, method: str, token: str, params: Params) -> Json:
        """The result. Raises `ApiError`."""
        do = self._table.get(method)
        if do is None:
            raise ApiError("unknown_method", req_method=method)
        self._authorize(method, token)
        return {"ok": True, **await do(params)}

    def _authorize(self, method: str, token: str) -> None:
        if not token:
            raise ApiError("not_authed")
        if token in self._slack.revoked:
            raise ApiError("token_revoked")
        if token not in (self._slack.token, self._slack.app_token):
            raise ApiError("invalid_auth")
        wanted = self._slack.app_token if method in APP_METHODS else self._slack.token
        if token != wanted and method != "auth.test":
            raise ApiError("not_allowed_token_type")

    # Account ----------------------------------------------------------------------------------

    async def _auth_test(self, _params: Params) -> Json:
        world = self._world
        return {
            "url": "https://emulated.slack.com/", "team": "Emulated", "team_id": TEAM,
            "user": world.users[world.bot_user]["name"], "user_id": world.bot_user,
            "bot_id": world.bot_id, "is_enterprise_install": False,
        }  # fmt: skip

    async def _connections_open(self, _params: Params) -> Json:
        return {"url": self._slack.socket.new_ticket()}

    # Messages ---------------------------------------------------------------------------------

    async def _post(self, params: Params) -> Json:
        channel = self._writable(params)
        text, pings, blocks = self._content(params)
        thread = params.text("thread_ts") or None
        if thread is not None:
            if thread not in channel.messages:
                raise ApiError("thread_not_found")
            # Slack takes a reply's ts as well, and answers in the thread that the reply is in.
            thread = channel.messages[thread].get("thread_ts", thread)
        message: Json = {
            "type": "message", "user": self._world.bot_user, "bot_id": self._world.bot_id,
            "app_id": APP, "team": TEAM, "ts": self._world.ts(),
            "text": params.text("text") or text,
        }  # fmt: skip
        if blocks:
            message["blocks"] = blocks
        if thread is not None:
            message["thread_ts"] = thread
        if metadata := params.json("metadata"):
            if not isinstance(metadata, dict) or "event_type" not in metadata:
                raise ApiError("invalid_metadata_format")
            message["metadata"] = metadata
        self._world.keep(channel, message)
        self._slack.sent_now(channel, Sent(
            channel.id, message["ts"], thread, text, params.text("text"), tuple(blocks),
            tuple(pings), params=params.values,
        ))  # fmt: skip
        self._slack.deliver_message(channel, message)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    async def _update(self, params: Params) -> Json:
        channel = self._writable(params)
        message = self._own(channel, params.text("ts"))
        if len(params.text("text")) > MAX_UPDATE:
            raise ApiError("msg_too_long")
        text, _pings, blocks = self._content(params)
        message |= {"text": params.text("text") or text, "edited": {"ts": self._world.ts()}}
        message |= {"blocks": blocks} if blocks else {}
        self._slack.edited_now(channel, message["ts"], text)
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"]}

    async def _delete(self, params: Params) -> Json:
        channel = self._writable(params)
        message = self._own(channel, params.text("ts"))
        del channel.messages[message["ts"]]
        return {"channel": channel.id, "ts": message["ts"]}

    def _own(self, channel: Channel, ts: str) -> Json:
        message = channel.messages.get(ts)
        if message is None:
            raise ApiError("message_not_found")
        if message.get("bot_id") != self._world.bot_id:
            raise ApiError("cant_update_message")
        return message

    def _content(self, params: Params) -> tuple[str, list[str], list[Json]]:
        """What is shown, who is notified, and the blocks."""
        text, markdown = params.text("text"), params.text("markdown_text")
        blocks = params.json("blocks") or []
        if markdown and (text or blocks):
            raise ApiError("markdown_text_conflict")
        if len(text) > MAX_TEXT or len(markdown) > MAX_MARKDOWN:
            raise ApiError("msg_too_long")
        pings = kit.pings_in(text + markdown)
        if blocks:
            try:
                words, more = kit.read(blocks)
            except kit.BadBlocks as error:
                raise ApiError(error.error, response_metadata={"messages": [str(error)]}) from None
            return words, pings + more, blocks
        if not (text + markdown).strip():
            raise ApiError("no_text")
        return kit.shown(text + markdown), pings, []

    # History ----------------------------------------------------------------------------------

    async def _history(self, params: Params) -> Json:
        channel = self._readable(params)
        found = [
            m for m in channel.messages.values()
            if m.get("thread_ts", m["ts"]) == m["ts"] or m.get("subtype") == "thread_broadcast"
        ]  # fmt: skip
        found.sort(key=lambda m: m["ts"], reverse=True)
        return self._page([m for m in found if self._within(m, params)], params)

    async def _replies(self, params: Params) -> Json:
        channel = self._readable(params)
        root = channel.messages.get(params.text("ts"))
        if root is None:
            raise ApiError("thread_not_found")
        replies = [m for m in channel.thread_of(root["ts"]) if self._within(m, params)]
        page = self._page(replies, params)
        page["messages"] = [root, *page["messages"]]
        return page

    def _within(self, message: Json, params: Params) -> bool:
        oldest, latest = params.text("oldest") or "0", params.text("latest") or "9999999999"
        ts, inclusive = float(message["ts"]), params.flag("inclusive")
        if inclusive:
            return float(oldest) <= ts <= float(latest)
        return float(oldest) < ts < float(latest)

    def _page(self, found: list[Json], params: Params) -> Json:
        limit = min(max(params.integer("limit", 100), 1), 999)
        start = int(base64.b64decode(params.text("cursor") or b"") or b"0")
        messages, more = found[start : start + limit], len(found) > start + limit
        if not params.flag("include_all_metadata"):
            messages = [{k: v for k, v in m.items() if k != "metadata"} for m in messages]
        cursor = base64.b64encode(str(start + limit).encode()).decode() if more else ""
        return {
            "messages": messages, "has_more": more, "response_metadata": {"next_cursor": cursor},
        }  # fmt: skip

    # Places and people ------------------------------------------------------------------------

    async def _info(self, params: Params) -> Json:
        return {"channel": self._channel(params).as_json(self._world.bot_user)}

    async def _open(self, params: Params) -> Json:
        user = params.text("users")
        if user not in self._world.users:
            raise ApiError("user_not_found")
        return {"channel": {"id": self._slack.im_of(user).id}}

    async def _list(self, params: Params) -> Json:
        return self._some(list(self._world.channels.values()), params)

    async def _mine(self, params: Params) -> Json:
        mine = [c for c in self._world.channels.values() if self._world.bot_user in c.members]
        return self._some(mine, params)

    def _some(self, channels: list[Channel], params: Params) -> Json:
        names = {"public_channel": "channel", "private_channel": "group"}
        wanted = (params.text("types") or "public_channel").split(",")
        kinds = {names.get(kind.strip(), kind.strip()) for kind in wanted}
        page = self._page([c.as_json(self._world.bot_user) for c in channels if c.kind in kinds],
                          params)  # fmt: skip
        return {"channels": page["messages"], "response_metadata": page["response_metadata"]}

    async def _user(self, params: Params) -> Json:
        user = self._world.users.get(params.text("user"))
        if user is None:
            raise ApiError("user_not_found")
        return {"user": user}

    async def _react(self, params: Params) -> Json:
        channel = self._writable(params)
        if params.text("timestamp") not in channel.messages:
            raise ApiError("message_not_found")
        reaction = (channel.id, params.text("timestamp"), params.text("name"))
        if reaction in self.reactions:
            raise ApiError("already_reacted")
        self.reactions.append(reaction)
        return {}

    async def _status(self, params: Params) -> Json:
        names = {"channel_id", "thread_ts", "status"}
        if not names <= params.values.keys():
            raise ApiError("invalid_arguments")
        self._channel(Params({"channel": params.text("channel_id")}))
        self.statuses.append(
            (params.text("channel_id"), params.text("thread_ts"), params.text("status"))
        )
        self._slack.changed.changed()
        return {}

    # Files ------------------------------------------------------------------------------------

    async def _upload_url(self, params: Params) -> Json:
        if not params.text("filename") or params.integer("length", 0) <= 0:
            raise ApiError("invalid_arguments")
        file = self._world.new_id("F")
        self._world.files[file] = {"id": file, "name": params.text("filename")}
        return {"upload_url": f"{self._slack.url}/upload/{file}", "file_id": file}

    async def _upload_done(self, params: Params) -> Json:
        files = [self._world.files.get(f.get("id", "")) for f in params.json("files") or ()]
        known = [f for f in files if f is not None and f["id"] in self._world.contents]
        if len(known) != len(files) or not files:
            raise ApiError("file_not_found")
        if params.text("channel_id"):
            channel = self._writable(Params({"channel": params.text("channel_id")}))
            message = {
                "type": "message", "user": self._world.bot_user, "bot_id": self._world.bot_id,
                "ts": self._world.ts(), "text": params.text("initial_comment"), "files": known,
            }  # fmt: skip
            if params.text("thread_ts"):
                message["thread_ts"] = params.text("thread_ts")
            self._world.keep(channel, message)
        return {"files": known}

    async def _file(self, params: Params) -> Json:
        file = self._world.files.get(params.text("file"))
        if file is None:
            raise ApiError("file_not_found")
        return {"file": file}

    # What several of them check ---------------------------------------------------------------

    def _channel(self, params: Params) -> Channel:
        channel = self._world.channels.get(params.text("channel"))
        if channel is None:
            raise ApiError("channel_not_found")
        return channel

    def _readable(self, params: Params) -> Channel:
        channel = self._channel(params)
        if self._world.bot_user not in channel.members:
            raise ApiError("not_in_channel" if channel.kind == "channel" else "channel_not_found")
        return channel

    def _writable(self, params: Params) -> Channel:
        if params.text("channel") in self._world.users:
            return self._slack.im_of(params.text("channel"))
        channel = self._readable(params)
        if channel.archived:
            raise ApiError("is_archived")
        return channel
