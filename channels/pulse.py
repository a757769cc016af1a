"""How the channel is, judged by when its platform last answered."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from channels.channel import Condition, Health
from channels.errors import ChannelError, RateLimited
from state.messages import Inbound, InboundMessage
from state.store_errors import StoreError

_LONGEST_WAIT = 86400.0
"""Seconds of a wait that a platform asked for, beyond which nobody is taken at their word."""

_log = structlog.get_logger("channels")


class Pulse:
    """What the platform proved, and what went wrong since.

    `stale_after` is how long a proof lasts. A failure leaves a healthy channel healthy for that
    long, unless it says that messages do not get through (`cut_off`).
    """

    def __init__(
        self, account: str, *, stale_after: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._account = account
        self._stale_after = stale_after
        self._now = now
        self._condition = Condition.STOPPED
        self._detail: str | None = None
        self._cut_off = False
        self._proved_at: datetime | None = None
        self._generation = 0
        self._identity: str | None = None
        self._newest: datetime | None = None
        self._lag: float | None = None
        self._tried_at: datetime | None = None
        self._waits_until: datetime | None = None

    def starting(self) -> None:
        """A run begins."""
        self._condition, self._detail, self._cut_off = Condition.STARTING, None, False

    def known_as(self, identity: str) -> None:
        """The platform said who the bot is."""
        self._identity = identity

    def connected(self) -> None:
        """A new connection stands, for platforms that are spoken to over one."""
        self._condition = Condition.STARTING
        self.proved()

    def proved(self) -> None:
        """The platform answered just now."""
        self._proved_at = self._tried_at = self._now()
        self._waits_until = None
        recovered = self._condition is not Condition.HEALTHY
        self._condition, self._detail, self._cut_off = Condition.HEALTHY, None, False
        if recovered:
            self._generation += 1
            _log.info("connected", channel=self._account, bot=self._identity)

    def answered(self) -> None:
        """Like `proved`, where no connection stands: after trouble, an answer is a new one."""
        if self._detail is not None:
            self._condition = Condition.STARTING
        self.proved()

    def heard(self, inbound: Inbound) -> None:
        """Something arrived just now. A message says when it was sent; one that is not newer than
        those before it (told again, read from the history) says nothing of how it is now."""
        if not isinstance(inbound, InboundMessage):
            return
        if self._newest is None or inbound.at > self._newest:
            self._newest = inbound.at
            # Two clocks: the sender's side may be ahead of ours.
            self._lag = max(0.0, (self._now() - inbound.at).total_seconds())

    def trouble(self, detail: str, *, cut_off: bool = False) -> None:
        """Something went wrong that may mend itself."""
        self._tried_at = self._now()
        if detail != self._detail:
            _log.warning("trouble", channel=self._account, detail=detail)
        if self._condition is Condition.STARTING:
            self._condition = Condition.DEGRADED
        self._detail, self._cut_off = detail, cut_off

    def missed(self, error: Exception, *, cut_off: bool = False) -> None:
        """An attempt failed, and another one follows: not before the platform asks for it."""
        ours = isinstance(error, ChannelError | StoreError)
        # Words of others may hold an address with a token in it.
        self.trouble((ours and str(error)) or type(error).__name__, cut_off=cut_off)
        self._waits_until = None
        if isinstance(error, RateLimited):
            wait = min(error.retry_after, _LONGEST_WAIT)
            self._waits_until = self._now() + timedelta(seconds=wait)

    def failed(self, detail: str) -> None:
        """Only the owner can mend it."""
        self._condition, self._detail = Condition.FAILED, detail

    def stopped(self) -> None:
        """The run ended; a failure stays in view."""
        if self._condition is not Condition.FAILED:
            self._condition, self._detail = Condition.STOPPED, None

    def health(self) -> Health:
        """See `channels.channel.Health`."""
        return Health(
            self._judged(),
            self._proved_at,
            self._detail,
            self._generation,
            self._identity,
            self._lag,
            self._tried_at,
            self._waits_until,
        )

    def _judged(self) -> Condition:
        if self._condition is not Condition.HEALTHY:
            return self._condition
        fresh = self._proved_at is not None and self._now() - self._proved_at <= self._stale_after
        return Condition.HEALTHY if fresh and not self._cut_off else Condition.DEGRADED
