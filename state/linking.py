"""What a store must do about who is whom. It is a part of `store.Ledger`, its `links`.

Most changes come with a message that asks for them, and are made with it (`Ledger.accept`).
"""

from datetime import datetime
from typing import Protocol

from state.links import Change, Link, NamedPerson, PairCode, Tries
from state.persons import Identity


class Links(Protocol):
    """Persons, their addresses, and codes. Every write is durable on return.

    Raises `StorageFull` or `StorageFailed` when a write was not kept.
    """

    async def persons(self) -> tuple[NamedPerson, ...]:
        """Everybody who was linked, by name."""

    async def links(self) -> tuple[Link, ...]:
        """All their addresses, by account and user."""

    async def change(self, change: Change) -> None:
        """Link, unlink, or redeem. Raises `NotFound` where a code or a person is not there."""

    async def rename(self, name: str, new: str) -> NamedPerson:
        """Call a person otherwise. Raises `NotFound`; `StoreError` where that name is taken."""

    async def offer(self, code: PairCode) -> None:
        """Keep a code. Whoever asked for it has no other from now on; expired ones are dropped."""

    async def codes(self, now: datetime) -> tuple[PairCode, ...]:
        """The codes that can be used now, oldest first."""

    async def tries(self, account: str, user: str) -> Tries | None:
        """What somebody tried, and did not find."""

    async def tried(self, tries: Tries, *, forget: datetime) -> None:
        """Keep it. Of what was tried last before `forget`, nothing is known any more."""

    async def tried_well(self, identity: Identity) -> None:
        """Somebody found a code: what they tried before is forgotten."""
