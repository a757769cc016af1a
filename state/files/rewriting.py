"""A history.json from which words were taken: every other byte of it stays as it was."""

from collections.abc import Mapping
from dataclasses import dataclass

from state import erasing
from state.codec import dumps, entry_to_json
from state.erasing import Meant, kept_files
from state.files import journal
from state.files.journal import CLOSING, FIRST, OPENING, Lines


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file's new content: `lines` is what it says, `moved` where each entry and the end are now.

    `words` is how many entries lost theirs, and `files` are the kept files that went with them.
    """

    data: bytes
    lines: Lines
    moved: Mapping[int, int]
    words: int
    files: frozenset[str]


def without_words(data: bytes, meant: Meant) -> Rewritten | None:
    """A whole file without these words; None when no entry is meant. Raises `journal.Damaged`."""
    old = journal.read(data)
    if not any(entry in meant for entry in old.entries):
        return None
    starts = (*old.positions, len(data) - len(CLOSING))
    left = erasing.without_words(old.entries, meant)
    lines, words = [], 0
    for number, (entry, rest) in enumerate(zip(old.entries, left, strict=True)):
        if rest is entry:
            # As it was written, with what a newer Argent may have added to it.
            lines.append(data[starts[number] : starts[number + 1]].strip(b",\n"))
        else:
            words += 1
            lines.append(dumps(entry_to_json(rest)))
    body = OPENING + journal.frame(lines, FIRST)
    ends = (*journal.positions(lines, FIRST), len(body) - len(CLOSING))
    return Rewritten(
        data=body,
        lines=Lines(tuple(left), ends[:-1]),
        moved=dict(zip(starts, ends, strict=True)),
        words=words,
        files=kept_files(old.entries) - kept_files(left),
    )
