"""What a server answers to each message; how it gets there is for others."""

import os
from typing import Any

from tests.emulators.mcp.traits import Traits

Message = dict[str, Any]

VERSION = "2025-06-18"
MODERN = "2026-07-28"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
PARSE_ERROR, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32601, -32602
PIXEL = "iVBORw0KGgo="
CAPABILITIES = {"tools": {"listChanged": True}}
OBJECT = {"type": "object"}
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


class Stall(Exception):
    """Nothing is answered any more."""


class Die(Exception):
    """The server ends in the middle of a call."""


class Talk:
    """One client's session. `cancelled` are the calls that it took back."""

    def __init__(self, traits: Traits) -> None:
        self.traits = traits
        self.cancelled: list[object] = []
        self.held: list[object] = []
        self.clients: list[Message] = []
        self.listening: list[object] = []
        self.tools = {
            "echo": ("Say it again.", TEXT),
            "fail": ("Always fails.", OBJECT),
            "picture": ("Shows what cannot be said.", OBJECT),
            "facts": ("Structured only.", OBJECT),
            "environment": ("What it knows of where it runs.", OBJECT),
            "big": ("Says much.", OBJECT),
            "hold": ("Never answers.", OBJECT),
            "taken_back": ("Which calls were cancelled.", OBJECT),
            "grow": ("Offers one tool more.", OBJECT),
            "wrong": ("Answers what is no result.", OBJECT),
            "refuse": ("Answers with an error of the protocol.", OBJECT),
            "stall": ("Says nothing from then on.", OBJECT),
            "die": ("Ends.", OBJECT),
        }
        for number in range(traits.more):
            self.tools[f"more_{number}"] = ("One of many.", OBJECT)

    def hear(self, message: Message) -> list[Message]:
        """What is sent back, in order."""
        method, number = message.get("method"), message.get("id")
        if method == "notifications/cancelled":
            self.cancelled.append(message["params"]["requestId"])
        if number is None or method is None:
            return []
        if self.traits.modern:
            return self._hear_modern(method, number, message["params"])
        params = message.get("params") or {}
        match method:
            case "initialize":
                self.clients.append(params["clientInfo"])
                return [_result(number, _initialized())]
            case "ping":
                return [_result(number, {})]
            case "tools/list":
                return [_result(number, self._page(params.get("cursor")))]
            case "tools/call":
                return self._call(number, params["name"], params.get("arguments") or {})
        return [_error(number, METHOD_NOT_FOUND, f"no method {method}")]

    def _hear_modern(self, method: str, number: object, params: Message) -> list[Message]:
        """As of 2026-07-28 there is no greeting; changes are told to those who ask for them."""
        cacheable = {"ttlMs": 0, "cacheScope": "private", "resultType": "complete"}
        match method:
            case "server/discover":
                known = {"supportedVersions": [MODERN], "capabilities": CAPABILITIES}
                return [_result(number, known | cacheable)]
            case "subscriptions/listen":
                self.listening.append(number)
                acknowledged = {"notifications": params["notifications"]}
                return [_told("subscriptions/acknowledged", number, acknowledged)]
            case "tools/list":
                return [_result(number, self._page(params.get("cursor")) | cacheable)]
            case "tools/call":
                answer, *more = self._call(number, params["name"], params.get("arguments") or {})
                answer["result"]["resultType"] = "complete"
                changes = [_told("tools/list_changed", each) for each in self.listening]
                return [answer, *(changes if more else ())]
        return [_error(number, METHOD_NOT_FOUND, f"no method {method}")]

    def _page(self, cursor: str | None) -> Message:
        names = list(self.tools)
        start = int(cursor or 0)
        end = len(names) if self.traits.page is None else start + self.traits.page
        page: Message = {
            "tools": [
                {
                    "name": name,
                    "description": self.tools[name][0],
                    "inputSchema": self.tools[name][1],
                }
                for name in names[start:end]
            ]
        }
        if end < len(names):
            page["nextCursor"] = str(end)
        return page

    def _call(self, number: object, name: str, given: Message) -> list[Message]:
        result = self._result(name, given)
        if result is not None:
            return [_result(number, result)]
        match name:
            case "grow":
                self.tools[f"grown_{len(self.tools)}"] = ("Grown.", OBJECT)
                changed = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
                return [_result(number, _said("grown")), changed]
            case "hold":
                self.held.append(number)
                return []
            case "stall":
                raise Stall
            case "die":
                raise Die
            case "refuse":
                return [_error(number, INVALID_PARAMS, "the moon is not full")]
        return [_error(number, INVALID_PARAMS, f"no tool {name}")]

    def _result(self, name: str, given: Message) -> Message | None:
        match name:
            case "echo":
                return _said(str(given.get("text")))
            case "environment":
                return _said("\n".join(f"{k}={v}" for k, v in sorted(os.environ.items())))
            case "big":
                return _said("x" * int(given["size"]))
            case "taken_back":
                return _said(str(len(self.cancelled)))
            case "fail":
                return _said("there is no such page") | {"isError": True}
            case "picture":
                return {"content": _everything()}
            case "facts":
                return {"content": [], "structuredContent": {"degrees": 21}}
            case "wrong":
                return {"content": "not a list"}
        return None


def _result(number: object, result: Message) -> Message:
    return {"jsonrpc": "2.0", "id": number, "result": result}


def _error(number: object, code: int, message: str) -> Message:
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}


def _said(text: str) -> Message:
    return {"content": [{"type": "text", "text": text}]}


def _told(what: str, listener: object, more: Message | None = None) -> Message:
    params = {"_meta": {SUBSCRIPTION: listener}} | (more or {})
    return {"jsonrpc": "2.0", "method": f"notifications/{what}", "params": params}


def _initialized() -> Message:
    return {
        "protocolVersion": VERSION,
        "capabilities": CAPABILITIES,
        "serverInfo": {"name": "emulator", "version": "1"},
    }


def _everything() -> list[Message]:
    return [
        {"type": "text", "text": "see:"},
        {"type": "image", "data": PIXEL, "mimeType": "image/png"},
        {"type": "audio", "data": PIXEL, "mimeType": "audio/ogg"},
        {"type": "resource_link", "uri": "file:///a.txt", "name": "a.txt"},
        {"type": "resource", "resource": {"uri": "file:///b.txt", "text": "inside"}},
        {
            "type": "resource",
            "resource": {"uri": "file:///c.bin", "blob": PIXEL, "mimeType": "application/zip"},
        },
    ]
