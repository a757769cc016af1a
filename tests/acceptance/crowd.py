"""Many chats that never fall silent, and a hand that kills the gateway under them."""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.acceptance.checker import Line, Record, word, word_in
from tests.acceptance.gateway_process import World
from tests.emulators.telegram import Chat, Topic, User

_LONGEST_LIFE = 5.0
_JITTER = 0.05
_FOR_EVER = 3600.0
_REDELIVER_EVERY = 20
_LATELY = 400


@dataclass(frozen=True)
class Seat:
    """Where somebody talks: in private, in a group, or in a topic of a forum."""

    who: User
    place: Chat | Topic | None = None

    @property
    def chat(self) -> Chat:
        if self.place is None:
            return self.who.chat()
        return self.place.chat if isinstance(self.place, Topic) else self.place

    @property
    def name(self) -> str:
        return _name(self.chat.id, self.place.id if isinstance(self.place, Topic) else None)


@dataclass
class Crowd:
    """Everybody who talks, and a record of what was said, heard and killed."""

    world: World
    rng: random.Random
    said: list[Line] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @asynccontextmanager
    async def talking(self, chats: int) -> AsyncIterator[None]:
        """So many chats talk for as long as this lasts."""
        tasks = [asyncio.create_task(self._talk(seat)) for seat in self._seats(chats)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        broken = [each for each in ended if not isinstance(each, asyncio.CancelledError)]
        assert not broken, broken

    async def kill(self, life: range) -> None:
        """Let the gateway live for a while, kill it, and start another one at once.

        `life` is how many calls it may make, to Telegram alone: so a life is as full on a slow
        machine as on a fast one, and a short one ends while the gateway still starts.
        """
        telegram, gateway = self.world.telegram, self.world.gateway
        end = telegram.calls.total() + self.rng.choice(life)
        await telegram.changed.until(lambda: telegram.calls.total() >= end, _LONGEST_LIFE)
        await asyncio.sleep(self.rng.uniform(0, _JITTER))
        await gateway.kill()
        await gateway.spawn()
        # What the dead one had written to its sockets has arrived by now, and the new one is not
        # awake yet: this moment parts what one sent from what the other sends.
        self.kills.append(time.monotonic())

    async def quiet(self, silence: float) -> None:
        """Wait until every message has its answer, or nothing has been heard for so long."""
        telegram = self.world.telegram
        heard: set[str | None] = set()
        seen = 0
        while True:
            heard.update(word_in(sent.text) for sent in telegram.record[seen:])
            before = seen = len(telegram.record)
            if len(heard) >= len(self.said):
                return
            more = await telegram.changed.until(
                lambda before=before: len(telegram.record) > before, silence
            )
            if not more:
                return

    def record(self) -> Record:
        """What happened, and what is on the disk now."""
        gateway = self.world.gateway
        return Record(
            said=self.said,
            sent=[Line(_name(s.chat, s.thread), s.text, s.at) for s in self.world.telegram.record],
            kills=self.kills,
            histories=gateway.histories(),
            counts=gateway.counts(),
        )

    def _seats(self, chats: int) -> Iterator[Seat]:
        """A tenth of the chats are groups, a tenth topics of one forum, the rest private."""
        telegram = self.world.telegram
        forum = telegram.forum("Forum")
        for number in range(chats):
            who = telegram.user(f"Person {number}")
            match number % 10:
                case 0:
                    yield Seat(who, telegram.group(f"Group {number}"))
                case 1:
                    yield Seat(who, forum.topic(f"Topic {number}"))
                case _:
                    yield Seat(who)

    async def _talk(self, seat: Seat) -> None:
        """Say something, and the next thing as soon as the last but one was answered."""
        waiting = await self._say(seat)
        while True:
            said = await self._say(seat)
            await seat.chat.changed.until(lambda each=waiting: _heard(seat.chat, each), _FOR_EVER)
            waiting = said

    async def _say(self, seat: Seat) -> str:
        telegram = self.world.telegram
        number = next(self._numbers)
        text = f"tell me {word(number)}"
        if seat.place is not None:
            text = f"@{telegram.bot.username} {text}"
        self.said.append(Line(seat.name, text, time.monotonic()))
        await seat.who.says(text, in_=seat.place)
        if number % _REDELIVER_EVERY == 0:
            self._redeliver()
        return word(number)

    def _redeliver(self) -> None:
        """Something that was confirmed comes again: it is run once all the same."""
        confirmed = self.world.telegram.bot.updates.confirmed
        lately = self.world.telegram.updates[max(0, confirmed - _LATELY) : confirmed]
        if lately:
            self.world.telegram.redeliver(self.rng.choice(lately))


def _heard(chat: Chat, said: str) -> bool:
    return any(said in sent.text for sent in reversed(chat.sent))


def _name(chat: int, thread: int | None) -> str:
    return str(chat) if thread is None else f"{chat}/{thread}"
