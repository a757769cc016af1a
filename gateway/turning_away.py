"""What is not run though its sender is let in: too much waits, or they come too often."""

from datetime import datetime, timedelta

from gateway.commands import CommandName
from gateway.delivery import Delivery
from gateway.ground import Ground
from gateway.limits import Limits, TooMany, Turn
from gateway.notices import notice
from state.keys import SessionKey
from state.messages import Correction, Deletion, InboundMessage, Part, Reply, ReplyKind

_COUNTED = (CommandName.COMPACT,)
"""The commands that a model works for."""

_MINUTE = timedelta(minutes=1)


class TurningAway:
    """Counts what is taken, and declines what is too much, with a word about it."""

    def __init__(self, ground: Ground, delivery: Delivery) -> None:
        self._ledger = ground.ledger
        self._channels = ground.channels
        self._clock = ground.clock
        self._delivery = delivery
        self._settings = ground.settings
        self._counted = Limits(ground.settings.now.limits)

    @property
    def _limits(self) -> Limits:
        """What came lately, counted by the limits in effect."""
        self._counted.keep_to(self._settings.now.limits)
        return self._counted

    async def recall(self) -> None:
        """Count what an earlier run took: a flood must not begin anew because the gateway does."""
        now, steady = self._clock.now(), self._clock.steady()
        taken = await self._ledger.lately(now - self._limits.window, commands=_COUNTED)
        self._limits.recall([(key, now - at) for key, at in taken], steady)

    def count(
        self, message: InboundMessage | Correction | Deletion, key: SessionKey, *, exempt: bool
    ) -> Turn | TooMany | None:
        """Count a message that `key` leads on, unless its sender is `exempt`; see `Limits.take`.

        What is changed of a message is no turn of its own.
        """
        if exempt or not isinstance(message, InboundMessage):
            return None
        return self._limits.take(message, key, self._clock.steady())

    def uncount(self, turn: Turn) -> None:
        """It was not taken."""
        self._limits.take_back(turn)

    async def queue_full(self, message: InboundMessage | Correction, waiting: int) -> None:
        """Decline a message because so many of its session wait."""
        await self._decline(message, "queue_full", notice("queue_full", waiting=waiting))

    async def too_many(self, found: TooMany) -> None:
        """Decline a message because its sender, or its group, came too often. Once, say so."""
        text = notice(
            found.notice,
            turns=found.turns,
            minutes=int(self._limits.window / _MINUTE),
            reset=_goes_on(self._clock.now(), found.seconds),
        )
        told = False
        try:
            told = await self._decline(found.message, found.notice, text if found.tell else None)
        finally:
            if not told:
                self._limits.untold(found)

    async def _decline(
        self, message: InboundMessage | Correction, reason: str, text: str | None
    ) -> bool:
        """Whether it was declined now, and not taken before."""
        parts: tuple[Part, ...] = ()
        if text is not None:
            reply = Reply(text, ReplyKind.NOTICE, message.id)
            parts = self._channels[message.address.channel].render(reply)
        owed = await self._ledger.decline(message, reason=reason, parts=parts, at=self._clock.now())
        self._delivery.post(owed or ())
        return owed is not None


def _goes_on(now: datetime, seconds: float) -> str:
    """When it goes on, in words and in whole minutes: ``12:05 UTC, in 3 min``."""
    minutes = max(1, -int(-seconds // 60))
    at = now + timedelta(seconds=seconds)
    at += (_MINUTE - timedelta(seconds=at.second, microseconds=at.microsecond)) % _MINUTE
    return f"{at:%H:%M} UTC, in {minutes} min"
