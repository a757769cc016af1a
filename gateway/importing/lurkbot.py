"""A session file of LurkBot: key, type, channel, chat_id, messages and metadata as JSON. Pure.

Its messages are those of a chat completion: ``role`` and ``content``, and where tools were called
``tool_calls`` and ``tool_call_id``.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gateway.importing.brought import Brought, Unreadable, begun, checked
from gateway.importing.models import known_model
from gateway.importing.turns import Turns
from state.choices import Choices
from state.codec import Fields, InvalidValue
from state.history import ToolCall
from state.keys import InvalidKey, SessionKey

LURKBOT = "lurkbot"


def is_session(document: dict[str, Any]) -> bool:
    """Whether a document has a session's key and messages, and is none of ours."""
    return {"key", "messages"} <= document.keys()


def from_session(document: dict[str, Any], key: SessionKey | None, at: datetime) -> Brought:
    """The session. Where it tells no time, it began at `at`. Raises `Unreadable`."""
    try:
        fields = Fields(document)
        key = key or _key(fields)
        turns = Turns(key, _time(fields, "created_at") or at)
        model = (fields.maybe_child("metadata") or Fields({})).maybe_text("model")
        for number, message in enumerate(fields.children("messages")):
            _take(turns, message, f"messages[{number}]", model)
        session = begun(key, turns.entries, at=turns.began)
        ended = _time(fields, "updated_at")
    except InvalidValue as error:
        raise Unreadable(str(error)) from error
    chosen = known_model(model)
    if ended is not None:
        session = replace(session, updated_at=max(ended, session.updated_at))
    session = replace(session, created_at=turns.began, choices=Choices(model=chosen))
    left = (f"the model {model}",) if model and not chosen else ()
    return checked(Brought(session, tuple(turns.entries), LURKBOT, left), turns.places)


def _take(turns: Turns, message: Fields, place: str, model: str | None) -> None:
    at = _time(message, "timestamp")
    match message.text("role"):
        case "user":
            name = message.maybe_text("name")
            turns.user(place, message.text("content"), name=name, at=at)
        case "assistant":
            calls = [_call(call) for call in message.children("tool_calls")]
            text = (message.maybe_text("content") or "") if calls else message.text("content")
            turns.assistant(place, text, calls=calls, model=model, at=at)
        case "tool":
            call = message.text("tool_call_id")
            name = message.maybe_text("name") or _name(turns, call)
            turns.tool(place, message.text("content"), call=call, name=name, at=at)
        case role:
            raise Unreadable(
                f"{place}.role: {role!r} is not one of user, assistant, tool; take such messages "
                "out of the file, or give them one of these roles"
            )


def _call(call: Fields) -> ToolCall:
    function = call.child("function")
    return ToolCall(call.text("id"), function.text("name"), function.text("arguments"))


def _name(turns: Turns, call: str) -> str:
    """What the tool is called, which only its call tells."""
    for entry in reversed(turns.entries):
        for known in getattr(entry, "calls", ()):
            if known.id == call:
                return str(known.name)
    return "unknown"


def _key(fields: Fields) -> SessionKey:
    try:
        key = SessionKey.parse(fields.text("key"))
    except InvalidKey as error:
        raise Unreadable(f"key: {error}; name the session yourself with --as KEY") from error
    told = {"type": str(key.type), "channel": key.channel, "chat_id": str(key).split(":")[1]}
    for name, meant in told.items():
        if (written := fields.maybe_text(name)) not in (None, meant):
            raise Unreadable(
                f"{name}: {written!r} contradicts the key {key}; "
                "name the session yourself with --as KEY"
            )
    return key


def _time(fields: Fields, field: str) -> datetime | None:
    """A moment that may be missing; one without a zone is UTC."""
    written = fields.value(field)
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(
            f"{fields.name(field)}: {str(written)[:40]!r} is no time like 2026-01-30T10:00:00Z"
        ) from None
