"""The end of a message: its outcome and what is owed for it, stored in one transaction."""

from collections.abc import Mapping
from dataclasses import replace

from channels.channel import Channel
from gateway.batch import Batch
from gateway.clock import Clock
from gateway.delivery import Delivery
from gateway.events import Feed, TurnEnded
from gateway.trouble import Trouble
from state.messages import (
    ChatKind,
    Correction,
    Deletion,
    InboundMessage,
    Outcome,
    Part,
    Reply,
)
from state.session import Session
from state.store import Ledger


class Closing:
    """Renders replies, closes inbox rows and hands what is owed to delivery."""

    def __init__(
        self,
        ledger: Ledger,
        channels: Mapping[str, Channel],
        delivery: Delivery,
        trouble: Trouble,
        feed: Feed,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._channels = channels
        self._delivery = delivery
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
    ) -> None:
        """Close accepted messages; the reply goes where they came from."""
        message = batch.last.message
        address = message.address
        parts = [(address, part) for part in self._rendered(message, reply)]

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
            )
            self._delivery.post(owed)

        await self._trouble.insist(finish)
        for each in batch:
            self._feed.publish(TurnEnded(each.session, each.message.source, outcome))

    def _rendered(
        self, message: InboundMessage | Correction | Deletion, reply: Reply | None
    ) -> tuple[Part, ...]:
        """Among several people an answer points at its question; between two it need not."""
        if reply is None or isinstance(message, Deletion):
            return ()
        channel = self._channels[message.address.channel]
        if message.kind is not ChatKind.DIRECT or channel.capabilities.points_in_private:
            reply = replace(reply, reply_to=message.id)
        return channel.render(reply)
