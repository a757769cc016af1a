"""A conversation from elsewhere, as the control socket carries it."""

from gateway.admin_errors import AdminError, as_admin_errors
from state.codec import InvalidValue, entry_from_json, loads, session_from_json
from state.history import Entry, InvalidHistory, check_batch
from state.session import Session


def brought(facts: object, lines: str) -> tuple[Session, tuple[Entry, ...]]:
    """A session's facts, and its entries, each on a line of its own. Raises `AdminError`.

    It takes a second for 100,000 entries: call it off the loop.
    """
    try:
        with as_admin_errors():
            session = session_from_json(facts)
        entries = tuple(_entry(line) for line in lines.split("\n") if line)
        check_batch(entries)
    except (InvalidValue, InvalidHistory) as error:
        raise AdminError("unreadable", f"no conversation: {error}") from error
    return session, entries


def _entry(line: str) -> Entry:
    return entry_from_json(loads(line.encode()))


def exists(key: str, messages: int) -> AdminError:
    """The refusal to put a conversation in the place of another one."""
    return AdminError(
        "exists",
        f"there is a session {key} with {messages} messages; nothing was imported over it",
        "name another with --as KEY, or say --replace: the old words then go to its archive/",
    )
