"""The facts about a conversation: everything but its words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from state.choices import NO_CHOICES, Choices
from state.history import AssistantEntry, Entry, SummaryEntry, Usage, count_messages
from state.keys import SessionId, SessionKey
from state.lifecycle import Event, Phase, advance

LOG_LENGTH = 64
"""How many transitions a session remembers; older ones are dropped."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A step in a session's life: when, what happened, and which phase it led to."""

    at: datetime
    event: Event
    phase: Phase
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """How full the model's window is, in tokens, and what of the history is in it.

    `start` is a position that the store gave for an entry (`store.Sessions`); entries before it
    are kept but no longer shown to the model. `summary` is the position of the `SummaryEntry`
    that stands in front of what is shown. `undo` are the earlier starts, each with its summary,
    the latest last.
    """

    tokens: int = 0
    limit: int = 0
    start: int = 0
    summary: int | None = None
    undo: tuple[tuple[int, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """What a session has used so far, over its whole life."""

    turns: int = 0
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation's facts. `keys` are all the keys that ever led to it, `key` the newest.

    A side session has a `base`, the session that its chat began with, and may have a `name`, which
    no other side session of that base has. `titled` says that its title was made from its words,
    and nobody gave it.
    """

    id: SessionId
    key: SessionKey
    agent: str
    created_at: datetime
    updated_at: datetime
    keys: tuple[SessionKey, ...] = ()
    phase: Phase = Phase.CREATED
    messages: int = 0
    context: Context = Context()
    choices: Choices = NO_CHOICES
    title: str | None = None
    titled: bool = False
    person: str | None = None
    base: SessionId | None = None
    name: str | None = None
    totals: Totals = Totals()
    revision: int = 0
    log: tuple[Transition, ...] = ()

    @classmethod
    def begin(
        cls, key: SessionKey, *, agent: str, at: datetime, title: str | None = None
    ) -> "Session":
        """The session that a first message makes."""
        return cls(
            id=key.session_id,
            key=key,
            keys=(key,),
            agent=agent,
            created_at=at,
            updated_at=at,
            title=title,
        )

    def after(self, event: Event, at: datetime, reason: str | None = None) -> "Session":
        """The session after an event; staying in a phase is not logged.

        Raises `lifecycle.ImpossibleTransition`.
        """
        phase = advance(self.phase, event)
        if phase is self.phase and event is not Event.CLEAR:
            return self
        step = Transition(at=at, event=event, phase=phase, reason=reason)
        return replace(
            self,
            phase=phase,
            revision=self.revision + 1,
            log=(*self.log, step)[-LOG_LENGTH:],
        )

    def noting(self, at: datetime, reason: str) -> "Session":
        """The session with a remark in its log, where nothing happened to its phase."""
        step = Transition(at=at, event=Event.MESSAGE, phase=self.phase, reason=reason)
        return replace(self, revision=self.revision + 1, log=(*self.log, step)[-LOG_LENGTH:])

    def with_entries(self, entries: Sequence[Entry]) -> "Session":
        """The session after these entries were appended: what can be derived from them."""
        if not entries:
            return self
        made = [e for e in entries if isinstance(e, AssistantEntry | SummaryEntry)]
        used = sum((e.usage for e in made if e.usage), Usage())
        turns = sum(1 for e in made if isinstance(e, AssistantEntry) and e.re)
        # A summary is nobody's sign of life: a session that rests goes on resting.
        said = [e.at for e in entries if not isinstance(e, SummaryEntry)]
        return replace(
            self,
            messages=self.messages + count_messages(entries),
            updated_at=max([self.updated_at, *said[-1:]]),
            revision=self.revision + 1,
            totals=Totals(self.totals.turns + turns, self.totals.usage + used),
        )

    def with_key(self, key: SessionKey) -> "Session":
        """The session reached by another key from now on (a migrated chat)."""
        keys = (*(k for k in self.keys if k != key), key)
        return replace(self, key=key, keys=keys, revision=self.revision + 1)
