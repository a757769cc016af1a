"""Which sessions there are, from the folders alone."""

import os
from collections.abc import Iterator

from state.codec import InvalidValue
from state.files import metadata
from state.files.layout import METADATA, Layout
from state.files.places import Places, is_session
from state.files.reading import read_file
from state.keys import SessionId
from state.session import Session
from state.store import NewerFormat


def session_ids(places: Places) -> tuple[SessionId, ...]:
    """All sessions, sorted; reads no file's content. Raises OSError."""
    return tuple(sorted(session_agents(places)))


def session_agents(places: Places) -> dict[SessionId, tuple[str, ...]]:
    """Under which agents each session is: one, unless somebody copied it. Raises OSError."""
    agents: dict[SessionId, tuple[str, ...]] = {}
    for layout in places.agents():
        for session_id in _within(layout):
            agents[session_id] = (*agents.get(session_id, ()), layout.agent)
    return agents


def _within(layout: Layout) -> Iterator[SessionId]:
    try:
        with os.scandir(layout.sessions) as found:
            folders = [e.name for e in found if e.name[0] not in ".~" and e.is_dir()]
    except FileNotFoundError:
        return
    at = str(layout.sessions)
    yield from (SessionId(name) for name in folders if is_session(f"{at}/{name}"))


def stored_sessions(places: Places) -> Iterator[Session]:
    """The facts of every session, as its metadata.json tells them. Raises OSError."""
    for session_id, agents in sorted(session_agents(places).items()):
        there = places.one_of(agents, session_id)
        data = read_file(there.folder(session_id) / METADATA)
        if data is None:
            continue
        try:
            yield metadata.decode(data, session_id, there.agent).session
        except (InvalidValue, NewerFormat):
            continue
