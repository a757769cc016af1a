"""What corrections and deletions made of what was said before them.

A history only grows: the old words stay where they are, and what became of them comes later. A
model sees a question as it reads now, in its old place.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from state.history import CorrectionEntry, DeletionEntry, Entry, UserEntry


@dataclass(frozen=True, slots=True)
class Revisions:
    """How messages read now, by the ids of their entries.

    `texts` holds what was corrected, `deleted` what is not there any more. `applied` are the
    corrections that are seen in the place of what they correct and need no word of their own.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    applied: frozenset[str] = frozenset()


UNREVISED = Revisions()

_Name = tuple[str, str, str]


def revisions(entries: Iterable[Entry]) -> Revisions:
    """What these entries make of each other; only the sender of a message can correct it.

    A correction whose message is not among them is not applied: the model is told of it in words.
    """
    asked: list[UserEntry] = []
    corrections: list[CorrectionEntry] = []
    gone: set[_Name] = set()
    for entry in entries:
        match entry:
            case UserEntry():
                asked.append(entry)
            case CorrectionEntry():
                corrections.append(entry)
            case DeletionEntry():
                gone.add(_name(entry))
    if not corrections and not gone:
        return UNREVISED
    known = {(_name(entry), entry.sender.id): entry.id for entry in asked}
    texts: dict[str, str] = {}
    applied: set[str] = set()
    for correction in corrections:
        original = known.get((_name(correction), correction.sender.id))
        if original is not None:
            texts[original] = correction.content
        if original is not None or _name(correction) in gone:
            applied.add(correction.id)
    deleted = frozenset(entry.id for entry in asked if _name(entry) in gone)
    return Revisions(texts, deleted, frozenset(applied))


def concerned(entries: Iterable[Entry], change: CorrectionEntry | DeletionEntry) -> list[Entry]:
    """The message that a change is about, and what became of it before, as far as among these."""
    return [
        entry
        for entry in entries
        if isinstance(entry, UserEntry | CorrectionEntry | DeletionEntry)
        and _name(entry) == _name(change)
    ]


def reads_differently(said: Sequence[Entry], correction: CorrectionEntry) -> bool:
    """Whether a correction tells something new about the message that `concerned` found.

    It does not when the message was answered as it reads now, was deleted, is not there, or is
    somebody else's; nor when the correction itself is there already.
    """
    now = revisions(said)
    return any(
        isinstance(each, UserEntry)
        and each.sender.id == correction.sender.id
        and each.id not in now.deleted
        and now.texts.get(each.id, each.content) != correction.content
        for each in said
    )


def _name(entry: UserEntry | CorrectionEntry | DeletionEntry) -> _Name:
    """What tells messages apart: platforms count them in each chat, whatever its threads."""
    return entry.address.channel, entry.address.chat, entry.message
