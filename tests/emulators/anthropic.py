"""A server that speaks Anthropic's messages API.

https://platform.claude.com/docs/en/api/messages, …/build-with-claude/streaming, …/api/errors
"""

from itertools import groupby
from typing import Any

import orjson
from aiohttp import web

from tests.emulators.llm import LLM, Asked, Fails, Refusal, Says, Status, pieces, serve
from tests.emulators.pictures import IMAGES, Unreadable, from_base64

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


class AnthropicEmulator(LLM):
    """Configured as base URL ``llm.url``."""

    chat_path = "/v1/messages"

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.key = "sk-ant-test"

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/v1/models", self._list)]

    async def _list(self, request: web.Request) -> web.Response:
        if request.headers.get("x-api-key") != self.key:
            return self._failed(_WRONG_KEY)
        models = [{"type": "model", "id": m, "display_name": m} for m in self.models]
        return web.json_response(
            {"data": models, "has_more": False, "first_id": None, "last_id": None}
        )

    def check(self, asked: Asked) -> None:
        headers = {name.lower(): value for name, value in asked.headers.items()}
        if headers.get("x-api-key") != self.key:
            raise Refusal(_WRONG_KEY)
        if "anthropic-version" not in headers:
            raise Refusal(Status(400, "anthropic-version: header is required"))
        if not isinstance(asked.body.get("max_tokens"), int):
            raise Refusal(Status(400, "max_tokens: Field required"))
        turns = _joined(asked.messages)
        if not turns or turns[0][0] != "user":
            raise Refusal(Status(400, 'messages: first message must use the "user" role'))
        _check_blocks(turns)
        for position, message in enumerate(asked.messages):
            _check_media(position, message)
        length = len(orjson.dumps(asked.messages)) // 4
        if self.window is not None and length > self.window:
            message = f"prompt is too long: {length} tokens > {self.window} maximum"
            raise Refusal(Status(400, message))

    def echo(self, asked: Asked) -> str:
        for role, blocks in reversed(_joined(asked.messages)):
            texts = [block["text"] for block in blocks if block["type"] == "text"]
            if role == "user" and texts:
                return texts[-1]
        return "(nothing)"

    def events(self, says: Says, asked: Asked) -> list[bytes]:
        message = self.whole(says, asked)
        usage = message["usage"]
        begun = {**message, "content": [], "stop_reason": None}
        begun["usage"] = {**usage, "output_tokens": 1}
        events = [_event("message_start", message=begun)]
        for index, block in enumerate(message["content"]):
            start, deltas = self._block(block, says)
            events.append(_event("content_block_start", index=index, content_block=start))
            if index == 0:
                events.append(_event("ping"))
            events += [_event("content_block_delta", index=index, delta=d) for d in deltas]
            events.append(_event("content_block_stop", index=index))
        end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
        counted = {"output_tokens": usage["output_tokens"]}
        events.append(_event("message_delta", delta=end, usage=counted))
        events.append(_event("message_stop"))
        return events

    def _block(
        self, block: dict[str, Any], says: Says
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A block as it begins, and what is added to it."""
        if block["type"] == "thinking":
            deltas = [
                {"type": "thinking_delta", "thinking": part}
                for part in pieces(block["thinking"], self.delta)
            ]
            deltas.append({"type": "signature_delta", "signature": "EqQBCg=="})
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        if block["type"] == "text":
            return {"type": "text", "text": ""}, [
                {"type": "text_delta", "text": part} for part in pieces(block["text"], self.delta)
            ]
        position = int(block["id"].rpartition("x")[2])
        arguments = says.calls[position].arguments
        parts = ["", *pieces(arguments, self.delta)]
        return {**block, "input": {}}, [
            {"type": "input_json_delta", "partial_json": part} for part in parts
        ]

    def whole(self, says: Says, asked: Asked) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        if says.reasoning:
            content.append(
                {"type": "thinking", "thinking": says.reasoning, "signature": "EqQBCg=="}
            )
        if says.text:
            content.append({"type": "text", "text": says.text})
        for index, call in enumerate(says.calls):
            identity = f"toolu_{len(self.asked):08}x{index}"
            content.append({"type": "tool_use", "id": identity, "name": call.name, "input": {}})
        stop = says.stop or ("tool_use" if says.calls else "end_turn")
        taken = len(orjson.dumps(asked.messages)) // 4
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": asked.body["model"],
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {
                "input_tokens": taken,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 7,
                "output_tokens": len(says.text) // 4 + 1,
            },
        }

    def error(self, status: Status) -> dict[str, Any]:
        kind = status.kind or _KINDS.get(status.status, "api_error")
        error = {"type": kind, "message": status.message}
        return {"type": "error", "error": error, "request_id": "req_1"}

    def error_event(self, fails: Fails) -> bytes:
        return _event("error", error={"type": fails.kind, "message": fails.message})


_WRONG_KEY = Status(401, "invalid x-api-key")


def _event(kind: str, **fields: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), orjson.dumps({"type": kind, **fields}))


_LONGEST_IMAGE = 5 * 1024 * 1024


def _check_media(position: int, message: dict[str, Any]) -> None:
    """https://platform.claude.com/docs/en/build-with-claude/vision and …/pdf-support

    The 5 MB of an image are those of its base64.
    """
    content = message["content"]
    for index, block in enumerate(content if isinstance(content, list) else ()):
        kind = block["type"]
        if kind not in ("image", "document"):
            continue
        where = f"messages.{position}.content.{index}.{kind}.source.base64"
        if message["role"] != "user":
            raise Refusal(Status(400, f"{where}: only users show images"))
        source = block["source"]
        known = IMAGES if kind == "image" else ("application/pdf",)
        if source["media_type"] not in known:
            raise Refusal(Status(400, f"{where}.media_type: Input should be one of {known}"))
        if kind == "image" and len(source["data"]) > _LONGEST_IMAGE:
            sizes = f"{len(source['data'])} bytes > {_LONGEST_IMAGE} bytes"
            raise Refusal(Status(400, f"{where}: image exceeds 5 MB maximum: {sizes}"))
        try:
            shown = from_base64(source["media_type"], source["data"])
        except Unreadable:
            raise Refusal(Status(400, f"{where}: invalid base64 data")) from None
        if shown.looks is None:
            raise Refusal(Status(400, f"Could not process {kind}"))
        if shown.looks != shown.mime:
            message_text = f"{where}.data: was specified as {shown.mime}, but is {shown.looks}"
            raise Refusal(Status(400, message_text))


def _joined(messages: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Messages of one role that follow each other are one turn, as the API has it."""
    turns = []
    for role, group in groupby(messages, key=lambda message: message["role"]):
        blocks: list[dict[str, Any]] = []
        for message in group:
            content = message["content"]
            blocks += [{"type": "text", "text": content}] if isinstance(content, str) else content
        turns.append((role, blocks))
    return turns


def _check_blocks(turns: list[tuple[str, list[dict[str, Any]]]]) -> None:
    awaited: list[str] = []
    seen: set[str] = set()
    for position, (_, blocks) in enumerate(turns):
        for block in blocks:
            if block["type"] == "text" and not block["text"].strip():
                message = "messages: text content blocks must contain non-whitespace text"
                raise Refusal(Status(400, message))
        results = [b["tool_use_id"] for b in blocks if b["type"] == "tool_result"]
        leading = [b["type"] for b in blocks[: len(results)]]
        if sorted(results) != sorted(awaited) or set(leading) - {"tool_result"}:
            raise Refusal(
                Status(
                    400,
                    f"messages.{position}: `tool_use` ids were found without `tool_result` blocks "
                    f"immediately after: {', '.join(awaited)}.",
                )
            )
        awaited = [b["id"] for b in blocks if b["type"] == "tool_use"]
        if seen & set(awaited):
            raise Refusal(Status(400, "messages: `tool_use` ids must be unique"))
        seen.update(awaited)
    if awaited:
        message = f"messages: `tool_use` ids without `tool_result`: {', '.join(awaited)}"
        raise Refusal(Status(400, message))


if __name__ == "__main__":
    serve(AnthropicEmulator)
