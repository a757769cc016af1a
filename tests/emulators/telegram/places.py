"""Where a call goes, and whether it may."""

from typing import Any

from tests.emulators.telegram.calls import ApiError, Params, bad_request
from tests.emulators.telegram.world import GENERAL, Bot, Chat, World

Json = dict[str, Any]


class Places:
    """Finds what a call names. Raises `ApiError` in Telegram's words."""

    def __init__(self, world: World) -> None:
        self._world = world

    def chat(self, bot: Bot, params: Params) -> Chat:
        name = params.text("chat_id")
        if not name:
            raise bad_request("chat_id is empty")
        chat = self._world.find(bot, params.integer("chat_id"))
        if chat is None:
            if params.integer("chat_id") in self._world.people:
                raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
            raise bad_request("chat not found")
        return chat

    def writable(self, bot: Bot, params: Params) -> Chat:
        chat = self.chat(bot, params)
        if chat.migrated_to is not None:
            raise bad_request(
                "group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to
            )
        if bot.id in chat.gone:
            if chat.type == "private":
                raise ApiError(403, "Forbidden: bot was blocked by the user")
            raise ApiError(403, f"Forbidden: bot was kicked from the {chat.type} chat")
        return chat

    def thread(self, chat: Chat, params: Params) -> int | None:
        thread = params.integer("message_thread_id")
        if not thread:
            return GENERAL if chat.is_forum else None
        # General has no thread that could be named: https://core.telegram.org/api/forum
        if not chat.is_forum or thread == GENERAL or thread not in chat.topics:
            raise bad_request("message thread not found")
        if thread in chat.closed_topics:
            raise bad_request("TOPIC_CLOSED")
        return thread

    def answered(self, chat: Chat, params: Params) -> Json | None:
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
