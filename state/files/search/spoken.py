"""What in an entry was said, and by whom. Pure."""

from dataclasses import dataclass

from state.history import (
    AssistantEntry,
    CorrectionEntry,
    Entry,
    ToolEntry,
    UserEntry,
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words of an entry, all in one text. `role` is the entry's, as history.json has it."""

    role: str
    who: str
    text: str


def spoken(entry: Entry) -> Spoken | None:
    """The words of an entry; None where it has none.

    A summary's are left out: it says in other words what the entries say that it covers, which
    are still there, and it would come before them.
    """
    match entry:
        case UserEntry():
            named = [a.name for a in entry.attachments if a.name]
            quoted = [quote.text for quote in entry.quotes]
            return _of("user", entry.sender.name, entry.content, *named, *quoted)
        case CorrectionEntry():
            return _of("correction", entry.sender.name, entry.content)
        case AssistantEntry():
            who = "Argent" if entry.notice else entry.model or "assistant"
            called = [call.arguments for call in entry.calls]
            return _of("assistant", who, entry.content, *(f.title for f in entry.files), *called)
        case ToolEntry():
            return _of("tool", entry.name, entry.content)
        case _:
            return None


def _of(role: str, who: str, *texts: str) -> Spoken | None:
    text = "\n".join(filter(None, texts))
    return Spoken(role, who, text) if text else None
