"""How far each conversation and thread has been read, kept across restarts.

Slack keeps nothing for an app that is away for longer than a few minutes, so after a gap what was
missed is read from the history, from here on. A mark is a `ts`: it orders a whole workspace.
"""

import json
from collections.abc import Iterator

import structlog

from channels.cursors import Cursors
from channels.slack import ids
from channels.slack.identity import Identity

SAVE_EVERY = 20
"""Messages in known places after which the marks are written; a new place is written at once."""

LATEST = 600
"""Seconds that what happened in one place may be told of later than what happened in another. Slack
tells of an event again after a minute, and once more after five:
https://docs.slack.dev/apis/events-api/#retries"""

_MOST = 500
_BEGAN = "began"
_log = structlog.get_logger("channels.slack")


class Marks:
    """The marks of one bot: by ``channel``, and by ``channel/thread`` where it takes part."""

    def __init__(self, me: Identity, cursors: Cursors) -> None:
        self._me = me
        self._cursors = cursors
        self._name = f"slack:{me.team}:{me.user}"
        self._marks: dict[str, str] = {}
        self._began: str | None = None
        self.new = False
        """Whether the bot is here for the first time, so that it has missed nothing."""
        self._unsaved = 0

    async def load(self) -> None:
        """Recall the marks; broken ones are forgotten, which costs what was missed meanwhile.

        Raises what reading raises: what is not known would be written over.
        """
        text = await self._cursors.get(self._name)
        try:
            stored = json.loads(text or "{}")
            items = stored.items() if isinstance(stored, dict) else ()
            self._marks = {name: ts for name, ts in items if ids.is_ts(ts)}
            self._began = self._marks.pop(_BEGAN, None)
        except Exception as error:
            _log.warning("marks_not_read", channel=self._me.account, error=repr(error))

    def get(self, channel: str, thread: str | None = None) -> str | None:
        """How far a place has been read; None for one that is not known."""
        return self._marks.get(_name(channel, thread))

    async def begin(self, ts: str) -> None:
        """The bot is here since then; what was said before its first time is not for it."""
        if self._began is None and not self._marks:
            self._began, self.new = ts, True
            self._unsaved += 1
            await self.save()

    def since(self) -> str | None:
        """From when on a place that is not known may hold what was never read; None: from never.

        Places are read side by side. That something was read in one of them says nothing of what
        was said a moment before in another, which a crash may have kept from being read.
        """
        newest = max(self._marks.values(), key=float, default=None)
        if newest is None:
            return self._began
        earlier = ids.before(newest, seconds=LATEST)
        return earlier if self._began is None else max(earlier, self._began, key=float)

    def channels(self) -> list[str]:
        """The known conversations, the one read last first."""
        names = (name.partition("/")[0] for name in reversed(self._marks))
        return list(dict.fromkeys(names))

    def threads(self, channel: str) -> Iterator[str]:
        """The threads of a conversation that the bot takes part in, the one read last first."""
        for name in reversed(list(self._marks)):
            chat, _, thread = name.partition("/")
            if chat == channel and thread:
                yield thread

    async def reached(self, channel: str, thread: str | None, ts: str) -> None:
        """A place has been read as far as `ts`."""
        name = _name(channel, thread)
        before = self._marks.pop(name, None)
        self._marks[name] = ts if before is None else max(before, ts, key=float)
        while len(self._marks) > _MOST:
            del self._marks[next(iter(self._marks))]
        self._unsaved += 1
        if before is None or self._unsaved >= SAVE_EVERY:
            await self.save()

    async def save(self) -> None:
        """Write the marks down; where that fails they are only a little older."""
        if not self._unsaved:
            return
        self._unsaved = 0
        try:
            began = {} if self._began is None else {_BEGAN: self._began}
            await self._cursors.set(self._name, json.dumps(began | self._marks))
        except Exception as error:
            _log.warning("marks_not_kept", channel=self._me.account, error=repr(error))


def _name(channel: str, thread: str | None) -> str:
    return channel if thread is None else f"{channel}/{thread}"
