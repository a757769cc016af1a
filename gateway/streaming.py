"""Shows answers while they grow: beside each turn, and never in the way of what is owed.

The turn feeds its words to a `Stream`, which is nothing but a list of them until the first ones
are old enough; then a task makes the calls that `live.Live` decides on. A call that is under way
ends in its own time, and `Streaming.end` waits for it, so that no edit comes after the final one.
Each live message is in the ledger beside its open row as soon as it is posted: after a crash the
next turn takes it up.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context

import structlog

from channels.channel import Capabilities, Channel
from channels.errors import ChannelError
from gateway import lateness
from gateway.batch import Batch
from gateway.delivery import Delivery
from gateway.live import Call, Live, Post
from gateway.replies import words_in_time
from gateway.trouble import Trouble
from state.ids import idempotency_key
from state.messages import (
    ChatKind,
    Deletion,
    InboundMessage,
    OwedPart,
    Part,
    Receipt,
    Reply,
)
from state.store import Ledger

_log = structlog.get_logger("streaming")


class Stream:
    """The live answer to one batch. `rows` says beside which row each live message is recorded.

    `withdrawn` is how often an answer to the first of these messages was taken away again.
    """

    def __init__(
        self,
        batch: Batch,
        channel: Channel,
        *,
        calls: "LiveCalls",
        live: Live,
        rows: list[int],
        withdrawn: int = 0,
    ) -> None:
        self.live = live
        self.rows = rows
        self._batch = batch
        self._channel = channel
        self._calls = calls
        self._withdrawn = withdrawn
        self._pieces: list[str] = []
        self._seen = ""
        self._paused = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._grew = asyncio.Event()
        self._ended = asyncio.Event()

    def grew(self, text: str) -> None:
        """Some more words of the answer."""
        self._pieces.append(text)
        if self._timer is None and not self.live.over:
            loop = asyncio.get_running_loop()
            self.live.begin(loop.time())
            self._timer = loop.call_at(self.live.ready_at, self._start, context=Context())
        self._grew.set()

    def voided(self) -> None:
        """What was said so far is no part of the answer. People see it until there is more."""
        self._pieces.clear()

    def pause(self) -> None:
        """The turn is over, and nobody knows yet what the answer is."""
        self._paused = True

    def resume(self) -> None:
        """The turn begins anew."""
        self._paused = False
        self._pieces.clear()

    @property
    def words(self) -> str:
        """The answer so far, if people see any of it."""
        if not self.live.visible:
            return ""
        return "".join(self._pieces).strip() or self._seen

    async def end(self) -> Live:
        """Show nothing more; returns when the call under way has ended."""
        self._ended.set()
        self._grew.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            # Not awaited itself: whoever is cancelled here does not cancel a call.
            await asyncio.wait([self._task])
        return self.live

    def cancel(self) -> None:
        """End at once; a call that is under way is broken off."""
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="live answer")

    async def _run(self) -> None:
        try:
            while await self._due():
                text = "".join(self._pieces)
                await self._step(text, await self._rendered(text))
            await self._ended.wait()
            if (post := self.live.again()) is not None:
                await self._make(post)
        except Exception:
            # The answer is owed all the same.
            _log.exception("live_answer_broke")
            self.live.end()

    async def _due(self) -> bool:
        """Wait until there are new words and a call may be made; False when it is over."""
        while not self._ended.is_set() and not self.live.over:
            wait = self.live.ready_at - _now()
            if wait <= 0 and self._grew.is_set():
                self._grew.clear()
                return True
            if wait <= 0:
                await self._grew.wait()
                continue
            try:
                async with asyncio.timeout(wait):
                    await self._ended.wait()
            except TimeoutError:
                continue
        return False

    async def _rendered(self, text: str) -> tuple[Part, ...]:
        message = self._batch.last.message
        if isinstance(message, Deletion) or not text.strip():
            return ()
        return await words_in_time(self._channel, message, Reply(lateness.note(self._batch) + text))

    async def _step(self, text: str, parts: tuple[Part, ...]) -> None:
        if self._paused or self._ended.is_set():
            return
        call = self.live.next(parts, _now())
        if call is None:
            return
        # There may be more to do for the same words, and there is if this call does not succeed.
        self._grew.set()
        if not await self._calls.may(call, self._batch):
            self.live.held(_now())
        elif await self._make(call):
            self._seen = text

    async def _make(self, call: Call) -> bool:
        before = self.live.shown
        try:
            receipt = await self._calls.make(call, self._batch, self._withdrawn)
        except ChannelError as error:
            _log.info("not_shown", channel=self._channel.name, error=str(error))
            self.live.failed(error, _now())
            return False
        self.live.done(receipt.message, _now())
        if isinstance(call, Post):
            self.rows.append(self._batch.last.seq)
        if self.live.shown != before:
            await self._record(self.rows[call.index])
        return True

    async def _record(self, row: int) -> None:
        mine = [shown for shown, of in zip(self.live.shown, self.rows, strict=True) if of == row]
        await self._calls.record(row, mine)


class LiveCalls:
    """What streams do to the world outside."""

    def __init__(self, ledger: Ledger, delivery: Delivery, trouble: Trouble) -> None:
        self._ledger = ledger
        self._delivery = delivery
        self._trouble = trouble

    async def may(self, call: Call, batch: Batch) -> bool:
        """Whether there is room for the call. What waits in the chat comes before a new message."""
        if isinstance(call, Post) and not self._delivery.idle(batch.address):
            return False
        return await self._delivery.spare(batch.address)

    async def make(self, call: Call, batch: Batch, withdrawn: int) -> Receipt:
        """Make it. Raises a `ChannelError`."""
        return await self._delivery.at_once(self._part(call.part, call.index, batch, withdrawn))

    async def removed(self, message: str, batch: Batch) -> bool:
        """Take a live message away, if that can be done now; whether it was."""
        if not await self._delivery.spare(batch.address):
            return False
        try:
            await self._delivery.at_once(self._part(Part("", "", edits=message), 0, batch))
        except ChannelError as error:
            _log.info("not_removed", channel=batch.address.channel, error=str(error))
            return False
        return True

    async def record(self, row: int, messages: Iterable[str]) -> None:
        """Remember where an open row's answer is shown."""
        shown = tuple(messages)
        await self._trouble.insist(lambda: self._ledger.show(row, shown))

    def _part(self, part: Part, index: int, batch: Batch, withdrawn: int = 0) -> OwedPart:
        # The same after a crash, when more messages may have joined the first; and another one than
        # that of what was taken away, and of the part that is owed in the end.
        source = f"{batch.first.message.source}\0live{withdrawn or ''}"
        key = idempotency_key(batch.address.channel, source, index)
        return OwedPart(0, batch.last.seq, index, batch.address, part, key=key)


class Streaming:
    """The live answers of all turns. `streams` says which accounts show answers while they grow."""

    def __init__(
        self,
        ledger: Ledger,
        channels: Mapping[str, Channel],
        delivery: Delivery,
        trouble: Trouble,
        *,
        streams: Callable[[str], bool],
    ) -> None:
        self._channels = channels
        self._streams_on = streams
        self._calls = LiveCalls(ledger, delivery, trouble)
        self._streams: dict[int, Stream] = {}
        self._left: dict[int, tuple[str, ...]] = {}
        self._withdrawn: dict[int, int] = {}

    def open(self, batch: Batch) -> Stream:
        """The stream of the turn that begins now; the same one when it begins again."""
        stream = self._streams.get(batch.last.seq)
        if stream is None:
            stream = self._streams[batch.last.seq] = self._new(batch)
        stream.resume()
        return stream

    async def end(self, batch: Batch) -> Live:
        """Show nothing more of the answer; where it is shown is the same until `forget`."""
        stream = self._streams.get(batch.last.seq) or self._new(batch)
        return await stream.end()

    def forget(self, batch: Batch) -> None:
        """The rows are closed: what becomes of their live messages is in the outbox."""
        self._streams.pop(batch.last.seq, None)
        for each in batch:
            self._left.pop(each.seq, None)
            self._withdrawn.pop(each.seq, None)

    async def withdraw(self, batch: Batch) -> None:
        """Nothing is answered, for now: take the live messages away, as far as possible.

        Those that cannot be taken away now are taken up by the next answer to their row.
        """
        stream = self._streams.get(batch.last.seq) or self._new(batch)
        live = await stream.end()
        kept: dict[int, list[str]] = {row: [] for row in stream.rows}
        for message, row in zip(live.shown, stream.rows, strict=True):
            if not await self._calls.removed(message, batch):
                kept[row].append(message)
        times = self._withdrawn.get(batch.first.seq, 0) + 1
        self.forget(batch)
        self._withdrawn[batch.first.seq] = times
        for row, messages in kept.items():
            self._left[row] = tuple(messages)
            await self._calls.record(row, messages)

    async def drain(self, seconds: float) -> None:
        """Show nothing more anywhere; calls that are under way may end for so long."""
        streams = list(self._streams.values())
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(stream.end() for stream in streams))
        except TimeoutError:
            for stream in streams:
                stream.cancel()
            await asyncio.gather(*(stream.end() for stream in streams))

    def _new(self, batch: Batch) -> Stream:
        channel = self._channels[batch.address.channel]
        can = channel.capabilities
        shown = [
            (message, each.seq)
            for each in batch
            for message in self._left.get(each.seq, each.shown)
        ]
        live = Live(
            spacing=_spacing(can, batch),
            idempotent=can.idempotent,
            recovered=any(each.recovered for each in batch),
            shown=[message for message, _ in shown],
        )
        if not self._streams_on(channel.name) or can.edit_seconds <= 0:
            live.end()
        return Stream(
            batch,
            channel,
            calls=self._calls,
            live=live,
            rows=[row for _, row in shown],
            withdrawn=self._withdrawn.get(batch.first.seq, 0),
        )


def _spacing(can: Capabilities, batch: Batch) -> float:
    message = batch.last.message
    if isinstance(message, InboundMessage) and message.kind is ChatKind.DIRECT:
        return can.edit_seconds
    return max(can.edit_seconds, can.group_edit_seconds)


def _now() -> float:
    return asyncio.get_running_loop().time()
