"""Entries: the lines of history.json."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from state.codec.fields import Fields, InvalidValue
from state.codec.speech import (
    attachment_from_json,
    attachment_to_json,
    place_from_json,
    place_to_json,
    quote_from_json,
    quote_to_json,
    speaker_from_json,
    speaker_to_json,
    stored_file_from_json,
    stored_file_to_json,
    usage_from_json,
    usage_to_json,
)
from state.codec.text import Json, present, time_to_json
from state.history import (
    AssistantEntry,
    CorrectionEntry,
    DeletionEntry,
    Entry,
    SummaryEntry,
    ToolCall,
    ToolEntry,
    UserEntry,
)

_Worded = UserEntry | AssistantEntry | ToolEntry | CorrectionEntry | SummaryEntry


def entry_to_json(entry: Entry) -> Json:
    """An entry as a line of history.json says it."""
    return _WRITERS[type(entry)](entry)


def entry_from_json(raw: object) -> Entry:
    """The entry a line says. Raises `InvalidValue`, also for a role that is not known.

    Whoever adds a role raises `session.VERSION`, and writes metadata.json before the first entry
    of that role: then an older Argent leaves the session alone, and does not take it for damaged.
    """
    fields = Fields(raw)
    reader = _READERS.get(fields.text("role"))
    if reader is None:
        raise InvalidValue(f"role: {fields.text('role')!r} is not one of {', '.join(_READERS)}")
    return reader(fields)


def needed_version(entries: Iterable[Entry]) -> int:
    """The version of metadata.json that whoever reads these entries must know."""
    return 2 if any(isinstance(entry, DeletionEntry) for entry in entries) else 1


def _heading(entry: Entry, role: str) -> Json:
    return {"id": entry.id, "at": time_to_json(entry.at), "role": role}


def _common(entry: _Worded, role: str) -> Json:
    return _heading(entry, role) | {"content": entry.content}


def _user_to_json(entry: UserEntry) -> Json:
    return _common(entry, "user") | present(
        **{"from": speaker_to_json(entry.address, entry.sender)},
        message=entry.message,
        turn=entry.turn,
        quotes=[quote_to_json(quote) for quote in entry.quotes] or None,
        attachments=[attachment_to_json(a) for a in entry.attachments] or None,
    )


def _user_from_json(fields: Fields) -> UserEntry:
    address, sender = speaker_from_json(fields.child("from"))
    return UserEntry(
        id=fields.text("id"),
        at=fields.time("at"),
        content=fields.text("content"),
        address=address,
        sender=sender,
        message=fields.text("message"),
        turn=fields.maybe_text("turn"),
        quotes=tuple(map(quote_from_json, fields.children("quotes"))),
        attachments=tuple(map(attachment_from_json, fields.children("attachments"))),
    )


def _assistant_to_json(entry: AssistantEntry) -> Json:
    return _common(entry, "assistant") | present(
        turn=entry.turn,
        re=list(entry.re) or None,
        model=entry.model,
        usage=None if entry.usage is None else usage_to_json(entry.usage),
        calls=[{"id": c.id, "name": c.name, "arguments": c.arguments} for c in entry.calls] or None,
        notice=entry.notice,
        files=[stored_file_to_json(file) for file in entry.files] or None,
        foreign=entry.foreign or None,
    )


def _assistant_from_json(fields: Fields) -> AssistantEntry:
    usage = fields.maybe_child("usage")
    return AssistantEntry(
        id=fields.text("id"),
        at=fields.time("at"),
        content=fields.text("content"),
        turn=fields.text("turn"),
        re=fields.texts("re"),
        model=fields.maybe_text("model"),
        usage=None if usage is None else usage_from_json(usage),
        calls=tuple(
            ToolCall(call.text("id"), call.text("name"), call.text("arguments"))
            for call in fields.children("calls")
        ),
        notice=fields.maybe_text("notice"),
        files=tuple(map(stored_file_from_json, fields.children("files"))),
        foreign=fields.flag("foreign"),
    )


def _tool_to_json(entry: ToolEntry) -> Json:
    return _common(entry, "tool") | present(
        turn=entry.turn,
        call=entry.call,
        name=entry.name,
        failed=entry.failed or None,
        foreign=entry.foreign or None,
    )


def _tool_from_json(fields: Fields) -> ToolEntry:
    return ToolEntry(
        id=fields.text("id"),
        at=fields.time("at"),
        content=fields.text("content"),
        turn=fields.text("turn"),
        call=fields.text("call"),
        name=fields.text("name"),
        failed=fields.flag("failed"),
        foreign=fields.flag("foreign"),
    )


def _correction_to_json(entry: CorrectionEntry) -> Json:
    return _common(entry, "correction") | {
        "from": speaker_to_json(entry.address, entry.sender),
        "message": entry.message,
    }


def _correction_from_json(fields: Fields) -> CorrectionEntry:
    address, sender = speaker_from_json(fields.child("from"))
    return CorrectionEntry(
        id=fields.text("id"),
        at=fields.time("at"),
        content=fields.text("content"),
        address=address,
        sender=sender,
        message=fields.text("message"),
    )


def _deletion_to_json(entry: DeletionEntry) -> Json:
    return _heading(entry, "deletion") | {
        "from": place_to_json(entry.address),
        "message": entry.message,
    }


def _deletion_from_json(fields: Fields) -> DeletionEntry:
    return DeletionEntry(
        id=fields.text("id"),
        at=fields.time("at"),
        address=place_from_json(fields.child("from")),
        message=fields.text("message"),
    )


def _summary_to_json(entry: SummaryEntry) -> Json:
    return _common(entry, "summary") | {
        "covers": list(entry.covers),
        "messages": entry.messages,
        "tokens": entry.tokens,
        **present(
            after=entry.after or None,
            model=entry.model,
            usage=None if entry.usage is None else usage_to_json(entry.usage),
            foreign=entry.foreign or None,
        ),
    }


def _summary_from_json(fields: Fields) -> SummaryEntry:
    usage = fields.maybe_child("usage")
    covers = fields.texts("covers")
    if len(covers) != 2:
        raise InvalidValue(f"{fields.name('covers')}: expected the first and the last id")
    return SummaryEntry(
        id=fields.text("id"),
        at=fields.time("at"),
        content=fields.text("content"),
        covers=(covers[0], covers[1]),
        messages=fields.count("messages"),
        tokens=fields.count("tokens", 0),
        after=fields.count("after", 0),
        model=fields.maybe_text("model"),
        usage=None if usage is None else usage_from_json(usage),
        foreign=fields.flag("foreign"),
    )


_WRITERS: Mapping[type, Callable[[Any], Json]] = MappingProxyType(
    {
        UserEntry: _user_to_json,
        AssistantEntry: _assistant_to_json,
        ToolEntry: _tool_to_json,
        CorrectionEntry: _correction_to_json,
        DeletionEntry: _deletion_to_json,
        SummaryEntry: _summary_to_json,
    }
)
_READERS: Mapping[str, Callable[[Fields], Entry]] = MappingProxyType(
    {
        "user": _user_from_json,
        "assistant": _assistant_from_json,
        "tool": _tool_from_json,
        "correction": _correction_from_json,
        "deletion": _deletion_from_json,
        "summary": _summary_from_json,
    }
)
