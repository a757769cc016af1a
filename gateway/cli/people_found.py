"""What there is of a person, as the commands about them find it. Nothing is changed by it."""

from dataclasses import dataclass
from typing import Any

from gateway import persons
from gateway.admin_errors import as_admin_errors
from gateway.cli.invocation import Invocation
from gateway.cli.progress import progress
from state.files.people import PeopleReader
from state.files.receipts import Receipts
from state.people import Records
from state.persons import Person, Trace

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A person, the sessions with their words, and what the ledger has of them.

    `interrupted` says that an erasure of them was cut short. `damaged` are databases that were set
    aside and hold an id of theirs.
    """

    person: Person
    reader: PeopleReader
    traces: tuple[Trace, ...]
    records: Records
    interrupted: bool
    damaged: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.traces or self.records)

    @property
    def who(self) -> str:
        """Their identities, as they are written."""
        return ", ".join(map(str, sorted(self.person.identities)))

    @property
    def names(self) -> frozenset[str]:
        """What they are called."""
        return self.records.names.union(*(trace.names for trace in self.traces))

    def to_json(self) -> Json:
        """What there is, in figures."""
        records = self.records
        return {
            "person": sorted(map(str, self.person.identities)),
            "names": sorted(self.names),
            "sessions": [
                {
                    "id": trace.session,
                    "alone": trace.alone,
                    "deleted": trace.deleted,
                    "messages": len(trace.messages),
                }
                for trace in self.traces
            ],
            "admissions": len(records.admissions),
            "pairings": len(records.pairings),
            "links": len(records.links),
            "waiting": len(records.waiting),
            "set_aside": len(records.set_aside),
            "keys": len(records.keys),
            "days_of_spending": len(records.spent),
            "rows": records.rows,
            "interrupted": self.interrupted,
        }


def find(invocation: Invocation, name: str, *, looking: str) -> Found:
    """Look for everything about a person. Raises `AdminError` where it is not said who is meant."""
    reader = PeopleReader(invocation.state_dir)
    with as_admin_errors():
        linked = reader.linked()
        known = persons.is_plain(name, linked)
        person = persons.meant(name, {} if known else reader.seen(name), linked)
        with progress(looking, reader.many(), quiet=invocation.json) as step:
            traces = reader.traces(person, step)
        return Found(
            person,
            reader,
            traces,
            reader.records(person, traces),
            Receipts(invocation.state_dir).unfinished(person.digest) is not None,
            reader.damaged(person),
        )
