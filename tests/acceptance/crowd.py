"""Many chats that never fall silent, and a hand that kills the gateway under them."""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.acceptance.checker import Line, Record, word, words_in
from tests.acceptance.gateway_process import GatewayProcess
from tests.acceptance.towns import Seat, Town

_LONGEST_LIFE = 5.0
_JITTER = 0.05
_FOR_EVER = 3600.0
_REDELIVER_EVERY = 20
_LONGEST_GREETING = 20.0
_TO_NOBODY = 10


@dataclass
class Crowd:
    """Everybody who talks, and a record of what was said, heard and killed."""

    gateway: GatewayProcess
    towns: Sequence[Town]
    rng: random.Random
    said: list[Line] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    phrase: str = "tell me {word}"
    """What everybody says; the word makes each message unlike every other."""
    _seats: list[tuple[Town, Seat]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @asynccontextmanager
    async def talking(self, chats: int) -> AsyncIterator[None]:
        """So many chats of each town talk for as long as this lasts."""
        self.sit_down(chats)
        tasks = [asyncio.create_task(self._talk(town, seat)) for town, seat in self._seats]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        broken = [each for each in ended if not isinstance(each, asyncio.CancelledError)]
        assert not broken, broken

    def sit_down(self, chats: int) -> Sequence[tuple[Town, Seat]]:
        """Take so many chats of each town; whoever sits there says nothing yet."""
        self._seats = [(town, seat) for town in self.towns for seat in town.seats(chats)]
        return self._seats

    @property
    def seats(self) -> Sequence[tuple[Town, Seat]]:
        """Where people sit."""
        return self._seats

    async def met(self, town: Town, chats: int) -> None:
        """Wait until something was heard in so many chats of a town."""

        def heard() -> int:
            return len({line.chat for line in town.record})

        came = await town.changed.until(lambda: heard() >= chats, _LONGEST_GREETING)
        assert came, f"{heard()} of {chats} chats of {town.kind} were answered"

    async def kill(self, life: range) -> None:
        """Let the gateway live for a while, kill it, and start another one at once.

        In between, some say one thing more.
        `life` is how many calls it may make to the platforms: so a life is as full on a slow
        machine as on a fast one, and a short one ends while the gateway still starts.
        """
        end = self._calls() + self.rng.choice(life)
        await self._until(lambda: self._calls() >= end, _LONGEST_LIFE)
        await asyncio.sleep(self.rng.uniform(0, _JITTER))
        await self.gateway.kill()
        for town, seat in self.rng.sample(self._seats, len(self._seats) // _TO_NOBODY):
            await self.say(town, seat)
        await self.gateway.spawn()
        # What the dead one had written to its sockets has arrived by now, and the new one is not
        # awake yet: this moment parts what one sent from what the other sends.
        self.kills.append(time.monotonic())

    async def quiet(self, silence: float) -> None:
        """Wait until every message has its answer, or nothing has been heard for so long."""
        while True:
            before = self._news()
            if self._all_answered():
                return
            if not await self._until(lambda before=before: self._news() > before, silence):
                return

    def record(self) -> Record:
        """What happened, and what is on the disk now."""
        return Record(
            said=self.said,
            sent=self._sent(),
            kills=self.kills,
            histories=self.gateway.histories(),
            counts=self.gateway.counts(),
        )

    def _all_answered(self) -> bool:
        shown = {each: line.text for line in self._sent() for each in words_in(line.text)}
        return all(
            said.text in shown.get(each, "") for said in self.said for each in words_in(said.text)
        )

    def _sent(self) -> list[Line]:
        return [line for town in self.towns for line in town.record]

    def _news(self) -> int:
        return sum(town.news for town in self.towns)

    def _calls(self) -> int:
        return sum(town.calls for town in self.towns)

    async def _until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Whether it came to hold: looked at whenever something happens on a platform."""
        waits = [asyncio.create_task(t.changed.until(condition, timeout)) for t in self.towns]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        return condition()

    async def _talk(self, town: Town, seat: Seat) -> None:
        """Say something, and the next thing as soon as the last but one was answered."""
        waiting = await self.say(town, seat)
        while True:
            said = await self.say(town, seat)
            await seat.chat.changed.until(lambda each=waiting: seat.heard(each), _FOR_EVER)
            waiting = said

    async def say(self, town: Town, seat: Seat, phrase: str | None = None) -> str:
        """Say something at a seat; returns what was said."""
        number = next(self._numbers)
        text = (phrase or self.phrase).format(word=word(number))
        self.said.append(Line(seat.name, text, time.monotonic()))
        await seat.says(text)
        if number % _REDELIVER_EVERY == 0:
            # It is run once all the same.
            town.redeliver(self.rng)
        return text
