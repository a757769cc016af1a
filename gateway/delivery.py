"""Owed parts become sent parts: one outbound queue per chat, none of which waits for another.

Every step is in the ledger before the next one is taken, so that after a crash sending goes on at
the first part that the platform has not taken. A part that was going out at that moment may be
sent again where the platform cannot recognise it; that is recorded as a repeat.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from contextvars import Context
from dataclasses import replace

import structlog

from channels.channel import Channel
from channels.errors import (
    ChannelError,
    Moved,
    Offline,
    RateLimited,
    Rejected,
    Unauthorized,
    Unreachable,
)
from gateway.calls import Calls, words_instead
from gateway.events import FloodWaited, PartFailed, PartSent, SendFailed
from gateway.feed import Feed
from gateway.pacing import Pace
from gateway.trouble import Trouble
from state.keys import Address
from state.messages import OwedPart, PartState, Receipt
from state.store import Ledger, Sessions

_FIRST_RETRY = 1.0
_LONGEST_RETRY = 60.0

_log = structlog.get_logger("delivery")


class _Queue:
    """What waits in a chat. `refused` says why the file of the first part could not be sent, in
    whose place words are said."""

    __slots__ = ("parts", "refused", "task", "woken")

    def __init__(self) -> None:
        self.parts: deque[OwedPart] = deque()
        self.refused: str | None = None
        self.task: asyncio.Task[None] | None = None
        self.woken = False


class Delivery:
    """Sends what is owed until it is sent, refused for ever, or the gateway stops."""

    def __init__(
        self,
        ledger: Ledger,
        sessions: Sessions,
        channels: Mapping[str, Channel],
        feed: Feed,
        trouble: Trouble,
    ) -> None:
        self._ledger = ledger
        self._channels = channels
        self._feed = feed
        self._trouble = trouble
        self._queues: dict[tuple[str, str], _Queue] = {}
        self._waiting: dict[tuple[str, str], _Queue] = {}
        self._paces = defaultdict[str, Pace](Pace)
        self._calls = Calls(sessions, channels)
        self._empty = asyncio.Event()
        self._empty.set()

    def idle(self, address: Address) -> bool:
        """Whether nothing waits before the next part for a chat."""
        chat = (address.channel, address.chat)
        return chat not in self._queues and chat not in self._waiting

    def post(self, parts: Iterable[OwedPart]) -> None:
        """Send these, each chat's after what it already waits for."""
        for part in parts:
            chat = (part.address.channel, part.address.chat)
            if part.address.channel not in self._channels:
                _log.warning("no_channel", channel=part.address.channel, part=part.id)
            elif (waiting := self._waiting.get(chat)) is not None:
                waiting.parts.append(part)
            else:
                self._start(chat, part)

    async def spare(self, address: Address) -> bool:
        """Whether a call may be made now that could as well be left out. It never takes the place
        of an answer, and floods nobody; a yes is for one call."""
        if not self._calls.free(address.channel):
            return False
        return await self._paces[address.channel].spare(address.chat, _now())

    async def at_once(self, part: OwedPart) -> Receipt:
        """Make one call for a part that nobody is owed, such as a live message.

        Raises what `Channel.send` raises, without another try; its pace is the answers' pace.
        """
        try:
            receipt = await self._calls.make(part)
        except RateLimited as error:
            self._flooded(part, error)
            raise
        self._paces[part.address.channel].sent(part.address.chat, _now())
        return receipt

    def wake(self, address: Address) -> None:
        """Somebody listens at an address again: send what waits for it."""
        chat = (address.channel, address.chat)
        if (queue := self._waiting.pop(chat, None)) is not None:
            self._run(chat, queue)
        elif (busy := self._queues.get(chat)) is not None:
            # It may have found nobody a moment ago and be about to wait: it tries once more.
            busy.woken = True

    def has(self, part: OwedPart) -> bool:
        """Whether a part is under way or waiting."""
        chat = (part.address.channel, part.address.chat)
        queue = self._queues.get(chat) or self._waiting.get(chat)
        return queue is not None and any(each.id == part.id for each in queue.parts)

    def back(self, account: str) -> None:
        """An account is there again, or another way: send what waits for it."""
        for queues in (self._queues, self._waiting):
            for channel, chat in list(queues):
                if channel == account:
                    self.wake(Address(channel, chat))

    async def ended(self, channel: Channel, seconds: float) -> None:
        """Wait, so long at most, until no call of a channel is under way."""
        await self._calls.ended(channel, seconds)

    def floods(self) -> Mapping[str, tuple[int, float]]:
        """How many chats of each account wait because of a flood, and how long at most."""
        waiting = {name: pace.waiting(_now()) for name, pace in self._paces.items()}
        return {name: told for name, told in waiting.items() if told[1] > 0}

    def __len__(self) -> int:
        """How many parts are under way or waiting."""
        queues = [*self._queues.values(), *self._waiting.values()]
        return sum(len(queue.parts) for queue in queues)

    async def settled(self) -> None:
        """Wait until nothing is under way; what waits for a listener may remain."""
        await self._empty.wait()

    async def drain(self, seconds: float) -> None:
        """Go on sending for so long, then stop; what is left stays owed."""
        try:
            async with asyncio.timeout(seconds):
                await self.settled()
        except TimeoutError:
            _log.warning("parts_left_owed", count=len(self))
        tasks = [queue.task for queue in self._queues.values() if queue.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, chat: tuple[str, str], part: OwedPart) -> None:
        queue = self._queues.get(chat)
        if queue is not None:
            queue.parts.append(part)
            return
        queue = _Queue()
        queue.parts.append(part)
        self._run(chat, queue)

    def _run(self, chat: tuple[str, str], queue: _Queue) -> None:
        self._queues[chat] = queue
        self._empty.clear()
        # A fresh context: the queue outlives the message whose turn happens to start it.
        queue.task = asyncio.create_task(
            self._work(chat, queue), name=f"delivery {chat}", context=Context()
        )

    async def _work(self, chat: tuple[str, str], queue: _Queue) -> None:
        try:
            while queue.parts:
                with _about(queue.parts[0]):
                    sent = await self._deliver(queue)
                if not sent and not queue.woken:
                    self._waiting[chat] = queue
                    return
        except Exception:
            # The parts stay owed and go out after the next start.
            _log.exception("delivery_failed", channel=chat[0])
        finally:
            del self._queues[chat]
            if not self._queues:
                self._empty.set()

    async def _deliver(self, queue: _Queue) -> bool:
        """Bring the first part to its end. False when its chat has to wait to be woken."""
        retry = _FIRST_RETRY
        while True:
            part = queue.parts[0]
            channel = self._channels[part.address.channel]
            pace = self._paces[channel.name]
            await self._wait_turn(part, pace)
            part = queue.parts[0] = await self._begin(part)
            try:
                queue.woken = False
                began = _now()
                receipt = await self._calls.make(part)
            except RateLimited as error:
                self._flooded(part, error)
                queue.parts[0] = await self._owe_again(part)
            except Moved as error:
                address = replace(part.address, chat=error.new_chat)
                queue.parts[0] = replace(part, address=address)
            except (Offline, Unauthorized):
                queue.parts[0] = await self._owe_again(part)
                return False
            except Unreachable as error:
                queue.parts[0] = await self._after_failure(part, error)
                await asyncio.sleep(retry)
                retry = min(retry * 2, _LONGEST_RETRY)
            except (Rejected, ChannelError) as error:
                if part.part.file is None:
                    await self._give_up(queue, queue.refused or str(error))
                    return True
                _log.error("file_refused", channel=channel.name, part=part.id, reason=str(error))
                queue.refused = str(error)
                queue.parts[0] = replace(part, part=words_instead(channel, part.part.file))
            else:
                pace.sent(part.address.chat, _now())
                await self._finish(queue, receipt, channel, seconds=_now() - began)
                return True

    def _flooded(self, part: OwedPart, error: RateLimited) -> None:
        account, chat = part.address.channel, part.address.chat
        self._paces[account].flooded(
            chat, error.retry_after, _now(), whole_account=error.whole_account
        )
        _log.warning("flood_wait", channel=account, seconds=error.retry_after)
        self._feed.publish(FloodWaited(account, error.retry_after))

    async def _wait_turn(self, part: OwedPart, pace: Pace) -> None:
        # Another part's flood may have lengthened the wait in the meantime.
        while (delay := pace.delay(part.address.chat, _now())) > 0:  # noqa: ASYNC110
            await asyncio.sleep(delay)
        await pace.admit(_now())

    async def _begin(self, part: OwedPart) -> OwedPart:
        if part.state is PartState.SENDING:
            return part
        await self._recorded(lambda: self._ledger.begin_sending(part.id))
        return _sending(part)

    async def _owe_again(self, part: OwedPart) -> OwedPart:
        await self._recorded(lambda: self._ledger.unsent(part.id))
        return replace(part, state=PartState.OWED)

    async def _after_failure(self, part: OwedPart, error: Unreachable) -> OwedPart:
        _log.warning("send_failed", channel=part.address.channel, error=str(error))
        # An edit that is made twice is made once.
        uncertain = error.uncertain and part.part.edits is None
        self._feed.publish(SendFailed(part.address.channel, part.id, part.seq, uncertain))
        if not uncertain:
            return await self._owe_again(part)
        await self._recorded(lambda: self._ledger.unknown(part.id))
        return replace(part, state=PartState.UNKNOWN)

    async def _give_up(self, queue: _Queue, reason: str) -> None:
        part = queue.parts[0]
        _log.error("part_refused", channel=part.address.channel, part=part.id, reason=reason)
        await self._recorded(lambda: self._ledger.failed(part.id, reason))
        queue.parts.popleft()
        queue.refused = None
        self._feed.publish(PartFailed(part.address.channel, part.id, part.seq))

    async def _finish(
        self, queue: _Queue, receipt: Receipt, channel: Channel, *, seconds: float
    ) -> None:
        part = queue.parts[0]
        if queue.refused is not None:
            # The words are said; what was owed, the file, has failed all the same.
            await self._give_up(queue, queue.refused)
            return
        following = queue.parts[1] if len(queue.parts) > 1 else None
        at_once = following is not None and not self._paces[channel.name].delay(
            part.address.chat, _now()
        )
        then = following.id if following is not None and at_once else None
        await self._recorded(lambda: self._ledger.sent(part.id, receipt, then=then))
        queue.parts.popleft()
        if following is not None and then is not None:
            queue.parts[0] = _sending(following)
        again = part.uncertain and part.part.edits is None
        repeated = again and not channel.capabilities.idempotent
        self._feed.publish(PartSent(channel.name, part.id, repeated, part.seq, seconds))

    async def _recorded(self, write: Callable[[], Awaitable[None]]) -> None:
        """Do a ledger write, again and again while the disk refuses it."""
        await self._trouble.insist(write)


def _about(part: OwedPart) -> AbstractContextManager[None]:
    """What is logged meanwhile says whose part it is about."""
    return structlog.contextvars.bound_contextvars(
        **({} if part.session is None else {"session": part.session}),
        channel=part.address.channel,
        row=part.seq,
        part=part.id,
    )


def _sending(part: OwedPart) -> OwedPart:
    return replace(
        part,
        state=PartState.SENDING,
        attempts=part.attempts + 1,
        uncertain=part.uncertain or part.state is PartState.UNKNOWN,
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
