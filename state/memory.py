"""The reference store: the protocols' meaning with nothing else in the way. For tests."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from state.erasing import Meant, kept_files, without_words
from state.forgetting import Forgetting, lost, names_in
from state.history import Entry, SummaryEntry, UserEntry, check_batch
from state.ids import is_file_name
from state.keys import Address, SessionId, is_account_name
from state.memory_ledger import MemoryLedger
from state.persons import NOTHING_LOST, Lost, Person, Trace
from state.session import Session
from state.store import FileTooLarge, Loaded, NotFound, Repaired
from state.view import beginning_with, relocated

__all__ = ["MemoryLedger", "MemorySessions"]


class MemorySessions:
    """`store.Sessions` in dictionaries. A position is the entry's number."""

    def __init__(self) -> None:
        self._facts: dict[SessionId, Session] = {}
        self._entries: dict[SessionId, list[Entry]] = {}
        self._archive: dict[SessionId, list[tuple[str, tuple[Entry, ...]]]] = {}
        self._files: dict[SessionId, dict[str, bytes]] = {}
        self._deleted: list[datetime] = []

    async def load(self, session_id: SessionId) -> Loaded | None:
        session = self._facts.get(session_id)
        if session is None:
            return None
        entries = self._entries[session_id]
        context = session.context
        standing = None if context.summary is None else entries[context.summary]
        return Loaded(
            session,
            tuple(entries[context.start :]),
            tuple(range(context.start, len(entries))),
            standing if isinstance(standing, SummaryEntry) else None,
        )

    async def create(self, session: Session) -> None:
        self._create(session)

    async def append(self, session: Session, entries: Sequence[Entry], /) -> tuple[int, ...]:
        check_batch(entries)
        self._create(session)
        said = self._entries[session.id]
        first = len(said)
        said += entries
        self._keep(session)
        return tuple(range(first, len(said)))

    async def save(self, session: Session) -> None:
        self._keep(session)

    async def touch(self, session: Session) -> None:
        await self.save(session)

    async def clear(self, session: Session, *, erase: bool = False) -> str | None:
        self._keep(session)
        old, self._entries[session.id] = self._entries[session.id], []
        if erase:
            self._files.pop(session.id, None)
            self._archive.pop(session.id, None)
        if erase or not old:
            return None
        archive = self._archive.setdefault(session.id, [])
        name = f"{len(archive) + 1}.json"
        archive.append((name, tuple(old)))
        return name

    async def bring_in(self, session: Session, entries: Sequence[Entry]) -> str | None:
        check_batch(entries)
        self._create(session)
        archived = await self.clear(session)
        self._entries[session.id] += entries
        self._keep(beginning_with(session, entries, range(len(entries))))
        return archived

    async def archive(self, session: Session) -> None:
        await self.save(session)

    async def restore(self, session: Session) -> None:
        await self.save(session)

    async def move(self, session: Session, agent: str) -> Session:
        _check_agent(agent)
        self._keep(session)
        self._facts[session.id] = moved = replace(session, agent=agent)
        return moved

    async def delete(self, session_id: SessionId, *, kept_at: datetime | None = None) -> str | None:
        found = self._facts.pop(session_id, None)
        self._entries.pop(session_id, None)
        self._archive.pop(session_id, None)
        self._files.pop(session_id, None)
        if found is None or kept_at is None:
            return None
        self._deleted.append(kept_at)
        return f"deleted/{session_id}"

    async def empty_deleted(self, before: datetime) -> int:
        gone = [at for at in self._deleted if at < before]
        self._deleted = [at for at in self._deleted if at >= before]
        return len(gone)

    async def entries(self, session_id: SessionId) -> tuple[Entry, ...]:
        self._known(session_id)
        return tuple(self._entries[session_id])

    async def repair(self, session_id: SessionId) -> Repaired | None:
        session = self._facts.get(session_id)
        return None if session is None else Repaired(session)

    async def erase(
        self, session_id: SessionId, messages: Collection[str], *, chat: Address | None = None
    ) -> int:
        meant = Meant(frozenset(messages), chat)
        old = self._entries.get(session_id, [])
        new = without_words(old, meant)
        for name in kept_files(old) - kept_files(new):
            self._files.get(session_id, {}).pop(name, None)
        words = sum(left is not entry for left, entry in zip(new, old, strict=True))
        old[:] = new
        if words:
            session = self._facts[session_id]
            here = range(len(new))
            context = relocated(session.context, {at: at for at in here}, new, here)
            self._facts[session_id] = replace(session, context=context)
        return words

    async def traces(self, person: Person) -> tuple[Trace, ...]:
        found = []
        for session_id, facts in sorted(self._facts.items()):
            said = [e for e in self._words(session_id) if person.said(e)]
            alone = person.has_alone((*facts.keys, facts.key))
            if said or alone:
                asked = frozenset(e.id for e in said if isinstance(e, UserEntry))
                found.append(Trace(session_id, alone, asked, names_in(said)))
        return tuple(found)

    async def forget(self, session_id: SessionId, forgetting: Forgetting) -> Lost:
        old = self._entries.get(session_id, [])
        before = [list(old), *(list(said) for _, said in self._archive.get(session_id, []))]
        after = [forgetting.without_words(said) for said in before]
        if session_id not in self._facts or before == after:
            return NOTHING_LOST
        files = kept_files(chain(*before)) - kept_files(chain(*after))
        for name in files:
            self._files.get(session_id, {}).pop(name, None)
        old[:], *archived = after
        names = [name for name, _ in self._archive.get(session_id, [])]
        self._archive[session_id] = [
            (name, tuple(said)) for name, said in zip(names, archived, strict=True)
        ]
        session, here = self._facts[session_id], range(len(old))
        context = relocated(session.context, {at: at for at in here}, old, here)
        title = None if session.titled else session.title
        self._facts[session_id] = replace(session, context=context, title=title, titled=False)
        each = (lost(*pair, forgetting.person, files=0) for pair in zip(before, after, strict=True))
        return sum(each, Lost(files=len(files)))

    async def forget_deleted(self, deleted: str, forgetting: Forgetting, *, alone: bool) -> Lost:
        return NOTHING_LOST

    async def leave_nothing(self) -> None:
        pass

    async def keep_file(
        self, session_id: SessionId, name: str, chunks: AsyncIterator[bytes], *, most: int
    ) -> int:
        if not is_file_name(name):
            raise ValueError(f"no file can be kept under the name {name!r}")
        content = b""
        async for chunk in chunks:
            content += chunk
            if len(content) > most:
                raise FileTooLarge(f"the file has more than {most} bytes")
        self._files.setdefault(session_id, {})[name] = content
        return len(content)

    async def read_file(self, session_id: SessionId, name: str) -> bytes:
        try:
            return self._files[session_id][name]
        except KeyError:
            raise NotFound(f"no file {name!r} is kept with {session_id}") from None

    async def ids(self) -> tuple[SessionId, ...]:
        return tuple(sorted(self._facts))

    async def close(self) -> None:
        pass

    def _words(self, session_id: SessionId) -> list[Entry]:
        archived = (said for _, said in self._archive.get(session_id, []))
        return [*self._entries[session_id], *chain(*archived)]

    def _create(self, session: Session) -> None:
        if session.id not in self._facts:
            _check_agent(session.agent)
            self._facts[session.id] = session
            self._entries[session.id] = []

    def _keep(self, session: Session) -> None:
        """The newest facts; whose session it is, only `move` changes."""
        self._known(session.id)
        self._facts[session.id] = replace(session, agent=self._facts[session.id].agent)

    def _known(self, session_id: SessionId) -> None:
        if session_id not in self._facts:
            raise NotFound(f"there is no session {session_id}")


def _check_agent(agent: str) -> None:
    if not is_account_name(agent):
        raise NotFound(f"{agent!r} cannot be an agent's name: a-z, 0-9 and '-' only")
