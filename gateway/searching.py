"""Searching in everything that was said, for an operator. It blocks, and needs no gateway."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.admin_errors import AdminError, as_admin_errors
from gateway.reading import Reading
from state.codec import time_to_json
from state.files import ReadOnlyState, lock_holder
from state.files.errors import ledger_error, store_error
from state.files.layout import Layout
from state.files.lock import StateLock
from state.files.search.catching_up import catch_up
from state.files.search.finding import DamagedIndex, Hit, find
from state.files.search.query import InvalidQuery, Query
from state.files.search.schema import remove
from state.keys import SessionKey, side_of
from state.store import SessionRow, StateLocked

Json = dict[str, Any]
Progress = Callable[[int, int], None]


def search(
    state_dir: Path,
    text: str,
    *,
    session: str | None = None,
    limit: int = 20,
    progress: Progress = lambda _, __: None,
) -> Json:
    """Where all of `text` was said, the best first. Raises `AdminError`.

    Without a gateway the index is brought up to date first, which `progress` is told about.
    """
    try:
        query = Query.parse(text)
    except InvalidQuery as error:
        hint = """words, "a phrase", or begin*: argent sessions search 'harbour "pier 12" boat*\'"""
        raise AdminError("usage", str(error), hint) from error
    state = ReadOnlyState(state_dir)
    only = None if session is None else Reading(state).resolve(session).id
    if not state_dir.is_dir():
        return {"hits": [], "complete": True}
    layout = Layout(state_dir)
    with as_admin_errors():
        _catch_up(layout, progress)
        try:
            found = find(layout, query, session=only, limit=limit)
        except DamagedIndex:
            if not _catch_up(layout, progress, anew=True):
                raise
            found = find(layout, query, session=only, limit=limit)
        rows = state.rows({hit.session for hit in found.hits})
    return {
        "hits": [_hit_to_json(hit, rows.get(hit.session)) for hit in found.hits],
        "complete": found.complete,
    }


def _catch_up(layout: Layout, progress: Progress, *, anew: bool = False) -> bool:
    """Do what a gateway would have done, unless one runs or nothing may be written here."""
    if lock_holder(layout.root) is not None:
        return False
    try:
        lock = StateLock.take(layout.root)
    except (StateLocked, PermissionError):
        return False
    except OSError as error:
        raise store_error(error, f"opening {layout.root}") from error
    try:
        if anew:
            remove(layout.search)
        catch_up(layout, progress)
        return True
    except sqlite3.Error as error:
        raise ledger_error(error, layout.search) from error
    except OSError as error:
        raise store_error(error, f"making {layout.search}") from error
    finally:
        lock.release()


def _hit_to_json(hit: Hit, row: SessionRow | None) -> Json:
    base, slug = side_of(hit.session) or (None, None)
    key = SessionKey.of_session(base or hit.session) if row is None else row.key
    return {
        "session": hit.session,
        "key": None if key is None else str(key),
        "base": base if row is None else row.base,
        "name": slug if row is None else row.name,
        "entry": hit.entry,
        "role": hit.role,
        "who": hit.who,
        "at": time_to_json(hit.at),
        "snippet": hit.snippet.text,
        "marks": [list(span) for span in hit.snippet.hits],
    }
