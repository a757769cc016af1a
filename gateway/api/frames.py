"""The control socket's language: one JSON object a line, requests one way, replies and frames back.

    {"id": 1, "do": "sessions.clear", "with": {"names": ["telegram:1:main"]}}
    {"id": 1, "ok": true, "data": {…}}
    {"id": 1, "ok": false, "error": {"code": "not_found", "message": "…", "hint": "…"}}
    {"id": 2, "frame": "delta", "source": "…", "text": "Hel"}

What is too long for a line is ``put`` before its request, in pieces of a text: the request has it
as ``lines``. After ``chat``, frames with that request's id follow until the connection ends.
"""

from typing import Any

import orjson

from gateway.admin_errors import AdminError

LONGEST_FRAME = 1 << 20
"""Bytes in a line, either way."""

Json = dict[str, Any]


def line(value: Json) -> bytes:
    """A value as a line; a lone surrogate, which JSON cannot hold, is written as its escape."""
    try:
        return orjson.dumps(value) + b"\n"
    except TypeError:
        import json

        return json.dumps(value).encode("ascii") + b"\n"


def parse(raw: bytes) -> Json:
    """The object in a line. Raises `AdminError`."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise AdminError("usage", f"not a line of JSON: {error}") from error
    if not isinstance(value, dict):
        raise AdminError("usage", "a line must hold one object")
    return value


def done(request: object, data: Json) -> Json:
    """The reply to a request that was carried out."""
    return {"id": request, "ok": True, "data": data}


def refused(request: object, error: AdminError) -> Json:
    """The reply to a request that was not."""
    told = {"code": error.code, "message": error.message, "hint": error.hint}
    return {"id": request, "ok": False, "error": told}


def result(reply: Json) -> Json:
    """What a reply brings. Raises the `AdminError` in it."""
    if reply.get("ok"):
        data: Json = reply.get("data") or {}
        return data
    told = reply.get("error") or {}
    code = str(told.get("code") or "failed")
    raise AdminError(code, str(told.get("message") or "refused"), told.get("hint"))
