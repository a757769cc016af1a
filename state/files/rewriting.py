"""A history.json from which words were taken: every other byte of it stays as it was."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from state.codec import dumps, entry_to_json
from state.erasing import kept_files
from state.files import journal
from state.files.journal import CLOSING, FIRST, OPENING, Lines
from state.history import Entry


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file's new content: `lines` is what it says, `moved` where each entry and the end are now.

    `old` is what it said before; `words` is how many entries lost theirs, and `files` are the kept
    files that went with them.
    """

    data: bytes
    old: tuple[Entry, ...]
    lines: Lines
    moved: Mapping[int, int]
    words: int
    files: frozenset[str]


def without_words(data: bytes, left: Callable[[Sequence[Entry]], list[Entry]]) -> Rewritten | None:
    """A whole file with what is `left` of its entries; None when they are all the very same.

    Raises `journal.Damaged`.
    """
    old = journal.read(data)
    starts = (*old.positions, len(data) - len(CLOSING))
    kept = left(old.entries)
    lines, words = [], 0
    for number, (entry, rest) in enumerate(zip(old.entries, kept, strict=True)):
        if rest is entry:
            # As it was written, with what a newer Argent may have added to it.
            lines.append(data[starts[number] : starts[number + 1]].strip(b",\n"))
        else:
            words += 1
            lines.append(dumps(entry_to_json(rest)))
    if words == 0:
        return None
    body = OPENING + journal.frame(lines, FIRST)
    ends = (*journal.positions(lines, FIRST), len(body) - len(CLOSING))
    return Rewritten(
        data=body,
        old=old.entries,
        lines=Lines(tuple(kept), ends[:-1]),
        moved=dict(zip(starts, ends, strict=True)),
        words=words,
        files=kept_files(old.entries) - kept_files(kept),
    )
