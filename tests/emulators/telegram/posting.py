"""What messages of a bot have in common: words with their markup, a keyboard, a place."""

import time
from collections.abc import Callable
from typing import Any

from tests.emulators.telegram.calls import Params, Upload, bad_request
from tests.emulators.telegram.entities import trim, utf16
from tests.emulators.telegram.places import Places
from tests.emulators.telegram.world import Bot, Chat, Sent, without_reply
from tests.emulators.telegram_html import is_empty, parse

Json = dict[str, Any]
MAX_TEXT = 4096
MAX_CAPTION = 1024
_MAX_BUTTON_BYTES = 64


class Posting:
    """Writes messages of bots into chats."""

    def __init__(self, places: Places, on_sent: Callable[[Chat, Sent], None]) -> None:
        self._places = places
        self._on_sent = on_sent
        self._seq = 0

    def post(
        self, bot: Bot, params: Params, content: Json, *, words: str, file: Upload | None = None
    ) -> Json:
        """A new message with this content. `words` is the parameter that holds its text."""
        chat = self._places.writable(bot, params)
        thread = self._places.thread(chat, params)
        text, entities = formatted(params, words)
        markup = keyboard(params)
        answered = self._places.answered(chat, params)
        fields: Json = {**content}
        if text:
            fields[words] = text
        if entities:
            fields["entities" if words == "text" else "caption_entities"] = entities
        if markup is not None:
            fields["reply_markup"] = markup
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
            source=params.text(words),
            parse_mode=params.text("parse_mode") or None,
            entities=tuple(entities),
            reply_to=answered["message_id"] if answered is not None else None,
            at=time.monotonic(),
            params=params.values,
            kind=next(iter(content), "text"),
            file=file,
        )
        self._on_sent(chat, sent)
        return message


def formatted(params: Params, words: str) -> tuple[str, list[Json]]:
    """A text as Telegram keeps it, with its entities; a caption may be empty."""
    text, mode = params.text(words), params.text("parse_mode")
    if not text:
        if words == "caption":
            return "", []
        raise bad_request("message text is empty")
    given = params.json("entities" if words == "text" else "caption_entities")
    entities = list(given or ())
    if mode.lower() == "html":
        try:
            text, parsed = parse(text)
        except ValueError as error:
            raise bad_request(str(error)) from None
        entities = [dict(entity) for entity in parsed]
    elif mode:
        raise bad_request("unsupported parse_mode")
    text, entities = trim(text, entities)
    if words == "caption":
        if utf16(text) > MAX_CAPTION:
            raise bad_request("message caption is too long")
        return text, entities
    if is_empty(text):
        raise bad_request("text must be non-empty")
    if utf16(text) > MAX_TEXT:
        raise bad_request("message is too long")
    return text, entities


def keyboard(params: Params) -> Json | None:
    """The inline keyboard of a call: https://core.telegram.org/bots/api#inlinekeyboardmarkup."""
    markup = params.json("reply_markup")
    if not isinstance(markup, dict) or not markup.get("inline_keyboard"):
        return None
    for button in (button for row in markup["inline_keyboard"] for button in row):
        if not button.get("text"):
            raise bad_request('can\'t parse inline keyboard button: Field "text" must be non-empty')
        if not 1 <= len(button.get("callback_data", "").encode()) <= _MAX_BUTTON_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    return markup
