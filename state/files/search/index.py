"""The index as its one writer has it: what is new in a session's files is added to it.

The long calls are generators that pause often. At every pause what is there is true: whoever runs
them may commit, rest, or stop for good, and go on another time. Nothing here commits or waits for
anything but an append that is half written.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from state.files.journal import FIRST
from state.files.layout import Layout
from state.files.listing import session_agents
from state.files.places import Places
from state.files.search.schema import about, forgets_at_once, open_index, set_about
from state.files.search.source import NEVER, Piece, Seen, Source, new_in, session_files
from state.files.search.spoken import spoken
from state.files.search.words import folded
from state.history import Entry
from state.keys import SessionId

_AT_ONCE = 64
_FOLDERS_AT_ONCE = 500
_PAGES_AT_ONCE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Index:
    """search.db, open for writing. Everything raises sqlite3.Error and OSError."""

    def __init__(self, layout: Layout, db: sqlite3.Connection) -> None:
        self.db = db
        self.inside: SessionId | None = None
        """The session that a paused scan is in the midst of: nothing else may touch it then."""
        self._layout = layout
        self._places = Places(layout.root)
        self._inode = _inode(layout)
        self._next = 1 + db.execute("SELECT coalesce(max(id), 0) FROM entry").fetchone()[0]

    @classmethod
    def open(cls, layout: Layout) -> "Index":
        """The state folder's index; an empty one where there is none that can be used."""
        return cls(layout, open_index(layout.search))

    def is_in_place(self) -> bool:
        """Whether the path still leads to the file that is open here."""
        return _inode(self._layout) == self._inode

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    # Whether it is up to date -----------------------------------------------------------------

    def is_settled(self) -> bool:
        """Whether its last writer left it up to date, and no session came or went since."""
        return about(self.db, "settled") == self._folders()

    def settle(self) -> None:
        """Note that it is up to date with all there is."""
        set_about(self.db, "settled", self._folders())

    def unsettle(self) -> None:
        """Note that it may be behind, durably, before anything is written to a history."""
        self.db.execute("PRAGMA synchronous = FULL")
        set_about(self.db, "settled", "")
        self.db.execute("PRAGMA synchronous = NORMAL")

    def _folders(self) -> str:
        """What changes when a session comes, goes, or is moved from one agent to another."""
        return " ".join(map(_changed, self._places.agents()))

    # Following the files ----------------------------------------------------------------------

    def scan(self) -> Generator[tuple[int, int], None, None]:
        """Bring everything up to date; yields how many sessions are done, and of how many."""
        agents = session_agents(self._places)
        there = sorted(agents)
        known = {row[0] for row in self.db.execute("SELECT name FROM session")}
        for gone in known.difference(there):
            for _ in self._within(SessionId(gone)):
                yield 0, len(there)
        for first in range(0, len(there), _FOLDERS_AT_ONCE):
            names = there[first : first + _FOLDERS_AT_ONCE]
            sources = self._sources(names[0], names[-1])
            for number, name in enumerate(names, first + 1):
                seen = {source.file: source.seen for source in sources[name]}
                if seen != session_files(self._places.one_of(agents[name], name).folder(name)):
                    # What is known is read anew: between two steps it may have become more.
                    for _ in self._within(name):
                        yield number - 1, len(there)
                yield number, len(there)
        set_about(self.db, "built", "yes")

    def _within(self, name: SessionId) -> Iterator[None]:
        self.inside = name
        try:
            yield from self.refresh(name)
        finally:
            self.inside = None

    def refresh(self, name: SessionId) -> Iterator[None]:
        """Bring one session up to date, also one that is gone."""
        known = self._sources(name, name)[name]
        files = session_files(self._places.folder(name))
        sources = {source.file: source for source in self._renamed(known, files)}
        for file in sources.keys() - files.keys():
            yield from self._drop(sources[file])
        for file, found in files.items():
            source = sources.get(file)
            if source is None or source.seen != found:
                yield from self._read(name, file, source)
        if known and not files:
            self.db.execute("DELETE FROM session WHERE id = ?", (known[0].session,))

    def _renamed(self, known: list[Source], files: dict[str, Seen]) -> Iterator[Source]:
        """The sources under the names of now: a clear links the old history into archive/."""
        names = {source.file for source in known}
        new = {seen.inode: file for file, seen in files.items() if file not in names}
        for source in known:
            file = new.get(source.seen.inode)
            if file is not None:
                self.db.execute("UPDATE source SET file = ? WHERE id = ?", (file, source.id))
            yield source if file is None else replace(source, file=file)

    def _read(self, name: SessionId, file: str, known: Source | None) -> Iterator[None]:
        found = new_in(self._places.folder(name), file, known)
        if found is None:
            return
        piece, anew = found
        if known is not None and anew:
            yield from self._drop(known)
            known = None
        yield from self._add(known or self._begin(name, file), piece)

    # Rows -------------------------------------------------------------------------------------

    def _sources(self, first: SessionId, last: SessionId) -> dict[str, list[Source]]:
        rows = self.db.execute(
            "SELECT name, source.id, session, file, inode, size, changed, end, mark"
            " FROM session JOIN source ON session = session.id WHERE name BETWEEN ? AND ?",
            (first, last),
        )
        sources: dict[str, list[Source]] = defaultdict(list)
        for name, number, session, file, inode, size, changed, end, mark in rows:
            seen = Seen(inode, size, changed)
            sources[name].append(Source(number, session, file, seen, end, mark))
        return sources

    def _begin(self, name: SessionId, file: str) -> Source:
        self.db.execute("INSERT OR IGNORE INTO session (name) VALUES (?)", (name,))
        (session,) = self.db.execute("SELECT id FROM session WHERE name = ?", (name,)).fetchone()
        cursor = self.db.execute(
            "INSERT INTO source (session, file) VALUES (?, ?)", (session, file)
        )
        return Source(cursor.lastrowid or 0, session, file, NEVER, FIRST, b"")

    def _add(self, source: Source, piece: Piece) -> Iterator[None]:
        """Index entries, some at a time, and note then how far the file is indexed."""
        if len(piece.entries) > _AT_ONCE:
            # Should this be where it ends today, nobody can tell what is in: it is done again.
            self._note(source, NEVER, FIRST, b"")
        for first in range(0, len(piece.entries), _AT_ONCE):
            self._insert(source, piece.entries[first : first + _AT_ONCE])
            yield
        self._note(source, piece.seen, piece.end, piece.mark)

    def _insert(self, source: Source, entries: tuple[Entry, ...]) -> None:
        rows, folds = [], []
        for entry in entries:
            said = spoken(entry)
            if said is None:
                continue
            at = (entry.at - _EPOCH) // _MS
            rows.append((self._next, source.id, at, said.role, said.who, entry.id, said.text))
            folds.append((self._next, folded(said.text), _place(source)))
            self._next += 1
        self.db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self.db.executemany("INSERT INTO words (rowid, text, place) VALUES (?, ?, ?)", folds)

    def _note(self, source: Source, seen: Seen, end: int, mark: bytes) -> None:
        self.db.execute(
            "UPDATE source SET inode = ?, size = ?, changed = ?, end = ?, mark = ? WHERE id = ?",
            (seen.inode, seen.size, seen.changed, end, mark, source.id),
        )

    def _drop(self, source: Source) -> Iterator[None]:
        """Forget the words of a file, some at a time."""
        self._note(source, NEVER, FIRST, b"")
        select = "SELECT id, text FROM entry WHERE source = ? LIMIT ?"
        while rows := self.db.execute(select, (source.id, _AT_ONCE)).fetchall():
            self.db.executemany(
                "INSERT INTO words (words, rowid, text, place) VALUES ('delete', ?, ?, ?)",
                [(number, folded(text), _place(source)) for number, text in rows],
            )
            self.db.executemany("DELETE FROM entry WHERE id = ?", [row[:1] for row in rows])
            set_about(self.db, "leftovers", "" if forgets_at_once() else "yes")
            yield
        self.db.execute("DELETE FROM source WHERE id = ?", (source.id,))

    # What SQLite keeps of what was deleted ------------------------------------------------------

    def has_leftovers(self) -> bool:
        """Whether words that are found no more may still be in the file."""
        return about(self.db, "leftovers") == "yes"

    def merge(self) -> Iterator[None]:
        """Write the index anew, some pages at a time, without what was deleted.

        Before 3.42 SQLite only writes beside a word that it is deleted, until the two meet in a
        merge: https://sqlite.org/fts5.html#the_merge_command. What was deleted in a transaction
        that is not committed yet takes no part.
        """
        pages = -_PAGES_AT_ONCE
        while True:
            before = self.db.total_changes
            self.db.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
            if self.db.total_changes - before < 2:
                break
            pages = _PAGES_AT_ONCE
            yield
        set_about(self.db, "leftovers", "")

    def empty_log(self) -> None:
        """Move what is in the log into the file, and cut the log, as far as no reader needs it."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _inode(layout: Layout) -> int | None:
    try:
        return layout.search.stat().st_ino
    except FileNotFoundError:
        return None


def _place(source: Source) -> str:
    return f"s{source.session}"


def _changed(agent: Layout) -> str:
    try:
        return f"{agent.agent}={agent.sessions.stat().st_mtime_ns}"
    except FileNotFoundError:
        return f"{agent.agent}=none"
