"""OpenAI's chat completions as bytes and values.

https://platform.openai.com/docs/api-reference/chat and, for streams, …/chat-streaming
"""

from collections.abc import Collection, Sequence
from typing import Any

import orjson

from agents.errors import BadResponse, Overloaded, Refused
from agents.marking import marked
from agents.models.calls import CallPieces, is_object
from agents.models.model import ModelAnswer, ToolSpec
from agents.models.problems import failure, problem_of
from agents.models.sight import IMAGE, NOTHING, showable
from agents.models.sse import Event
from agents.models.words import Words, decode
from agents.transcript import AssistantSays, Media, Said, UserSays
from state.history import ToolCall, Usage

DIALECT = "openai"


def encode(said: Said, takes: Collection[str] = NOTHING) -> bytes:
    """A part of a conversation as one or more messages, separated by commas.

    Media that a model does not take are told of in words.
    """
    if isinstance(said, UserSays):
        text, shown = showable(said, takes)
        if not shown:
            return orjson.dumps({"role": "user", "content": text})
        parts = [*map(_encode_media, shown), {"type": "text", "text": text}]
        return orjson.dumps({"role": "user", "content": parts})
    if isinstance(said, AssistantSays):
        message: dict[str, Any] = {"role": "assistant", "content": said.text}
        if said.calls:
            message["content"] = said.text or None
            message["tool_calls"] = [_encode_call(call) for call in said.calls]
        return orjson.dumps(message)
    return b",".join(
        orjson.dumps({"role": "tool", "tool_call_id": result.call, "content": marked(result)})
        for result in said.results
    )


def _encode_media(media: Media) -> dict[str, Any]:
    address = orjson.Fragment(b'"data:%s;base64,%s"' % (media.mime.encode(), media.base64))
    if media.ability == IMAGE:
        return {"type": "image_url", "image_url": {"url": address}}
    # https://platform.openai.com/docs/guides/pdf-files
    file = {"filename": media.title or "document.pdf", "file_data": address}
    return {"type": "file", "file": file}


def _encode_call(call: ToolCall) -> dict[str, Any]:
    # Local servers parse the arguments of earlier calls and fail for ever on a damaged one.
    arguments = call.arguments if is_object(call.arguments) else "{}"
    function = {"name": call.name, "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}


def encode_system(text: str) -> bytes:
    """The system message."""
    return orjson.dumps({"role": "system", "content": text})


def encode_tools(tools: Sequence[ToolSpec]) -> bytes:
    """The value of ``tools``."""
    return orjson.dumps(
        [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in tools
        ]
    )


class ChatReader:
    """Reads a streamed completion, with what compatible servers do differently."""

    __slots__ = ("_calls", "_done", "_finish", "_model", "_refusal", "_usage", "_words")

    def __init__(self) -> None:
        self._words = Words()
        self._calls = CallPieces()
        self._usage: Usage | None = None
        self._model: str | None = None
        self._finish: str | None = None
        self._refusal = ""
        self._done = False

    @property
    def done(self) -> bool:
        """Whether the stream said that it is over."""
        return self._done

    def feed(self, event: Event) -> str:
        """Take an event; returns the words that it brought. Raises a `ModelError`."""
        if event.data == b"[DONE]":
            self._done = True
            return ""
        try:
            return self._take(decode(event.data))
        except (AttributeError, TypeError, KeyError, IndexError):
            raise BadResponse("the stream holds something that is no completion") from None

    def whole(self, body: Any) -> str:
        """Take a response that was not streamed; returns its words. Raises a `ModelError`."""
        if not isinstance(body, dict) or not (body.get("choices") or body.get("error")):
            raise BadResponse("the response is no completion")
        self._done = True
        try:
            return self._take(body)
        except (AttributeError, TypeError, KeyError, IndexError):
            raise BadResponse("the response is no completion") from None

    def finish(self) -> ModelAnswer:
        """The answer. Raises `BadResponse` (cut off), `Refused` or `Overloaded`."""
        if self._finish is None and not self._done:
            raise BadResponse("the stream ended before the answer did")
        text = self._words.finish()
        if self._finish == "content_filter" or (self._refusal and not text):
            raise Refused(self._refusal or "the provider's content filter stopped the answer")
        if self._finish == "error":
            raise Overloaded("the provider failed in the middle of the answer")
        return ModelAnswer(
            text=text,
            calls=self._calls.finish(),
            usage=self._usage,
            model=self._model,
            cut=self._finish == "length",
        )

    def _take(self, chunk: dict[str, Any]) -> str:
        if chunk.get("error"):
            raise failure(problem_of(chunk))
        if usage := chunk.get("usage"):
            details = usage.get("prompt_tokens_details") or {}
            self._usage = Usage(
                int(usage.get("prompt_tokens") or 0),
                int(usage.get("completion_tokens") or 0),
                int(details.get("cached_tokens") or 0),
            )
        choices = chunk.get("choices")
        if not choices:
            return ""
        self._model = self._model or chunk.get("model")
        choice = choices[0]
        self._finish = choice.get("finish_reason") or self._finish
        return self._take_delta(choice.get("delta") or choice.get("message") or {})

    def _take_delta(self, delta: dict[str, Any]) -> str:
        for piece in delta.get("tool_calls") or ():
            self._calls.add(piece)
        self._refusal += delta.get("refusal") or ""
        content = delta.get("content")
        if not content:
            return ""
        if isinstance(content, list):
            # Parts of different types (Mistral): reasoning has a type of its own.
            content = "".join(part["text"] for part in content if part.get("type") == "text")
        return self._words.add(content)
