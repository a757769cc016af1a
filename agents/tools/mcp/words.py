"""The result of a call as text for a model, with the name of whose it is."""

import orjson
from mcp import types

from agents.tools.tool import ToolFailed


def told(server: str, result: types.CallToolResult) -> str:
    """All of a result in words. Raises `ToolFailed` with them where the tool says it failed."""
    parts = [_part(block) for block in result.content]
    if not parts and result.structured_content is not None:
        parts = [_json(result.structured_content)]
    body = "\n".join(parts) or "(nothing)"
    text = f"[from the external server {server!r}]\n{body}"
    if result.is_error:
        raise ToolFailed(text)
    return text


def _part(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.ImageContent():
            return _unshown("image", block.mime_type, block.data)
        case types.AudioContent():
            return _unshown("audio", block.mime_type, block.data)
        case types.ResourceLink():
            return f"[a link: {block.name}, {block.uri}]"
        case types.EmbeddedResource():
            return _resource(block.resource)


def _resource(inside: types.TextResourceContents | types.BlobResourceContents) -> str:
    if isinstance(inside, types.TextResourceContents):
        return f"[{inside.uri}]\n{inside.text}"
    return _unshown(str(inside.uri), inside.mime_type or "unknown type", inside.blob)


def _unshown(what: str, mime: str, base64: str) -> str:
    return f"[{what}: {mime}, about {len(base64) * 3 // 4} bytes, which cannot be shown here]"


def _json(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return repr(value)
