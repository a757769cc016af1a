"""Everything about one person as one JSON document, made piece by piece.

A session is in memory only while it is written: there may be very many, and long ones.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from gateway.reading import admission_to_json, request_to_json, spent_to_json
from state.codec import entry_to_json, message_to_json, session_to_json, time_to_json
from state.erasing import kept_files
from state.history import DeletionEntry, Entry, UserEntry
from state.messages import OwedPart
from state.people import Records
from state.persons import Person, Trace
from state.session import Session

Json = dict[str, Any]

FORMAT = "argent-person"
VERSION = 1


class ReadsPeople(Protocol):
    """What is exported; `state.files.people.PeopleReader` is one."""

    def facts(self, trace: Trace) -> Session | None:
        """A session's facts."""

    def said(self, trace: Trace) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        """A session's histories, each with its file's name."""

    def file(self, trace: Trace, name: str) -> Path | None:
        """Where a kept file is."""


class PersonExport:
    """One person's document. `files` are filled while it is made: what is kept, and where."""

    def __init__(
        self,
        person: Person,
        traces: Sequence[Trace],
        records: Records,
        reads: ReadsPeople,
        *,
        at: datetime,
    ) -> None:
        self._person, self._traces, self._records = person, traces, records
        self._reads = reads
        self._at = at
        self.entries = 0
        self.files: list[tuple[str, Path]] = []
        """The kept files: each with its place in a folder of copies, ``<session>/<name>``."""

    def pieces(self, step: Callable[[], None] = lambda: None) -> Iterator[str]:
        """The document in pieces; `step` is called after each session."""
        head = json.dumps(self._head())
        yield head[:-1] + ', "sessions": ['
        for number, trace in enumerate(self._traces):
            yield (",\n" if number else "\n") + "".join(self._session(trace))
            step()
        yield "\n]}\n"

    def _head(self) -> Json:
        records = self._records
        names = {name for trace in self._traces for name in trace.names} | records.names
        return {
            "format": FORMAT,
            "version": VERSION,
            "exported_at": time_to_json(self._at),
            "person": sorted(map(str, self._person.identities)),
            "names": sorted(names),
            "admissions": [admission_to_json(each) for each in records.admissions],
            "pairings": [request_to_json(each) for each in records.pairings],
            "links": [
                {
                    "address": str(each.identity),
                    "person": each.person,
                    "called": each.called,
                    "since": time_to_json(each.since),
                }
                for each in records.links
            ],
            "notes": [
                {"at": time_to_json(each.at), "of": str(each.owner), "text": each.text}
                for each in records.notes
            ],
            "spending": [
                {"day": day, **spent_to_json(spent)} for day, spent in sorted(records.spent.items())
            ],
            "keys": dict(sorted(records.keys.items())),
            "waiting": [message_to_json(each.message) for each in records.waiting],
            "owed": [_part(each) for each in records.owed],
            "set_aside": [
                {
                    "account": each.channel,
                    "at": time_to_json(each.at),
                    "reason": each.reason,
                    "raw": each.raw.decode("utf-8", "backslashreplace"),
                }
                for each in records.set_aside
            ],
        }

    def _session(self, trace: Trace) -> Iterator[str]:
        """A session of theirs whole; of one that others share, what they said in it."""
        facts = self._reads.facts(trace)
        shown: Json = {"id": trace.session, "alone": trace.alone, "deleted": trace.deleted}
        if facts is not None:
            shared = {"key": str(facts.key), "title": facts.title}
            shown["facts"] = session_to_json(facts) if trace.alone else shared
        yield json.dumps(shown)[:-1] + ', "histories": ['
        for number, (file, entries) in enumerate(self._reads.said(trace)):
            theirs = entries if trace.alone else self._theirs(entries)
            self.entries += len(theirs)
            yield ", " if number else ""
            yield json.dumps(
                {
                    "file": file,
                    "entries": [entry_to_json(entry) for entry in theirs],
                    "files": self._files(trace, kept_files(theirs)),
                }
            )
        yield "]}"

    def _theirs(self, entries: Iterable[Entry]) -> list[Entry]:
        """What they said among others, and that some of it was deleted."""
        entries = tuple(entries)
        said = {
            (entry.address, entry.message)
            for entry in entries
            if isinstance(entry, UserEntry) and self._person.said(entry)
        }
        return [
            entry
            for entry in entries
            if self._person.said(entry)
            or (isinstance(entry, DeletionEntry) and (entry.address, entry.message) in said)
        ]

    def _files(self, trace: Trace, names: Collection[str]) -> list[Json]:
        found = []
        for name in sorted(names):
            path = self._reads.file(trace, name)
            place = f"{trace.deleted or trace.session}/{name}"
            if path is not None:
                self.files.append((place, path))
            found.append({"name": name, "kept": path is not None, "copy": place})
        return found


def _part(owed: OwedPart) -> Json:
    address = owed.address
    return {
        "channel": address.channel,
        "chat": address.chat,
        "text": owed.part.plain or owed.part.text,
        "state": str(owed.state),
    }
