"""A conversation as a document: JSON for tools, Markdown for people. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from state.codec import entry_to_json, session_to_json
from state.history import (
    AssistantEntry,
    CorrectionEntry,
    DeletionEntry,
    Entry,
    SummaryEntry,
    ToolEntry,
    UserEntry,
)
from state.session import Session

Json = dict[str, Any]


def as_json(session: Session, entries: Sequence[Entry]) -> Json:
    """Every fact and every entry; `metadata` sums up what was used."""
    answers = [e for e in entries if isinstance(e, AssistantEntry)]
    models = sorted({e.model for e in answers if e.model})
    tools = sorted({call.name for e in answers for call in e.calls})
    facts = session_to_json(session)
    facts["messages"] = [entry_to_json(entry) for entry in entries]
    facts["metadata"] = {"models_used": models, "tools_used": tools}
    return facts


def as_markdown(session: Session, entries: Iterable[Entry]) -> str:
    """The conversation as it reads: who said what, and when."""
    facts = (
        f"- Session: `{session.key}`",
        f"- Messages: {session.messages}",
        f"- Since: {session.created_at:%Y-%m-%d %H:%M} UTC",
    )
    blocks = [f"# {session.title or session.key}", "\n".join(facts)]
    blocks += [block for entry in entries if (block := _block(entry)) is not None]
    return "\n\n".join(blocks) + "\n"


def _block(entry: Entry) -> str | None:
    head = f"{entry.at:%Y-%m-%d %H:%M} UTC"
    match entry:
        case UserEntry():
            quoted = [f"> {q.author}: {_quoted(q.text)}" for q in entry.quotes]
            files = [f"*[{a.kind}{f' {a.name}' if a.name else ''}]*" for a in entry.attachments]
            said = [*quoted, entry.content, *files]
            return f"## {entry.sender.name} · {head}\n\n" + "\n\n".join(filter(None, said))
        case CorrectionEntry():
            return f"## {entry.sender.name} corrected · {head}\n\n{entry.content}"
        case DeletionEntry():
            return f"*A message was deleted · {head}*"
        case SummaryEntry():
            return f"## Summary of {entry.messages} messages · {head}\n\n{entry.content}"
        case ToolEntry():
            outcome = "failed" if entry.failed else "answered"
            return f"*Tool `{entry.name}` {outcome}:*\n\n{_fenced(entry.content)}"
        case AssistantEntry():
            who = "Argent" if entry.notice else entry.model or "assistant"
            calls = [f"*Calls `{c.name}`:*\n\n{_fenced(c.arguments)}" for c in entry.calls]
            files = [f"*[{file.title}]*" for file in entry.files]
            said = [entry.content, *calls, *files]
            return f"## {who} · {head}\n\n" + "\n\n".join(filter(None, said))


def _quoted(text: str) -> str:
    return text.replace("\n", "\n> ")


def _fenced(text: str) -> str:
    """A code block whose fence is longer than any inside it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"
