"""Long polling that confirms an update only when it has been taken over.

https://core.telegram.org/bots/api#getupdates: asking from an offset confirms everything below it.
So the offset is a low-water mark: the first update that was not taken over, and nothing above it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import NoReturn

import structlog

from channels.channel import Receive
from channels.cursors import Cursors
from channels.errors import ChannelError, Conflict, Unreachable
from channels.pace import Pace
from channels.pulse import Pulse
from channels.telegram.client import BotClient
from channels.telegram.identity import Identity
from channels.telegram.inbound import update_id
from channels.telegram.reading import Reader
from channels.telegram.refusals import WebhookInTheWay
from state.messages import Correction, Inbound, InboundMessage, Migration

_REMEMBER_EVERY = timedelta(seconds=30)
_HINT_LASTS = timedelta(days=1)
"""After a week without updates their numbers start anywhere (api#update), and an offset above
them would confirm, unread, what comes next. So an old offset is not used."""

_log = structlog.get_logger("channels.telegram")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One update of a batch: its number, and what it says if it says anything."""

    number: int | None
    inbound: Inbound | None


class Poller:
    """Takes one bot's updates in, batch by batch."""

    def __init__(
        self,
        client: BotClient,
        me: Identity,
        receive: Receive,
        *,
        reader: Reader,
        seconds: int,
        pulse: Pulse,
        cursors: Cursors,
        pace: Pace,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._me = me
        self._receive = receive
        self._reader = reader
        self._seconds = seconds
        self._pulse = pulse
        self._pace = pace
        self._now = now
        self._cursors = cursors
        self._cursor = f"telegram:{me.id}"
        self._offset: int | None = None
        self._remembered: tuple[int | None, datetime | None] = (None, None)
        self._patience = 0
        self._stuck = False

    async def run(self) -> NoReturn:
        """Poll until cancelled. Raises `Unauthorized`."""
        self._offset = await self._recall()
        try:
            while True:
                await self._pace.until_done(self._round, self._failed)
        finally:
            await self._remember()

    async def _round(self) -> None:
        """Ask once, and hand over what came."""
        # The first question after a start or a failure does not wait: the answer is the proof.
        patience, self._patience = self._patience, 0
        try:
            batch = await self._client.updates(self._offset, patience)
        except WebhookInTheWay:
            _log.warning("leftover_webhook_deleted", channel=self._me.account)
            await self._client.delete_webhook()
            raise
        if not self._stuck:
            self._pulse.answered()
        if batch:
            await self._take(batch)
        else:
            # All below the offset is confirmed and nothing is above it, so it has done its work;
            # kept, it could lie above the next update's number.
            self._offset = None
        if self._stuck:
            self._stuck = False
            self._pulse.answered()
        self._patience = self._seconds
        if batch:
            await self._remember_now_and_then()

    async def _take(self, batch: Sequence[object]) -> None:
        at = self._now()
        arrivals = [Arrival(update_id(raw), self._reader.read(raw, at)) for raw in batch]
        # A migration stands alone: what is said in the new chat must find the old one's session.
        for _, group in groupby(arrivals, key=lambda a: isinstance(a.inbound, Migration)):
            run = list(group)
            taken, error = await self._hand_over(run)
            self._confirm(run[:taken])
            if error is not None:
                raise error
        if all(arrival.number is None for arrival in arrivals):
            raise Unreachable("Telegram sent updates without numbers, which cannot be confirmed")

    async def _hand_over(self, run: Sequence[Arrival]) -> tuple[int, Exception | None]:
        """Give the chats' messages on, all chats at once, each chat's in order.

        Returns how many arrivals from the start were taken over, and what stopped the next.
        """
        lanes: dict[object, list[int]] = defaultdict(list)
        for position, arrival in enumerate(run):
            if arrival.inbound is not None:
                lanes[_lane(arrival, position)].append(position)
        stops = await asyncio.gather(*(self._lane(run, lane) for lane in lanes.values()))
        failures = [stop for stop in stops if stop is not None]
        return min(failures, key=lambda stop: stop[0]) if failures else (len(run), None)

    async def _lane(
        self, run: Sequence[Arrival], positions: Iterable[int]
    ) -> tuple[int, Exception] | None:
        for position in positions:
            inbound = run[position].inbound
            if inbound is None:
                continue
            self._pulse.heard(inbound)
            try:
                await self._receive(inbound)
            except Exception as error:
                return position, error
        return None

    def _confirm(self, taken: Iterable[Arrival]) -> None:
        numbers = [arrival.number for arrival in taken if arrival.number is not None]
        if numbers:
            self._offset = max(numbers) + 1

    def _failed(self, error: Exception) -> None:
        if isinstance(error, WebhookInTheWay):
            self._pulse.trouble("a webhook was set for this bot; it is deleted", cut_off=True)
        elif isinstance(error, Conflict):
            self._pulse.trouble(
                "another program polls with this bot's token: stop it, or get a new token from "
                "@BotFather",
                cut_off=True,
            )
        elif isinstance(error, ChannelError):
            self._pulse.missed(error)
        else:
            # Telegram is well; what it gave could not be kept, and it is asked for it again.
            self._stuck = True
            _log.warning("update_not_stored", channel=self._me.account, error=repr(error))
            self._pulse.trouble(f"messages cannot be stored: {error}", cut_off=True)

    # The hint that spares a restart from seeing known updates again ------------------------------

    async def _recall(self) -> int | None:
        try:
            value = await self._cursors.get(self._cursor)
            if value is None:
                return None
            offset, _, seconds = value.partition("@")
            age = self._now().timestamp() - float(seconds)
            return int(offset) if 0 <= age <= _HINT_LASTS.total_seconds() else None
        except Exception as error:
            _log.warning("cursor_not_read", channel=self._me.account, error=repr(error))
            return None

    async def _remember_now_and_then(self) -> None:
        _, when = self._remembered
        if when is None or self._now() - when >= _REMEMBER_EVERY:
            await self._remember()

    async def _remember(self) -> None:
        offset, now = self._offset, self._now()
        if offset is None or offset == self._remembered[0]:
            return
        self._remembered = (offset, now)
        try:
            await self._cursors.set(self._cursor, f"{offset}@{now.timestamp():.0f}")
        except Exception as error:
            # Only a hint: without it the last updates come again and are recognised.
            _log.warning("cursor_not_kept", channel=self._me.account, error=repr(error))


def _lane(arrival: Arrival, position: int) -> object:
    if isinstance(arrival.inbound, InboundMessage | Correction):
        return arrival.inbound.address.chat
    return position
