"""The piece of a text that shows why it was found. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from state.files.search.query import Query, Term
from state.files.search.words import words_at

WIDTH = 160
"""How many characters a snippet has, about."""

_BEFORE = 40
_MOST_READ = 200_000
"""How far into a text is looked, in characters: a found log file must not hold up the others."""

_Word = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text on one line; `hits` are the spans in it that were looked for."""

    text: str
    hits: tuple[tuple[int, int], ...] = ()

    def marked(self, before: str, after: str) -> str:
        """The piece with every hit between two marks."""
        pieces, at = [], 0
        for start, end in self.hits:
            pieces += [self.text[at:start], before, self.text[start:end], after]
            at = end
        return "".join([*pieces, self.text[at:]])


def snippet(text: str, query: Query, *, width: int = WIDTH) -> Snippet:
    """The piece where most of the terms are together; the beginning where none is seen."""
    said = words_at(text[:_MOST_READ])
    spans = sorted(
        {(*span, n) for n, term in enumerate(query.terms) for span in _spans(said, term)}
    )
    start, end = _window(text, said, _best(spans, width), width)
    hits = [(max(a, start), min(b, end)) for a, b, _ in spans if a < end and b > start]
    head, tail = "…" if start > 0 else "", "…" if end < len(text) else ""
    shown, moved = _one_line(text[start:end])
    return Snippet(
        f"{head}{shown}{tail}",
        tuple(
            (len(head) + moved[a - start], len(head) + moved[b - start]) for a, b in _joined(hits)
        ),
    )


def _spans(said: Sequence[_Word], term: Term) -> list[tuple[int, int]]:
    *front, last = term.words
    long = len(term.words)
    found = []
    for at in range(len(said) - long + 1):
        word = said[at + long - 1][0]
        if (word.startswith(last) if term.prefix else word == last) and all(
            said[at + n][0] == each for n, each in enumerate(front)
        ):
            found.append((said[at][1], said[at + long - 1][2]))
    return found


def _best(spans: Sequence[tuple[int, int, int]], width: int) -> int | None:
    """Where the first of the pieces with the most different terms begins."""
    best, most, last = None, 0, 0
    for first, (start, _, _) in enumerate(spans):
        last = max(last, first)
        while last < len(spans) and spans[last][1] <= start + width - _BEFORE:
            last += 1
        # Spans behind a very common word's first ones bring no more terms.
        terms = len({term for _, _, term in spans[first : min(last, first + 64)]})
        if terms > most:
            best, most = start, terms
    return best


def _window(text: str, said: Sequence[_Word], best: int | None, width: int) -> tuple[int, int]:
    """From where to where; it begins and ends between words where there are any."""
    if len(text) <= width:
        return 0, len(text)
    start = max(0, min((best or 0) - _BEFORE, len(text) - width))
    end = start + width
    if start > 0:
        start = next((s for _, s, _ in said if start <= s <= (best or s)), start)
    if end < len(text):
        ends = [e for _, s, e in said if start < e <= end and s >= (best or 0)]
        end = ends[-1] if ends else end
    return start, end


def _one_line(text: str) -> tuple[str, list[int]]:
    """The text with a space for each run of white space, and where each character went."""
    shown: list[str] = []
    moved = []
    for character in text:
        moved.append(len(shown))
        if not character.isspace():
            shown.append(character)
        elif shown and shown[-1] != " ":
            shown.append(" ")
    moved.append(len(shown))
    return "".join(shown), moved


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
