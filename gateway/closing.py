"""The end of a message: its outcome and what is owed for it, stored in one transaction."""

from collections.abc import Mapping

from channels.channel import Channel
from gateway.batch import Batch
from gateway.clock import Clock
from gateway.delivery import Delivery
from gateway.events import TurnEnded
from gateway.feed import Feed
from gateway.replies import files, words_in_time
from gateway.streaming import Streaming
from gateway.trouble import Trouble
from state.messages import Deletion, Outcome, Part, Reply
from state.session import Session
from state.spending import Spending
from state.store import Ledger


class Closing:
    """Renders replies, closes inbox rows and hands what is owed to delivery."""

    def __init__(
        self,
        ledger: Ledger,
        channels: Mapping[str, Channel],
        delivery: Delivery,
        streaming: Streaming,
        trouble: Trouble,
        feed: Feed,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._channels = channels
        self._delivery = delivery
        self._streaming = streaming
        self._trouble = trouble
        self._feed = feed
        self._clock = clock

    async def close(
        self,
        batch: Batch,
        outcome: Outcome,
        reply: Reply | None,
        *,
        session: Session | None = None,
        detail: str | None = None,
        spent: Spending | None = None,
    ) -> None:
        """Close accepted messages; the reply goes where they came from.

        Where an answer was shown while it grew, its messages become the reply. `spent` is what the
        reply cost.
        """
        address = batch.address
        live = await self._streaming.end(batch)
        said, enclosed = await self._rendered(batch, reply)
        parts = [(address, part) for part in (*live.owed(said), *enclosed)]

        async def finish() -> None:
            owed = await self._ledger.finish(
                batch.last.seq,
                outcome=outcome,
                parts=parts,
                at=self._clock.now(),
                session=session,
                detail=detail,
                begin=self._delivery.idle(address),
                also=[each.seq for each in batch.accepted[:-1]],
                spent=spent,
            )
            self._delivery.post(owed)

        await self._trouble.insist(finish)
        self._streaming.forget(batch)
        self._publish(batch, outcome, len(parts))

    async def withdraw(self, batch: Batch) -> None:
        """Nothing is answered after all, or not yet: what was shown of an answer goes."""
        await self._streaming.withdraw(batch)

    def _publish(self, batch: Batch, outcome: Outcome, parts: int) -> None:
        now, last = self._clock.now(), batch.last
        for each in batch:
            self._feed.publish(
                TurnEnded(
                    each.session,
                    each.message.source,
                    outcome,
                    answered=last.message.source,
                    channel=batch.address.channel,
                    row=each.seq,
                    seconds=max(0.0, (now - each.at).total_seconds()),
                    parts=parts if each is last else 0,
                )
            )

    async def _rendered(
        self, batch: Batch, reply: Reply | None
    ) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """The reply's words and its files."""
        message = batch.last.message
        if reply is None or isinstance(message, Deletion):
            return (), ()
        channel = self._channels[message.address.channel]
        return await words_in_time(channel, message, reply), files(channel, reply)
