"""The life of a session, as one table. What is not in it is an error.

``–`` stands for a session that does not exist yet. The documentation's table is drawn from this
one (`as_table`), and a test compares them.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Phase(StrEnum):
    """Where a session stands in its life."""

    CREATED = "created"
    ACTIVE = "active"
    IDLE = "idle"
    COMPACTED = "compacted"
    ARCHIVED = "archived"


class Event(StrEnum):
    """What can happen to a session."""

    MESSAGE = "message"
    QUIET = "quiet"
    COMPACT = "compact"
    ARCHIVE = "archive"
    RESTORE = "restore"
    CLEAR = "clear"


class ImpossibleTransition(ValueError):
    """An event that cannot happen in this phase; the message names both."""


TRANSITIONS: Mapping[tuple[Phase, Event], Phase] = MappingProxyType(
    {
        (Phase.CREATED, Event.MESSAGE): Phase.ACTIVE,
        (Phase.ACTIVE, Event.MESSAGE): Phase.ACTIVE,
        (Phase.IDLE, Event.MESSAGE): Phase.ACTIVE,
        (Phase.COMPACTED, Event.MESSAGE): Phase.ACTIVE,
        (Phase.ARCHIVED, Event.MESSAGE): Phase.ACTIVE,
        (Phase.ACTIVE, Event.QUIET): Phase.IDLE,
        (Phase.ACTIVE, Event.COMPACT): Phase.COMPACTED,
        (Phase.IDLE, Event.COMPACT): Phase.COMPACTED,
        (Phase.IDLE, Event.ARCHIVE): Phase.ARCHIVED,
        (Phase.COMPACTED, Event.ARCHIVE): Phase.ARCHIVED,
        (Phase.CREATED, Event.ARCHIVE): Phase.ARCHIVED,
        (Phase.ARCHIVED, Event.RESTORE): Phase.IDLE,
        **{(phase, Event.CLEAR): Phase.CREATED for phase in Phase},
    }
)


def advance(phase: Phase, event: Event) -> Phase:
    """The phase after an event. Raises `ImpossibleTransition`."""
    try:
        return TRANSITIONS[phase, event]
    except KeyError:
        possible = ", ".join(sorted(e for p, e in TRANSITIONS if p is phase))
        raise ImpossibleTransition(
            f"{event!r} cannot happen to a session that is {phase}; possible are {possible}"
        ) from None


def as_table() -> str:
    """The transitions as a Markdown table, a row for each event and phase it leads to."""
    rows: dict[tuple[Event, Phase], list[str]] = {}
    for (phase, event), target in TRANSITIONS.items():
        rows.setdefault((event, target), []).append(phase)
    lines = ["| from | event | to |", "|---|---|---|"]
    lines += [f"| {', '.join(s)} | {event} | {to} |" for (event, to), s in rows.items()]
    return "\n".join(lines)
