"""The reference of what is remembered, in a dictionary. For tests."""

from collections.abc import Collection

from state.notes import Note
from state.persons import Identity


class MemoryNotes:
    """`notes.Notes` in a dictionary."""

    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}

    async def of(self, owners: Collection[Identity]) -> tuple[Note, ...]:
        return self.found(owners)

    async def keep(self, note: Note) -> None:
        self._notes[note.id] = note

    async def drop(self, note: str, owners: Collection[Identity]) -> bool:
        known = self._notes.get(note)
        if known is None or known.owner not in owners:
            return False
        del self._notes[note]
        return True

    def found(self, owners: Collection[Identity]) -> tuple[Note, ...]:
        """The notes of these, the oldest first."""
        theirs = (note for note in self._notes.values() if note.owner in owners)
        return tuple(sorted(theirs, key=lambda note: (note.at, note.id)))

    def drop_all(self, owners: Collection[Identity]) -> int:
        """Forget all of theirs; how many that were."""
        theirs = self.found(owners)
        for note in theirs:
            del self._notes[note.id]
        return len(theirs)
