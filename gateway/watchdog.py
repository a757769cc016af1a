"""Feeds the service manager's watchdog for as long as the gateway lives, and keeps its status line.

https://www.freedesktop.org/software/systemd/man/latest/sd_watchdog_enabled.html
"""

import asyncio
from collections.abc import Callable, MutableMapping

import structlog

from gateway.health import Vitals, judge, told
from gateway.notifying import Notifying

_MICRO = 1_000_000
_UNWATCHED = 15.0
"""Seconds between two looks where only the status line is kept."""

_SOON = 1.0
"""Seconds until one that was found ill is looked at again."""

_log = structlog.get_logger("gateway")


def watched_every(environ: MutableMapping[str, str], pid: int) -> float | None:
    """Seconds within which the process `pid` has to feed; None where nobody expects it to.

    The variables are taken out, so that no child takes them for its own.
    """
    micros, whose = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
    if not micros.isdecimal() or int(micros) == 0 or whose not in ("", str(pid)):
        return None
    return int(micros) / _MICRO


class Watchdog:
    """Looks at a gateway twice in every interval, from its own loop: a loop that is stuck feeds
    nobody.

    One that was ill is looked at again `soon`: a machine that stood still for a moment finds the
    gateway late in everything, and well a second later, when half an interval would be too long.
    """

    def __init__(
        self, notifying: Notifying, *, interval: float | None, soon: float = _SOON
    ) -> None:
        self._notifying, self._interval, self._soon = notifying, interval, soon
        self._starving = False
        self._task: asyncio.Task[None] | None = None

    def start(self, vitals: Callable[[], Vitals]) -> None:
        """Feed from now on, as long as what is measured is well."""
        self._task = asyncio.create_task(self._run(vitals), name="watchdog")

    async def stop(self) -> None:
        """Feed no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self, vitals: Callable[[], Vitals]) -> None:
        pause = _UNWATCHED if self._interval is None else self._interval / 2
        while True:
            live = self._look(vitals())
            await asyncio.sleep(pause if live else min(pause, self._soon))

    def _look(self, vitals: Vitals) -> bool:
        """Whether it lives."""
        verdict = judge(vitals)
        self._notifying.status(told(vitals, verdict))
        if self._interval is None:
            return verdict.live
        if verdict.live:
            self._notifying.alive()
        elif not self._starving:
            _log.error("watchdog_not_fed", reasons=verdict.reasons)
        self._starving = not verdict.live
        return verdict.live
