"""Cutting a column of pieces into messages: whole, each within the platform's limits.

Generic over the platform: a `Gauge` says what text and markup cost and what a message may cost.
A cut is looked for between blocks first, then at a line's end, a sentence's, a word's, and in the
end anywhere but inside of a character. Pieces and spans know all that applies to them, so a cut
closes and reopens every style, link, quote and fence by itself.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from operator import sub
from typing import Protocol

from channels.document import Span, Spans
from channels.pieces import Piece

Cost = tuple[int, ...]
"""One figure per limit, such as characters, entities and bytes. Only ever compared as a whole."""


class Gauge(Protocol):
    """What a platform counts. A longer text never costs less; each character costs 1 or more in
    the first figure, and the limits leave room for one character in any markup."""

    @property
    def limits(self) -> Cost:
        """What a message may cost at most."""

    def frame(self, piece: Piece) -> Cost:
        """What a piece costs apart from its spans: the gap, a quote's or a fence's markup."""

    def span(self, span: Span, piece: Piece) -> Cost:
        """What a span of the piece costs, with its own markup."""

    def is_blank(self, text: str) -> bool:
        """Whether the platform would refuse a message of this text as empty."""


_BLOCK_FILL = 0.5
_CODE_FILL = 0.25
"""How full a message must be to end it before a block rather than inside of it; less is enough
to keep a block of code in one piece."""

_LINE_FILL = 0.4
_SENTENCE_FILL = 0.4
_WORD_FILL = 0.1
"""How much of the room a cut of this kind must use; otherwise a finer one is better."""

_LONGEST_CHARACTER = 64
"""Code points to go back at most to find where a character begins."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]*]*\s|[。！？][”’」』）]*")


def split(pieces: Iterable[Piece], gauge: Gauge) -> list[tuple[Piece, ...]]:
    """The pieces in order, dealt out to messages; the first piece of each has no gap.

    Nothing is left out but white space at a cut, and messages in which nothing could be seen.
    """
    dealer = _Dealer(gauge)
    for piece in pieces:
        dealer.deal(piece)
    dealer.flush()
    return dealer.parts


class _Dealer:
    def __init__(self, gauge: Gauge) -> None:
        self.parts: list[tuple[Piece, ...]] = []
        self._gauge = gauge
        self._part: list[Piece] = []
        self._used: Cost = (0,) * len(gauge.limits)

    def deal(self, piece: Piece) -> None:
        """Put a piece into the message begun, or as much as fits, and go on in the next."""
        rest: Piece | None = piece
        while rest is not None:
            rest = self._place(rest)

    def flush(self) -> None:
        """End the message begun."""
        if any(not self._gauge.is_blank(span.text) for piece in self._part for span in piece.spans):
            self.parts.append(tuple(self._part))
        self._part = []
        self._used = (0,) * len(self._gauge.limits)

    def _place(self, piece: Piece) -> Piece | None:
        """Place what fits; what is left comes back and belongs into the next message."""
        if not self._part and piece.gap:
            piece = replace(piece, gap=0)
        room = _less(self._gauge.limits, self._used)
        reach = _Reach(piece, self._gauge, room)
        if reach.whole:
            self._part.append(piece)
            self._used = _less(self._gauge.limits, reach.left)
            return None
        if self._part and self._better_before(piece):
            self._break_before()
            return piece
        head, tail = reach.cut(alone=not self._part)
        if head is not None:
            self._part.append(head)
            self.flush()
        elif self._part:
            self._break_before()
        return tail

    def _better_before(self, piece: Piece) -> bool:
        fill = max(used / limit for used, limit in zip(self._used, self._gauge.limits, strict=True))
        if fill >= _BLOCK_FILL:
            return True
        return (
            piece.code is not None
            and fill >= _CODE_FILL
            and _Reach(replace(piece, gap=0), self._gauge, self._gauge.limits).whole
        )

    def _break_before(self) -> None:
        """End the message, and take the headings at its end along into the next."""
        kept: list[Piece] = []
        while len(self._part) > 1 and self._part[-1].keep and len(kept) < 3:
            kept.insert(0, self._part.pop())
        self.flush()
        for heading in kept:
            self.deal(heading)


class _Reach:
    """How far into a piece a room goes: `spans` whole spans and `characters` of the next one."""

    def __init__(self, piece: Piece, gauge: Gauge, room: Cost) -> None:
        self._piece = piece
        self._gauge = gauge
        self.left = _less(room, gauge.frame(piece))
        self._spans = 0
        self._characters = 0
        for span in piece.spans:
            left = self._after(span)
            if left is None:
                self._characters = self._longest(span)
                break
            self.left = left
            self._spans += 1
        self.whole = self._spans == len(piece.spans) and min(self.left) >= 0

    def _after(self, span: Span) -> Cost | None:
        if len(span.text) > self.left[0]:
            return None
        left = _less(self.left, self._gauge.span(span, self._piece))
        return left if min(left) >= 0 else None

    def _longest(self, span: Span) -> int:
        """The most characters of the span that fit."""
        low, high = 0, max(0, min(len(span.text), self.left[0]))
        while low < high:
            middle = (low + high + 1) // 2
            if self._after(replace(span, text=span.text[:middle])) is None:
                high = middle - 1
            else:
                low = middle
        return low

    def cut(self, *, alone: bool) -> tuple[Piece | None, Piece | None]:
        """The piece in two at the best place within reach.

        There is no head where nothing good fits; a message that would have this piece `alone` is
        given something in any case.
        """
        spans = self._piece.spans
        window = "".join(span.text for span in spans[: self._spans])
        following = spans[self._spans].text if self._spans < len(spans) else ""
        reach = len(window) + self._characters
        if alone:
            reach = max(reach, 1)
        window += following[: self._characters + _LONGEST_CHARACTER]
        at = best_cut(window, reach, code=self._piece.code is not None, anywhere=alone)
        if not at:
            return None, self._piece
        head, tail = _at(spans, at)
        return self._with(_trimmed(head), self._piece.gap), self._with(self._resumed(tail), 0)

    def _resumed(self, spans: Spans) -> Spans:
        if self._piece.code is None:
            return _without_lead(spans)
        first = replace(spans[0], text=spans[0].text.removeprefix("\n"))
        return (first, *spans[1:])

    def _with(self, spans: Spans, gap: int) -> Piece | None:
        kept = tuple(span for span in spans if span.text)
        return replace(self._piece, spans=kept, gap=gap) if kept else None


def best_cut(text: str, reach: int, *, code: bool, anywhere: bool) -> int:
    """Where to cut a text, at most `reach` characters in; 0 if nowhere is good.

    `text` should go on a little past the reach, so that it is seen whether a word ends there.
    `anywhere` allows a cut inside of a word, which is sought where a character begins.
    """
    reach = min(reach, len(text))
    line = text.rfind("\n", 0, reach + 1)
    if line > (0 if code else reach * _LINE_FILL):
        return line
    if not code and (sentence := _sentence_end(text, reach)):
        return sentence
    if code and not anywhere:
        return 0
    word = max(text.rfind(" ", 0, reach + 1), line)
    if word > reach * _WORD_FILL:
        return word
    return _character_start(text, reach) if anywhere else 0


def _sentence_end(text: str, reach: int) -> int:
    ends = 0
    for found in _SENTENCE_END.finditer(text, int(reach * _SENTENCE_FILL), reach + 1):
        # The white space after a sentence may lie beyond the reach, its full stop may not.
        if found.end() <= reach or text[reach].isspace():
            ends = min(found.end(), reach)
    return ends


def _character_start(text: str, at: int) -> int:
    """The last place up to `at` that is not inside of what a reader takes for one character."""
    for place in range(at, max(0, at - _LONGEST_CHARACTER), -1):
        if place >= len(text) or not _joined(text, place):
            return place
    return at


def _joined(text: str, at: int) -> bool:
    """Whether the characters around `at` form one: marks, joined emoji, flags.

    The rules that matter of https://www.unicode.org/reports/tr29/#Grapheme_Cluster_Boundary_Rules.
    """
    before, after = text[at - 1], text[at]
    if after.isascii():
        return before == "\r" and after == "\n"
    if "\u200d" in (before, after) or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if unicodedata.category(after)[0] == "M" or "\U000e0020" <= after <= "\U000e007f":
        return True
    if "\u1160" <= after <= "\u11ff":
        return True
    return _is_flag(before) and _is_flag(after) and _flags_before(text, at) % 2 == 1


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flags_before(text: str, at: int) -> int:
    first = at
    while first > 0 and _is_flag(text[first - 1]) and at - first < _LONGEST_CHARACTER:
        first -= 1
    return at - first


def _at(spans: Spans, at: int) -> tuple[Spans, Spans]:
    for index, span in enumerate(spans):
        if at < len(span.text):
            head, tail = replace(span, text=span.text[:at]), replace(span, text=span.text[at:])
            return (*spans[:index], head) if at else spans[:index], (tail, *spans[index + 1 :])
        at -= len(span.text)
    return spans, ()


def _trimmed(spans: Spans) -> Spans:
    while spans:
        text = spans[-1].text.rstrip()
        if text:
            return (*spans[:-1], replace(spans[-1], text=text))
        spans = spans[:-1]
    return spans


def _without_lead(spans: Spans) -> Spans:
    for index, span in enumerate(spans):
        text = span.text.lstrip()
        if text:
            return (replace(span, text=text), *spans[index + 1 :])
    return ()


def _less(cost: Cost, other: Cost) -> Cost:
    return tuple(map(sub, cost, other))
