"""Asks people whether a conversation's words shall stay, and does what they say.

Whether they were asked is in the ledger, under a name that the end of each conversation has only
once; that they did not answer is no answer to remember, because silence keeps.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from channels.channel import Channel
from gateway.clock import Clock
from gateway.commands import CommandName
from gateway.delivery import Delivery
from gateway.ending import Ending, Kept
from gateway.notices import notice
from gateway.obeying import Asked, Obey
from gateway.replies import rendered
from gateway.trouble import Trouble
from state.choices import Persistence
from state.history import Entry, UserEntry
from state.keys import Address
from state.lifecycle import Phase
from state.messages import Button, Reply, ReplyKind
from state.session import Session
from state.store import Ledger, Sessions

YES = "yes"
"""What erases without another question, said behind `/forget`."""

_KEEP_OR_ERASE = (Button("Keep", "/keep"), Button("Erase", "/forget"))
_ERASE = (Button("Erase for good", f"/forget {YES}"),)


class Asking:
    """Asks at the end of a conversation, in the chat where it was last spoken."""

    def __init__(
        self,
        sessions: Sessions,
        ledger: Ledger,
        channels: Mapping[str, Channel],
        delivery: Delivery,
        clock: Clock,
        kept: Kept,
    ) -> None:
        self._sessions = sessions
        self._ledger = ledger
        self._channels = channels
        self._delivery = delivery
        self._clock = clock
        self._kept = kept

    async def ask(self, session: Session, lately: Sequence[Entry]) -> None:
        """Ask about a conversation that ends; `lately` are its last entries.

        Nobody is asked about one that was quiet for so long that it is put away at once.
        """
        kept = self._kept(session)
        spans = [span for span in (kept.archive_after, kept.retention) if span is not None]
        quiet = self._clock.now() - session.updated_at
        if quiet >= min(spans, default=timedelta.max):
            return
        address = _last_address(lately)
        if address is None:
            address = _last_address(await self._sessions.entries(session.id))
        if address is None or (channel := self._channels.get(address.channel)) is None:
            return
        parts = rendered(channel, keep_or_erase("keep_or_erase"))
        name = f"end:{session.id}:{session.updated_at.isoformat()}"
        owed = await self._ledger.announce(name, address, parts, at=self._clock.now())
        self._delivery.post(owed)


class Forgetting:
    """Carries out what people say about their conversation's words."""

    def __init__(self, ending: Ending, trouble: Trouble) -> None:
        self._ending = ending
        self._trouble = trouble

    @property
    def book(self) -> Mapping[CommandName, Obey]:
        """What carries out which command."""
        return {CommandName.KEEP: self._keep, CommandName.FORGET: self._forget}

    async def _keep(self, asked: Asked) -> Reply:
        persistence = self._ending.persistence(asked.opened.session)
        told = "kept_not" if persistence is Persistence.NEVER else "kept"
        return Reply(notice(told), ReplyKind.NOTICE)

    async def _forget(self, asked: Asked) -> Reply:
        session = asked.opened.session
        if not asked.opened.stored:
            return Reply(notice("nothing_to_forget"), ReplyKind.NOTICE)
        if asked.argument.lower() != YES and not self._was_asked(session):
            return Reply(notice("forget_sure"), ReplyKind.NOTICE, buttons=_ERASE)
        erase = partial(self._ending.erase, session, reason=f"/{asked.command}")
        await self._trouble.insist(erase)
        return Reply(notice("forgotten"), ReplyKind.NOTICE)

    def _was_asked(self, session: Session) -> bool:
        """Whether people were asked, and nothing was said since: that made it active again."""
        asks = self._ending.persistence(session) is Persistence.ASK
        return asks and session.phase is not Phase.ACTIVE


def keep_or_erase(name: str) -> Reply:
    """The question, in the words of a notice."""
    return Reply(notice(name), ReplyKind.NOTICE, buttons=_KEEP_OR_ERASE)


def begun_anew(persistence: Persistence) -> Reply:
    """What is said when somebody cleared a conversation that was kept so."""
    match persistence:
        case Persistence.ALWAYS:
            return Reply(notice("cleared"), ReplyKind.NOTICE)
        case Persistence.NEVER:
            return Reply(notice("cleared_erased"), ReplyKind.NOTICE)
        case Persistence.ASK:
            return keep_or_erase("cleared_asking")


def _last_address(entries: Sequence[Entry]) -> Address | None:
    said = (entry.address for entry in reversed(entries) if isinstance(entry, UserEntry))
    return next(said, None)
