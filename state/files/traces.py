"""Where in a state folder somebody's words are, from the folders alone.

Every history is looked at, also those that are packed, archived in their session's ``archive/`` or
deleted and kept for a while. What does not hold their id is not read any further.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import orjson

from state.codec import InvalidValue, text
from state.files import journal, metadata
from state.files.deleted import deleted_sessions
from state.files.journal import CLOSING, Damaged
from state.files.layout import ARCHIVE, METADATA
from state.files.listing import session_agents
from state.files.packing import read_history
from state.files.places import Places
from state.files.reading import read_file
from state.files.repair import Cut, repair
from state.forgetting import names_in
from state.history import CorrectionEntry, Entry, UserEntry
from state.keys import SessionId, SessionKey, side_of
from state.persons import PRIVATE, Identity, Person, Trace
from state.store import NewerFormat

Step = Callable[[], None]


def traces(places: Places, person: Person, step: Step = lambda: None) -> Iterator[Trace]:
    """The sessions with words of somebody's, in use and deleted. Raises OSError.

    `step` is called for each session that was looked at.
    """
    for session_id, folder in _folders(places, person):
        if trace := _trace(folder, session_id, person):
            yield trace
        step()
    for name, session_id in deleted_sessions(places.main):
        if trace := _trace(places.main.deleted / name, session_id, person, deleted=name):
            yield trace
        step()


def senders(places: Places, called: str) -> Iterator[tuple[Identity, frozenset[str]]]:
    """Whoever said something under an id or a name, with what they were called. Raises OSError."""
    (needle,) = _as_json([called])
    for session_id, agents in session_agents(places).items():
        for data in words_of(places.of(agents[0]).folder(session_id)):
            if needle not in data:
                continue
            for entry in salvaged(data):
                if isinstance(entry, UserEntry | CorrectionEntry):
                    sender = entry.sender
                    if sender.id and called in (sender.id, sender.name, sender.username):
                        yield Identity(entry.address.channel, sender.id), names_in([entry])


def _folders(places: Places, person: Person) -> Iterator[tuple[SessionId, Path]]:
    """Every session, and what was kept for one of theirs before anything was said in it."""
    there = session_agents(places)
    for session_id, agents in sorted(there.items()):
        for agent in agents:
            yield session_id, places.of(agent).folder(session_id)
    for each in sorted(person.identities):
        for kind in sorted(PRIVATE):
            own = SessionKey(each.account, each.user, kind).session_id
            if own not in there and places.found(own):
                yield own, places.folder(own)


def words_of(folder: Path) -> Iterator[bytes]:
    """The history of a session and those in its archive, as they are written. Raises OSError."""
    if (copy := read_history(folder)) is not None:
        yield copy.data
    for path in sorted((folder / ARCHIVE).glob("*.json")):
        if (data := read_file(path)) is not None:
            yield data


def salvaged(data: bytes) -> tuple[Entry, ...]:
    """The entries of a history as far as they can be read."""
    try:
        return journal.read(data).entries
    except Damaged:
        plan = repair(data, 0)
        left = data[: plan.end] + CLOSING if isinstance(plan, Cut) else plan.data
        return journal.read(left).entries


def needles(person: Person, names: Collection[str] = ()) -> frozenset[bytes]:
    """What stands in a history in which somebody speaks: their ids and names, as JSON has them."""
    return frozenset(_as_json([*(each.user for each in person.identities), *names]))


def speaks_of(data: bytes, person: Person) -> bool:
    """Whether the id of somebody is in these bytes of a history, readable or not."""
    return any(needle in data for needle in needles(person))


def _as_json(texts: Iterable[str]) -> list[bytes]:
    return [orjson.dumps(text(each)) for each in texts]


def _trace(
    folder: Path, session_id: SessionId, person: Person, deleted: str | None = None
) -> Trace | None:
    said = list(_said(folder, person))
    keys = _keys(folder, session_id, person) if said or _may_be_alone(session_id, person) else ()
    alone = person.has_alone(keys)
    if not said and not alone:
        return None
    messages = frozenset(entry.id for entry in said if isinstance(entry, UserEntry))
    return Trace(session_id, alone, messages, names_in(said), deleted)


def _said(folder: Path, person: Person) -> Iterator[Entry]:
    for data in words_of(folder):
        if speaks_of(data, person):
            yield from filter(person.said, salvaged(data))


def _may_be_alone(session_id: SessionId, person: Person) -> bool:
    """Whether the id is one that a private chat of theirs makes, or does not say who makes it."""
    side = side_of(session_id)
    key = SessionKey.of_session(session_id if side is None else side[0])
    return key is None or person.chats_in(key)


def _keys(folder: Path, session_id: SessionId, person: Person) -> tuple[SessionKey, ...]:
    """The keys that lead to a session; where nothing else says so, the one that makes its id."""
    with suppress(InvalidValue, NewerFormat):
        if (data := read_file(folder / METADATA)) is not None:
            session = metadata.decode(data, session_id).session
            return (*session.keys, session.key)
    side = side_of(session_id)
    key = SessionKey.of_session(session_id if side is None else side[0])
    if key is None:
        # The id of a very long key: it is theirs if they make one that reads so.
        own = (SessionKey(i.account, i.user, kind) for i in person.identities for kind in PRIVATE)
        return tuple(each for each in own if each.session_id == session_id)
    return (key,)
