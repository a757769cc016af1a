"""Where a crowd talks: the same hands for every platform."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from tests.acceptance.checker import Line
from tests.emulators.discord import Channel as DiscordChannel
from tests.emulators.discord import DiscordEmulator
from tests.emulators.slack import SlackEmulator, blocks
from tests.emulators.telegram import Chat, TelegramEmulator, Topic, User
from tests.emulators.telegram.signal import Signal

_LATELY = 400


class Place(Protocol):
    """A chat of an emulator, as far as it is listened to."""

    changed: Signal


@dataclass(frozen=True)
class Seat:
    """Where somebody talks, under a name that no other platform's chat has."""

    name: str
    chat: Place
    says: Callable[[str], Any]
    """Says a text to the bot there; to be awaited."""

    shown: Callable[[], Iterator[str]]
    """What the bot's messages there read now, the newest first."""

    def heard(self, said: str) -> bool:
        """Whether an answer there holds this."""
        return any(said in text for text in self.shown())


class Town(Protocol):
    """The people of one platform."""

    kind: str

    @property
    def changed(self) -> Signal:
        """Changes when the bot calls, and when it has sent something."""
        ...

    @property
    def calls(self) -> int:
        """How often the bot called the platform, in all."""
        ...

    @property
    def news(self) -> int:
        """How often the bot said something new, or said it in another way."""
        ...

    @property
    def record(self) -> list[Line]:
        """What the bot sent and is still there, as it reads now, in the order of the platform."""
        ...

    def seats(self, count: int) -> Iterator[Seat]:
        """So many chats: in private, in groups and in threads."""
        ...

    def redeliver(self, rng: random.Random) -> None:
        """The platform tells once more of something that it has told lately."""
        ...


class TelegramTown:
    """A tenth of the chats are groups, a tenth topics of one forum, the rest private."""

    kind = "telegram"

    def __init__(self, telegram: TelegramEmulator) -> None:
        self._telegram = telegram

    @property
    def changed(self) -> Signal:
        return self._telegram.changed

    @property
    def calls(self) -> int:
        return self._telegram.calls.total()

    @property
    def news(self) -> int:
        return len(self._telegram.record) + len(self._telegram.edits)

    @property
    def record(self) -> list[Line]:
        return [
            Line(self._name(sent.chat, sent.thread), text, sent.at)
            for sent in self._telegram.record
            for text in self._reads(sent)
        ]

    def seats(self, count: int) -> Iterator[Seat]:
        forum = self._telegram.forum("Forum")
        for number in range(count):
            who = self._telegram.user(f"Person {number}")
            match number % 10:
                case 0:
                    yield self._seat(who, self._telegram.group(f"Group {number}"))
                case 1:
                    yield self._seat(who, forum.topic(f"Topic {number}"))
                case _:
                    yield self._seat(who)

    def redeliver(self, rng: random.Random) -> None:
        """What was confirmed comes again."""
        confirmed = self._telegram.bot.updates.confirmed
        lately = self._telegram.updates[max(0, confirmed - _LATELY) : confirmed]
        if lately:
            self._telegram.redeliver(rng.choice(lately))

    def _seat(self, who: User, place: Chat | Topic | None = None) -> Seat:
        mention = f"@{self._telegram.bot.username} " if place is not None else ""
        topic = place if isinstance(place, Topic) else None
        chat = who.chat() if place is None else topic.chat if topic else place
        assert isinstance(chat, Chat)
        return Seat(
            self._name(chat.id, topic.id if topic else None),
            chat,
            lambda text: who.says(mention + text, in_=place),
            lambda: (text for sent in reversed(chat.sent) for text in self._reads(sent)),
        )

    def _reads(self, sent: Any) -> Iterator[str]:
        """What a message of the bot's reads now; nothing when it is gone."""
        chat = self._telegram.world.find(self._telegram.bot, sent.chat)
        if chat is not None and sent.message in chat.messages:
            yield chat.messages[sent.message].get("text", "")

    def _name(self, chat: int, thread: int | None) -> str:
        return f"{self.kind}:{chat}" if thread is None else f"{self.kind}:{chat}/{thread}"


class DiscordTown:
    """A fifth of the chats are channels of a server, a fifth threads of one, the rest private."""

    kind = "discord"

    def __init__(self, discord: DiscordEmulator) -> None:
        self._discord = discord

    @property
    def changed(self) -> Signal:
        return self._discord.changed

    @property
    def calls(self) -> int:
        return self._discord.calls.total()

    @property
    def news(self) -> int:
        channels = self._discord.world.channels.values()
        return len(self._discord.record) + sum(len(channel.edits) for channel in channels)

    @property
    def record(self) -> list[Line]:
        return [
            Line(f"{self.kind}:{sent.chat}", text, sent.at)
            for sent in self._discord.record
            for text in self._reads(sent)
        ]

    def seats(self, count: int) -> Iterator[Seat]:
        server = self._discord.guild("Server")
        parent = server.channel("parent")
        for number in range(count):
            match number % 5:
                case 0:
                    yield self._seat(number, server.channel(f"room-{number}"))
                case 1:
                    yield self._seat(number, parent.thread(f"Thread {number}"))
                case _:
                    yield self._seat(number)

    def redeliver(self, rng: random.Random) -> None:
        """An event is told again, as a session that resumes does."""
        channel = rng.choice(list(self._discord.world.channels.values()))
        if channel.last_message is not None:
            message = channel.messages[channel.last_message]
            self._discord.tell_message("MESSAGE_CREATE", channel, message)

    def _seat(self, number: int, place: DiscordChannel | None = None) -> Seat:
        who = self._discord.user(f"Person {number}")
        channel = place or who.chat()
        mention = f"<@{self._discord.bot.id}> " if place is not None else ""
        return Seat(
            f"{self.kind}:{channel.id}",
            channel,
            lambda text: who.says(mention + text, in_=channel),
            lambda: (text for sent in reversed(channel.sent) for text in self._reads(sent)),
        )

    def _reads(self, sent: Any) -> Iterator[str]:
        messages = self._discord.world.channels[sent.chat].messages
        if sent.message in messages:
            yield messages[sent.message]["content"]


class SlackTown:
    """A fifth of the chats are channels, a fifth threads of one, the rest direct messages.

    The account must answer in a channel itself (`reply_in_thread = false`): else each mention
    there would begin a conversation of its own.
    """

    kind = "slack"

    def __init__(self, slack: SlackEmulator) -> None:
        self._slack = slack

    @property
    def changed(self) -> Signal:
        return self._slack.changed

    @property
    def calls(self) -> int:
        return self._slack.calls.total()

    @property
    def news(self) -> int:
        return len(self._slack.record) + len(self._slack.edits)

    @property
    def record(self) -> list[Line]:
        return [
            Line(self._name(sent.channel, sent.thread), text, sent.at)
            for sent in self._slack.record
            for text in self._reads(sent)
        ]

    def seats(self, count: int) -> Iterator[Seat]:
        parent = self._slack.channel("parent")
        for number in range(count):
            who = self._slack.user(f"Person {number}")
            match number % 5:
                case 0:
                    yield self._seat(who, self._slack.channel(f"room-{number}"))
                case 1:
                    # What a thread hangs on was there before the app was.
                    message = {"type": "message", "user": who.id, "ts": self._slack.world.ts()}
                    root = self._slack.world.keep(parent, message | {"text": "About this"})
                    yield self._seat(who, parent, root["ts"])
                case _:
                    yield self._seat(who)

    def redeliver(self, rng: random.Random) -> None:
        """What was acknowledged comes again."""
        acked = [each for each in self._slack.deliveries.all[-_LATELY:] if each.acked]
        if acked:
            again = rng.choice(acked)
            self._slack.deliveries.add(again.kind, again.payload)

    def _seat(self, who: Any, place: Any = None, thread: str | None = None) -> Seat:
        channel = place or who.chat()
        mention = "@argent " if place is not None else ""
        return Seat(
            self._name(channel.id, thread),
            channel,
            lambda text: who.says(mention + text, in_=channel, thread=thread),
            lambda: (text for sent in reversed(channel.sent) for text in self._reads(sent)),
        )

    def _reads(self, sent: Any) -> Iterator[str]:
        message = self._slack.world.channels[sent.channel].messages.get(sent.ts, {})
        if "bot_id" in message:
            yield blocks.read(message["blocks"])[0] if "blocks" in message else message["text"]

    def _name(self, channel: str, thread: str | None) -> str:
        return f"{self.kind}:{channel}" if thread is None else f"{self.kind}:{channel}/{thread}"
