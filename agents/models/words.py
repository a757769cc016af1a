"""What the readers of all providers share: an answer's words, and JSON from outside."""

import json
import re
from typing import Any

import orjson

from agents.errors import BadResponse
from agents.models.reasoning import Spoken

LONGEST_ANSWER = 1_000_000
"""Characters of an answer; a model that goes on beyond that has lost its way."""

_HALF = re.compile("[\ud800-\udfff]")


class Words:
    """The words of an answer as they come together, without reasoning."""

    __slots__ = ("_half", "_length", "_pieces", "_spoken")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._half = ""
        self._spoken = Spoken()

    def add(self, text: str) -> str:
        """Take more words; returns those among them that people may see. Raises `BadResponse`."""
        if self._half or _HALF.search(text):
            text = self._joined(text)
        text = self._spoken.feed(text)
        if text:
            self._pieces.append(text)
            self._length += len(text)
            if self._length > LONGEST_ANSWER:
                raise BadResponse(f"the answer is longer than {LONGEST_ANSWER} characters")
        return text

    def finish(self) -> str:
        """All words."""
        return "".join(self._pieces) + self._spoken.finish()

    def _joined(self, text: str) -> str:
        """The text with its characters whole: one cut in two waits for its other half."""
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        text = text.removesuffix(self._half)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def decode(data: bytes) -> dict[str, Any]:
    """An event's JSON object. Raises `BadResponse`."""
    value = loads(data)
    if not isinstance(value, dict):
        raise BadResponse("the stream holds something that is no JSON object")
    return value


def loads(data: bytes) -> Any:
    """JSON from a provider, as leniently as it can be understood. Raises `BadResponse`."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    # Event streams are decoded with replacement (the standard's rule): a server that cuts a
    # character in two costs that character and not the answer. One that counts in UTF-16, as
    # JavaScript does, escapes each half, which orjson refuses; `Words` joins them again.
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise BadResponse("the response holds something that is no JSON") from None
