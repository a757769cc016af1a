"""The sessions that were lately used, ready for their next turn.

A cache and nothing more: what is in it is on disk (or can be derived from what is), so the least
recently used are simply dropped. Only a session's own lane touches its open session.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from agents import summary_prompts
from agents.config import MAIN
from agents.prompt import NO_MEDIA, said
from agents.revisions import UNREVISED, Revisions, revisions
from agents.tokens import of_said
from agents.transcript import Media, Transcript
from gateway.routing import Route
from gateway.setups import Setup, Setups
from state.compaction import TurnSize
from state.history import (
    Entry,
    SummaryEntry,
    count_messages,
    finished,
    holds_foreign,
    turn_ends,
)
from state.keys import SessionId, SessionKey, SessionType, side_of
from state.session import Session
from state.store import Loaded, Sessions

MOST = 256
MOST_BYTES = 32 * 1024 * 1024
MOST_MEDIA = 15
"""Images and documents of earlier turns that a model is shown; providers judge larger numbers of
images more strictly: https://platform.claude.com/docs/en/build-with-claude/vision"""
MOST_MEDIA_BYTES = 12_000_000
"""With `gateway.attachments.MOST_SHOWN` for the question, what fits in a request."""
_LATELY = 16

Contents = Callable[[SessionId, Sequence[Entry], Collection[str]], Awaitable[Mapping[str, Media]]]
"""What a model that takes this can be shown of the files that came with these entries, by their
names."""


async def _nothing_shown(
    _session: SessionId, _entries: Sequence[Entry], _takes: Collection[str]
) -> Mapping[str, Media]:
    return NO_MEDIA


_log = structlog.get_logger("sessions")


@dataclass(slots=True)
class OpenSession:
    """A session's facts, what its model sees, and where each turn of that begins.

    `summary` stands before the turns, with so many tokens in `front`. `finished` names the last
    messages whose end was already in the history when it was loaded: after a crash their inbox
    rows may still be open. `stored` is false until the first entry of a new session makes it.
    `news` is what people have not been told yet of their conversation; the next answer does.
    `foreign` says that its model sees material from outside; see `state.history.holds_foreign`.
    `furnished` is what its turns run with; where no turns run, there is none.
    """

    session: Session
    transcript: Transcript
    turns: list[TurnSize]
    finished: frozenset[str]
    stored: bool = True
    summary: SummaryEntry | None = None
    front: int = 0
    news: str = ""
    furnished: Setup | None = None
    foreign: bool = False

    @property
    def setup(self) -> Setup:
        """What its turns run with."""
        if self.furnished is None:
            raise RuntimeError("a session that was opened without `setups` runs no turns")
        return self.furnished

    def begin(self, loaded: Loaded, media: Mapping[str, Media] = NO_MEDIA) -> None:
        """Take the session as it was loaded: its summary, and the turns of its context."""
        reads = summary_prompts.shown if self.furnished is None else self.furnished.reads
        self.session, self.transcript, self.turns = loaded.session, Transcript(), []
        self.summary, self.front = loaded.summary, 0
        self.foreign = loaded.summary is not None and loaded.summary.foreign
        if loaded.summary is not None:
            words = said([loaded.summary], summary=reads)
            self.transcript.extend(words)
            self.front = sum(map(of_said, words))
        self.finished = _lately_finished(loaded.entries)
        revised = revisions(loaded.entries)
        start = 0
        for end in turn_ends(loaded.entries):
            turn, position = loaded.entries[start:end], loaded.positions[start]
            start = end
            # A summary lies where it was appended, behind turns that it does not stand for.
            if not isinstance(turn[0], SummaryEntry):
                self.extend(turn, position, media, revised)

    def extend(
        self,
        entries: Sequence[Entry],
        position: int,
        media: Mapping[str, Media] = NO_MEDIA,
        revised: Revisions = UNREVISED,
    ) -> None:
        """A turn was appended at a position."""
        words = said(entries, shared=is_shared(self.session.key), revisions=revised, media=media)
        self.transcript.extend(words)
        self.foreign = self.foreign or holds_foreign(entries, deleted=revised.deleted)
        size = sum(map(of_said, words))
        self.turns.append(TurnSize(position, size, count_messages(entries)))

    def estimated(self) -> int:
        """The context's length in tokens by our own estimate, without the instructions."""
        return self.front + sum(turn.tokens for turn in self.turns)

    def messages(self) -> int:
        """How many messages the model sees as they were said."""
        return sum(turn.messages for turn in self.turns)

    def behind(self) -> int:
        """How many messages came before those."""
        return max(self.session.messages - self.messages(), 0)


def is_shared(key: SessionKey) -> bool:
    """Whether several people talk in a session, so that the model must be told who speaks."""
    return key.type in (SessionType.GROUP, SessionType.TOPIC)


class OpenSessions:
    """The cache: at most so many sessions, and so many bytes of encodings.

    `person` knows whose session one is, by the name of somebody with several addresses. With
    `setups`, sessions are furnished for turns, and belong to the agent that answers there.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        contents: Contents = _nothing_shown,
        setups: Setups | None = None,
        person: Callable[[SessionId], str | None] | None = None,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._sessions = sessions
        self._contents = contents
        self._setups = setups
        self._person = person
        self._most = most
        self._most_bytes = most_bytes
        self._open: OrderedDict[str, OpenSession] = OrderedDict()
        self._bytes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def open(self, route: Route, *, at: datetime, title: str | None = None) -> OpenSession:
        """The session of a route; a new one where there is none yet."""
        known = self._open.get(route.session)
        opened = known if known is not None and self._holds(known) else None
        if opened is None:
            opened = await self._load(route, at, title)
            if known is not None:
                opened.news = " ".join(filter(None, (known.news, opened.news)))
            self._open[route.session] = opened
        self._open.move_to_end(route.session)
        if route.key not in opened.session.keys:
            # The chat goes on under another key (a group that became a supergroup).
            opened.session = opened.session.with_key(route.key)
        return opened

    def _holds(self, opened: OpenSession) -> bool:
        """Whether it is still what it would be if it were read now: people come, go, and are
        renamed, other rules may hold for each, and settings change."""
        if self._whose(opened.session) != opened.session.person:
            return False
        setup = opened.furnished
        return setup is None or self._setups is None or self._setups.holds(setup)

    def _whose(self, session: Session) -> str | None:
        """The name of the person whose session it is now."""
        return session.person if self._person is None else self._person(session.base or session.id)

    def used(self, opened: OpenSession) -> None:
        """Note how much an open session holds now, and drop others when it is too much."""
        # A turn takes long: others may have pushed its session out meanwhile. It is back now, or
        # its bytes would be counted for ever.
        self._open[opened.session.id] = opened
        self._open.move_to_end(opened.session.id)
        self._bytes[opened.session.id] = opened.transcript.size()
        while len(self._open) > 1 and (
            len(self._open) > self._most or sum(self._bytes.values()) > self._most_bytes
        ):
            self.forget(next(iter(self._open)))
        media = opened.transcript.media
        if len(media) > MOST_MEDIA or sum(len(m.data) for m in media) > MOST_MEDIA_BYTES:
            # Read anew, a session shows its newest media only.
            self.forget(opened.session.id)

    def forget(self, session_id: str) -> None:
        """Read the session from its store the next time."""
        self._open.pop(session_id, None)
        self._bytes.pop(session_id, None)

    async def renew(self, opened: OpenSession) -> None:
        """Read an open session's context again: its beginning, or what it says, has changed."""
        loaded = await self._sessions.load(opened.session.id)
        if loaded is None:
            raise LookupError(f"session {opened.session.id} is gone")
        opened.begin(loaded, await self._shown(loaded, opened.furnished))

    async def measure(self, session_id: SessionId) -> int:
        """About how many tokens a session's conversation is, as it is on disk."""
        loaded = await self._sessions.load(session_id)
        if loaded is None:
            raise LookupError(f"session {session_id} is gone")
        return (await self._begun(loaded)).estimated()

    async def _load(self, route: Route, at: datetime, title: str | None) -> OpenSession:
        loaded = await self._sessions.load(route.session)
        if loaded is None:
            # Its first entry makes it on the disk: one flush for both.
            # A side session is on the disk before it is gone to; this one was deleted meanwhile.
            side = side_of(route.session)
            fresh = self._fresh(route, at, title, side[0] if side else None)
            return _furnished(fresh, await self._furnishing(fresh), stored=False)
        if loaded.repaired:
            _log.error("history_repaired", session=route.session, set_aside=loaded.repaired)
        named = replace(loaded.session, person=self._whose(loaded.session))
        return await self._begun(await self._with_its_agent(replace(loaded, session=named)))

    def _fresh(
        self, route: Route, at: datetime, title: str | None, base: SessionId | None
    ) -> Session:
        fresh = Session.begin(route.key, agent=MAIN, at=at, title=title)
        fresh = replace(fresh, id=route.session, base=base)
        fresh = replace(fresh, person=self._whose(fresh))
        if self._setups is None:
            return fresh
        fresh = replace(fresh, agent=self._setups.agent(route.key, fresh.person))
        return replace(fresh, title=self._setups.title(fresh) or title)

    async def _with_its_agent(self, loaded: Loaded) -> Loaded:
        """The session in the folder of the agent that answers there, which a rule may change."""
        session = loaded.session
        if self._setups is None:
            return loaded
        agent = self._setups.agent(session.key, session.person)
        if agent == session.agent:
            return loaded
        _log.info("session_moved", session=session.id, agent=agent, before=session.agent)
        return replace(loaded, session=await self._sessions.move(session, agent))

    async def _begun(self, loaded: Loaded) -> OpenSession:
        setup = await self._furnishing(loaded.session)
        opened = _furnished(loaded.session, setup)
        opened.begin(loaded, await self._shown(loaded, setup))
        return opened

    async def _furnishing(self, session: Session) -> Setup | None:
        return None if self._setups is None else await self._setups.of(session)

    async def _shown(self, loaded: Loaded, setup: Setup | None) -> Mapping[str, Media]:
        takes: Collection[str] = () if setup is None else setup.agent.takes
        return await self._contents(loaded.session.id, loaded.entries, takes)


def _furnished(session: Session, setup: Setup | None, *, stored: bool = True) -> OpenSession:
    opened = OpenSession(session, Transcript(), [], frozenset(), stored, furnished=setup)
    opened.news = "" if setup is None else setup.problem
    return opened


def _lately_finished(entries: Sequence[Entry]) -> frozenset[str]:
    # A session commits one turn at a time, so only its last one can be open in the ledger.
    return finished(entries[-_LATELY:])
