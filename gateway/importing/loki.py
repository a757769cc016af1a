"""A session of Loki, and of aichat whose form it has: model, settings and messages as YAML. Pure.

The form is that of https://github.com/Dark-Alex-17/loki, src/config/session.rs (`Session`) and
src/client/message.rs (`Message`): a message's content is a text, a list of parts (texts and image
URLs), or ``tool_results`` with the calls they answer. What was compressed is kept under
``compressed_messages``, and the first of ``messages`` is then a system message with its summary.
"""

import json
import math
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.importing.brought import Brought, Unreadable, begun, checked
from gateway.importing.models import known_model
from gateway.importing.turns import Turns
from state.choices import Choices, Persistence
from state.codec import Fields, InvalidValue
from state.history import ToolCall
from state.keys import SessionKey
from state.messages import Attachment, AttachmentKind

LOKI = "loki"

_OPTIONS = ("temperature", "top_p")
_SETTINGS = (
    *_OPTIONS, "enabled_tools", "enabled_mcp_servers", "use_tools", "save_session",
    "compression_threshold", "compress_threshold", "role_name", "agent_variables",
    "agent_instructions",
)  # fmt: skip
"""What a session of Loki sets. Its tools are not ours, and what is summarised is the agent's to
say: these are left out, as is what has a value that means nothing here."""


def is_session(document: dict[str, Any]) -> bool:
    """Whether a document has the two fields that every session of Loki has."""
    return {"model", "messages"} <= document.keys()


def from_session(
    document: dict[str, Any], key: SessionKey | None, at: datetime, name: str
) -> Brought:
    """The session, which began at `at`: Loki keeps no times. `name` is that of its file.

    Raises `Unreadable`.
    """
    if key is None:
        raise Unreadable("a session of Loki does not say whose it is: name it with --as KEY")
    turns, prompts = Turns(key, at), []
    try:
        fields = Fields(document)
        model = fields.text("model")
        for group in ("compressed_messages", "messages"):
            for number, message in enumerate(fields.children(group)):
                place = f"{group}[{number}]"
                if not _take(turns, message, place, model):
                    prompts.append(_words(message.value("content"), place)[0])
    except InvalidValue as error:
        raise Unreadable(str(error)) from error
    choices, left = _chosen(document, model, prompts)
    session = replace(begun(key, turns.entries, at=at, title=name or None), choices=choices)
    return checked(Brought(session, tuple(turns.entries), LOKI, left), turns.places)


def _chosen(
    document: dict[str, Any], model: str, prompts: list[str]
) -> tuple[Choices, tuple[str, ...]]:
    """What was set in it, as far as it can be set here, and what cannot."""
    given = {name: value for name, value in document.items() if value not in (None, "", {}, [])}
    options = {name: given[name] for name in _OPTIONS if _is_number(given.get(name))}
    taken = set(options)
    servers = given.get("enabled_mcp_servers")
    mcp = _names(servers) if isinstance(servers, str) else ()
    if mcp:
        taken.add("enabled_mcp_servers")
    # False left the file as it was, which is no wish to have anything erased.
    if kept := given.get("save_session") is True:
        taken.add("save_session")
    instructions = given.get("agent_instructions")
    if not prompts and isinstance(instructions, str):
        prompts = [instructions]
        taken.add("agent_instructions")
    choices = Choices(
        model=known_model(model),
        options=options or None,
        mcp=mcp or None,
        system_prompt="\n\n".join(prompts) or None,
        persistence=Persistence.ALWAYS if kept else None,
    )
    left = [name for name in _SETTINGS if name in given and name not in taken]
    if choices.model is None and model:
        left.append(f"the model {model}")
    return choices, tuple(left)


def _names(written: str) -> tuple[str, ...]:
    return tuple(name for each in written.split(",") if (name := each.strip()))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _take(turns: Turns, message: Fields, place: str, model: str) -> bool:
    """Whether the message became part of the conversation."""
    content = message.value("content")
    match message.text("role"):
        case "system":
            # The first is the role's prompt; a later one stands for what was compressed before it.
            return turns.summary(place, _words(content, place)[0])
        case "user":
            words, images = _words(content, place)
            turns.user(place, words, attachments=images)
        case "assistant":
            turns.assistant(place, _words(content, place)[0], model=model)
        case "tool":
            _tools(turns, message.child("content"), place, model)
        case role:
            raise Unreadable(f"{place}.role: {role!r} is not one of system, user, assistant, tool")
    return True


def _words(content: object, place: str) -> tuple[str, tuple[Attachment, ...]]:
    """The texts of a message, and the images that came with it, which are named only."""
    if isinstance(content, str):
        return content, ()
    if not isinstance(content, list):
        raise Unreadable(f"{place}.content: expected a text or a list of parts")
    texts, images = [], []
    for number, raw in enumerate(content):
        part = Fields(raw, f"{place}.content[{number}]")
        if part.text("type") == "text":
            texts.append(part.text("text"))
        elif part.text("type") == "image_url":
            url = part.child("image_url").text("url")
            # The image itself, or a digest that stands for a file of that machine.
            name = url if url.startswith(("https://", "http://")) else None
            images.append(Attachment(AttachmentKind.IMAGE, name=name, problem="gone"))
        else:
            raise Unreadable(f"{part.name('type')}: {part.text('type')!r} is no text or image_url")
    return "\n\n".join(texts), tuple(images)


def _tools(turns: Turns, content: Fields, place: str, model: str) -> None:
    """Calls and their results, which Loki keeps in one message."""
    calls, results = [], []
    for number, result in enumerate(content.children("tool_results")):
        call = result.child("call")
        name, call_id = call.text("name"), call.maybe_text("id")
        call_id = call_id or f"imported-{len(turns.entries) + 1}-{number + 1}"
        calls.append(ToolCall(call_id, name, _json(call, "arguments")))
        results.append((call_id, name, _json(result, "output")))
    said = content.maybe_text("text") or ""
    if calls:
        turns.assistant(place, said, calls=calls, model=model)
        for call_id, name, output in results:
            turns.tool(place, output, call=call_id, name=name)


def _json(fields: Fields, name: str) -> str:
    """A value of any kind as text: a text as it stands, anything else as JSON."""
    value = fields.value(name)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
