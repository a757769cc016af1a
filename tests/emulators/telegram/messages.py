"""Messages of words: sent, changed, deleted, reacted to, and announced by an action.

https://core.telegram.org/bots/api#available-methods
"""

import time
from typing import Any

from telegram.constants import ReactionEmoji

from tests.emulators.telegram.calls import Params, bad_request
from tests.emulators.telegram.places import Places
from tests.emulators.telegram.posting import Posting, formatted, keyboard
from tests.emulators.telegram.world import Bot

Json = dict[str, Any]
ACTIONS = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
        "upload_document", "choose_sticker", "find_location", "record_video_note",
        "upload_video_note",
    }
)  # fmt: skip
REACTIONS = frozenset(emoji.value for emoji in ReactionEmoji)
"""The emoji that can be a reaction: https://core.telegram.org/bots/api#reactiontypeemoji."""

DELETABLE_SECONDS = 48 * 3600
_WORDS = ("text", "entities", "reply_markup")


class Messages:
    """The methods about them."""

    def __init__(self, places: Places, posting: Posting) -> None:
        self._places = places
        self._posting = posting
        self.actions: list[tuple[int, int | None, str]] = []
        self.edits: list[Json] = []
        self.deleted: list[tuple[int, int]] = []

    async def _do_send_message(self, bot: Bot, params: Params) -> Json:
        return self._posting.post(bot, params, {}, words="text")

    async def _do_edit_message_text(self, bot: Bot, params: Params) -> Json:
        chat = self._places.writable(bot, params)
        message = chat.messages.get(params.integer("message_id"))
        if message is None:
            raise bad_request("message to edit not found")
        if message.get("from", {}).get("id") != bot.id:
            raise bad_request("message can't be edited")
        if "text" not in message:
            raise bad_request("there is no text in the message to edit")
        text, entities = formatted(params, "text")
        values = (text, entities or None, keyboard(params))
        changed = {k: v for k, v in zip(_WORDS, values, strict=True) if v is not None}
        if changed == {k: message[k] for k in _WORDS if k in message}:
            raise bad_request(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        for name in _WORDS:
            message.pop(name, None)
        message |= {**changed, "edit_date": int(time.time())}
        number = message["message_id"]
        edit = {"chat": chat.id, "message": number, "text": text, "at": time.monotonic()}
        self.edits.append(edit)
        chat.changed.changed()
        return message

    async def _do_delete_message(self, bot: Bot, params: Params) -> bool:
        chat = self._places.writable(bot, params)
        message = chat.messages.get(params.integer("message_id"))
        if message is None:
            raise bad_request("message to delete not found")
        if message["date"] < time.time() - DELETABLE_SECONDS:
            raise bad_request("message can't be deleted for everyone")
        if chat.type != "private" and message.get("from", {}).get("id") != bot.id:
            raise bad_request("message can't be deleted")
        del chat.messages[message["message_id"]]
        self.deleted.append((chat.id, message["message_id"]))
        chat.changed.changed()
        return True

    async def _do_set_message_reaction(self, bot: Bot, params: Params) -> bool:
        chat = self._places.writable(bot, params)
        number = params.integer("message_id")
        if number not in chat.messages:
            raise bad_request("message to react not found")
        wanted = params.json("reaction") or []
        if any(each.get("type") != "emoji" or each["emoji"] not in REACTIONS for each in wanted):
            raise bad_request("REACTION_INVALID")
        if len(wanted) > 1:
            # A bot is no premium user.
            raise bad_request("REACTIONS_TOO_MANY")
        chat.reactions[number, bot.id] = [each["emoji"] for each in wanted]
        chat.changed.changed()
        return True

    async def _do_send_chat_action(self, bot: Bot, params: Params) -> bool:
        chat = self._places.writable(bot, params)
        thread = self._places.thread(chat, params)
        action = params.text("action")
        if action not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        self.actions.append((chat.id, thread, action))
        chat.changed.changed()
        return True
