"""Reading a state folder beside its owner, or when there is none. Takes no lock, changes nothing.

Imports neither asyncio nor anything of a platform: `argent sessions list` starts in an instant.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from state.codec import InvalidValue
from state.files import journal, metadata
from state.files.errors import ledger_error, store_error
from state.files.following import Following
from state.files.journal import CLOSING, Damaged, Lines
from state.files.layout import HISTORY, METADATA, Layout
from state.files.ledger import backlog, index, linking, people, spending
from state.files.ledger.reading import connect_to_read
from state.files.ledger.schema import VERSION, version
from state.files.ledger.whose import has
from state.files.listing import stored_sessions
from state.files.metadata import Facts
from state.files.packing import Copy, is_packed, read_history
from state.files.places import Places
from state.files.reading import open_file, read_entries_behind, read_file
from state.files.repair import Cut, repair
from state.history import Entry
from state.keys import SessionId, person_in
from state.lately import Longest
from state.lifecycle import Phase
from state.links import Link, NamedPerson, PairCode
from state.records import Page, latest_first, leading
from state.session import Session
from state.spending import Per, Spent
from state.store import (
    Admission,
    Counts,
    History,
    NewerFormat,
    NotFound,
    PairingRequest,
    SessionRow,
    StorageFailed,
)

T = TypeVar("T")

_TRIES = 5
_PAUSE = 0.002


class ReadOnlyState:
    """What a state folder says now."""

    def __init__(self, state_dir: Path) -> None:
        self._places = Places(state_dir)

    def listing(
        self, *, phase: Phase | None = None, limit: int | None = None
    ) -> tuple[SessionRow, ...]:
        """Sessions, the most lately active first: from the index, else from the folders.

        Raises `NewerFormat`, `StorageFailed`.
        """
        return self.page(phase=phase, limit=limit).rows

    def page(
        self,
        *,
        phase: Phase | None = None,
        limit: int | None = None,
        after: SessionRow | None = None,
    ) -> Page:
        """The same, from behind a session on, and how many are left after them."""
        page = self._indexed(lambda db: index.page(db, phase, limit, after))
        if page is not None:
            return page
        found = [row for row in self._rows() if phase is None or row.phase is phase]
        if after is not None:
            found = [row for row in found if latest_first(row) > latest_first(after)]
        shown = tuple(found[:limit])
        return Page(shown, len(found) - len(shown))

    def find(self, text: str) -> tuple[SessionRow, ...]:
        """Sessions whose key or id is `text`, else those whose key or id begins with it."""
        rows = self._indexed(lambda db: index.find(db, text))
        if rows is not None:
            return rows
        found = self._rows()
        exact = tuple(row for row in found if text in (row.id, str(row.key)))
        name = person_in(text)
        theirs = tuple(row for row in found if name is not None and row.person == name)
        return leading(
            exact
            or theirs
            or (row for row in found if row.id.startswith(text) or str(row.key).startswith(text))
        )

    def rows(self, sessions: Collection[SessionId]) -> Mapping[SessionId, SessionRow]:
        """These sessions, as far as the index knows them. Raises `NewerFormat`."""
        return self._indexed(lambda db: index.rows(db, sessions)) or {}

    def counts(self) -> Counts:
        """Figures of the ledger; all zero when there is none. Raises `StorageFailed`."""
        return self._ask(index.counts) or Counts()

    def longest(self) -> tuple[Longest | None, Longest | None]:
        """What has waited longest: a message for its end, a part to be sent.

        Raises `StorageFailed`.
        """
        return self._ask(backlog.longest) or (None, None)

    def spent(self, per: Per, first: date, last: date = date.max) -> Mapping[str, Spent]:
        """What was spent from one day to another. Raises `StorageFailed`."""
        return self._ask(lambda db: spending.totals(db, per, first, last)) or {}

    def pairings(self, now: datetime) -> tuple[PairingRequest, ...]:
        """The live requests of strangers. Raises `StorageFailed`."""
        return self._ask(lambda db: people.pairings(db, now)) or ()

    def admissions(self) -> tuple[Admission, ...]:
        """Everybody who was let in by hand. Raises `StorageFailed`."""
        return self._ask(people.admissions) or ()

    def persons(self) -> tuple[NamedPerson, ...]:
        """Everybody who was linked. Raises `StorageFailed`."""
        return self._ask(lambda db: linking.persons(db) if has(db, "people") else ()) or ()

    def links(self) -> tuple[Link, ...]:
        """All addresses of theirs. Raises `StorageFailed`."""
        return self._ask(lambda db: linking.links(db) if has(db, "addresses") else ()) or ()

    def codes(self, now: datetime) -> tuple[PairCode, ...]:
        """The codes that link, as far as they can be used now. Raises `StorageFailed`."""
        return self._ask(lambda db: linking.codes(db, now) if has(db, "pair_codes") else ()) or ()

    def facts(self, session_id: SessionId) -> Session:
        """A session's facts, up to date with its history.

        Raises `NotFound`, `NewerFormat`, `StorageFailed`.
        """
        there = self._where(session_id)
        folder = there.folder(session_id)
        try:
            facts = _facts(folder / METADATA, session_id, there.agent)
            if facts is not None:
                behind = _behind(folder / HISTORY, facts.end)
                if behind is not None:
                    return metadata.fold(facts.session, behind.entries)
                if is_packed(folder):
                    # They were made durable before it was packed, and nothing was said since.
                    return facts.session
            entries = self.entries(session_id)
            if facts is not None:
                return metadata.recount(facts.session, entries)
            made = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        except OSError as error:
            raise store_error(error, f"reading {folder}") from error
        session = metadata.rebuild(session_id, there.agent, entries, made)
        if session is None:
            raise NotFound(f"nothing tells whose session {session_id} is")
        return session

    def entries(self, session_id: SessionId) -> tuple[Entry, ...]:
        """Every whole entry of the current history. Raises as `history` does."""
        return self.history(session_id).entries

    def history(self, session_id: SessionId) -> History:
        """The current history as its owner would read it, who repairs it as well.

        Raises `NotFound`, `NewerFormat`, `StorageFailed`.
        """
        folder = self._where(session_id).folder(session_id)
        copy = Copy(HISTORY, b"")
        try:
            for _ in range(_TRIES):
                found = read_history(folder)
                if found is None:
                    raise NotFound(f"there is no session {session_id}")
                copy = found
                damaged = None if copy.whole else str(folder / copy.file)
                try:
                    return History(journal.read(copy.data).entries, damaged)
                except Damaged:
                    # An append is half written at this instant, most likely.
                    time.sleep(_PAUSE)
            facts = _facts(folder / METADATA, session_id, None)
        except OSError as error:
            raise store_error(error, f"reading {folder}") from error
        plan = repair(copy.data, facts.end if facts else 0)
        whole = copy.data[: plan.end] + CLOSING if isinstance(plan, Cut) else plan.data
        damaged = str(folder / copy.file) if plan.aside or not copy.whole else None
        return History(journal.read(whole).entries, damaged)

    def follow(self, session_id: SessionId, seen: Iterable[Entry]) -> Following:
        """What is appended to a history from now on; entries that were `seen` are not told."""
        return Following(lambda: self._places.folder(session_id) / HISTORY, seen)

    def _where(self, session_id: SessionId) -> Layout:
        try:
            return self._places.where(session_id)
        except OSError as error:
            raise store_error(error, f"looking for {session_id}") from error

    def _rows(self) -> list[SessionRow]:
        try:
            rows = [SessionRow.of(session) for session in stored_sessions(self._places)]
        except OSError as error:
            raise store_error(error, f"reading {self._places.root}") from error
        return sorted(rows, key=latest_first)

    def _indexed(self, question: Callable[[sqlite3.Connection], T]) -> T | None:
        """What the index answers; None when it cannot, and the folders must."""
        try:
            return self._ask(question)
        except StorageFailed:
            return None

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T | None:
        """What the database answers; None when there is none. Raises `StorageFailed`."""
        path = self._places.main.database
        try:
            path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise store_error(error, f"reading {path}") from error
        try:
            with closing(connect_to_read(path)) as db:
                if version(db) > VERSION:
                    raise NewerFormat(f"{path} was written by a newer version of Argent")
                return question(db)
        except sqlite3.Error as error:
            raise ledger_error(error, path) from error


def _facts(path: Path, session_id: SessionId, agent: str | None) -> Facts | None:
    """The facts of a session; None when they are missing or do not read. Raises `NewerFormat`."""
    data = read_file(path)
    try:
        return None if data is None else metadata.decode(data, session_id, agent)
    except InvalidValue:
        return None


def _behind(path: Path, end: int) -> Lines | None:
    """The entries behind a checkpoint; None when the whole history must be read."""
    fd = open_file(path)
    if fd is None:
        return None
    try:
        for _ in range(_TRIES):
            lines = read_entries_behind(fd, end, os.fstat(fd).st_size)
            if lines is not None:
                return lines
            time.sleep(_PAUSE)
    finally:
        os.close(fd)
    return None
