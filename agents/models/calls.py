"""Tool calls, put together from the pieces that OpenAI-compatible servers send.

OpenAI numbers the calls of an answer and sends each one's name once and its arguments in pieces.
Others leave the numbers out (https://github.com/ollama/ollama/issues/7881), give every call the
number 0 (https://github.com/ollama/ollama/issues/15457), send no ids, or send calls whole.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from agents.errors import BadResponse
from state.history import ToolCall

LONGEST_ARGUMENTS = 1_000_000
"""Characters of one answer's arguments."""

_ID = re.compile(r"[A-Za-z0-9_-]{9,40}")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_call_id() -> str:
    """A call's id that every provider takes back: nine letters and digits (Mistral's rule)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(9))


def make_call(
    identity: str, name: str, arguments: str, new_id: Callable[[], str] = new_call_id
) -> ToolCall:
    """A call that may be shown to any provider later.

    Its id must be unique in the whole conversation and its name made of few characters, or every
    later request would be refused. Servers that number their calls anew in each answer have short
    ids or ids like ``functions.time:0``; those are replaced.
    """
    if not _ID.fullmatch(identity):
        identity = new_id()
    name = _NOT_IN_NAMES.sub("_", name)[:64] or "_"
    return ToolCall(identity, name, arguments.strip() or "{}")


def is_object(arguments: str) -> bool:
    """Whether a call's arguments are a JSON object."""
    try:
        return isinstance(orjson.loads(arguments), dict)
    except orjson.JSONDecodeError:
        return False


@dataclass(slots=True)
class _Slot:
    index: object
    id: str = ""
    name: str = ""
    arguments: str = ""


class CallPieces:
    """Collects the pieces of one answer's calls."""

    __slots__ = ("_length", "_new_id", "_slots")

    def __init__(self, new_id: Callable[[], str] = new_call_id) -> None:
        self._slots: list[_Slot] = []
        self._length = 0
        self._new_id = new_id

    def add(self, piece: dict[str, Any]) -> None:
        """Take one element of a ``tool_calls`` array. Raises `BadResponse`."""
        function = piece.get("function") or {}
        identity = piece.get("id") or ""
        name = function.get("name") or ""
        arguments = function.get("arguments") or ""
        if not isinstance(arguments, str):
            arguments = orjson.dumps(arguments).decode()
        slot = self._find(piece.get("index"), identity, name)
        slot.id = slot.id or identity
        slot.name = slot.name or name
        slot.arguments += arguments
        self._length += len(arguments)
        if self._length > LONGEST_ARGUMENTS:
            raise BadResponse(f"tool arguments are longer than {LONGEST_ARGUMENTS} characters")

    def finish(self) -> tuple[ToolCall, ...]:
        """The calls, in the order in which they began."""
        return tuple(
            make_call(slot.id, slot.name, slot.arguments, self._new_id)
            for slot in self._slots
            if slot.name
        )

    def _find(self, index: object, identity: str, name: str) -> _Slot:
        for slot in reversed(self._slots):
            if identity and slot.id == identity:
                return slot
        # Backwards, because a server that numbers every call 0 means the newest.
        for slot in reversed(self._slots):
            if index is not None and slot.index != index:
                continue
            if not _begins_another(slot, identity, name):
                return slot
            break
        self._slots.append(_Slot(index))
        return self._slots[-1]


def _begins_another(slot: _Slot, identity: str, name: str) -> bool:
    """Whether a piece with the slot's number is the start of a new call all the same."""
    if identity and slot.id:
        return identity != slot.id
    # Without ids, a name after complete arguments begins the next call; some servers repeat the
    # name in every piece of one call, whose arguments are not complete yet.
    return bool(name and slot.name) and (name != slot.name or is_object(slot.arguments))
