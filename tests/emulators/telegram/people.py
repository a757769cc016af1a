"""The people of a test: what they do in Telegram, and what reaches them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.emulators.telegram.entities import detect
from tests.emulators.telegram.world import GENERAL, Bot, Chat, Said, Sent, Topic, without_reply

if TYPE_CHECKING:
    from tests.emulators.telegram.emulator import TelegramEmulator

Json = dict[str, Any]
Place = Chat | Topic
WAIT_SECONDS = 10.0


@dataclass(frozen=True, eq=False)
class User:
    """Somebody with Telegram on their phone."""

    telegram: "TelegramEmulator"
    person: Json

    @property
    def id(self) -> int:
        return int(self.person["id"])

    @property
    def name(self) -> str:
        return str(self.person["first_name"])

    def chat(self, bot: Bot | None = None) -> Chat:
        """The private chat with the bot."""
        return self.telegram.world.private(bot or self.telegram.bot, self.person)

    async def says(
        self,
        text: str | None,
        *,
        in_: Place | None = None,
        thread: Topic | int | None = None,
        reply_to: int | None = None,
        to: Bot | None = None,
        **fields: Any,
    ) -> Said:
        """Write a message; commands and mentions in it are found as Telegram finds them.

        `fields` are further fields of the message (a photo, a forward); `text=None` for a
        message that has none.
        """
        chat, thread_id = self._place(in_, thread, to)
        if text is not None:
            fields["text"] = text
            if (found := detect(text)) and "entities" not in fields:
                fields["entities"] = found
        elif "caption" in fields and (found := detect(fields["caption"])):
            fields.setdefault("caption_entities", found)
        if reply_to is not None:
            fields["reply_to_message"] = without_reply(chat.messages[int(reply_to)])
        message = chat.message(self.person, thread_id, **fields)
        self.telegram.deliver(chat, "message", message)
        return Said(message["message_id"], chat)

    async def edits(self, message: Said, text: str) -> None:
        """Change what was written before."""
        chat = message.chat
        body = chat.messages[int(message)]
        body |= {"text": text, "edit_date": body["date"] + 1}
        body.pop("entities", None)
        if found := detect(text):
            body["entities"] = found
        self.telegram.deliver(chat, "edited_message", dict(body))

    async def hears(
        self,
        n: int = 1,
        *,
        in_: Place | None = None,
        to: Bot | None = None,
        timeout: float = WAIT_SECONDS,
    ) -> list[Sent]:
        """The next `n` messages of the bot that this person has not heard yet in that chat.

        Raises AssertionError when they do not come within `timeout` seconds.
        """
        chat, thread = self._place(in_, None, to)
        return await self.telegram.heard(chat, self.id, n, thread=thread, timeout=timeout)

    async def blocks(self, bot: Bot | None = None) -> None:
        """Stop the bot: it cannot write any more."""
        bot = bot or self.telegram.bot
        chat = self.chat(bot)
        chat.gone.add(bot.id)
        self.telegram.membership(chat, bot, self.person, "member", "kicked")

    async def unblocks(self, bot: Bot | None = None) -> None:
        bot = bot or self.telegram.bot
        chat = self.chat(bot)
        chat.gone.discard(bot.id)
        self.telegram.membership(chat, bot, self.person, "kicked", "member")

    def _place(
        self, in_: Place | None, thread: Topic | int | None, bot: Bot | None
    ) -> tuple[Chat, int | None]:
        if in_ is None:
            return self.chat(bot), None
        if isinstance(in_, Topic):
            return in_.chat, in_.id
        if thread is None:
            return in_, GENERAL if in_.is_forum else None
        return in_, thread.id if isinstance(thread, Topic) else thread
