"""A chat with the terminal channel, as frames for one client of the control socket.

Frames: `typing` (a turn began), `delta` (more words of an answer), `restart` (the words so far
are void), `tool`, `message` (a whole answer or notice, durable), `ended` (a message has its
outcome, and its answer belongs to `answered`: a later message where several were answered
together), `missed` (so many frames were dropped, because the client did not keep up). `source` is
the message that a frame belongs to, as `say` returned it.
"""

import asyncio
from collections.abc import Callable

from channels.loopback import LOCAL_CHAT, LoopbackChannel
from gateway.api.frames import Json
from gateway.events import (
    AnswerGrew,
    AnswerRestarted,
    GatewayEvent,
    Missed,
    ToolUsed,
    TurnEnded,
    TurnStarted,
)
from gateway.feed import Feed
from state.messages import OwedPart

Send = Callable[[Json], None]


class ChatStream:
    """Sends frames until it is cancelled. `begin` returns when nothing can be missed any more."""

    def __init__(
        self, channel: LoopbackChannel, feed: Feed, send: Send, *, chat: str = LOCAL_CHAT
    ) -> None:
        self._channel = channel
        self._feed = feed
        self._send = send
        self._chat = chat
        self._sources: dict[str, None] = {}

    def said(self, source: str) -> None:
        """Follow the turn of a message that was said through this stream or beside it."""
        self._sources[source] = None
        while len(self._sources) > _FOLLOWED:
            self._sources.pop(next(iter(self._sources)))

    async def run(self) -> None:
        """Listen at the chat; what was owed there while nobody listened comes first."""
        with self._feed.subscribe() as events, self._channel.listen(self._chat) as parts:

            async def follow() -> None:
                async for event in events:
                    if (frame := self._frame(event)) is not None:
                        self._send(frame)

            async def hear() -> None:
                async for part in parts:
                    self._send(_message(part))

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(follow())
                tasks.create_task(hear())

    def _frame(self, event: GatewayEvent) -> Json | None:
        if isinstance(event, Missed):
            return {"frame": "missed", "count": event.count}
        if getattr(event, "source", None) not in self._sources:
            return None
        match event:
            case TurnStarted(source=source):
                return {"frame": "typing", "source": source}
            case AnswerGrew(source=source, text=text):
                return {"frame": "delta", "source": source, "text": text}
            case AnswerRestarted(source=source):
                return {"frame": "restart", "source": source}
            case ToolUsed(source=source, tool=tool):
                return {"frame": "tool", "source": source, "tool": tool}
            case TurnEnded(source=source, outcome=outcome, answered=answered):
                return {
                    "frame": "ended",
                    "source": source,
                    "outcome": str(outcome),
                    "answered": answered,
                }
            case _:
                return None


_FOLLOWED = 256
"""Messages of one client whose turns are followed; older ones only bring their answer."""


def _message(part: OwedPart) -> Json:
    return {"frame": "message", "source": part.part.reply_to, "text": part.part.text}
