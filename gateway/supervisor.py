"""Keeps one channel running: a failure is its own, has its own backoff, and shows in its health.

A channel that neither hears of its platform nor is seen to try is deaf, whatever its task does: it
is started again, too.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from channels.channel import Channel, Condition, Health, Receive
from channels.errors import Unauthorized
from gateway.health import ChannelVitals
from gateway.listening import Listening
from gateway.token_locks import TokenInUse, TokenLock

_STEADY = 60.0
"""Seconds after which a run counts as good and the next failure begins with a short wait."""

_ASK_AGAIN = 60.0
"""Seconds until a token is tried again that another gateway uses."""

DEAF_AFTER = 300.0
"""Seconds without a sign of life after which a channel is started again. The longest that a working
one is silent is two minutes: a wait of one before the next try, and a call that has to time out."""

_LOOK = 30.0
"""Seconds between two looks at a channel."""

_INSIST = 5.0
"""Seconds after which a channel that shall end and does not is told again."""

_log = structlog.get_logger("channels")


class Deaf(Exception):
    """A channel gave no sign of life for too long."""


@dataclass(slots=True)
class Backoff:
    """Waits in seconds that double from `first` to `most`."""

    first: float
    most: float
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        self._next = self.first

    def wait(self) -> float:
        """The next wait: a fifth more or less, so that accounts do not come back as one."""
        now, self._next = self._next, min(2 * self._next, self.most)
        return now * random.uniform(0.8, 1.2)

    def reset(self) -> None:
        """What was tried went well."""
        self._next = self.first


class Supervisor:
    """One channel, started again whenever it ends; it runs only while it holds `lock`.

    A refused token stays in view as long as it is refused. Only the owner can mend it, at the
    platform too (an intent that is switched on), so it is tried again, but seldom.
    """

    def __init__(
        self,
        channel: Channel,
        receive: Receive,
        *,
        lock: TokenLock | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        look_every: float = _LOOK,
        insist_every: float = _INSIST,
        deaf_after: float = DEAF_AFTER,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel = channel
        self._receive = receive
        self._lock = lock
        self._sleep = sleep
        self._look_every, self._deaf_after = look_every, deaf_after
        self._insist_every = insist_every
        self._steady = steady
        self._listening = Listening(steady)
        self._resumes_at: float | None = None
        self._deaf = False
        self._task: asyncio.Task[None] | None = None
        self._problem: tuple[Condition, str] | None = None
        self._broken = Backoff(first=1.0, most=60.0)
        self._refused = Backoff(first=300.0, most=3600.0)

    def start(self) -> None:
        """Begin to take messages in."""
        self._listening.sign()
        self._task = asyncio.create_task(self._run(), name=f"channel {self._channel.name}")

    async def stop(self) -> None:
        """End intake, and let others read with the token; the channel can still send."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._lock is not None:
            self._lock.release()

    def health(self) -> Health:
        """The channel's health; a run that broke is not healthy, whatever the channel thinks."""
        health = self._channel.health()
        if self._problem is None or health.condition is Condition.FAILED:
            return health
        condition, detail = self._problem
        return replace(health, condition=condition, detail=detail)

    def vitals(self) -> ChannelVitals:
        """How alive the channel is."""
        health, heard = self.health(), self._listening
        heard.look(health)
        resumes = None if self._resumes_at is None else self._resumes_at - self._steady()
        return ChannelVitals(
            self._channel.name,
            health.condition,
            proved=heard.proved,
            tried=heard.tried,
            resumes=heard.waits if resumes is None else resumes,
        )

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            wait = await self._once(self._channel.name)
            if loop.time() - began > _STEADY:
                self._broken.reset()
                self._refused.reset()
            seconds = wait()
            self._resumes_at = self._steady() + seconds
            await self._sleep(seconds)
            self._resumes_at = self._problem = None
            if not self._deaf:
                # To have waited for something is no silence. What had to be ended stays silent
                # until the platform, or a failure, is heard.
                self._listening.sign()

    async def _once(self, name: str) -> Callable[[], float]:
        """Run the channel until it ends; how long to wait before the next time."""
        try:
            if self._lock is not None:
                self._lock.take()
            await self._listen_to(self._channel.run(self._receive))
        except TokenInUse as error:
            self._problem = (Condition.FAILED, str(error))
            _log.error("token_in_use", channel=name, error=str(error))
            return lambda: _ASK_AGAIN
        except Unauthorized as error:
            self._problem = (Condition.FAILED, str(error))
            _log.error("channel_refused", channel=name, error=str(error))
            return self._refused.wait
        except Deaf:
            self._deaf = True
            self._problem = (Condition.DEGRADED, "it gave no sign of life and is started again")
            _log.error("channel_deaf", channel=name, seconds=self._deaf_after)
            return self._broken.wait
        except Exception as error:
            detail = f"it broke and is started again: {_named(error)}"
            self._problem = (Condition.DEGRADED, detail)
            _log.exception("channel_broke", channel=name)
        else:
            self._problem = (Condition.DEGRADED, "it ended and is started again")
            _log.warning("channel_ended", channel=name)
        return self._broken.wait

    async def _listen_to(self, intake: Coroutine[Any, Any, None]) -> None:
        """Let a channel run for as long as it gives signs of life. Raises `Deaf`, or what it does.

        One that does not let itself be ended is told again and again, and cannot be started again:
        two would take the same messages. It stays deaf, and that is for the process's own watchdog
        to see.
        """
        began, self._deaf = self._steady(), False
        run = asyncio.create_task(intake, name=f"intake of {self._channel.name}")
        try:
            while not (await asyncio.wait([run], timeout=self._look_every))[0]:
                vitals = self.vitals()
                silence = min(vitals.tried, self._steady() - began)
                if silence > self._deaf_after and not (vitals.resumes or 0.0) > 0.0:
                    raise Deaf
        finally:
            # A library may forget a cancellation and go on: then no stop would ever end.
            while not run.done():
                run.cancel()
                await asyncio.wait([run], timeout=self._insist_every)
        run.result()


def _named(error: Exception) -> str:
    """What it was: of an error of the system's (a port that is taken) also its words."""
    name = type(error).__name__
    return f"{name}: {error.strerror}" if isinstance(error, OSError) and error.strerror else name
