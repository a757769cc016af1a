"""A turn as its tools know it: where, for whom, and how far they are trusted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from agents.tools.tool import Tool
from gateway.batch import Batch
from gateway.open_sessions import OpenSession
from state.trust import Trust, trust_of


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a tool may need to know of the turn that it is offered in.

    `batch` is what is answered, all of which has one sender, and `owner` says that an owner wrote
    it. None where it is only asked what would be offered there.
    """

    opened: OpenSession
    batch: Batch | None
    owner: bool

    @property
    def trust(self) -> Trust:
        """How far the one who speaks is trusted there."""
        return trust_of(self.opened.session.key.type, owner=self.owner)

    @property
    def foreign(self) -> bool:
        """Whether the model sees material from outside, in what was said before or is asked now."""
        return self.opened.foreign or (self.batch is not None and self.batch.foreign)


Shelf = Callable[[Occasion], Iterable[Tool[Any]]]
"""The tools of one kind that there are for a turn. What may be used of them, others decide."""
