"""The events of a message, put together as the tree of what was done for it. Pure.

    message                accepted … every part of its answer sent
    ├── turn               a wish for a place … its end; again, where it began anew
    │   ├── model call
    │   └── tool
    └── send               one call of a platform, for each part

Times are Unix seconds. There are ids and figures in it, and no word that anybody said.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.events import (
    Arrival,
    Arrived,
    GatewayEvent,
    ModelAnswered,
    ModelFailed,
    PartFailed,
    PartSent,
    SendFailed,
    Thought,
    ToolEnded,
    TurnEnd,
    TurnEnded,
    TurnStarted,
)
from state.messages import Outcome

MOST_OPEN = 4096
"""Messages whose trace is not complete. Beyond, the oldest is told as far as it is known, or not at
all: an answer may wait for days until somebody listens."""

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Span:
    """Something that was done, and what was done within it."""

    name: str
    start: float
    end: float
    attributes: Mapping[str, Value] = field(default_factory=dict)
    failed: bool = False
    children: tuple["Span", ...] = ()


@dataclass(slots=True)
class _Open:
    """What is known of a message whose trace is not complete."""

    start: float
    channel: str
    row: int | None
    done: list[Span] = field(default_factory=list)
    within: list[Span] = field(default_factory=list)
    ended: TurnEnded | None = None
    parts: int = 0
    retries: int = 0


class Spans:
    """Takes events in, and hands out each message's `Span` when it is complete."""

    def __init__(self, tell: Callable[[Span], None], *, most: int = MOST_OPEN) -> None:
        self._tell = tell
        self._most = most
        self._open: OrderedDict[tuple[str, str], _Open] = OrderedDict()
        self._rows: dict[int, tuple[str, str]] = {}
        self._takes: Mapping[type, Callable[[Any, float], None]] = {
            Arrived: self._arrived,
            TurnStarted: self._started,
            ModelAnswered: self._answered,
            ModelFailed: self._failed,
            ToolEnded: self._used,
            Thought: self._thought,
            TurnEnded: self._ended,
            PartSent: self._sent,
            PartFailed: self._refused,
            SendFailed: self._retried,
        }

    def __len__(self) -> int:
        """How many messages are not complete."""
        return len(self._open)

    def see(self, event: GatewayEvent, now: float) -> None:
        """Take an event in that happens now."""
        if (take := self._takes.get(type(event))) is not None:
            take(event, now)

    def _arrived(self, event: Arrived, now: float) -> None:
        if event.how is Arrival.ACCEPTED:
            self._begin((event.session, event.source), _Open(now, event.channel, event.row))

    def _started(self, event: TurnStarted, now: float) -> None:
        key = (event.session, event.source)
        if key not in self._open:
            # Accepted before the last restart: what is known of it begins here.
            self._begin(key, _Open(now, "", None))

    def _begin(self, key: tuple[str, str], opened: _Open) -> None:
        self._open[key] = opened
        if opened.row is not None:
            self._rows[opened.row] = key
        if len(self._open) > self._most:
            oldest = next(iter(self._open))
            self._close(oldest, now=opened.start)

    def _answered(self, event: ModelAnswered, now: float) -> None:
        attributes: dict[str, Value] = {"gen_ai.request.model": event.model}
        if event.first_words is not None:
            attributes["argent.first_words"] = event.first_words
        if event.usage is not None:
            attributes["gen_ai.usage.input_tokens"] = event.usage.input
            attributes["gen_ai.usage.output_tokens"] = event.usage.output
        self._within(event, Span("model call", now - event.seconds, now, attributes))

    def _failed(self, event: ModelFailed, now: float) -> None:
        attributes = {"gen_ai.request.model": event.model, "error.type": event.code}
        self._within(event, Span("model call", now - event.seconds, now, attributes, failed=True))

    def _used(self, event: ToolEnded, now: float) -> None:
        # The name of a tool that there is not is the model's own word.
        attributes = {"gen_ai.tool.name": event.tool if event.known else "unknown"}
        span = Span("tool", now - event.seconds, now, attributes, event.failed)
        self._within(event, span)

    def _within(self, event: ModelAnswered | ModelFailed | ToolEnded, span: Span) -> None:
        if (opened := self._open.get((event.session, event.source))) is not None:
            opened.within.append(span)

    def _thought(self, event: Thought, now: float) -> None:
        opened = self._open.get((event.session, event.source))
        if opened is None:
            return
        attributes: dict[str, Value] = {
            "gen_ai.request.model": event.model,
            "argent.end": event.end,
            "argent.waited": event.waited,
        }
        start = now - event.seconds - event.waited
        failed, children = event.end is TurnEnd.FAILED, tuple(opened.within)
        opened.within.clear()
        opened.done.append(Span("turn", start, now, attributes, failed, children))

    def _ended(self, event: TurnEnded, now: float) -> None:
        key = (event.session, event.source)
        if (opened := self._open.get(key)) is None:
            return
        opened.ended, opened.parts = event, event.parts
        if opened.row is None:
            opened.row = event.row
            self._rows[event.row] = key
        if not opened.parts:
            self._close(key, now)

    def _sent(self, event: PartSent, now: float) -> None:
        attributes: dict[str, Value] = {"argent.repeated": event.repeated}
        self._part(event.row, Span("send", now - event.seconds, now, attributes), now)

    def _refused(self, event: PartFailed, now: float) -> None:
        self._part(event.row, Span("send", now, now, failed=True), now)

    def _part(self, row: int, span: Span, now: float) -> None:
        key = self._rows.get(row)
        if key is None:
            return
        opened = self._open[key]
        opened.done.append(span)
        opened.parts -= 1
        if opened.parts <= 0:
            self._close(key, now)

    def _retried(self, event: SendFailed, _: float) -> None:
        if (key := self._rows.get(event.row)) is not None:
            self._open[key].retries += 1

    def _close(self, key: tuple[str, str], now: float) -> None:
        opened = self._open.pop(key)
        if opened.row is not None:
            self._rows.pop(opened.row, None)
        if opened.ended is None:
            return
        ended = opened.ended
        attributes: dict[str, Value] = {
            "argent.session": ended.session,
            "argent.channel": ended.channel,
            "argent.message": ended.row,
            "argent.outcome": ended.outcome,
            "argent.joined": ended.answered != ended.source,
            "argent.parts": ended.parts,
            "argent.retries": opened.retries,
        }
        failed = ended.outcome is Outcome.FAILED
        span = Span("message", opened.start, now, attributes, failed, tuple(opened.done))
        self._tell(span)
