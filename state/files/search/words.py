"""Words as they are compared: without case, accents and the forms that look alike. Pure.

SQLite's own `unicode61` keeps a run of Chinese or Japanese together as one word, and knows the
characters of 2012. So the folding is done here, and SQLite only parts what is left at the spaces
(its tokenizer `ascii`). The decision is in docs/adr/0015-search.md.
"""

import re
import unicodedata
from bisect import bisect_right

FORM = f"1/{unicodedata.unidata_version}"
"""Names how words are folded. An index that was made in another form must be made anew."""

_TOKEN = re.compile(r"[0-9a-z\x80-\U0010ffff]+")
"""What `ascii` takes for a word: https://sqlite.org/fts5.html#ascii_tokenizer"""

# Scripts that are written without spaces, and Hangul, where endings stick to the word: each
# character is a word of its own, and what is looked for is a row of them.
_ALONE = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),
    (0x3040, 0x31FF),  # kana, bopomofo
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),  # Han
    (0xAC00, 0xD7A3),  # Hangul
    (0xF900, 0xFAFF),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFF),
)
_FIRST = [first for first, _ in _ALONE]

# Accents and vowel points, which people leave out; the marks of other scripts are letters.
_DROPPED = re.compile("[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u064b-\u065f\u0670\ufe0e\ufe0f]+")


class _Places(dict[int, str]):
    """What stands for each character: itself, itself between spaces, or a space."""

    def __missing__(self, code: int) -> str:
        found = self[code] = _place(chr(code))
        return found


def _place(character: str) -> str:
    category = unicodedata.category(character)
    # Symbols are words as well: somebody may look for the message with the tada.
    if category == "So" or _is_alone(ord(character)):
        return f" {character} "
    return character if category[0] in "LNM" else " "


def _is_alone(code: int) -> bool:
    at = bisect_right(_FIRST, code) - 1
    return at >= 0 and code <= _ALONE[at][1]


_PLACES = _Places()


def folded(text: str) -> str:
    """The text as it is indexed: its words, with spaces or ASCII punctuation between them."""
    if text.isascii():
        return text.lower()
    plain = _DROPPED.sub("", unicodedata.normalize("NFKD", text.casefold()))
    # Composed again, or a syllable of Hangul would be three letters. What NFKD has left may have
    # a case: the letters of mathematics, circled ones.
    return unicodedata.normalize("NFC", plain.casefold()).translate(_PLACES)


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return _TOKEN.findall(folded(text))


def words_at(text: str) -> list[tuple[str, int, int]]:
    """The folded words, and from where to where each is in the text."""
    if text.isascii():
        return [(m[0], m.start(), m.end()) for m in _TOKEN.finditer(text.lower())]
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        piece = folded(text[start:end])
        pieces.append(piece)
        starts += [start] * len(piece)
        ends += [end] * len(piece)
    return [(m[0], starts[m.start()], ends[m.end() - 1]) for m in _TOKEN.finditer("".join(pieces))]


def _clusters(text: str) -> list[tuple[int, int]]:
    """Each character with the marks that follow it, but for marks that are words of their own."""
    starts = [
        at
        for at, character in enumerate(text)
        if at == 0
        or character < "\u0300"
        or unicodedata.category(character)[0] != "M"
        or _is_alone(ord(character))
    ]
    return list(zip(starts, [*starts[1:], len(text)], strict=True))
