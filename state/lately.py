"""What came in lately, which a restart must not forget."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from state.keys import SessionKey
from state.messages import Outcome

ANSWERED: tuple[Outcome | None, ...] = (None, Outcome.REPLIED, Outcome.FAILED)
"""The outcomes of messages that an agent works, or has worked, for."""


class KnowsWhatCame(Protocol):
    """A part of `store.Ledger`."""

    async def lately(
        self, since: datetime, *, commands: Sequence[str]
    ) -> tuple[tuple[SessionKey, datetime], ...]:
        """The messages that were accepted since then and answered, or are about to be: under which
        key, and when. What was answered with a detail counts only if that is one of `commands`.
        """
