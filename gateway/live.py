"""An answer that is shown while it grows: one live message that is edited, several if it is long.

A machine without I/O. Whoever drives it renders the words there are, asks for the next call, makes
that call, and says what came of it:

    begin -> next(parts) -> Post | Edit -> done | failed | held -> next(parts) -> … -> owed(parts)

There is one call at a time, and `ready_at` is the time before which none may be made. Showing is
best effort and may end at any moment (`over`); the answer itself is owed and goes through the
outbox, where `owed` makes edits of the parts that people have seen in an earlier form.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

from channels.errors import ChannelError, RateLimited, Unreachable
from state.messages import Button, Part

STOP = Button("Stop", "/stop")
"""Under the message that grows, so that whoever waits for it can end it."""

FIRST_AFTER = 1.2
"""Seconds from the first words to the first call: a quick answer is one message, sent once."""

_SLOWER = 20
"""Each so many calls make the time between two of them longer by itself: edits share the flood
limit with answers, and in a long text each one shows less that is new."""
_SLOWEST = 4
"""The time between two calls is never longer than so many times the shortest."""
_MOST_FAILURES = 3
"""Calls in a row that reach nobody, after which nothing is shown any more."""


@dataclass(frozen=True, slots=True)
class Post:
    """Send this part as a new message."""

    index: int
    part: Part


@dataclass(frozen=True, slots=True)
class Edit:
    """Let the message that shows part `index` become this part, whose `edits` names it."""

    index: int
    part: Part


Call = Post | Edit


@dataclass(slots=True)
class _Message:
    """A live message; `part` is what it shows, None when that is not known for certain."""

    id: str
    part: Part | None = None


class Live:
    """The live messages of one answer. Times are the driver's, in seconds.

    `spacing` is the shortest time between the end of a call and the next one. On an `idempotent`
    channel a post without an answer can be made again. `recovered`: there was a crash before, and
    `shown` are the messages from then, as far as they are known.
    """

    def __init__(
        self,
        *,
        spacing: float,
        idempotent: bool = False,
        recovered: bool = False,
        shown: Iterable[str] = (),
    ) -> None:
        self._spacing = spacing
        self._idempotent = idempotent
        self._recovered = recovered
        self._messages = [_Message(each) for each in shown]
        self._call: Call | None = None
        self._calls = 0
        self._failures = 0
        self.ready_at = inf
        """When the next call may be made, at the earliest."""
        self.over = False
        """Whether nothing will be shown any more."""
        self.doubtful: Post | None = None
        """A post without an answer, which may have become a message whose id nobody knows."""

    @property
    def shown(self) -> tuple[str, ...]:
        """The ids of the live messages, in order."""
        return tuple(message.id for message in self._messages)

    @property
    def visible(self) -> bool:
        """Whether people see words of the answer, or are about to."""
        return bool(self._messages) or self._call is not None or self.doubtful is not None

    def begin(self, now: float) -> None:
        """The first words are there."""
        if self.ready_at == inf:
            self.ready_at = now + FIRST_AFTER

    def next(self, parts: Sequence[Part], now: float) -> Call | None:
        """The next call for an answer that reads so by now; None while there is none to make.

        The earlier part comes first, so that each is in its final form before the next is begun.
        Messages beyond the parts (the answer began anew) stay as they are until the end.
        """
        if self.over or self._call is not None or now < self.ready_at:
            return None
        last = [replace(part, buttons=(STOP,)) for part in parts[-1:]]
        for index, part in enumerate([*parts[:-1], *last]):
            if index == len(self._messages):
                self._call = Post(index, part)
                break
            if self._messages[index].part != part:
                self._call = Edit(index, replace(part, edits=self._messages[index].id))
                break
        return self._call

    def again(self) -> Post | None:
        """The doubtful post, to be made once more at the end: its key finds what it became."""
        post, self._call = self.doubtful, self.doubtful
        return post

    def done(self, message: str, now: float) -> None:
        """The call was carried out; `message` shows the part."""
        call, self._call = self._call, None
        match call:
            case None:
                raise RuntimeError("no call is under way")
            case Post(_, part):
                # Under its key a platform shows what it was given the first time.
                first = not self._recovered and self.doubtful is None
                sure = first or not self._idempotent
                self._messages.append(_Message(message, part if sure else None))
                self.doubtful = None
            case Edit(index, part):
                self._messages[index] = _Message(message, replace(part, edits=None))
        self._failures = 0
        self._calls += 1
        self.ready_at = now + self._interval

    def failed(self, error: ChannelError, now: float) -> None:
        """The call was not carried out, or nobody knows. A flood answer ends the showing, and so
        does a refusal; what was not reached is tried again, a little later each time."""
        call, self._call = self._call, None
        self._calls += 1
        self._failures += 1
        uncertain = isinstance(error, Unreachable) and error.uncertain
        match call:
            case None:
                raise RuntimeError("no call is under way")
            case Post() if uncertain:
                self.doubtful = call if self._idempotent else None
            case Edit(index) if uncertain:
                self._messages[index].part = None
        lost = uncertain and isinstance(call, Post) and not self._idempotent
        final = isinstance(error, RateLimited) or not isinstance(error, Unreachable)
        self.over = self.over or lost or final or self._failures >= _MOST_FAILURES
        self.ready_at = now + self._interval * 2**self._failures

    def held(self, now: float) -> None:
        """The call could not be made now: others need the platform more. Ask again later."""
        self._call = None
        self.ready_at = now + self._interval

    def end(self) -> None:
        """Show nothing more."""
        self.over = True

    def owed(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        """What is left to be done so that the chat shows exactly these parts, each once.

        A part whose message shows it already is not owed; messages that are too many go.
        """
        pairs = zip(self._messages, parts, strict=False)
        edits = [replace(part, edits=m.id) for m, part in pairs if m.part != part]
        surplus = [Part("", "", edits=m.id) for m in self._messages[len(parts) :]]
        return (*edits, *parts[len(self._messages) :], *surplus)

    @property
    def _interval(self) -> float:
        return self._spacing * min(1 + self._calls // _SLOWER, _SLOWEST)
