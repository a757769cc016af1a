"""The Bot API's methods, as published at https://core.telegram.org/bots/api."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from tests.emulators.telegram.entities import trim, utf16
from tests.emulators.telegram.updates import PollEnded
from tests.emulators.telegram.webhook import Webhooks
from tests.emulators.telegram.world import GENERAL, Bot, Chat, Sent, World, without_reply
from tests.emulators.telegram_html import is_empty, parse

Json = dict[str, Any]
MAX_TEXT = 4096
ACTIONS = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
        "upload_document", "choose_sticker", "find_location", "record_video_note",
        "upload_video_note",
    }
)  # fmt: skip
_TRUE = frozenset({"true", "1", "yes", "y", "t"})


class ApiError(Exception):
    """What Telegram refuses, with the words it uses."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(text: str, **parameters: int) -> ApiError:
    return ApiError(400, f"Bad Request: {text}", **parameters)


class Params:
    """A call's parameters; forms and queries write every value as text, JSON bodies do not."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else orjson.dumps(value).decode()

    def integer(self, name: str, default: int = 0) -> int:
        value = self.values.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        return value.lower() in _TRUE if isinstance(value, str) else bool(value)

    def json(self, name: str) -> Any:
        value = self.values.get(name)
        if not isinstance(value, str) or not value:
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            raise bad_request(f"can't parse {name} JSON object") from None


class Methods:
    """Carries out calls for one bot or another."""

    def __init__(
        self, world: World, webhooks: Webhooks, *, on_sent: Callable[[Chat, Sent], None]
    ) -> None:
        self._world = world
        self._webhooks = webhooks
        self._on_sent = on_sent
        self._seq = 0
        self.actions: list[tuple[int, int | None, str]] = []
        self.edits: list[Json] = []
        self.deleted: list[tuple[int, int]] = []
        self._table: dict[str, Callable[[Bot, Params], Awaitable[Any]]] = {
            name.removeprefix("_do_").replace("_", ""): getattr(self, name)
            for name in dir(type(self))
            if name.startswith("_do_")
        }

    async def call(self, bot: Bot, method: str, params: Params) -> Any:
        """The result. Raises `ApiError`."""
        do = self._table.get(method)
        if do is None:
            raise ApiError(404, "Not Found")
        return await do(bot, params)

    # Account and updates ----------------------------------------------------------------------

    async def _do_get_me(self, bot: Bot, _params: Params) -> Json:
        return bot.as_me()

    async def _do_get_updates(self, bot: Bot, params: Params) -> list[Json]:
        if self._webhooks.url(bot):
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._allow(bot, params)
        limit = params.integer("limit", 100)
        limit = limit if 1 <= limit <= 100 else 100
        timeout = min(max(params.integer("timeout"), 0), 50)
        try:
            return await bot.updates.get(params.integer("offset"), limit, timeout)
        except PollEnded:
            raise ApiError(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            ) from None

    async def _do_set_webhook(self, bot: Bot, params: Params) -> bool:
        url, secret = params.text("url"), params.text("secret_token")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad_request("secret token contains unallowed characters")
        loopback = url.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:"))
        if url and not url.startswith("https://") and not loopback:
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        self._allow(bot, params)
        if params.flag("drop_pending_updates"):
            bot.updates.clear()
        self._webhooks.set(bot, url, secret, params.integer("max_connections", 40))
        if url:
            bot.updates.interrupt()
        return True

    async def _do_delete_webhook(self, bot: Bot, params: Params) -> bool:
        if params.flag("drop_pending_updates"):
            bot.updates.clear()
        self._webhooks.set(bot, "", "", 40)
        return True

    async def _do_get_webhook_info(self, bot: Bot, _params: Params) -> Json:
        return self._webhooks.info(bot)

    def _allow(self, bot: Bot, params: Params) -> None:
        allowed = params.json("allowed_updates")
        if isinstance(allowed, list):
            bot.updates.allowed = frozenset(allowed) or None

    # Messages ---------------------------------------------------------------------------------

    async def _do_send_message(self, bot: Bot, params: Params) -> Json:
        chat = self._writable(bot, params)
        thread = self._thread(chat, params)
        text, entities = self._formatted(params)
        answered = self._answered(chat, params)
        fields: Json = {"text": text}
        if entities:
            fields["entities"] = entities
        if answered is not None:
            fields["reply_to_message"] = without_reply(answered)
        message = chat.message(bot.as_user(), thread, **fields)
        self._seq += 1
        sent = Sent(
            seq=self._seq,
            bot=bot.id,
            chat=chat.id,
            thread=thread,
            message=message["message_id"],
            text=text,
            source=params.text("text"),
            parse_mode=params.text("parse_mode") or None,
            entities=tuple(entities),
            reply_to=answered["message_id"] if answered is not None else None,
            at=time.monotonic(),
            params=params.values,
        )
        self._on_sent(chat, sent)
        return message

    async def _do_edit_message_text(self, bot: Bot, params: Params) -> Json:
        chat = self._writable(bot, params)
        message = chat.messages.get(params.integer("message_id"))
        if message is None:
            raise bad_request("message to edit not found")
        if message.get("from", {}).get("id") != bot.id:
            raise bad_request("message can't be edited")
        text, entities = self._formatted(params)
        if message.get("text") == text and message.get("entities", []) == entities:
            raise bad_request(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        message |= {"text": text, "edit_date": int(time.time())}
        message.pop("entities", None)
        if entities:
            message["entities"] = entities
        self.edits.append({"chat": chat.id, "message": message["message_id"], "text": text})
        chat.changed.changed()
        return message

    async def _do_delete_message(self, bot: Bot, params: Params) -> bool:
        chat = self._writable(bot, params)
        if chat.messages.pop(params.integer("message_id"), None) is None:
            raise bad_request("message to delete not found")
        self.deleted.append((chat.id, params.integer("message_id")))
        return True

    async def _do_send_chat_action(self, bot: Bot, params: Params) -> bool:
        chat = self._writable(bot, params)
        thread = self._thread(chat, params)
        action = params.text("action")
        if action not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        self.actions.append((chat.id, thread, action))
        chat.changed.changed()
        return True

    async def _do_get_chat(self, bot: Bot, params: Params) -> Json:
        chat = self._chat(bot, params)
        return {
            **chat.as_json(),
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": {
                "unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False,
                "premium_subscription": False, "gifts_from_channels": False,
            },
        }  # fmt: skip

    async def _do_answer_callback_query(self, _bot: Bot, _params: Params) -> bool:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")

    # Files and the menu -----------------------------------------------------------------------

    async def _do_get_file(self, _bot: Bot, params: Params) -> Json:
        file_id = params.text("file_id")
        path = self._world.file_paths.get(file_id)
        if path is None:
            raise bad_request("invalid file_id")
        size = len(self._world.files[path])
        return {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": size,
                "file_path": path}  # fmt: skip

    async def _do_get_my_commands(self, bot: Bot, params: Params) -> list[Json]:
        return bot.commands.get(self._menu(params), [])

    async def _do_set_my_commands(self, bot: Bot, params: Params) -> bool:
        commands = params.json("commands")
        for command in commands or ():
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command.get("command", "").lstrip("/")):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command.get("description", "")) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        bot.commands[self._menu(params)] = commands or []
        return True

    async def _do_delete_my_commands(self, bot: Bot, params: Params) -> bool:
        bot.commands.pop(self._menu(params), None)
        return True

    def _menu(self, params: Params) -> tuple[str, str]:
        scope = params.json("scope") or {"type": "default"}
        return orjson.dumps(scope).decode(), params.text("language_code")

    # What several of them check ---------------------------------------------------------------

    def _chat(self, bot: Bot, params: Params) -> Chat:
        name = params.text("chat_id")
        if not name:
            raise bad_request("chat_id is empty")
        chat = self._world.find(bot, params.integer("chat_id"))
        if chat is None:
            if params.integer("chat_id") in self._world.people:
                raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
            raise bad_request("chat not found")
        return chat

    def _writable(self, bot: Bot, params: Params) -> Chat:
        chat = self._chat(bot, params)
        if chat.migrated_to is not None:
            raise bad_request(
                "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to
            )
        if bot.id in chat.gone:
            if chat.type == "private":
                raise ApiError(403, "Forbidden: bot was blocked by the user")
            raise ApiError(403, f"Forbidden: bot was kicked from the {chat.type} chat")
        return chat

    def _thread(self, chat: Chat, params: Params) -> int | None:
        thread = params.integer("message_thread_id")
        if not thread:
            return GENERAL if chat.is_forum else None
        # General has no thread that could be named: https://core.telegram.org/api/forum
        if not chat.is_forum or thread == GENERAL or thread not in chat.topics:
            raise bad_request("message thread not found")
        if thread in chat.closed_topics:
            raise bad_request("TOPIC_CLOSED")
        return thread

    def _formatted(self, params: Params) -> tuple[str, list[Json]]:
        text, mode = params.text("text"), params.text("parse_mode")
        if not text:
            raise bad_request("message text is empty")
        entities = list(params.json("entities") or ())
        if mode.lower() == "html":
            try:
                text, parsed = parse(text)
            except ValueError as error:
                raise bad_request(str(error)) from None
            entities = [dict(entity) for entity in parsed]
        elif mode:
            raise bad_request("unsupported parse_mode")
        text, entities = trim(text, entities)
        if is_empty(text):
            raise bad_request("text must be non-empty")
        if utf16(text) > MAX_TEXT:
            raise bad_request("message is too long")
        return text, entities

    def _answered(self, chat: Chat, params: Params) -> Json | None:
        reply = params.json("reply_parameters") or {
            "message_id": params.integer("reply_to_message_id"),
            "allow_sending_without_reply": params.flag("allow_sending_without_reply"),
        }
        if not reply.get("message_id"):
            return None
        message = chat.messages.get(int(reply["message_id"]))
        if message is None and not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
        return message
