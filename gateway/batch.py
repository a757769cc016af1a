"""Messages that are answered together."""

from collections.abc import Iterator
from dataclasses import dataclass

from state.keys import Address, SessionId
from state.messages import Accepted, InboundMessage


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one sender at one place, in the order they were accepted: one turn.

    Never empty. The answer points at the last of them.
    """

    accepted: tuple[Accepted, ...]

    def __iter__(self) -> Iterator[Accepted]:
        return iter(self.accepted)

    def __len__(self) -> int:
        return len(self.accepted)

    @property
    def first(self) -> Accepted:
        """The message that was accepted before the others."""
        return self.accepted[0]

    @property
    def last(self) -> Accepted:
        """The message that the answer points at, and under which it is owed."""
        return self.accepted[-1]

    @property
    def session(self) -> SessionId:
        """The session that all of them belong to."""
        return self.last.session

    @property
    def address(self) -> Address:
        """Where all of them came from, and where the answer goes."""
        return self.last.message.address

    @property
    def foreign(self) -> bool:
        """Whether some of them hand on what others made, as `UserEntry.foreign` says it later."""
        return any(
            bool(each.message.quotes or each.message.attachments)
            for each in self.accepted
            if isinstance(each.message, InboundMessage)
        )
