"""What to do about a history.json that does not read as it was written.

A crash tears only the last write, and that was never acknowledged: the file is cut back to its
last whole turn. Valid JSON in another layout (an editor, jq) is laid out again. For anything worse
everything readable is kept, in a new file, and the old one is set aside.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from state.codec import InvalidValue, dumps, entry_from_json, entry_to_json, loads
from state.files.journal import CLOSING, EMPTY, FIRST, OPENING, frame
from state.history import Entry, UserEntry, complete_prefix


@dataclass(frozen=True, slots=True)
class Cut:
    """Keep everything before `end`. `aside` is what is worth keeping elsewhere, if anything."""

    end: int
    aside: bytes | None


@dataclass(frozen=True, slots=True)
class Replaced:
    """Write a new file. `aside` says whether the old one is worth keeping elsewhere."""

    data: bytes
    aside: bool


def repair(data: bytes, acknowledged: int) -> Cut | Replaced:
    """How to make a valid history of these bytes.

    What lies before `acknowledged` is known to have been stored whole.
    """
    try:
        raw = loads(data)
    except InvalidValue:
        return _repair_lines(data, acknowledged)
    values = raw if isinstance(raw, list) else [raw]
    entries = [entry for value in values if (entry := _entry(value)) is not None]
    return Replaced(_laid_out(entries), aside=len(entries) < len(values))


def _repair_lines(data: bytes, acknowledged: int) -> Cut | Replaced:
    if not data.startswith(OPENING):
        found = [entry for _, _, entry in _lines(data, 0) if entry is not None]
        lost = acknowledged > FIRST or bool(data.strip(b"\0[\n]"))
        return Replaced(_laid_out(found), aside=lost)
    kept: list[Entry] = []
    starts: list[int] = []
    end = FIRST
    for start, stop, entry in _lines(data, FIRST):
        if entry is None or not _is_in_place(data[start:stop], start):
            break
        kept.append(entry)
        starts.append(start)
        end = stop
    behind = list(_lines(data, end))
    hole = any(entry is None for _, _, entry in behind)
    later = [(start, entry) for start, _, entry in behind if entry is not None]
    if hole and end >= acknowledged:
        later = _whole_turns(later)
        kept = kept[: _without_cut_turn(kept, starts, acknowledged)]
    whole = [*kept, *(entry for _, entry in later)]
    positions = [*starts[: len(kept)], *(at for at, _ in later)]
    whole = whole[: _without_cut_turn(whole, positions, acknowledged)]
    if later:
        return Replaced(_laid_out(whole), aside=hole)
    torn = data[end:]
    if end < acknowledged:
        # No crash does that: the owner must hear of it, also where nothing is left to look at.
        aside: bytes | None = data
    else:
        aside = None if _is_cut_short(torn) else torn
    return Cut(end=starts[len(whole)] if len(whole) < len(starts) else end, aside=aside)


def _is_in_place(line: bytes, start: int) -> bool:
    """Whether these bytes are laid out as they should be, and can stay."""
    return line.startswith(b",{" if start > FIRST else b"{") and line.endswith(b"}\n")


def _lines(data: bytes, at: int) -> Iterator[tuple[int, int, Entry | None]]:
    """Each line that could be an entry: where it begins and ends, and the entry it holds."""
    while at < len(data):
        newline = data.find(b"\n", at)
        stop = len(data) if newline < 0 else newline + 1
        line = data[at:stop].strip()
        if line != CLOSING.strip():
            try:
                entry = _entry(loads(line.strip(b",")))
            except InvalidValue:
                entry = None
            yield at, stop, entry
        at = stop


def _entry(raw: object) -> Entry | None:
    try:
        return entry_from_json(raw)
    except InvalidValue:
        return None


def _laid_out(entries: Sequence[Entry]) -> bytes:
    if not entries:
        return EMPTY
    return OPENING + frame([dumps(entry_to_json(entry)) for entry in entries], FIRST)


def _whole_turns(behind: Sequence[tuple[int, Entry]]) -> list[tuple[int, Entry]]:
    """What is behind a hole and can stand alone: an answer without its question cannot."""
    turns = {entry.turn for _, entry in behind if isinstance(entry, UserEntry)}
    return [(at, entry) for at, entry in behind if getattr(entry, "turn", None) in turns | {None}]


def _without_cut_turn(entries: Sequence[Entry], starts: Sequence[int], acknowledged: int) -> int:
    """How many entries are left without a last turn of which only the beginning was written."""
    first = len(entries)
    turn = getattr(entries[-1], "turn", None) if entries else None
    if turn is None:
        return first
    while first and getattr(entries[first - 1], "turn", None) == turn:
        first -= 1
    if starts[first] < acknowledged:
        return len(entries)
    return first + complete_prefix(entries[first:])


def _is_cut_short(torn: bytes) -> bool:
    """Whether this is nothing but the beginning of one line, or zeros: an ordinary crash."""
    text = torn.rstrip(b"\0")
    beginning = b',{"id":"'
    return b"\n" not in text and b"\0" not in text and text[:8] == beginning[: len(text)]
