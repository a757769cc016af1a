"""How often people may have the agent work for them. Pure: time is passed in.

Who has come too often is told once when it goes on, and their messages are declined until then.
Owners and what is for Argent itself are not counted.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.commands import CommandName, parse
from state.keys import SessionKey, SessionType
from state.messages import InboundMessage

_Turns = Annotated[int, Field(ge=0, le=10_000)]


class LimitSettings(BaseModel):
    """How many messages are taken from people within so many minutes; 0: any number. Owners are
    not limited."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sender_turns: _Turns = 20
    """From one sender, in all their chats on an account."""

    group_turns: _Turns = 60
    """From everybody in one group together, with its threads."""

    window_minutes: int = Field(default=10, ge=1, le=24 * 60)
    """Within how many minutes."""

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return self.window_minutes * 60.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that was counted: for its sender, and for its group."""

    sender: str
    group: str | None
    at: float


@dataclass(frozen=True, slots=True)
class TooMany:
    """A message that is one too many. `notice` names what is said, `turns` is the limit.

    It goes on in so many `seconds`. `tell` says whether to say it to `whom`, a sender or a group:
    who was told (`at`) is not told again within a window.
    """

    message: InboundMessage
    notice: str
    turns: int
    seconds: float
    whom: str
    at: float
    tell: bool = False


class Window:
    """The times at which each of many came within the last `seconds`; at most `most` of each.

    Who has not come for so long is forgotten as others come, so it holds about as many as come
    within two windows.
    """

    _FEW = 1_000

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._times: dict[str, deque[float]] = {}
        self._sweep_at = self._FEW

    def __len__(self) -> int:
        return len(self._times)

    def keep_to(self, most: int, seconds: float) -> None:
        """Hold to another limit from now on."""
        self._most, self._seconds = most, seconds

    def full_until(self, name: str, now: float) -> float | None:
        """When there is room for one again, None where there is now. 0 of `most` is no limit."""
        times = self._times.get(name)
        if not self._most or times is None:
            return None
        while times and times[0] <= now - self._seconds:
            times.popleft()
        return times[-self._most] + self._seconds if len(times) >= self._most else None

    def add(self, name: str, at: float) -> None:
        """One came."""
        if not self._most:
            return
        self._times.setdefault(name, deque()).append(at)
        if len(self._times) >= self._sweep_at:
            self._sweep(at)

    def take_back(self, name: str, at: float) -> None:
        """That one was none."""
        times = self._times.get(name, deque())
        if at in times:
            times.remove(at)
        if not times:
            self._times.pop(name, None)

    def _sweep(self, now: float) -> None:
        late = now - self._seconds
        self._times = {name: times for name, times in self._times.items() if times[-1] > late}
        # As many again may come before it is worth looking: on average, nobody pays for it.
        self._sweep_at = max(self._FEW, 2 * len(self._times))


class Limits:
    """Counts what is taken, and finds what is too many. `now` is of a clock that nobody sets."""

    def __init__(self, settings: LimitSettings) -> None:
        self._settings = settings
        self._senders = Window(settings.sender_turns, settings.seconds)
        self._groups = Window(settings.group_turns, settings.seconds)
        self._told = Window(1, settings.seconds)

    @property
    def window(self) -> timedelta:
        """Within which time messages are counted."""
        return timedelta(seconds=self._settings.seconds)

    def keep_to(self, settings: LimitSettings) -> None:
        """Count by these limits from now on, with what came lately: nobody's count begins anew.

        Of a limit that there was not, only what comes from now on is known.
        """
        if settings is self._settings:
            return
        self._settings = settings
        self._senders.keep_to(settings.sender_turns, settings.seconds)
        self._groups.keep_to(settings.group_turns, settings.seconds)
        self._told.keep_to(1, settings.seconds)

    def take(self, message: InboundMessage, key: SessionKey, now: float) -> Turn | TooMany | None:
        """Count a message that `key` leads on, if there is room for it; None where it is no turn.

        What is found too many is counted nowhere.
        """
        if not is_turn(message):
            return None
        sender, group = sender_of(key.channel, message.sender.id), group_of(key)
        whom = group or sender
        if (until := self._senders.full_until(sender, now)) is not None:
            found = TooMany(
                message, "limit_sender", self._settings.sender_turns, until - now, whom, now
            )
            return self._told_or_not(found)
        if group is not None and (until := self._groups.full_until(group, now)) is not None:
            found = TooMany(
                message, "limit_group", self._settings.group_turns, until - now, whom, now
            )
            return self._told_or_not(found)
        turn = Turn(sender, group, now)
        self._count(turn)
        return turn

    def take_back(self, turn: Turn) -> None:
        """It was none: it was taken before, or could not be stored."""
        self._senders.take_back(turn.sender, turn.at)
        if turn.group is not None:
            self._groups.take_back(turn.group, turn.at)

    def untold(self, found: TooMany) -> None:
        """It was not said after all: the next one may hear it."""
        if found.tell:
            self._told.take_back(found.whom, found.at)

    def recall(self, taken: Iterable[tuple[SessionKey, timedelta]], now: float) -> None:
        """Count what was taken before a restart: under which key, and how long ago.

        Who spoke in a group is not known any more: their own limit begins anew, the group's does
        not.
        """
        for key, ago in taken:
            at = now - ago.total_seconds()
            if (group := group_of(key)) is not None:
                self._groups.add(group, at)
            elif key.type is SessionType.DM:
                self._senders.add(sender_of(key.channel, key.chat), at)

    def _count(self, turn: Turn) -> None:
        self._senders.add(turn.sender, turn.at)
        if turn.group is not None:
            self._groups.add(turn.group, turn.at)

    def _told_or_not(self, found: TooMany) -> TooMany:
        tell = self._told.full_until(found.whom, found.at) is None
        if tell:
            self._told.add(found.whom, found.at)
        return replace(found, tell=tell)


def is_turn(message: InboundMessage) -> bool:
    """Whether the agent, or a model, works for a message. Most commands cost nothing."""
    return parse(message.text) in (None, CommandName.COMPACT)


def sender_of(account: str, user: str) -> str:
    """Somebody on an account, by the platform's id."""
    return f"{account}:{user}"


def group_of(key: SessionKey) -> str | None:
    """The group of a conversation, with its threads; None for a private one."""
    shared = key.type in (SessionType.GROUP, SessionType.TOPIC)
    return f"{key.channel}:{key.chat}" if shared else None
