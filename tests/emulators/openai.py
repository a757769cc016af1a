"""A server that speaks OpenAI's chat completions.

https://platform.openai.com/docs/api-reference/chat/create, …/chat-streaming,
https://platform.openai.com/docs/guides/error-codes
"""

from typing import Any

import orjson
from aiohttp import web

from tests.emulators.llm import LLM, Asked, Fails, Refusal, Says, Status, pieces, serve
from tests.emulators.pictures import IMAGES, Unreadable, from_data_url


class OpenAIEmulator(LLM):
    """Configured as base URL ``llm.url``. `usage` False is a server that counts nothing, and
    `sees` False a model that takes nothing but words."""

    chat_path = "/v1/chat/completions"
    api_path = "/v1"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.usage = True
        self.sees = True

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v1/models", self._list)]

    async def _list(self, request: web.Request) -> web.Response:
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return self._failed(_WRONG_KEY)
        models = [{"id": m, "object": "model", "created": 0, "owned_by": "x"} for m in self.models]
        return web.json_response({"object": "list", "data": models})

    def check(self, asked: Asked) -> None:
        if self.key and asked.headers.get("Authorization") != f"Bearer {self.key}":
            raise Refusal(_WRONG_KEY)
        if not asked.messages:
            raise Refusal(_invalid("[] is too short - 'messages'"))
        for message in asked.messages:
            if message["role"] not in ("system", "developer", "user", "assistant", "tool"):
                raise Refusal(_invalid(f"Invalid value: '{message['role']}'."))
            _check_content(message, sees=self.sees)
        _check_calls(asked.messages)
        length = sum(len(orjson.dumps(m)) for m in asked.messages) // 4
        if self.window is not None and length > self.window:
            raise Refusal(
                Status(
                    400,
                    f"This model's maximum context length is {self.window} tokens. However, your "
                    f"messages resulted in {length} tokens.",
                    "invalid_request_error",
                    "context_length_exceeded",
                )
            )

    def echo(self, asked: Asked) -> str:
        return next(
            (_words(m["content"]) for m in reversed(asked.messages) if m["role"] == "user"),
            "(nothing)",
        )

    def events(self, says: Says, asked: Asked) -> list[bytes]:
        first: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
        deltas = [first]
        deltas += [{"reasoning_content": part} for part in pieces(says.reasoning, self.delta)]
        deltas += [{"content": part} for part in pieces(says.text, self.delta)]
        for index, call in enumerate(says.calls):
            head = {"name": call.name, "arguments": ""}
            identity = f"call_{len(self.asked)}x{index}abcdefgh"
            begin = {"index": index, "id": identity, "type": "function", "function": head}
            deltas.append({"tool_calls": [begin]})
            deltas += [
                {"tool_calls": [{"index": index, "function": {"arguments": part}}]}
                for part in pieces(call.arguments, self.delta)
            ]
        wants_usage = (asked.body.get("stream_options") or {}).get("include_usage")
        more = {"usage": None} if wants_usage else {}
        events = [_chunk(asked, [_choice(delta)], more) for delta in deltas]
        events.append(_chunk(asked, [_choice({}, _stop(says))], more))
        if wants_usage and self.usage:
            events.append(_chunk(asked, [], {"usage": _usage(says, asked)}))
        events.append(b"data: [DONE]\n\n")
        return events

    def whole(self, says: Says, asked: Asked) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": says.text, "refusal": None}
        if says.calls:
            message["tool_calls"] = [
                {
                    "id": f"call_{len(self.asked)}x{index}abcdefgh",
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for index, call in enumerate(says.calls)
            ]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _stop(says)}
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": asked.body["model"],
            "choices": [choice],
            "usage": _usage(says, asked),
        }

    def error(self, status: Status) -> dict[str, Any]:
        kind = status.kind or "server_error"
        return {
            "error": {"message": status.message, "type": kind, "param": None, "code": status.code}
        }

    def error_event(self, fails: Fails) -> bytes:
        error = {"message": fails.message, "type": fails.kind, "param": None, "code": None}
        return b"data: " + orjson.dumps({"error": error}) + b"\n\n"


def _invalid(message: str) -> Status:
    return Status(400, message, "invalid_request_error")


_WRONG_KEY = Status(
    401, "Incorrect API key provided.", "invalid_request_error", code="invalid_api_key"
)


def _words(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")


def _check_content(message: dict[str, Any], *, sees: bool) -> None:
    """https://platform.openai.com/docs/guides/images-vision and …/guides/pdf-files"""
    content = message.get("content")
    for part in content if isinstance(content, list) else ():
        kind = part.get("type")
        if kind == "text":
            continue
        if kind not in ("image_url", "file") or message["role"] != "user":
            raise Refusal(_invalid(f"Invalid value: '{kind}'."))
        if not sees:
            raise Refusal(
                _invalid("Invalid content type. image_url is only supported by certain models.")
            )
        url = part["image_url"]["url"] if kind == "image_url" else part["file"]["file_data"]
        if kind == "file" and not part["file"].get("filename"):
            raise Refusal(_invalid("Missing required parameter: 'filename'."))
        _check_shown(kind, url)


def _check_shown(kind: str, url: str) -> None:
    try:
        shown = from_data_url(url)
    except Unreadable:
        raise Refusal(
            Status(
                400,
                "Invalid base64 image_url.",
                "invalid_request_error",
                "invalid_base64",
            )
        ) from None
    if kind == "image_url" and shown.looks not in IMAGES:
        raise Refusal(
            Status(
                400,
                "You uploaded an unsupported image. Please make sure your image has of one the "
                "following formats: ['png', 'jpeg', 'gif', 'webp'].",
                "invalid_request_error",
                "invalid_image_format",
            )
        )
    if kind == "file" and (shown.mime, shown.looks) != ("application/pdf", "application/pdf"):
        message = f"Invalid MIME type: '{shown.mime}'. Only PDF files are supported."
        raise Refusal(_invalid(message))


def _check_calls(messages: list[dict[str, Any]]) -> None:
    """Every call is followed by its result, and no result comes without its call."""
    open_calls: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                raise Refusal(
                    _invalid(
                        "Invalid parameter: messages with role 'tool' must be a response to a "
                        "preceeding message with 'tool_calls'."
                    )
                )
            open_calls.remove(message["tool_call_id"])
            continue
        if open_calls:
            break
        open_calls = [call["id"] for call in message.get("tool_calls") or ()]
    if open_calls:
        raise Refusal(
            _invalid(
                "An assistant message with 'tool_calls' must be followed by tool messages "
                "responding to each 'tool_call_id'. The following tool_call_ids did not have "
                f"response messages: {', '.join(open_calls)}"
            )
        )


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _chunk(asked: Asked, choices: list[dict[str, Any]], more: dict[str, Any]) -> bytes:
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": asked.body["model"],
        "system_fingerprint": "fp_1",
        "choices": choices,
        **more,
    }
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def _stop(says: Says) -> str:
    return says.stop or ("tool_calls" if says.calls else "stop")


def _usage(says: Says, asked: Asked) -> dict[str, int]:
    prompt = sum(len(orjson.dumps(m)) for m in asked.messages) // 4
    completion = len(says.text) // 4 + 1
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


if __name__ == "__main__":
    serve(OpenAIEmulator)
