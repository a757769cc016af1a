"""Which sessions there are, from the folders alone."""

import os
from collections.abc import Iterator

from state.codec import InvalidValue
from state.files import metadata
from state.files.layout import HISTORY, METADATA, PACKED, Layout
from state.files.reading import read_file
from state.keys import SessionId
from state.session import Session
from state.store import NewerFormat


def session_ids(layout: Layout) -> tuple[SessionId, ...]:
    """All sessions, sorted; reads no file's content. Raises OSError."""
    try:
        with os.scandir(layout.sessions) as found:
            folders = [e.name for e in found if e.name[0] not in ".~" and e.is_dir()]
    except FileNotFoundError:
        return ()
    # There may be very many: a path is three times as dear as the question it is made for.
    at = f"{layout.sessions}/"
    return tuple(SessionId(name) for name in sorted(folders) if _is_session(f"{at}{name}/"))


def _is_session(folder: str) -> bool:
    """Whether there is more than files that were kept before anything was said."""
    return any(os.path.lexists(folder + file) for file in (METADATA, HISTORY, PACKED))


def stored_sessions(layout: Layout) -> Iterator[Session]:
    """The facts of every session, as its metadata.json tells them. Raises OSError."""
    for session_id in session_ids(layout):
        data = read_file(layout.folder(session_id) / METADATA)
        if data is None:
            continue
        try:
            yield metadata.decode(data, session_id).session
        except (InvalidValue, NewerFormat):
            continue
