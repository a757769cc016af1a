"""The Web API's methods, as published at https://docs.slack.dev/reference/methods."""

import base64
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tests.emulators.slack import blocks as kit
from tests.emulators.slack.calls import ApiError, Params, Places
from tests.emulators.slack.files import FileMethods
from tests.emulators.slack.world import APP, TEAM, Channel, Sent

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

Json = dict[str, Any]
MAX_TEXT = 40_000
MAX_MARKDOWN = 12_000
MAX_UPDATE = 4_000
APP_METHODS = frozenset({"apps.connections.open"})


class Methods:
    """Carries out calls."""

    def __init__(self, slack: "SlackEmulator") -> None:
        self._slack = slack
        self._world = slack.world
        self._places = Places(slack)
        self.statuses: list[tuple[str, str, str]] = []
        """`assistant.threads.setStatus`: channel, thread, status."""
        self.reactions: list[tuple[str, str, str]] = []
        """The bot's reactions that stand: channel, ts, name."""
        self._table: dict[str, Callable[[Params], Awaitable[Json]]] = {
            "auth.test": self._auth_test,
            "apps.connections.open": self._connections_open,
            "bots.info": self._bot,
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
            "reactions.remove": self._unreact,
            "reactions.get": self._reactions,
            **FileMethods(slack).table,
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

    async def _bot(self, params: Params) -> Json:
        """https://docs.slack.dev/reference/methods/bots.info"""
        if params.text("bot") != self._world.bot_id:
            raise ApiError("bot_not_found")
        bot_user = self._world.bot_user
        name = self._world.users[bot_user]["name"]
        bot = {"id": self._world.bot_id, "app_id": APP, "user_id": bot_user, "name": name}
        return {"bot": bot | {"deleted": False}}

    # Messages ---------------------------------------------------------------------------------

    async def _post(self, params: Params) -> Json:
        channel = self._places.writable(params.text("channel"))
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
        self._mark(message, params)
        self._world.keep(channel, message)
        self._slack.sent_now(channel, Sent(
            channel.id, message["ts"], thread, text, params.text("text"), tuple(blocks),
            tuple(pings), params=params.values,
        ))  # fmt: skip
        self._slack.deliver_message(channel, message)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    async def _update(self, params: Params) -> Json:
        """https://docs.slack.dev/reference/methods/chat.update"""
        channel = self._places.writable(params.text("channel"))
        before = self._own(channel, params.text("ts"), "cant_update_message")
        if len(params.text("text").encode("utf-16-le")) // 2 > MAX_UPDATE:
            raise ApiError("msg_too_long")
        text, _pings, blocks = self._content(params)
        if _is_rich(before) and blocks and not _is_rich({"blocks": blocks}):
            raise ApiError("block_mismatch")
        after = before | {"text": params.text("text") or text}
        after |= {"blocks": blocks} if blocks else {}
        if params.text("text") and not blocks:
            # With a text alone the blocks go, and only then a message is shown as edited.
            after.pop("blocks", None)
            after["edited"] = {"user": self._world.bot_user, "ts": self._world.ts()}
        self._mark(after, params)
        channel.messages[before["ts"]] = after
        self._slack.edited_now(channel, before["ts"], text)
        self._slack.deliver_change(
            channel, "message_changed", message=_told(after), previous_message=_told(before)
        )
        return {"channel": channel.id, "ts": after["ts"], "text": after["text"], "message": after}

    async def _delete(self, params: Params) -> Json:
        channel = self._places.writable(params.text("channel"))
        message = self._own(channel, params.text("ts"), "cant_delete_message")
        self._slack.delete(channel, message["ts"])
        return {"channel": channel.id, "ts": message["ts"]}

    def _own(self, channel: Channel, ts: str, otherwise: str) -> Json:
        message = channel.messages.get(ts)
        if message is None or message.get("subtype") == "tombstone":
            raise ApiError("message_not_found")
        if message.get("bot_id") != self._world.bot_id:
            raise ApiError(otherwise)
        return message

    def _mark(self, message: Json, params: Params) -> None:
        """Metadata stays where a call does not name it, and goes where it is named empty."""
        metadata = params.json("metadata")
        if metadata is None:
            return
        if metadata and (not isinstance(metadata, dict) or "event_type" not in metadata):
            raise ApiError("invalid_metadata_format")
        message.pop("metadata", None)
        message |= {"metadata": metadata} if metadata else {}

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
        channel = self._places.readable(params.text("channel"))
        found = [
            m for m in channel.messages.values()
            if m.get("thread_ts", m["ts"]) == m["ts"] or m.get("subtype") == "thread_broadcast"
        ]  # fmt: skip
        found.sort(key=lambda m: m["ts"], reverse=True)
        return self._page([m for m in found if self._within(m, params)], params)

    async def _replies(self, params: Params) -> Json:
        channel = self._places.readable(params.text("channel"))
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
        return {"channel": self._places.known(params.text("channel")).as_json(self._world.bot_user)}

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
        channel = self._places.writable(params.text("channel"))
        if params.text("timestamp") not in channel.messages:
            raise ApiError("message_not_found")
        reaction = (channel.id, params.text("timestamp"), params.text("name"))
        if reaction in self.reactions:
            raise ApiError("already_reacted")
        self.reactions.append(reaction)
        return {}

    async def _unreact(self, params: Params) -> Json:
        channel = self._places.writable(params.text("channel"))
        if params.text("timestamp") not in channel.messages:
            raise ApiError("message_not_found")
        reaction = (channel.id, params.text("timestamp"), params.text("name"))
        if reaction not in self.reactions:
            raise ApiError("no_reaction")
        self.reactions.remove(reaction)
        return {}

    async def _reactions(self, params: Params) -> Json:
        channel = self._places.readable(params.text("channel"))
        message = channel.messages.get(params.text("timestamp"))
        if message is None:
            raise ApiError("message_not_found")
        here = (channel.id, message["ts"])
        names = [name for *place, name in self.reactions if tuple(place) == here]
        mine = [{"name": n, "count": 1, "users": [self._world.bot_user]} for n in names]
        return {"type": "message", "channel": channel.id, "message": message | {"reactions": mine}}

    async def _status(self, params: Params) -> Json:
        names = {"channel_id", "thread_ts", "status"}
        if not names <= params.values.keys():
            raise ApiError("invalid_arguments")
        self._places.known(params.text("channel_id"))
        self.statuses.append(
            (params.text("channel_id"), params.text("thread_ts"), params.text("status"))
        )
        self._slack.changed.changed()
        return {}


def _is_rich(message: Json) -> bool:
    return any(block.get("type") == "rich_text" for block in message.get("blocks") or ())


def _told(message: Json) -> Json:
    """A message as events tell of it."""
    return {k: v for k, v in message.items() if k != "metadata"}
