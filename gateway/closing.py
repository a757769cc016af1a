"""The end of a message: its outcome and what is owed for it, stored in one transaction."""

from collections.abc import Mapping

from channels.channel import Channel
from gateway.clock import Clock
from gateway.delivery import Delivery
from gateway.events import Feed, TurnEnded
from gateway.trouble import Trouble
from state.keys import Address
from state.messages import Accepted, Outcome, Reply
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
        accepted: Accepted,
        outcome: Outcome,
        reply: Reply | None,
        *,
        session: Session | None = None,
        detail: str | None = None,
    ) -> None:
        """Close an accepted message; the reply goes where the message came from."""
        address: Address = accepted.message.address
        rendered = self._channels[address.channel].render(reply) if reply is not None else ()
        parts = [(address, part) for part in rendered]

        async def finish() -> None:
            owed = await self._ledger.finish(
                accepted.seq,
                outcome=outcome,
                parts=parts,
                at=self._clock.now(),
                session=session,
                detail=detail,
                begin=self._delivery.idle(address),
            )
            self._delivery.post(owed)

        await self._trouble.insist(finish)
        self._feed.publish(TurnEnded(accepted.session, accepted.message.source, outcome))
