"""Text from outside, made safe to show: a terminal obeys characters that a reader cannot see."""

import re

# C0 (but tab and newline), DEL, C1, soft hyphen and every other format character (Unicode's Cf,
# which holds the bidirectional overrides), line and paragraph separators, lone surrogates. Two of
# Cf stay, because Persian and emoji are written with them and they move nothing: U+200C, U+200D.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f]"
)


def visible(text: str) -> str:
    r"""The text with what cannot be seen written out, as ``\x1b`` or ``\u202e``."""
    return _UNSEEN.sub(_written, text) if _UNSEEN.search(text) else text


def one_line(text: str) -> str:
    r"""The same, with newlines and tabs as ``\n`` and ``\t``."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _written(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
