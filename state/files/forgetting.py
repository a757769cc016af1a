"""Forgetting somebody in what is kept beside a session's history, and in deleted sessions.

A session that is in use has its history rewritten by the writer, who has it open. All else of its
folder is nobody's to hold: what was archived, what was set aside, files that nothing speaks of.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from state.codec import InvalidValue
from state.erasing import kept_files
from state.files import media, metadata
from state.files.deleted import session_of
from state.files.disk import Disk
from state.files.journal import CLOSING, Damaged
from state.files.layout import ARCHIVE, HISTORY, MEDIA, METADATA, PACKED, Layout
from state.files.metadata import Facts
from state.files.packing import pack, read_history
from state.files.reading import read_file
from state.files.removing import remove_tree
from state.files.rewriting import Rewritten, without_words
from state.files.traces import needles, salvaged, speaks_of, words_of
from state.forgetting import Forgetting, lost
from state.history import Entry
from state.persons import NOTHING_LOST, Lost
from state.store import NewerFormat
from state.view import relocated

_HALF_WRITTEN = ".*.new"
_OURS = ("att-", ".")
"""How the files begin that came with messages (`gateway.attachments`), whole or not."""


def forget_beside(disk: Disk, folder: Path, forgetting: Forgetting) -> Lost:
    """Leave nothing of somebody's in a session's folder, but in its history. Raises OSError.

    Nobody may be working in the session.
    """
    sum_of = NOTHING_LOST
    for path in _set_aside(folder):
        if _holds(path, forgetting):
            _remove(path)
            sum_of += Lost(aside=1)
    for place in (folder, folder / ARCHIVE):
        for left in place.glob(_HALF_WRITTEN):
            left.unlink()
    sum_of += Lost(files=_remove_unspoken(disk, folder))
    # Last: as long as one of these speaks of them, they are found here again.
    for path in sorted((folder / ARCHIVE).glob("*.json")):
        sum_of += _forget_in_archived(disk, folder, path, forgetting)
    return sum_of


def forget_deleted(
    disk: Disk, layout: Layout, name: str, forgetting: Forgetting, *, alone: bool
) -> Lost:
    """Leave nothing of somebody's in a deleted session: `alone`, nothing at all. Raises OSError."""
    folder = layout.deleted / name
    if alone:
        remove_tree(folder)
        disk.sync_folder(layout.deleted)
        return NOTHING_LOST
    sum_of = forget_beside(disk, folder, forgetting)
    copy = read_history(folder)
    if copy is not None:
        try:
            new = without_words(copy.data, forgetting.without_words) if copy.whole else None
        except Damaged:
            new = None
        if new is not None:
            media.remove(disk, folder, new.files)
            _move_context(disk, folder, new)
            data = pack(new.data) if copy.file == PACKED else new.data
            disk.replace(folder / copy.file, data)
            sum_of += _counted(new, forgetting)
        elif speaks_of(copy.data, forgetting.person):
            # It does not read as a whole, and nobody will ever mend it: it goes.
            (folder / copy.file).unlink()
            sum_of += Lost(aside=1)
    return sum_of


def _move_context(disk: Disk, folder: Path, new: Rewritten) -> None:
    """Let a deleted session's facts speak of the new history, should somebody take it back."""
    data = read_file(folder / METADATA)
    try:
        facts = None if data is None else metadata.decode(data, session_of(folder.name))
    except (InvalidValue, NewerFormat):
        return
    if facts is None:
        return
    session = facts.session
    context = relocated(session.context, new.moved, new.lines.entries, new.lines.positions)
    title = None if session.titled else session.title
    session = replace(session, context=context, title=title, titled=False)
    end = len(new.data) - len(CLOSING)
    disk.replace(folder / METADATA, metadata.encode(Facts(session, end)))


def _forget_in_archived(disk: Disk, folder: Path, path: Path, forgetting: Forgetting) -> Lost:
    data = read_file(path) or b""
    try:
        new = without_words(data, forgetting.without_words)
    except Damaged:
        if not speaks_of(data, forgetting.person):
            return NOTHING_LOST
        path.unlink()
        return Lost(aside=1)
    if new is None:
        return NOTHING_LOST
    media.remove(disk, folder, new.files)
    disk.replace(path, new.data)
    return _counted(new, forgetting)


def _counted(new: Rewritten, forgetting: Forgetting) -> Lost:
    return lost(new.old, new.lines.entries, forgetting.person, files=len(new.files))


def _set_aside(folder: Path) -> Iterator[Path]:
    """What once stood in a file's place and was damaged, or no file at all."""
    for name in (HISTORY, PACKED, METADATA, MEDIA):
        yield from sorted(folder.glob(f"{name}.damaged-*"))


def _holds(path: Path, forgetting: Forgetting) -> bool:
    """Whether it may hold something of theirs; what cannot be looked into may."""
    if path.is_symlink() or not path.is_file():
        return True
    data = path.read_bytes()
    if PACKED in path.name or path.name.startswith(MEDIA):
        return True
    return any(needle in data for needle in needles(forgetting.person, forgetting.names))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        remove_tree(path)
    else:
        path.unlink()


def _remove_unspoken(disk: Disk, folder: Path) -> int:
    """Remove the files that came with messages nobody speaks of: their turn never ended.

    Whose they were, nothing tells. Should their message run again, they are fetched again.
    """
    there: list[Path] = []
    with suppress(FileNotFoundError, NotADirectoryError):
        there = [each for each in (folder / MEDIA).iterdir() if each.name.startswith(_OURS)]
    spoken = kept_files(_entries(folder)) if there else frozenset[str]()
    unspoken = [each for each in there if each.name not in spoken]
    for each in unspoken:
        each.unlink()
    if unspoken:
        disk.sync_folder(folder / MEDIA)
    return len(unspoken)


def _entries(folder: Path) -> Sequence[Entry]:
    return [entry for data in words_of(folder) for entry in salvaged(data)]
