"""What came in lately, which a restart must not forget, and what of it has not come to its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from state.keys import SessionId, SessionKey
from state.lifecycle import Phase
from state.messages import Outcome

ANSWERED: tuple[Outcome | None, ...] = (None, Outcome.REPLIED, Outcome.FAILED)
"""The outcomes of messages that an agent works, or has worked, for."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many of one account's, the oldest of them `since` then. `unknown` of them are parts that
    their platform may have taken."""

    count: int
    since: datetime
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is not finished, by account: messages without an outcome (since they were accepted) and
    parts that are owed (since they are). And how many sessions are in each phase."""

    pending: Mapping[str, Waiting] = field(default_factory=dict)
    owed: Mapping[str, Waiting] = field(default_factory=dict)
    phases: Mapping[Phase, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Longest:
    """What has waited longest of its kind: for whom, in which session, if in any, since when."""

    account: str
    session: SessionId | None
    since: datetime


class KnowsWhatCame(Protocol):
    """A part of `store.Ledger`."""

    async def lately(
        self, since: datetime, *, commands: Sequence[str]
    ) -> tuple[tuple[SessionKey, datetime], ...]:
        """The messages that were accepted since then and answered, or are about to be: under which
        key, and when. What was answered with a detail counts only if that is one of `commands`.
        """

    async def backlog(self) -> Backlog:
        """What is not finished. It reads nothing that is, so that it can be asked for often."""
