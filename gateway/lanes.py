"""One ordered worker per session, which exists only while the session has work.

A session's messages are answered in the order they were accepted; sessions never wait for each
other. What belongs together is taken together (`gathering`). A worker leaves as soon as its lane
is empty: between finding it empty and leaving there is no `await`, so a message submitted at that
moment finds either the worker or no lane.

A correction or a deletion of a message that has no outcome yet changes what is asked. It leaves
the queue, follows its message through the lane, and is worked on right behind it: so its inbox
row stays open at least as long as the message's, and a crash in between loses neither.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from itertools import islice, takewhile
from typing import Any, TypeVar

import structlog

from agents.config import QueueMode
from gateway import gathering
from gateway.batch import Batch
from gateway.lane import Action, Lane, Message
from gateway.stop import Stop
from state.keys import SessionKey
from state.messages import Accepted, Correction, Deletion

T = TypeVar("T")
_log = structlog.get_logger("lanes")

MOST_INTERRUPTIONS = 5
"""Turns in a row that are given up for what was said since. Then one runs to its end, or somebody
who writes faster than a model thinks would never be answered."""

Handle = Callable[[Batch, Stop], Awaitable[Batch | None]]
"""Works on messages until they have their outcome, and returns None. When their turn obeyed a stop
with `Stop.again`, it returns those without an outcome, as they are known by then: they are taken up
anew. What it raises is a bug and is logged."""


Mode = Callable[[SessionKey], QueueMode]
"""How messages that arrive during a turn are queued, by the key that they came under."""


Stops = Callable[[Accepted], bool]
"""Whether a request to stop speaks of a message."""


def _collect(_: SessionKey) -> QueueMode:
    return QueueMode.COLLECT


class Lanes:
    """All lanes with work in them. `mode` says how the messages of a key are queued."""

    def __init__(self, handle: Handle, *, mode: Mode = _collect) -> None:
        self._handle = handle
        self._mode = mode
        self._lanes: dict[str, Lane] = {}
        self._closing = self._drained = False
        self._empty = asyncio.Event()
        self._empty.set()

    def submit(self, accepted: Accepted, *, stops: Stops | None = None) -> None:
        """Let a message's session work on it when its turn comes.

        With `stops`, what the session accepted before, and it speaks of, is asked to stop at once.
        """
        if self._closing:
            return
        lane = self._lanes.get(accepted.session)
        if lane is not None and self._changes(lane, accepted):
            lane.changed.set()
            return
        stop = Stop(self._stop(accepted, stops) if stops is not None else ())
        self._put(accepted.session, Message(accepted, stop))
        if lane is not None and self._mode(accepted.key) is QueueMode.INTERRUPT:
            self._interrupt(lane)

    async def run_between(self, session: str, action: Callable[[], Awaitable[T]]) -> T:
        """Run an action between two messages of a session, and return what it returns.

        Whoever waits for one that the lanes do not come to is cancelled, when they are drained.
        """
        waiting = Action(action)
        if self._drained:
            waiting.done.cancel()
        else:
            self._put(session, waiting)
        return await waiting.done

    def waiting(self, session: str) -> int:
        """How many messages of a session, and changes of them, are not finished."""
        lane = self._lanes.get(session)
        if lane is None:
            return 0
        return sum(1 + len(each.changes) for each in lane.messages())

    def has(self, accepted: Accepted) -> bool:
        """Whether a message is being worked on, or waits for it."""
        lane = self._lanes.get(accepted.session)
        return lane is not None and any(
            each.accepted.seq == accepted.seq for each in lane.messages()
        )

    def __len__(self) -> int:
        """How many lanes have work."""
        return len(self._lanes)

    async def settled(self) -> None:
        """Wait until no session has work."""
        await self._empty.wait()

    async def drain(self, seconds: float) -> None:
        """Let what runs finish for so long, then cancel it. What waits stays accepted.

        Nothing is lost by the cancel: a message without an outcome runs again at the next start.
        """
        self._closing = True
        for lane in list(self._lanes.values()):
            lane.items = deque(item for item in lane.items if isinstance(item, Action))
            lane.changed.set()
        try:
            async with asyncio.timeout(seconds):
                await self.settled()
        except TimeoutError:
            _log.warning("turns_parked", count=len(self._lanes))
        self._drained = True
        lanes = list(self._lanes.values())
        tasks = [lane.task for lane in lanes if lane.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for lane in lanes:
            lane.give_up()

    def _stop(self, asking: Accepted, stops: Stops) -> tuple[Stop, ...]:
        lane = self._lanes.get(asking.session)
        if lane is None:
            return ()
        running = [lane.current[0]] if lane.current else []
        waiting = [each for each in lane.items if isinstance(each, Message)]
        asked = [
            each.stop
            for each in [*running, *waiting]
            if each.accepted.seq < asking.seq and not each.stop.final and stops(each.accepted)
        ]
        for stop in asked:
            stop.request()
        return tuple(asked)

    def _changes(self, lane: Lane, accepted: Accepted) -> bool:
        """Let a correction or deletion change its message, where that has no outcome yet."""
        change = accepted.message
        if not isinstance(change, Correction | Deletion):
            return False
        for each in lane.messages():
            if each.deleted or not gathering.concerns(change, each.accepted):
                continue
            if each in lane.current:
                free = isinstance(change, Deletion) or self._may_interrupt(lane)
                if not (free and lane.interrupt()):
                    return False
            each.take(accepted)
            if isinstance(change, Deletion) and each not in lane.current:
                # It ends without a word: it must not part those around it.
                each.stop.deleted = True
                lane.items.remove(each)
                lane.items.appendleft(each)
            return True
        return False

    def _interrupt(self, lane: Lane) -> None:
        """Give up the running turn when what has just been put in would be part of it."""
        messages = [each.accepted for each in lane.messages()]
        joined = gathering.together(messages, QueueMode.INTERRUPT) == len(messages)
        if lane.current and joined and self._may_interrupt(lane):
            lane.interrupt()

    def _may_interrupt(self, lane: Lane) -> bool:
        return lane.interruptions < MOST_INTERRUPTIONS

    def _put(self, session: str, item: Message | Action[Any]) -> None:
        lane = self._lanes.get(session)
        if lane is None:
            lane = self._lanes[session] = Lane()
            self._empty.clear()
            lane.items.append(item)
            # A fresh context: what a caller bound for its logs is not about the later messages.
            lane.task = asyncio.create_task(
                self._work(session, lane), name=f"lane {session}", context=Context()
            )
        else:
            lane.items.append(item)
            lane.changed.set()

    async def _work(self, session: str, lane: Lane) -> None:
        try:
            while lane.items:
                first = lane.items[0]
                if isinstance(first, Action):
                    lane.items.popleft()
                    await first.run()
                    continue
                # What belongs together stays in the queue until it is complete: until then it
                # can be stopped, corrected and deleted like everything that waits.
                batch = self._together(lane, first)
                if (seconds := self._patience(lane, batch)) > 0:
                    await self._change(lane, seconds)
                    continue
                for _ in batch:
                    lane.items.popleft()
                await self._answer(session, lane, batch)
        finally:
            del self._lanes[session]
            if not self._lanes:
                self._empty.set()

    def _together(self, lane: Lane, first: Message) -> tuple[Message, ...]:
        if first.stop.requested or first.stop.deleted:
            # Each message that is not answered ends, and is counted, by itself.
            return (first,)
        heads = takewhile(
            lambda item: isinstance(item, Message) and not item.stop.requested,
            islice(lane.items, gathering.MOST),
        )
        messages = [head for head in heads if isinstance(head, Message)]
        mode = self._mode(first.accepted.key)
        count = gathering.together([each.accepted for each in messages], mode)
        return tuple(messages[:count])

    def _patience(self, lane: Lane, batch: tuple[Message, ...]) -> float:
        last = batch[-1]
        if last.stop.requested or last.stop.deleted:
            return 0.0
        if len(batch) < len(lane.items) or len(batch) == gathering.MOST:
            return 0.0
        waited = asyncio.get_running_loop().time() - last.arrived
        return gathering.patience(last.accepted, waited=waited)

    async def _change(self, lane: Lane, seconds: float) -> None:
        lane.changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await lane.changed.wait()

    async def _answer(self, session: str, lane: Lane, batch: tuple[Message, ...]) -> None:
        lane.current = batch
        stop = batch[0].stop
        try:
            left = await self._handle(Batch(tuple(each.accepted for each in batch)), stop)
        except Exception:
            # The messages stay accepted, with their changes, and run again at the next start.
            _log.exception("message_not_finished", session=session)
            return
        finally:
            lane.current = ()
        if self._closing:
            return
        if left is None:
            lane.interruptions = 0
        # Some of them may have their outcome all the same: an answer from before a crash.
        known = {each.seq: each for each in left or ()}
        again = [each for each in batch if each.accepted.seq in known]
        for each in again:
            each.again(known[each.accepted.seq], stopped=not stop.again)
        lane.put_first(sorted(again, key=lambda each: not each.deleted))
        ended = [each for each in batch if each not in again]
        lane.put_first(Message(change, Stop()) for each in ended for change in each.changes)
