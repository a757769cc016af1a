"""What Slack shows of a message, whom it notifies, and what it refuses.

https://docs.slack.dev/messaging/formatting-message-text/
https://docs.slack.dev/reference/block-kit/blocks/
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

Json = dict[str, Any]
MAX_BLOCKS = 50
MAX_SECTION = 3000
MAX_MARKDOWN = 12_000
MAX_ACTIONS = 25
MAX_LABEL = 75
MAX_VALUE = 2000
MAX_BLOCKS_SIZE = 13_200
"""Undocumented; measured by others: https://github.com/slackapi/bolt-js/issues/2509."""

_CONTROL = re.compile(r"<([@#!])([^>|]*)(?:\|([^>]*))?>|<([^>|\s]+)(?:\|([^>]*))?>")
_STYLES = {"bold", "italic", "strike", "code", "underline", "highlight"}


class BadBlocks(ValueError):
    """`error` is Slack's code for it."""

    def __init__(self, error: str, detail: str = "") -> None:
        super().__init__(f"{error}: {detail}")
        self.error = error


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def shown(text: str) -> str:
    """mrkdwn as words: mentions and links in place, escapes undone."""

    def word(found: re.Match[str]) -> str:
        sign, name, label, url, link_label = found.groups()
        if sign:
            return {"@": "@", "#": "#", "!": "@"}[sign] + (label or name)
        return str(link_label or url)

    return unescape(_CONTROL.sub(word, text))


def pings_in(text: str) -> list[str]:
    """The people and audiences that mrkdwn notifies."""
    found = (m for m in _CONTROL.finditer(text) if m[1] in {"@", "!"})
    return [m[1] + m[2] for m in found if not m[2].startswith("date^")]


def read(blocks: Any) -> tuple[str, list[str]]:
    """The words of blocks and whom they notify. Raises `BadBlocks`."""
    if not isinstance(blocks, list):
        raise BadBlocks("invalid_blocks_format")
    if len(blocks) > MAX_BLOCKS:
        raise BadBlocks("invalid_blocks", "no more than 50 items allowed")
    texts, pings = [], []
    for block in blocks:
        if not isinstance(block, dict):
            raise BadBlocks("invalid_blocks", "must be an object")
        text, notified = _READERS.get(block.get("type", ""), _unknown)(block)
        texts.append(text)
        pings += notified
    if len(orjson.dumps(blocks).decode()) > MAX_BLOCKS_SIZE:
        raise BadBlocks("msg_blocks_too_long")
    return "\n".join(filter(None, texts)), pings


def _actions(block: Json) -> tuple[str, list[str]]:
    """https://docs.slack.dev/reference/block-kit/blocks/actions-block/"""
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= MAX_ACTIONS:
        raise BadBlocks("invalid_blocks", "an actions block needs 1 to 25 elements")
    ids = [element.get("action_id", object()) for element in elements]
    if len(set(ids)) != len(ids):
        raise BadBlocks("invalid_blocks", "action_id already exists")
    for element in elements:
        text = element.get("text") or {}
        label, value = text.get("text", ""), element.get("value", "")
        fits = 1 <= len(label) <= MAX_LABEL and len(value) <= MAX_VALUE
        if element.get("type") != "button" or text.get("type") != "plain_text" or not fits:
            raise BadBlocks("invalid_blocks", f"no button: {element}")
    return "", []


def _unknown(block: Json) -> tuple[str, list[str]]:
    raise BadBlocks("invalid_blocks", f"unsupported type: {block.get('type')}")


def _section(block: Json) -> tuple[str, list[str]]:
    text = block.get("text") or {}
    words = text.get("text", "")
    if not 1 <= len(words) <= MAX_SECTION:
        raise BadBlocks("invalid_blocks", "must be more than 0 and less than 3001 characters")
    if text.get("type") == "plain_text":
        return words, []
    return shown(words), pings_in(words)


def _markdown(block: Json) -> tuple[str, list[str]]:
    words = block.get("text", "")
    if not 1 <= len(words) <= MAX_MARKDOWN:
        raise BadBlocks("msg_blocks_too_long" if words else "invalid_blocks")
    return shown(words), pings_in(words)


def _divider(_block: Json) -> tuple[str, list[str]]:
    return "---", []


def _rich_text(block: Json) -> tuple[str, list[str]]:
    parts = list(map(_rich_element, block.get("elements") or ()))
    if not parts:
        raise BadBlocks("invalid_blocks", "a rich_text needs elements")
    return "\n".join(text for text, _ in parts), [p for _, pings in parts for p in pings]


def _rich_element(element: Any) -> tuple[str, list[str]]:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind == "rich_text_list":
        parts = list(map(_rich_element, element["elements"]))
        return "\n".join(text for text, _ in parts), [p for _, pings in parts for p in pings]
    if kind not in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
        raise BadBlocks("invalid_blocks", f"unsupported rich element: {kind}")
    unknown = element.keys() - {"type", "elements", "border", "language"}
    if unknown or not element.get("elements"):
        raise BadBlocks("invalid_blocks", f"{kind}: {sorted(unknown)}")
    words, pings = "", []
    for inline in element["elements"]:
        text, notified = _inline(inline, code=kind == "rich_text_preformatted")
        words += text
        pings += notified
    return words, pings


def _inline(inline: Json, *, code: bool) -> tuple[str, list[str]]:
    kind, style = inline.get("type"), inline.get("style") or {}
    if not isinstance(style, dict) or style.keys() - _STYLES or (code and style):
        raise BadBlocks("invalid_blocks", f"style: {style}")
    match kind:
        case "text":
            if not isinstance(inline.get("text"), str) or not inline["text"]:
                raise BadBlocks("invalid_blocks", "a text needs text")
            return inline["text"], []
        case "link":
            if not re.match(r"[a-z][a-z0-9+.-]*:\S+$", inline.get("url", "")):
                raise BadBlocks("invalid_blocks", f"no URL: {inline.get('url')!r}")
            return inline.get("text") or inline["url"], []
        case "user":
            return f"@{inline['user_id']}", [f"@{inline['user_id']}"]
        case "broadcast":
            return f"@{inline['range']}", [f"!{inline['range']}"]
        case "channel" | "emoji" | "usergroup" | "team" | "color" | "date":
            return str(inline), [f"!{inline['usergroup_id']}"] if kind == "usergroup" else []
    raise BadBlocks("invalid_blocks", f"unsupported inline element: {kind}")


_READERS = {
    "section": _section, "markdown": _markdown, "divider": _divider, "rich_text": _rich_text,
    "header": _section, "actions": _actions,
}  # fmt: skip


def as_typed(text: str) -> list[Json]:
    """The `rich_text` block that Slack's own editor makes of typed words (mentions included)."""
    elements = list(_mentions(text))
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": "b1", "elements": [section]}]


def _mentions(text: str) -> Iterator[Json]:
    end = 0
    for found in re.finditer(r"<@([A-Z0-9]+)>", text):
        if found.start() > end:
            yield {"type": "text", "text": unescape(text[end : found.start()])}
        yield {"type": "user", "user_id": found[1]}
        end = found.end()
    if end < len(text):
        yield {"type": "text", "text": unescape(text[end:])}
