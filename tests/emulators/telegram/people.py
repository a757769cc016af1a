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
MAX_TEXT = 4096


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

    async def sends(
        self,
        kind: str,
        name: str,
        content: bytes,
        mime: str = "application/octet-stream",
        *,
        in_: Place | None = None,
        **fields: Any,
    ) -> Said:
        """Send a file as a ``document``, ``photo``, ``voice``, ``audio`` or ``video``."""
        body = self.telegram.world.keep(kind, name, content, mime)
        media: Json = {kind: [body] if kind == "photo" else body}
        return await self.says(None, in_=in_, **media, **fields)

    async def sends_album(
        self, *pictures: bytes, caption: str | None = None, in_: Place | None = None
    ) -> list[Said]:
        """Several pictures at once; Telegram writes the words under the first."""
        fields: Json = {"media_group_id": str(self.telegram.world.next_album())}
        said: list[Said] = []
        for picture in pictures:
            words = {"caption": caption} if caption and not said else {}
            said.append(await self.sends("photo", "", picture, in_=in_, **fields, **words))
        return said

    async def pastes(self, text: str, *, in_: Place | None = None) -> list[Said]:
        """Write a text of any length; as Telegram Desktop, cut it where a paragraph ends."""
        said: list[Said] = []
        while text:
            end = len(text) if len(text) <= MAX_TEXT else text.rfind("\n\n", 0, MAX_TEXT)
            end = end if end > MAX_TEXT // 2 else MAX_TEXT
            said.append(await self.says(text[:end].strip(), in_=in_))
            text = text[end:].strip()
        return said

    def loses(self, message: Said) -> None:
        """Telegram has the file of a message no more."""
        body = message.chat.messages[int(message)]
        media = next(body[k] for k in ("document", "photo", "voice", "audio", "video") if k in body)
        del self.telegram.world.file_paths[
            (media[-1] if isinstance(media, list) else media)["file_id"]
        ]

    async def presses(self, label: str, *, message: int, in_: Place | None = None) -> str:
        """Press a button under a message; returns the press's id.

        Raises AssertionError when the message is not there, or has no such button.
        """
        chat, _ = self._place(in_, None, None)
        body = chat.messages.get(message)
        assert body is not None, f"there is no message {message}"
        rows = body.get("reply_markup", {}).get("inline_keyboard", ())
        data = next((b["callback_data"] for r in rows for b in r if b["text"] == label), None)
        assert data is not None, f"message {message} has no button {label!r}: {rows}"
        bot = next(bot for bot in chat.bots if bot.id == body["from"]["id"])
        press = self.telegram.methods.presses.press(bot, self.person, dict(body), data)
        if bot.updates.add("callback_query", press) is not None:
            self.telegram.webhooks.notify(bot)
        return str(press["id"])

    def sees(self, *, in_: Place | None = None) -> list[Json]:
        """The messages of bots that are in a chat (or a topic) now, in order."""
        chat, thread = self._place(in_, None, None)
        bots = {bot.id for bot in chat.bots}
        return [
            body
            for _, body in sorted(chat.messages.items())
            if body.get("from", {}).get("id") in bots
            and (thread in {None, GENERAL} or body.get("message_thread_id") == thread)
        ]

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
