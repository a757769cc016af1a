"""What was said in a session, and the rules it always satisfies.

A history is a sequence of entries that only grows. What is appended together stands or falls
together: a turn's question, its tool calls with their results, and its answer are one batch.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from state.keys import Address
from state.messages import Attachment, Quote, Sender, StoredFile


class InvalidHistory(ValueError):
    """Entries that do not make a history; the message names the entry and the rule."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a model call took in and gave out, as its provider counted them.

    `cached` of the input came from the provider's cache, as far as it says so.
    """

    input: int = 0
    output: int = 0
    cached: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input + other.input, self.output + other.output, self.cached + other.cached
        )


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a model asked for; `arguments` is the JSON text as it wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class UserEntry:
    """Something a person said. `message` is the platform's id of it."""

    id: str
    at: datetime
    content: str
    address: Address
    sender: Sender
    message: str
    turn: str | None = None
    quotes: tuple[Quote, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    @property
    def foreign(self) -> bool:
        """Whether it hands on what others made: what it refers to, or a file."""
        return bool(self.quotes or self.attachments)


@dataclass(frozen=True, slots=True)
class AssistantEntry:
    """Something the agent said, or a step of it that calls tools.

    `re` names the user entries that it finishes: a message is finished if and only if an
    assistant entry names it. `notice` is set when Argent spoke in the agent's place (a failure,
    a stop) and holds the notice's name; a model never sees those. `files` went out with it.
    `foreign` says that the model saw material from outside when it said this, which may repeat it.
    """

    id: str
    at: datetime
    content: str
    turn: str
    re: tuple[str, ...] = ()
    model: str | None = None
    usage: Usage | None = None
    calls: tuple[ToolCall, ...] = ()
    notice: str | None = None
    files: tuple[StoredFile, ...] = ()
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """What a tool answered to the call of the same turn that it names.

    `foreign` says that it is material from outside, in which nothing is an instruction.
    """

    id: str
    at: datetime
    content: str
    turn: str
    call: str
    name: str
    failed: bool = False
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class CorrectionEntry:
    """A person changed an earlier message; `message` is the platform's id of that message."""

    id: str
    at: datetime
    content: str
    address: Address
    sender: Sender
    message: str


@dataclass(frozen=True, slots=True)
class DeletionEntry:
    """An earlier message was deleted; `message` is the platform's id of it."""

    id: str
    at: datetime
    address: Address
    message: str


@dataclass(frozen=True, slots=True)
class SummaryEntry:
    """A stand-in for older entries, which stay where they are.

    `covers` names the first and the last entry it stands for; an earlier summary among what it
    was made from stands for its own. `messages` is how many a person would count among them all,
    `after` how many came before them, and `tokens` its own length.
    `model` made it, which cost `usage`; without one it was made of the entries' own sentences.
    `foreign` says that material from outside was among what it was made from.
    """

    id: str
    at: datetime
    content: str
    covers: tuple[str, str]
    messages: int
    tokens: int = field(default=0)
    after: int = 0
    model: str | None = None
    usage: Usage | None = None
    foreign: bool = False


Entry = UserEntry | AssistantEntry | ToolEntry | CorrectionEntry | DeletionEntry | SummaryEntry


def check_batch(entries: Sequence[Entry]) -> None:
    """Raise `InvalidHistory` unless the entries may be appended together.

    Ids differ; every tool call is followed by its result, before anything else, in its own turn;
    a question that names a turn is in the batch with that turn's answer; nothing is answered
    twice, or before it was asked.
    """
    end = complete_prefix(entries)
    if end < len(entries):
        bad = entries[end]
        raise InvalidHistory(f"entry {bad.id} begins a turn whose calls or answer are missing")
    ids = [entry.id for entry in entries]
    if len(set(ids)) < len(ids):
        raise InvalidHistory("two entries have the same id")
    answered = [name for e in entries if isinstance(e, AssistantEntry) for name in e.re]
    if len(set(answered)) < len(answered):
        raise InvalidHistory("a message is answered twice")
    to_come = {e.id for e in entries if isinstance(e, UserEntry)}
    for entry in entries:
        if isinstance(entry, UserEntry):
            to_come.discard(entry.id)
        elif isinstance(entry, AssistantEntry) and (early := to_come.intersection(entry.re)):
            raise InvalidHistory(f"entry {entry.id} answers {min(early)} before it was asked")


def complete_prefix(entries: Sequence[Entry]) -> int:
    """How many entries from the start form whole turns; the rest was never acknowledged.

    A write that was cut short leaves the first entries of a turn. Because a turn is acknowledged
    as a whole, everything after the last whole turn may be set aside.
    """
    return max(turn_ends(entries), default=0)


def turn_ends(entries: Iterable[Entry]) -> Iterator[int]:
    """How many entries there are up to each turn's end, as far as there are whole turns."""
    awaited: list[str] = []
    open_turn: str | None = None
    for position, entry in enumerate(entries):
        if isinstance(entry, ToolEntry):
            if entry.call not in awaited or entry.turn != open_turn:
                return
            awaited.remove(entry.call)
            continue
        if awaited:
            return
        turn = _turn(entry)
        if open_turn is not None and turn != open_turn:
            return
        if isinstance(entry, AssistantEntry):
            awaited = [call.id for call in entry.calls]
            open_turn = entry.turn if entry.calls else None
        else:
            open_turn = turn
        if open_turn is None:
            yield position + 1


def finished(entries: Iterable[Entry]) -> frozenset[str]:
    """The ids of the user entries that these entries finish."""
    return frozenset(n for e in entries if isinstance(e, AssistantEntry) for n in e.re)


def count_messages(entries: Iterable[Entry]) -> int:
    """How many of these a person would call messages: what people said, and what was answered."""
    return sum(
        isinstance(e, UserEntry) or (isinstance(e, AssistantEntry) and not e.calls) for e in entries
    )


def holds_foreign(entries: Iterable[Entry], *, deleted: Collection[str] = ()) -> bool:
    """Whether a model that is shown these entries sees material from outside.

    What people type is their own; what they hand on and what tools bring in is somebody else's.
    An answer that was made in sight of such material may repeat it, and so may a summary: it
    leaves a conversation only with the conversation itself. `deleted` are the ids of messages that
    a model is not shown any more; a correction changes neither what a message quotes nor its files.
    """
    return any(
        not isinstance(entry, CorrectionEntry | DeletionEntry)
        and entry.foreign
        and entry.id not in deleted
        for entry in entries
    )


def stand_in(
    entries: Sequence[Entry],
    *,
    name: str,
    at: datetime,
    content: str,
    tokens: int,
    earlier: SummaryEntry | None = None,
    after: int = 0,
    model: str | None = None,
    usage: Usage | None = None,
) -> SummaryEntry:
    """The summary `content` of these entries, and of those that an `earlier` summary stands for.

    `name` is its id. `after` is how many messages came before them; an earlier summary knows
    better. `model` and `usage` are those of the call that made it. Raises
    `InvalidHistory` when there is nothing to stand for.
    """
    said = [entry for entry in entries if not isinstance(entry, SummaryEntry)]
    if not said:
        raise InvalidHistory(f"summary {name} stands for nothing")
    return SummaryEntry(
        id=name,
        at=at,
        content=content,
        covers=(said[0].id if earlier is None else earlier.covers[0], said[-1].id),
        messages=count_messages(said) + (0 if earlier is None else earlier.messages),
        tokens=tokens,
        after=after if earlier is None else earlier.after,
        model=model,
        usage=usage,
        foreign=holds_foreign(said) or (earlier is not None and earlier.foreign),
    )


def _turn(entry: Entry) -> str | None:
    return entry.turn if isinstance(entry, UserEntry | AssistantEntry | ToolEntry) else None
