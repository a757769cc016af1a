"""Taking a person's words out of a history: what is meant, and what is left of it. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from state.history import AssistantEntry, CorrectionEntry, Entry, SummaryEntry, UserEntry
from state.keys import Address


@dataclass(frozen=True, slots=True)
class Meant:
    """The messages whose words shall go, by the platform's ids of them.

    `chat` is where they were said, in whatever thread of it; None: wherever. Two chats that lead
    to one session may know different messages by one id.
    """

    messages: Collection[str]
    chat: Address | None = None

    def __contains__(self, entry: Entry) -> bool:
        """Whether the entry is one of these messages, or a correction of one."""
        if not isinstance(entry, UserEntry | CorrectionEntry) or entry.message not in self.messages:
            return False
        here = entry.address
        return self.chat is None or (here.channel, here.chat) == (self.chat.channel, self.chat.chat)

    def without_words(self, entry: Entry) -> Entry:
        """What is left of an entry: the very same one where there is nothing to take."""
        if entry not in self:
            return entry
        if isinstance(entry, UserEntry) and (entry.content or entry.quotes or entry.attachments):
            return replace(entry, content="", quotes=(), attachments=())
        if isinstance(entry, CorrectionEntry) and entry.content:
            return replace(entry, content="")
        return entry


def without_words(entries: Sequence[Entry], meant: Meant) -> list[Entry]:
    """What is left of a history; an entry that loses nothing is the very same one.

    A summary that stands for an entry which loses its words loses its own: they may be in it.
    """
    return summaries_without_words(entries, [meant.without_words(entry) for entry in entries])


def summaries_without_words(entries: Sequence[Entry], left: list[Entry]) -> list[Entry]:
    """What is left of a history of which these entries are `left`: the summaries of what is not
    the very same lose their words as well."""
    taken = [number for number, entry in enumerate(entries) if left[number] is not entry]
    where = {entry.id: number for number, entry in enumerate(entries)}
    for number, entry in enumerate(left):
        if not isinstance(entry, SummaryEntry) or not entry.content:
            continue
        first = where.get(entry.covers[0], 0)
        last = where.get(entry.covers[1], number)
        if any(first <= each <= last for each in taken):
            left[number] = replace(entry, content="", tokens=0)
    return left


def kept_files(entries: Iterable[Entry]) -> frozenset[str]:
    """The names of the kept files that these entries speak of."""
    names: set[str] = set()
    for entry in entries:
        if isinstance(entry, UserEntry):
            names |= {a.file for a in entry.attachments if a.file is not None}
        elif isinstance(entry, AssistantEntry):
            names |= {file.name for file in entry.files}
    return frozenset(names)
