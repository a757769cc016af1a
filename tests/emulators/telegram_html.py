"""Telegram's HTML as the Bot API reads it: markup in, plain text and entities out.

Follows https://core.telegram.org/bots/api#html-style and, for the errors and the odd cases, what
the Bot API server does (tdlib, `parse_html`). `parse` is stricter than the server where the server
quietly shows or drops what no sender can have meant; `strict=False` is the server to the letter.
"""

import re
from dataclasses import dataclass
from typing import Any

Entity = dict[str, Any]
"""As in https://core.telegram.org/bots/api#messageentity; offsets are in UTF-16 code units."""

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]*)|#([0-9]*)|([A-Za-z]*))(;?)")
_TEXT = re.compile(r"[^<&]+")
_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE_NAME = re.compile(r"[^\s=>]*")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_SPACE = re.compile(r"\s*")
_MEANT = {("a", "href"), ("code", "class"), ("span", "class"), ("tg-emoji", "emoji-id")}


@dataclass
class _Open:
    tag: str
    argument: str
    offset: int
    start: int
    at: int


class _Reader:
    def __init__(self, html: str, strict: bool) -> None:
        self.html = html
        self.strict = strict
        self.pos = 0
        self.out: list[str] = []
        self.units = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def fail(self, message: str, at: int | None = None) -> ValueError:
        where = "" if at is None else f" at byte offset {len(self.html[:at].encode())}"
        return ValueError(f"can't parse entities: {message}{where}")

    def read(self) -> tuple[str, list[Entity]]:
        while self.pos < len(self.html):
            if text := _TEXT.match(self.html, self.pos):
                self.write(text[0])
                self.pos = text.end()
            elif self.html[self.pos] == "&":
                self.write(self.reference())
            elif self.html.startswith("</", self.pos):
                self.end_tag()
            else:
                self.start_tag()
        if self.open:
            raise self.fail(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self.out), self.entities

    def write(self, text: str) -> None:
        if self.strict and ">" in text and text != ">":
            raise self.fail('Unescaped character ">"', self.pos + text.index(">"))
        self.out.append(text)
        self.units += utf16_length(text)

    def reference(self) -> str:
        """The character that the reference at `pos` stands for, or the bare ampersand."""
        start = self.pos
        found = _REFERENCE.match(self.html, start)
        if found is not None:
            character = self.character(found)
            if character and (found[4] or not self.strict):
                self.pos = found.end()
                return character
        if self.strict:
            raise self.fail("Unsupported character reference", start)
        self.pos += 1
        return "&"

    def character(self, found: re.Match[str]) -> str:
        hexadecimal, decimal, name, semicolon = found.groups()
        if name is not None:
            return _NAMED.get(name, "")
        digits = hexadecimal if hexadecimal is not None else decimal
        code = int(digits or "0", 16 if hexadecimal is not None else 10)
        if code == 0 or code >= 0x10FFFF or len(found[0]) - len(semicolon) >= 10:
            return ""
        if 0xD800 <= code <= 0xDFFF:
            raise self.fail(
                "Text contains invalid Unicode characters after decoding HTML entities, check for "
                "unmatched surrogate code units"
            )
        return chr(code)

    def start_tag(self) -> None:
        begin = self.pos
        name = _NAME.match(self.html, begin + 1)
        assert name is not None
        self.pos = name.end()
        tag = name[0].lower()
        if self.pos == len(self.html):
            raise self.fail("Unclosed start tag", begin)
        if tag not in _KINDS:
            raise self.fail(f'Unsupported start tag "{tag}"', begin)
        argument = ""
        while self.peek_past_space() != ">":
            argument = self.attribute(tag, begin) or argument
        self.pos += 1
        if tag == "span" and argument != "tg-spoiler":
            raise self.fail('Tag "span" must have class "tg-spoiler"', begin)
        if self.strict:
            self.check_nesting(tag, begin)
        self.open.append(_Open(tag, argument, self.units, len(self.out), begin))

    def check_nesting(self, tag: str, begin: int) -> None:
        """What the server would quietly undo: https://core.telegram.org/bots/api#html-style."""
        around = [opened.tag for opened in self.open]
        language = tag == "code" and around[-1:] == ["pre"] and around.count("code") == 0
        if language and self.open[-1].offset == self.units:
            around.pop()
        if "pre" in around or "code" in around:
            raise self.fail(f'Tag "{tag}" can\'t be inside of "pre" or "code"', begin)
        styled = [outer for outer in around if outer != "blockquote"]
        if tag in ("pre", "code") and styled:
            raise self.fail(f'Tag "{tag}" can\'t be inside of "{styled[-1]}"', begin)
        if tag in ("a", "blockquote") and tag in around:
            raise self.fail(f'Tag "{tag}" can\'t be nested', begin)

    def attribute(self, tag: str, begin: int) -> str:
        """Read one attribute; its value, where it means something for the tag."""
        found = _ATTRIBUTE_NAME.match(self.html, self.pos)
        assert found is not None
        name = found[0]
        if not name:
            if self.pos == len(self.html):
                raise self.fail(f'Unclosed start tag "{tag}"', begin)
            raise self.fail(f'Empty attribute name in the tag "{tag}"', begin)
        self.pos = found.end()
        meant = (tag, name) in _MEANT or (tag, name) == ("blockquote", "expandable")
        if self.strict and not meant:
            raise self.fail(f'Unsupported attribute "{name}" in the tag "{tag}"', begin)
        if self.peek_past_space() != "=":
            if self.pos == len(self.html):
                raise self.fail(f'Unclosed start tag "{tag}"', begin)
            return "expandable" if (tag, name) == ("blockquote", "expandable") else ""
        self.pos += 1
        if not self.peek_past_space():
            raise self.fail(f'Unclosed start tag "{tag}"', begin)
        value = self.value()
        if self.pos == len(self.html):
            raise self.fail("Unclosed start tag", begin)
        return value if (tag, name) in _MEANT else name

    def value(self) -> str:
        quote = self.html[self.pos]
        if quote not in "\"'":
            token = _TOKEN.match(self.html, self.pos)
            assert token is not None
            start, self.pos = self.pos, token.end()
            following = self.html[self.pos : self.pos + 1]
            if following != ">" and not following.isspace():
                raise self.fail("Unexpected end of name token", start)
            return token[0].lower()
        self.pos += 1
        value = []
        while self.pos < len(self.html) and self.html[self.pos] != quote:
            if self.html[self.pos] == "&":
                value.append(self.reference())
                continue
            if self.strict and self.html[self.pos] in "<>":
                raise self.fail("Unescaped character in an attribute", self.pos)
            value.append(self.html[self.pos])
            self.pos += 1
        self.pos = min(self.pos + 1, len(self.html))
        return "".join(value)

    def end_tag(self) -> None:
        begin = self.pos
        if not self.open:
            raise self.fail("Unexpected end tag", begin)
        name = _NAME.match(self.html, begin + 2)
        assert name is not None
        self.pos = name.end()
        if self.peek_past_space() != ">":
            raise self.fail("Unclosed end tag", begin)
        self.pos += 1
        opened = self.open.pop()
        found = name[0].lower()
        if found != opened.tag and (found or self.strict):
            raise self.fail(
                f"Unmatched end tag at byte offset {len(self.html[:begin].encode())}, "
                f'expected "</{opened.tag}>", found "</{found}>"'
            )
        if self.units > opened.offset:
            self.add(opened)
        elif self.strict:
            raise self.fail(f'Empty tag "{opened.tag}"', opened.at)

    def add(self, opened: _Open) -> None:
        kind = _KINDS[opened.tag]
        entity: Entity = {
            "type": kind,
            "offset": opened.offset,
            "length": self.units - opened.offset,
        }
        language = opened.tag == "code" and opened.argument.startswith("language-")
        if opened.tag == "a":
            entity["url"] = opened.argument or "".join(self.out[opened.start :])
            if not self.takes(entity["url"]):
                return
        elif opened.tag == "tg-emoji":
            if not opened.argument.isdecimal():
                raise self.fail("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = opened.argument
        elif opened.tag == "blockquote" and opened.argument == "expandable":
            entity["type"] = "expandable_blockquote"
        elif language and self.open and self.open[-1].tag == "pre":
            entity["language"] = opened.argument.removeprefix("language-")
        self.merge_language(opened, entity)

    def merge_language(self, opened: _Open, entity: Entity) -> None:
        """`<pre><code class="language-…">` is one entity, when both cover the same text."""
        last = self.entities[-1] if self.entities else None
        if (
            opened.tag == "pre"
            and last is not None
            and last.get("language")
            and (last["offset"], last["length"]) == (entity["offset"], entity["length"])
        ):
            last["type"] = "pre"
            return
        if opened.tag == "pre" and last is not None and last["type"] == "code":
            last.pop("language", None)
        self.entities.append(entity)

    def takes(self, url: str) -> bool:
        """Whether the server keeps a link; it drops others without a word, and keeps the text."""
        if re.match(r"tg://[\w-]+", url, re.IGNORECASE):
            return True
        host = re.match(r"(?:https?://)?(?:[^/?#\s]*@)?([^/?#:\s]+|\[[^\]]*\])", url, re.IGNORECASE)
        kept = host is not None and ("." in host[1] or host[1].startswith("["))
        if self.strict and not (kept and url.lower().startswith(("http://", "https://"))):
            raise self.fail(f"Unsupported link {url!r}")
        return kept

    def peek_past_space(self) -> str:
        """Skip white space; the next character, or nothing at the end."""
        space = _SPACE.match(self.html, self.pos)
        assert space is not None
        self.pos = space.end()
        return self.html[self.pos : self.pos + 1]


def parse(html: str, *, strict: bool = True) -> tuple[str, list[Entity]]:
    """The text and the entities of a message sent with `parse_mode` HTML.

    Raises ValueError with the words of the Bot API (``can't parse entities: …``). With `strict`
    it raises also for what the server forgives: unknown character references, a bare ``&`` or
    ``>``, meaningless attributes, empty tags, forbidden nesting, and links that it would drop.
    """
    try:
        html.encode()
    except UnicodeEncodeError as error:
        raise ValueError("strings must be encoded in UTF-8") from error
    return _Reader(html, strict).read()


def utf16_length(text: str) -> int:
    """UTF-16 code units, in which Telegram counts: one, or two beyond U+FFFF."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


_CONTROL = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f]")
_REMOVED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_UNSEEN = re.compile(
    "[\\s\u1680\u180e\u2000-\u200f\u202e\u202f\u205f\u2800\u3000\ufffc\ufeff\u00a0"
    "\U000e0000-\U000e007f]+"
)


def clean(text: str) -> str:
    """What the server makes of a text: controls become spaces, some marks go (offsets move)."""
    return _REMOVED.sub("", _CONTROL.sub(" ", text))


def is_empty(text: str) -> bool:
    """Whether the server would say ``message text is empty``: nothing in it can be seen."""
    return not _UNSEEN.sub("", clean(text))
