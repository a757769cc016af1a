"""What an agent keeps in mind about somebody, from one conversation to the next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from state.persons import Identity


@dataclass(frozen=True, slots=True)
class Note:
    """Something to remember, told by `owner`, under an id of the gateway's own.

    `foreign` says that it was written where material from outside could be seen, so that it may be
    somebody else's words.
    """

    id: str
    owner: Identity
    at: datetime
    text: str
    foreign: bool = False


class Notes(Protocol):
    """All notes; a part of `store.Ledger`, its `notes`. Every write is durable on return.

    A note is an identity's, not a person's: whoever is linked has the notes of all their
    identities, and takes their own along when they leave.

    Raises `StorageFull` or `StorageFailed` when a write was not kept.
    """

    async def of(self, owners: Collection[Identity]) -> tuple[Note, ...]:
        """The notes of these, the oldest first."""

    async def keep(self, note: Note) -> None:
        """Keep a note; the same id again replaces it."""

    async def drop(self, note: str, owners: Collection[Identity]) -> bool:
        """Forget a note of these; whether there was one."""
