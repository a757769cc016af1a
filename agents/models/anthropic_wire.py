"""Anthropic's messages as bytes and values.

https://platform.claude.com/docs/en/api/messages and …/build-with-claude/streaming
"""

from collections.abc import Collection, Sequence
from typing import Any

import orjson

from agents.errors import BadResponse, ContextOverflow, Refused
from agents.marking import marked
from agents.models.calls import LONGEST_ARGUMENTS, is_object, make_call
from agents.models.model import ModelAnswer, ToolSpec
from agents.models.problems import failure, problem_of
from agents.models.sight import IMAGE, NOTHING, showable
from agents.models.sse import Event
from agents.models.words import Words, decode
from agents.transcript import AssistantSays, Media, Said, UserSays
from state.history import Usage

DIALECT = "anthropic"
OPENING = orjson.dumps({"role": "user", "content": "[The beginning is not shown.]"})
"""Stands before a conversation that begins with the assistant: a user has to speak first."""

_CACHED = {"type": "ephemeral"}


def encode(said: Said, takes: Collection[str] = NOTHING) -> bytes:
    """A part of a conversation as one message. Media that a model does not take become words.

    Messages of one role may follow each other (the API joins them), and results of tools stand
    alone in theirs, so they always come first, as the API demands.
    """
    return orjson.dumps({"role": _role(said), "content": _blocks(said, takes)})


def encode_cached(said: Said, takes: Collection[str] = NOTHING) -> bytes:
    """The same with a mark to keep what was computed up to here.

    The mark is no part of what is compared, so the next turn finds it although it has moved on.
    https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    """
    blocks = _blocks(said, takes)
    blocks[-1] = {**blocks[-1], "cache_control": _CACHED}
    return orjson.dumps({"role": _role(said), "content": blocks})


def encode_system(text: str) -> bytes:
    """The value of ``system``."""
    return orjson.dumps([{"type": "text", "text": text, "cache_control": _CACHED}])


def encode_tools(tools: Sequence[ToolSpec]) -> bytes:
    """The value of ``tools``."""
    return orjson.dumps(
        [
            {"name": t.name, "description": t.description, "input_schema": t.parameters}
            for t in tools
        ]
    )


def _role(said: Said) -> str:
    return "assistant" if isinstance(said, AssistantSays) else "user"


def _blocks(said: Said, takes: Collection[str]) -> list[dict[str, Any]]:
    if isinstance(said, UserSays):
        text, shown = showable(said, takes)
        # Images work best before the words that ask about them, as the API's guide says.
        return [*map(_media, shown), _text(text)]
    if isinstance(said, AssistantSays):
        blocks = [_text(said.text)] if said.text.strip() or not said.calls else []
        return blocks + [
            {
                "type": "tool_use",
                "id": call.id,
                "name": call.name,
                "input": orjson.loads(call.arguments) if is_object(call.arguments) else {},
            }
            for call in said.calls
        ]
    return [
        {
            "type": "tool_result",
            "tool_use_id": result.call,
            "content": marked(result),
            **({"is_error": True} if result.failed else {}),
        }
        for result in said.results
    ]


def _media(media: Media) -> dict[str, Any]:
    content = orjson.Fragment(b'"%s"' % media.base64)
    source = {"type": "base64", "media_type": media.mime, "data": content}
    return {"type": "image" if media.ability == IMAGE else "document", "source": source}


def _text(text: str) -> dict[str, Any]:
    # A block without a visible character would have the whole request refused.
    return {"type": "text", "text": text if text.strip() else "…"}


class MessageReader:
    """Reads a streamed message."""

    __slots__ = ("_blocks", "_done", "_model", "_stop", "_usage", "_words")

    def __init__(self) -> None:
        self._words = Words()
        self._blocks: dict[int, _ToolUse] = {}
        self._usage = [0, 0, 0]
        self._model: str | None = None
        self._stop: str | None = None
        self._done = False

    @property
    def done(self) -> bool:
        """Whether the stream said that it is over."""
        return self._done

    def feed(self, event: Event) -> str:
        """Take an event; returns the words that it brought. Raises a `ModelError`."""
        try:
            return self._take(decode(event.data))
        except (AttributeError, TypeError, KeyError, IndexError):
            raise BadResponse("the stream holds something that is no message event") from None

    def whole(self, body: Any) -> str:
        """Take a response that was not streamed; returns its words. Raises a `ModelError`."""
        if isinstance(body, dict) and body.get("type") == "error":
            raise failure(problem_of(body))
        try:
            self._begin(body)
            words = [self._open(index, block) for index, block in enumerate(body["content"])]
            self._stop = body.get("stop_reason")
        except (AttributeError, TypeError, KeyError, IndexError):
            raise BadResponse("the response is no message") from None
        self._done = True
        return "".join(words)

    def finish(self) -> ModelAnswer:
        """The answer. Raises `BadResponse` (cut off), `Refused` or `ContextOverflow`."""
        if self._stop is None and not self._done:
            raise BadResponse("the stream ended before the answer did")
        text = self._words.finish()
        if self._stop == "refusal":
            raise Refused("the model declined to answer (stop_reason refusal)")
        if self._stop == "model_context_window_exceeded" and not text:
            raise ContextOverflow("the conversation fills the model's context window")
        return ModelAnswer(
            text=text,
            calls=tuple(
                make_call(use.id, use.name, use.arguments())
                for _, use in sorted(self._blocks.items())
            ),
            usage=Usage(*self._usage) if any(self._usage) else None,
            model=self._model,
            cut=self._stop in ("max_tokens", "model_context_window_exceeded"),
        )

    def _take(self, event: dict[str, Any]) -> str:
        match event.get("type"):
            case "content_block_delta":
                return self._delta(event["index"], event["delta"])
            case "content_block_start":
                return self._open(event["index"], event["content_block"])
            case "message_start":
                self._begin(event["message"])
            case "message_delta":
                self._stop = event["delta"].get("stop_reason") or self._stop
                self._count(event.get("usage") or {})
            case "message_stop":
                self._done = True
            case "error":
                raise failure(problem_of(event))
        # Pings, ends of blocks, and types that the API may add later.
        return ""

    def _begin(self, message: dict[str, Any]) -> None:
        self._model = message.get("model")
        self._count(message.get("usage") or {})

    def _count(self, usage: dict[str, Any]) -> None:
        """Counts are cumulative; what came from or went to the cache is input all the same."""
        names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        taken = sum(int(usage.get(name) or 0) for name in names)
        self._usage[0] = max(self._usage[0], taken)
        self._usage[1] = max(self._usage[1], int(usage.get("output_tokens") or 0))
        self._usage[2] = max(self._usage[2], int(usage.get("cache_read_input_tokens") or 0))

    def _open(self, index: int, block: dict[str, Any]) -> str:
        if block["type"] == "tool_use":
            self._blocks[index] = _ToolUse(block["id"], block["name"], block.get("input") or {})
        return self._words.add(block["text"]) if block["type"] == "text" else ""

    def _delta(self, index: int, delta: dict[str, Any]) -> str:
        if delta["type"] == "text_delta":
            return self._words.add(delta["text"])
        if delta["type"] == "input_json_delta" and index in self._blocks:
            self._blocks[index].add(delta["partial_json"])
        return ""


class _ToolUse:
    __slots__ = ("_input", "_length", "_pieces", "id", "name")

    def __init__(self, identity: str, name: str, given: dict[str, Any]) -> None:
        self.id = identity
        self.name = name
        self._input = given
        self._pieces: list[str] = []
        self._length = 0

    def add(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length > LONGEST_ARGUMENTS:
            raise BadResponse(f"tool arguments are longer than {LONGEST_ARGUMENTS} characters")

    def arguments(self) -> str:
        return "".join(self._pieces) or orjson.dumps(self._input).decode()
