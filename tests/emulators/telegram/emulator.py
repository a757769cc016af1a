"""A Telegram Bot API server on this machine, and the hands of the people who use it."""

import asyncio
from collections import Counter
from types import TracebackType
from typing import Any, Self

from tests.emulators.telegram.faults import Faults
from tests.emulators.telegram.limits import Limits
from tests.emulators.telegram.methods import Methods
from tests.emulators.telegram.people import WAIT_SECONDS, User
from tests.emulators.telegram.server import Server
from tests.emulators.telegram.signal import Signal
from tests.emulators.telegram.webhook import Webhooks
from tests.emulators.telegram.world import Bot, Chat, Sent, Topic, World

Json = dict[str, Any]


class TelegramEmulator:
    """The server, and everything a test does on Telegram's side of the wire.

    ``async with TelegramEmulator() as tg:`` listens on a free port of 127.0.0.1.
    """

    def __init__(self, *, port: int = 0, username: str = "argent_bot") -> None:
        self.world = World()
        self.bot = self.world.add_bot(username, "Argent")
        self.faults = Faults()
        self.limits = Limits()
        self.webhooks = Webhooks()
        self.record: list[Sent] = []
        """Every message that a bot sent, in order."""
        self.calls: Counter[str] = Counter()
        """How often each method was called (lower case), faults included."""
        self.changed = Signal()
        self.methods = Methods(self.world, self.webhooks, on_sent=self._sent)
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
        for bot in self.world.bots.values():
            bot.updates.interrupt()
        await self.webhooks.close()
        await self._server.stop()

    async def goes_down(self) -> None:
        """Nobody can reach the server, and it reaches nobody; what there is stays."""
        self.webhooks.pause()
        await self._server.stop()

    async def comes_back(self) -> None:
        """The server is there again, at the same port."""
        await self._server.start()
        self.webhooks.resume()

    @property
    def url(self) -> str:
        """What a client takes as the API's root, as in ``https://api.telegram.org``."""
        return self._server.url

    @property
    def token(self) -> str:
        """The first bot's token."""
        return self.bot.token

    # People and places ------------------------------------------------------------------------

    def user(self, name: str, *, username: str | None = None, language: str | None = "en") -> User:
        """A new person; they begin a chat with the bot by writing to it."""
        return User(self, self.world.add_person(name, username, language))

    def add_bot(self, username: str, first_name: str = "Bot", *, privacy: bool = False) -> Bot:
        """Another bot, with its own token."""
        return self.world.add_bot(username, first_name, privacy=privacy)

    def group(self, title: str, *, bots: tuple[Bot, ...] = ()) -> Chat:
        """A small group with the bot in it."""
        return self.world.add_group(title, bots or (self.bot,))

    def supergroup(self, title: str, *, bots: tuple[Bot, ...] = ()) -> Chat:
        return self.world.add_group(title, bots or (self.bot,), kind="supergroup")

    def forum(self, title: str, *, bots: tuple[Bot, ...] = ()) -> "Forum":
        """A supergroup with topics; General is there from the start."""
        chat = self.world.add_group(title, bots or (self.bot,), kind="supergroup", is_forum=True)
        return Forum(self, chat)

    def migrate(self, group: Chat) -> Chat:
        """The group becomes a supergroup; both chats say so, as Telegram does."""
        new = self.world.add_group(group.title or "", group.bots, kind="supergroup")
        author = self.user("Admin").person
        old_note = group.message(author, migrate_to_chat_id=new.id)
        new_note = new.message(author, migrate_from_chat_id=group.id)
        group.migrated_to = new.id
        self.deliver(group, "message", old_note)
        self.deliver(new, "message", new_note)
        return new

    def remove_bot(self, chat: Chat, bot: Bot | None = None) -> None:
        """The bot is thrown out of a group."""
        bot = bot or self.bot
        chat.gone.add(bot.id)
        self.membership(chat, bot, self.user("Admin").person, "member", "kicked")

    def add_file(self, file_id: str, path: str, content: bytes) -> None:
        """A file that `getFile` finds and that can be downloaded."""
        self.world.file_paths[file_id] = path
        self.world.files[path] = content

    def hide(self, path: str) -> None:
        """The file at a path cannot be downloaded any more."""
        self.world.hidden.add(path)

    # Updates ----------------------------------------------------------------------------------

    def deliver(self, chat: Chat, kind: str, message: Json) -> None:
        """Give an update about a message to every bot that may see it."""
        for bot in chat.bots:
            if bot.id in chat.gone or (bot.privacy and not _meant_for(bot, chat, message)):
                continue
            if bot.updates.add(kind, message) is not None:
                self.webhooks.notify(bot)

    def membership(self, chat: Chat, bot: Bot, by: Json, old: str, new: str) -> None:
        """The bot's standing in a chat changed (`my_chat_member`)."""

        def member(status: str) -> Json:
            body: Json = {"user": bot.as_user(), "status": status}
            return body | {"until_date": 0} if status == "kicked" else body

        body = {
            "chat": chat.as_json(), "from": by, "date": 1_800_000_000,
            "old_chat_member": member(old), "new_chat_member": member(new),
        }  # fmt: skip
        if bot.updates.add("my_chat_member", body) is not None:
            self.webhooks.notify(bot)

    def push_raw(self, update: Json, bot: Bot | None = None) -> Json:
        """Send an update exactly as given; an id is added when it has none."""
        bot = bot or self.bot
        pushed = bot.updates.push(update)
        self.webhooks.notify(bot)
        return pushed

    def redeliver(self, update: Json, bot: Bot | None = None) -> None:
        """Deliver an update again under the same id, whatever was confirmed."""
        bot = bot or self.bot
        if self.webhooks.url(bot):
            bot.updates.push(update)
            self.webhooks.notify(bot)
        else:
            bot.updates.repeat(update)

    @property
    def updates(self) -> list[Json]:
        """Every update made for the first bot."""
        return self.bot.updates.created

    # What the bot did -------------------------------------------------------------------------

    async def sent(
        self, chat: Chat | User, count: int, timeout: float = WAIT_SECONDS
    ) -> list[Sent]:
        """What the bot sent to a chat, once it is `count` messages or more."""
        chat = chat.chat() if isinstance(chat, User) else chat
        if not await chat.changed.until(lambda: len(chat.sent) >= count, timeout):
            raise AssertionError(f"{len(chat.sent)} of {count} messages came: {chat.sent}")
        return list(chat.sent)

    async def sent_in_all(self, count: int, timeout: float = WAIT_SECONDS) -> list[Sent]:
        """Everything sent, once it is `count` messages or more."""
        if not await self.changed.until(lambda: len(self.record) >= count, timeout):
            raise AssertionError(f"{len(self.record)} of {count} messages came")
        return list(self.record)

    async def called(self, method: str, count: int, timeout: float = WAIT_SECONDS) -> None:
        """Wait until a method was called `count` times in all."""
        name = method.lower()
        if not await self.changed.until(lambda: self.calls[name] >= count, timeout):
            raise AssertionError(f"{method} was called {self.calls[name]} times, not {count}")

    async def drained(self, bot: Bot | None = None, timeout: float = WAIT_SECONDS) -> None:
        """Wait until every update is confirmed."""
        bot = bot or self.bot
        if not await bot.updates.changed.until(lambda: len(bot.updates) == 0, timeout):
            raise AssertionError(f"{len(bot.updates)} updates are not confirmed")

    async def heard(
        self, chat: Chat, listener: int, n: int, *, thread: int | None, timeout: float
    ) -> list[Sent]:
        """The next `n` messages of a chat (and topic) for this listener."""
        key = hash((listener, thread))

        def there() -> list[Sent]:
            return [s for s in chat.sent[chat.heard.get(key, 0) :] if s.thread == thread]

        if not await chat.changed.until(lambda: len(there()) >= n, timeout):
            raise AssertionError(f"{len(there())} of {n} messages came: {there()}")
        heard = there()[:n]
        if heard:
            chat.heard[key] = chat.sent.index(heard[-1]) + 1
        return heard

    @property
    def actions(self) -> list[tuple[int, int | None, str]]:
        """Every chat action: chat, thread, action."""
        return self.methods.messages.actions

    @property
    def edits(self) -> list[Json]:
        """Every edit of a message's words by a bot: chat, message, text, at."""
        return self.methods.messages.edits

    @property
    def deleted(self) -> list[tuple[int, int]]:
        """Every message that a bot deleted: chat, message."""
        return self.methods.messages.deleted

    @property
    def answered_presses(self) -> list[tuple[str, str]]:
        """Every press that a bot answered: its id, and the words that were shown."""
        return self.methods.presses.answered

    def _sent(self, chat: Chat, sent: Sent) -> None:
        self.record.append(sent)
        chat.sent.append(sent)
        chat.changed.changed()
        self.changed.changed()

    def counted(self, method: str) -> None:
        """A method was called."""
        self.calls[method] += 1
        self.changed.changed()

    def answered(self) -> None:
        """A call was carried out."""
        self.changed.changed()


class Forum(Chat):
    """A supergroup with topics."""

    def __init__(self, telegram: TelegramEmulator, chat: Chat) -> None:
        super().__init__(
            chat.id, chat.type, chat.title, is_forum=True, bots=chat.bots, ids=chat.ids
        )
        telegram.world.groups[chat.id] = self
        self._telegram = telegram
        self._creator = telegram.user("Admin").person

    def topic(self, name: str, *, by: Json | None = None) -> Topic:
        """A new topic; the service message that opens it reaches the bots."""
        note = self.message(
            by or self._creator,
            forum_topic_created={"name": name, "icon_color": 7322096},
            is_topic_message=True,
        )
        note["message_thread_id"] = note["message_id"]
        topic = Topic(self, note["message_id"], name)
        self.topics[topic.id] = topic
        self.topic_creations[topic.id] = note
        self._telegram.deliver(self, "message", note)
        return topic

    def delete_topic(self, topic: Topic) -> None:
        """Remove a topic and what was said in it; the bots are not told."""
        del self.topics[topic.id]
        lost = [n for n, m in self.messages.items() if m.get("message_thread_id") == topic.id]
        for number in lost:
            del self.messages[number]


def _meant_for(bot: Bot, chat: Chat, message: Json) -> bool:
    """What a bot in privacy mode sees: https://core.telegram.org/bots/features#privacy-mode."""
    if chat.type == "private" or "text" not in message:
        return True
    if message.get("reply_to_message", {}).get("from", {}).get("id") == bot.id:
        return True
    text = message["text"]
    return text.startswith("/") or f"@{bot.username}".lower() in text.lower()


def run_until_stopped(port: int) -> None:
    """Serve until interrupted, having printed the address as one JSON line."""
    import orjson

    async def serve() -> None:
        async with TelegramEmulator(port=port) as tg:
            line = {"url": tg.url, "token": tg.token, "bot": tg.bot.as_user()}
            print(orjson.dumps(line).decode(), flush=True)
            await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        return
