"""A conversation as material for a summary: quoted, shortened, and in portions. Pure.

Every word that somebody said stands in a line that begins with '>', so that nothing in it can pass
for what Argent says to the model that summarises.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agents.models.sight import without
from agents.tokens import of_text
from agents.transcript import AssistantSays, Said, ToolsSay, UserSays

LONGEST_RESULT = 1_200
"""Characters of what a tool answered. What it came to is in the answer that followed."""
LONGEST_ARGUMENTS = 300
"""Characters of what a tool was asked."""
SMALLEST_PORTION = 64
"""Tokens of a portion at least, for its headings to fit."""

_CUTS = (400, 100, 40, 16)


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that was said: a heading, and its words as quoted lines.

    A `whole` one (calls with their results) is shortened rather than divided.
    """

    heading: str
    lines: tuple[str, ...]
    whole: bool = False


def quoted(text: str) -> list[str]:
    """The text as quoted lines; splitlines knows every line separator."""
    return [f"> {line}" for line in text.splitlines()]


def told(said: Iterable[Said]) -> list[Piece]:
    """What was said, in order; a step's calls and their results are one piece."""
    pieces: list[Piece] = []
    calling = AssistantSays("")
    for each in said:
        match each:
            case UserSays():
                # What came with it is described in words.
                pieces.append(Piece("Person:", tuple(quoted(without(each).text))))
            case AssistantSays():
                calling = each
                if each.text.strip():
                    pieces.append(Piece("Assistant:", tuple(quoted(each.text))))
            case ToolsSay():
                lines = tuple(_step(calling, each))
                pieces.append(Piece("Tools that the assistant used:", lines, whole=True))
    return pieces


def portions(pieces: Iterable[Piece], size: int) -> list[str]:
    """The pieces as texts of at most `size` tokens each (and `SMALLEST_PORTION` at least).

    A piece is in one portion if it can be; a longer one is divided between lines, and a line
    between words.
    """
    size = max(size, SMALLEST_PORTION)
    full: list[str] = []
    lines: list[str] = []
    left = size
    for piece in pieces:
        for part in _fitting(piece, size):
            length = _length(part)
            if length > left:
                full.append("\n".join(lines))
                lines, left = [], size
            lines += part
            left -= length
    return [*full, "\n".join(lines)] if lines else full


def _step(calling: AssistantSays, answered: ToolsSay) -> Iterator[str]:
    asked = {call.id: call.arguments for call in calling.calls}
    for result in answered.results:
        arguments = _shortened(asked.get(result.call, ""), LONGEST_ARGUMENTS)
        outcome = "failed" if result.failed else "answered"
        yield from quoted(f"{result.name}({' '.join(arguments.split())}) {outcome}:")
        yield from quoted(_shortened(result.content, LONGEST_RESULT))


def _fitting(piece: Piece, size: int) -> list[list[str]]:
    """The lines of a piece in lists that are no longer than `size`, each with a heading."""
    whole = [piece.heading, *piece.lines]
    if _length(whole) <= size:
        return [whole]
    if piece.whole:
        return [[piece.heading, *_cut_down(piece.lines, size - _length([piece.heading]))]]
    again = f"{piece.heading[:-1]} (continued):"
    room = size - _length([again])
    parts: list[list[str]] = []
    part, left = [piece.heading], room
    for line in _narrow(piece.lines, room):
        length = _length([line])
        if length > left:
            parts.append(part)
            part, left = [again], room
        part.append(line)
        left -= length
    return [*parts, part]


def _narrow(lines: Iterable[str], room: int) -> Iterator[str]:
    """The lines, those that are long divided: a quarter of the room at most, whatever script."""
    # No character takes more than two tokens by our estimate.
    width = max(room // 8, 4)
    for line in lines:
        rest = line
        while len(rest) > width:
            space = rest.rfind(" ", width // 2, width) + 1
            end = space or width
            yield rest[:end]
            rest = f"> {rest[end:]}"
        yield rest


def _cut_down(lines: Sequence[str], size: int) -> list[str]:
    """The lines made short enough: each of them first, then without those in the middle."""
    short = list(lines)
    for longest in _CUTS:
        short = [f"> {_shortened(line[2:], longest)}" for line in lines]
        if _length(short) <= size:
            return short
    gap = "> […]"
    kept: list[str] = []
    left = size - _length([gap])
    for line in short:
        left -= _length([line])
        if left < 0:
            return [*kept, gap]
        kept.append(line)
    return kept


def _shortened(text: str, longest: int) -> str:
    """The beginning and the end of a text, with a word about what is left out between them."""
    if len(text) <= longest:
        return text
    end = longest // 4
    gap = f" [… {len(text) - longest} characters …] " if longest > _CUTS[1] else "…"
    return f"{text[: longest - end]}{gap}{text[len(text) - end :]}"


def _length(lines: Iterable[str]) -> int:
    """Tokens of the lines, each with its line's end: never less than of all together."""
    return sum(of_text(line + "\n") for line in lines)
