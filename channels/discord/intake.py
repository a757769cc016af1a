"""From the gateway's events to messages taken over: each room in order, nothing twice, no gap.

Discord tells an event once and takes no receipt for it. So each room is read from its history
after whatever may have been a gap: the last message that was taken over is remembered, and what
follows it comes first. https://docs.discord.com/developers/events/gateway#resuming
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

import structlog

from channels.channel import Receive
from channels.discord import ids
from channels.discord.catchup import CatchUp, message_number
from channels.discord.client import BotClient
from channels.discord.commands import Invocations
from channels.discord.identity import Identity
from channels.discord.inbound import deleted, deletion, malformed, parse_edit, parse_message
from channels.discord.interactions import Interactions
from channels.discord.marks import ReadMarks
from channels.discord.places import Place
from channels.discord.rooms import Rooms
from channels.discord.seen import Seen
from channels.errors import ChannelError
from channels.pace import Pace
from channels.pulse import Pulse
from state.messages import Correction, Inbound, InboundMessage

Json = dict[str, Any]
_WRITE_SECONDS = 5.0
_MOST_WAITING = 1_000
"""Events of one room that wait; of more, the room is read from its history instead."""

_DELETIONS = {"MESSAGE_DELETE", "MESSAGE_DELETE_BULK"}
_ROOM_EVENTS = {"MESSAGE_CREATE", "MESSAGE_UPDATE"} | _DELETIONS
_log = structlog.get_logger("channels.discord")


@dataclass(eq=False, slots=True)
class _Lane:
    """One room's events, in order; None asks for its history."""

    events: deque[tuple[str, Json] | None] = field(default_factory=deque)
    overflown: bool = False


class Intake:
    """Takes one bot's messages in. `heard` is given every payload of the gateway."""

    def __init__(
        self,
        client: BotClient,
        me: Identity,
        receive: Receive,
        *,
        marks: ReadMarks,
        invocations: Invocations,
        catch_up: int,
        pulse: Pulse,
        pace: Pace,
        now: Callable[[], datetime],
    ) -> None:
        self._me = me
        self._receive = receive
        self._marks = marks
        self._pulse = pulse
        self._pace = pace
        self._now = now
        self._rooms = Rooms(client, me)
        self._catch_up = CatchUp(me.account, client, self._rooms, marks, most=catch_up)
        self._lanes: dict[int, _Lane] = {}
        self._interactions = Interactions(
            client, me, self._rooms, invocations, insist=self._insist, now=now
        )
        self._open = False
        self._seen = Seen()
        self._stuck: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> NoReturn:
        """Write down now and then how far it is read; when cancelled, end what is under way."""
        try:
            while True:
                await asyncio.sleep(_WRITE_SECONDS)
                await self._marks.write()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._marks.write()

    def heard(self, payload: Json) -> None:
        """One payload, of whatever shape; never raises, never waits."""
        op, event, data = payload.get("op"), payload.get("t"), payload.get("d")
        if op == 0 or op == 11:
            self._alive()
        if op != 0 or not isinstance(event, str) or not isinstance(data, dict):
            return
        match event:
            case "READY":
                self._connected()
                self._begin_session()
            case "RESUMED":
                self._connected()
            case "INTERACTION_CREATE":
                self._start(self._interactions.take(data))
            case _ if event in _ROOM_EVENTS:
                self._put(event, data)
            case _:
                self._learned(self._rooms.learn(event, data))

    def lost(self) -> None:
        """The connection ended; what is heard next comes over another, and proves nothing yet."""
        self._open = False

    def _connected(self) -> None:
        self._open = True
        self._pulse.connected()

    def _alive(self) -> None:
        if self._open and not self._stuck:
            self._pulse.proved()

    # Rooms ----------------------------------------------------------------------------------

    def _begin_session(self) -> None:
        """A session that is not the last one going on: there is a gap everywhere."""
        self._rooms.new_session()
        self._catch_up.begin_session(self._now())
        for room in self._marks.chats:
            self._enter(room, None)

    def _learned(self, places: list[Place]) -> None:
        for place in places:
            if place.last is not None and not self._catch_up.is_whole(place.id):
                self._enter(place.id, None)

    def _put(self, event: str, data: Json) -> None:
        try:
            room = ids.snowflake(data["channel_id"])
        except (KeyError, TypeError, ValueError) as error:
            self._start(self._insist(malformed(data, self._me, error, self._now())))
            return
        self._enter(room, (event, data))

    def _enter(self, room: int, event: tuple[str, Json] | None) -> None:
        lane = self._lanes.get(room)
        if lane is None:
            lane = self._lanes[room] = _Lane()
            lane.events.append(event)
            self._start(self._work(room, lane))
        elif len(lane.events) < _MOST_WAITING:
            lane.events.append(event)
        else:
            lane.overflown = True

    async def _work(self, room: int, lane: _Lane) -> None:
        try:
            while lane.events:
                event = lane.events[0]
                await self._pace.until_done(
                    lambda event=event: self._handle(room, event),  # type: ignore[misc]
                    lambda error: self._failed(room, error),
                )
                self._well(room)
                lane.events.popleft()
                if lane.overflown and not lane.events:
                    lane.overflown = False
                    await self._pace.until_done(
                        lambda: self._catch_up.reread(room, self._take),
                        lambda error: self._failed(room, error),
                    )
        finally:
            # Nothing is awaited between the last look at the events and this.
            del self._lanes[room]

    async def _handle(self, room: int, event: tuple[str, Json] | None) -> None:
        await self._catch_up.fill(room, self._take)
        if event is None:
            return
        name, data = event
        if name in _DELETIONS:
            await self._forget(room, data)
            return
        place = await self._rooms.find(room, data.get("guild_id"))
        if place is None:
            await self._receive(malformed(data, self._me, "an unknown channel", self._now()))
        elif name == "MESSAGE_CREATE":
            await self._take(data, place)
        else:
            await self._correct(data, place)

    async def _take(self, raw: Any, place: Place) -> None:
        """Take a message over, unless it was before."""
        number = message_number(raw)
        if number is not None and number in self._seen:
            return
        inbound = parse_message(raw, place, self._me, self._now())
        if place.guild is None:
            await self._marks.remember_chat(place.id)
        if inbound is not None:
            self._pulse.heard(inbound)
            await self._receive(inbound)
        if number is not None:
            self._marks.move(place.id, number)
            said = inbound.text if isinstance(inbound, InboundMessage) else None
            self._seen.add(number, said)

    async def _correct(self, raw: Json, place: Place) -> None:
        """Take an edit over; Discord tells of a preview, a pin or a new thread as of an edit."""
        edit = parse_edit(raw, place, self._me, self._now())
        if edit is None:
            return
        number = message_number(raw)
        if number is None or not isinstance(edit, Correction):
            await self._receive(edit)
        elif not self._seen.says(number, edit.text):
            await self._receive(edit)
            self._seen.add(number, edit.text)

    async def _forget(self, room: int, raw: Json) -> None:
        """Take deletions over, of messages that can have been taken over."""
        try:
            numbers = deleted(raw)
        except (KeyError, TypeError, ValueError) as error:
            await self._receive(malformed(raw, self._me, error, self._now()))
            return
        numbers = [number for number in numbers if self._may_know(number)]
        place = await self._rooms.find(room, raw.get("guild_id")) if numbers else None
        if place is None:
            return
        for number in numbers:
            await self._receive(deletion(number, place, self._me, self._now()))

    def _may_know(self, message: int) -> bool:
        if message in self._seen:
            return not self._seen.is_nothing(message)
        return self._marks.began_before(message)

    # Trouble --------------------------------------------------------------------------------

    async def _insist(self, inbound: Inbound) -> None:
        """Hand over what is in no history, again and again."""
        self._pulse.heard(inbound)
        await self._pace.until_done(
            lambda: self._receive(inbound), lambda error: self._failed(0, error)
        )
        self._well(0)

    def _failed(self, room: int, error: Exception) -> None:
        if isinstance(error, ChannelError):
            self._pulse.trouble(str(error))
            return
        self._stuck.add(room)
        _log.warning("message_not_stored", channel=self._me.account, error=repr(error))
        self._pulse.trouble(f"messages cannot be stored: {error}", cut_off=True)

    def _well(self, room: int) -> None:
        if room in self._stuck:
            self._stuck.discard(room)
            self._alive()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("intake_failed", channel=self._me.account, error=repr(error))
