"""Reading everything that is one person's, beside the folder's owner or when there is none."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection
from sqlite3 import Error as SqliteError
from typing import TypeVar

from state.codec import InvalidValue
from state.files import metadata
from state.files.deleted import deleted_sessions
from state.files.errors import ledger_error, store_error
from state.files.layout import ARCHIVE, HISTORY, MEDIA, METADATA
from state.files.ledger import erasing
from state.files.ledger.reading import connect_to_read
from state.files.listing import session_agents
from state.files.packing import read_history
from state.files.places import Places
from state.files.reading import read_file
from state.files.traces import salvaged, senders, traces
from state.history import Entry
from state.ids import is_file_name
from state.people import NO_RECORDS, Records
from state.persons import PRIVATE, Identity, Person, Trace
from state.session import Session
from state.store import NewerFormat

T = TypeVar("T")


class PeopleReader:
    """A state folder, as far as it is about people. Raises `StorageFailed`. It blocks."""

    def __init__(self, root: Path) -> None:
        self._places = Places(root)

    def seen(self, called: str) -> Mapping[Identity, Collection[str]]:
        """Everybody whom the ledger knows, and whoever speaks somewhere under this id or name."""
        found = {each: set(names) for each, names in (self._ask(erasing.seen) or {}).items()}
        try:
            for identity, names in senders(self._places, called):
                found.setdefault(identity, set()).update(names)
        except OSError as error:
            raise store_error(error, f"reading {self._places.root}") from error
        return found

    def linked(self) -> Mapping[str, Person]:
        """The persons who have a name: who were linked, and by the keys of their sessions those
        who are configured."""
        found: dict[str, Person] = {}
        for link in self._ask(erasing.linked) or ():
            known = found.get(link.person, Person.of()).identities
            found[link.person] = Person(known | {link.identity})
        for session, name in self._ask(erasing.configured) or ():
            facts = self.facts(Trace(session, alone=True))
            keys = () if facts is None else (facts.key, *facts.keys)
            ids = {Identity(key.channel, key.chat) for key in keys if key.type in PRIVATE}
            found[name] = Person(found.get(name, Person.of()).identities | ids)
        return {name: person for name, person in found.items() if person.identities}

    def many(self) -> int:
        """How many sessions `traces` looks at, at least."""
        try:
            return len(session_agents(self._places)) + len(
                list(deleted_sessions(self._places.main))
            )
        except OSError as error:
            raise store_error(error, f"reading {self._places.root}") from error

    def traces(self, person: Person, step: Callable[[], None]) -> tuple[Trace, ...]:
        """The sessions with words of theirs; `step` is called for each that was looked at."""
        try:
            return tuple(traces(self._places, person, step))
        except OSError as error:
            raise store_error(error, f"reading {self._places.root}") from error

    def records(self, person: Person, traces: Collection[Trace]) -> Records:
        """What the ledger has of theirs."""
        entries = frozenset(entry for trace in traces for entry in trace.messages)
        return self._ask(lambda db: erasing.records(db, person, entries)) or NO_RECORDS

    def facts(self, trace: Trace) -> Session | None:
        """A session's facts as its metadata.json has them; None where they cannot be read."""
        try:
            data = read_file(self._folder(trace) / METADATA)
            return None if data is None else metadata.decode(data, trace.session).session
        except (InvalidValue, NewerFormat):
            return None
        except OSError as error:
            raise store_error(error, f"reading {trace.session}") from error

    def said(self, trace: Trace) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        """A session's histories, the current one first, each with its file's name."""
        folder = self._folder(trace)
        try:
            if (copy := read_history(folder)) is not None:
                yield HISTORY, salvaged(copy.data)
            for path in sorted((folder / ARCHIVE).glob("*.json")):
                if (data := read_file(path)) is not None:
                    yield f"{ARCHIVE}/{path.name}", salvaged(data)
        except OSError as error:
            raise store_error(error, f"reading {folder}") from error

    def file(self, trace: Trace, name: str) -> Path | None:
        """Where a file is that is kept with a session; None where it is not."""
        path = self._folder(trace) / MEDIA / name
        there = is_file_name(name) and path.is_file() and not path.is_symlink()
        return path if there else None

    def damaged(self, person: Person) -> tuple[str, ...]:
        """The databases that were set aside because they were damaged, and hold an id of theirs."""
        return tuple(
            path.name
            for path in sorted(self._places.root.glob("*.damaged-*"))
            if path.is_file() and person.is_named_in(path.read_bytes())
        )

    def _folder(self, trace: Trace) -> Path:
        if trace.deleted is not None:
            return self._places.main.deleted / trace.deleted
        return self._places.folder(trace.session)

    def _ask(self, question: Callable[[Connection], T]) -> T | None:
        """What the ledger answers; None when there is none."""
        path = self._places.main.database
        if not os.path.lexists(path):
            return None
        try:
            with closing(connect_to_read(path)) as db:
                return question(db)
        except SqliteError as error:
            raise ledger_error(error, path) from error
