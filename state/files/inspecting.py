"""Looking over the sessions of a state folder, beside its owner or when there is none.

Takes no lock and changes nothing. What a running gateway is about to write looks torn for an
instant, and what it makes or removes is indexed a moment later: everything is looked at again
before it is found wrong.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from state.files.checking import Examined, Finding, Kind, examine
from state.files.errors import ledger_error
from state.files.layout import HISTORY, METADATA, PACKED
from state.files.ledger import index
from state.files.ledger.reading import connect_to_read, connect_to_unowned
from state.files.listing import session_ids
from state.files.packing import read_history
from state.files.places import Places, is_session
from state.files.reading import read_file
from state.keys import SessionId, SessionKey, side_of
from state.store import NotFound

_TRIES = 4
_PAUSE = 0.003


@dataclass(frozen=True, slots=True)
class Report:
    """How many sessions were looked at, and what was found. `ledger` is what is wrong with it."""

    checked: int = 0
    findings: tuple[Finding, ...] = ()
    ledger: str | None = None


class Inspection:
    """The sessions of all agents. `live` says whether a gateway owns the folder now; then what
    seems wrong is looked at again after a `wait` of seconds."""

    def __init__(
        self,
        state_dir: Path,
        *,
        live: bool = False,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._places = Places(state_dir)
        self._tries = _TRIES if live else 1
        self._connect = connect_to_read if live else connect_to_unowned
        self._wait = wait

    def names(self) -> tuple[SessionId, ...]:
        """Every session on the disk or in the index, and what stands in the place of one, sorted.

        Raises OSError.
        """
        shown = self._indexed()[0] or frozenset()
        return tuple(sorted({*session_ids(self._places), *shown, *_in_the_way(self._places)}))

    def check(self, only: Sequence[SessionId] = (), *, step: Callable[[], None]) -> Report:
        """Check these sessions, or all of them; `step` is called after each. Raises OSError."""
        before, problem = self._indexed()
        names = tuple(dict.fromkeys(only)) or self.names()
        findings: list[Finding] = []
        sessions: set[SessionId] = set()
        for session_id in names:
            examined = self._examine(session_id)
            findings += examined.findings
            if examined.is_session:
                sessions.add(session_id)
            step()
        if problem is None and before is not None:
            after = self._indexed()[0] or frozenset()
            findings += self._against_index(names, sessions, before, after)
        return Report(len(names), tuple(findings), problem)

    def _against_index(
        self,
        names: Iterable[SessionId],
        sessions: set[SessionId],
        before: frozenset[SessionId],
        after: frozenset[SessionId],
    ) -> list[Finding]:
        """What the index and the folders do not agree on, both before and after the folders were
        read: what came or went meanwhile is no finding."""
        ever, always = before | after, before & after
        found = []
        for session_id in names:
            if session_id in sessions:
                if session_id not in ever:
                    detail = "listings do not show it"
                    found.append(Finding(Kind.UNINDEXED, session_id, detail))
            elif session_id in always and not self._is_there(session_id):
                detail = "listings show it, and it has no folder"
                found.append(Finding(Kind.GONE, session_id, detail))
        return found

    def _is_there(self, session_id: SessionId) -> bool:
        try:
            return os.path.lexists(self._places.folder(session_id))
        except NotFound:
            return False

    def _examine(self, session_id: SessionId) -> Examined:
        examined = Examined()
        for attempt in range(self._tries):
            if attempt:
                self._wait(_PAUSE)
            examined = _examine_folder(self._places, session_id)
            if not examined.findings:
                break
        return examined

    def _indexed(self) -> tuple[frozenset[SessionId] | None, str | None]:
        """The sessions in the index, None where there is none; and what is wrong with it."""
        path = self._places.main.database
        if not path.exists():
            return None, None
        try:
            with closing(self._connect(path)) as db:
                return index.ids(db), None
        except sqlite3.Error as error:
            return None, str(ledger_error(error, path))


def _examine_folder(places: Places, session_id: SessionId) -> Examined:
    try:
        folder = places.folder(session_id)
    except NotFound:
        return Examined()
    examined = _examine_files(folder, session_id)
    return replace(examined, findings=(*examined.findings, *_copies(places, folder, session_id)))


def _copies(places: Places, folder: Path, session_id: SessionId) -> Iterator[Finding]:
    for agent in places.found(session_id):
        other = agent.folder(session_id)
        if other != folder and is_session(str(other)):
            detail = f"{other} is another of this id, and not used; move it elsewhere"
            yield Finding(Kind.COPIED, session_id, detail)


def _examine_files(folder: Path, session_id: SessionId) -> Examined:
    if not folder.is_dir():
        return Examined(_misplaced_folder(folder, session_id))
    try:
        misplaced = tuple(
            Finding(Kind.MISPLACED, session_id, "it is no file", name)
            for name in (HISTORY, METADATA)
            if _is_no_file(folder / name)
        )
        wrong = {finding.file for finding in misplaced}
        # The facts first: they never speak of more than the history that is read after them.
        facts = None if METADATA in wrong else read_file(folder / METADATA)
        copy = None if HISTORY in wrong else read_history(folder)
    except OSError as error:
        return Examined((Finding(Kind.UNREADABLE, session_id, str(error)),), is_session=True)
    examined = examine(session_id, facts, None if copy is None else copy.data)
    if copy is not None and copy.file == PACKED:
        examined = _packed(examined, session_id, whole=copy.whole)
    if not misplaced:
        return examined
    # What is not there because something else is in its place was told already.
    rest = [f for f in examined.findings if f.kind is not Kind.MISSING or f.file not in wrong]
    return Examined((*misplaced, *rest), examined.is_session)


def _packed(examined: Examined, session_id: SessionId, *, whole: bool) -> Examined:
    """The same of a packed history, which is another file, and has a checksum."""
    found = [replace(f, file=PACKED) if f.file == HISTORY else f for f in examined.findings]
    if not whole and not any(f.file == PACKED for f in found):
        detail = "its checksum is wrong; all of it can be read"
        found.append(Finding(Kind.DAMAGED, session_id, detail, PACKED))
    return Examined(tuple(found), examined.is_session)


def _misplaced_folder(folder: Path, session_id: SessionId) -> tuple[Finding, ...]:
    if not os.path.lexists(folder):
        return ()
    if _could_be_a_session(session_id):
        return (Finding(Kind.MISPLACED, session_id, "it is no folder"),)
    detail = "it is no session's; move it elsewhere"
    return (Finding(Kind.STRAY, session_id, detail),)


def _is_no_file(path: Path) -> bool:
    return not path.is_file() and os.path.lexists(path)


def _in_the_way(places: Places) -> Iterator[SessionId]:
    """What is no folder among the sessions' folders, but for what was set aside before."""
    for agent in places.agents():
        with suppress(FileNotFoundError), os.scandir(agent.sessions) as found:
            names = [e.name for e in found if e.name[0] not in ".~" and not e.is_dir()]
            yield from (SessionId(name) for name in names if ".damaged-" not in name)


def _could_be_a_session(session_id: SessionId) -> bool:
    session_id, _ = side_of(session_id) or (session_id, "")
    return session_id.startswith("user-") or SessionKey.of_session(session_id) is not None


def resolve(given: str, names: Sequence[SessionId]) -> tuple[SessionId, ...]:
    """The sessions whose id or key is `given`, else those whose id or key begins with it.

    Of a side session and its base the base is meant.
    """
    keyed = [(name, str(SessionKey.of_session(name) or name)) for name in names]
    exact = tuple(name for name, key in keyed if given in (name, key))
    if exact:
        return exact
    found = {
        name: side_of(name)
        for name, key in keyed
        if given and (name.startswith(given) or key.startswith(given))
    }
    return tuple(name for name, side in found.items() if side is None or side[0] not in found)
