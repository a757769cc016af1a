"""What is wrong with a session's two files, by their bytes alone: what opening them would mend.

It decides nothing of its own: what reads, what is repaired and how, is `metadata`, `journal` and
`repair`, as for whoever opens the session to write to it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from state.codec import InvalidValue
from state.files import journal, metadata
from state.files.journal import CLOSING, FIRST, Damaged, Lines
from state.files.layout import HISTORY, METADATA
from state.files.metadata import Facts
from state.files.repair import Cut, repair
from state.history import complete_prefix
from state.keys import SessionId
from state.store import NewerFormat

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """What can be found. Opening the session mends those that are in `MENDED`."""

    TORN = "torn"
    """The last write was cut short; nothing of it was acknowledged."""
    LAYOUT = "layout"
    """Valid JSON, but not laid out to be appended to: an editor was at work."""
    DAMAGED = "damaged"
    MISSING = "missing"
    OUT_OF_STEP = "out_of_step"
    """metadata.json speaks of another history.json than the one beside it."""
    MISPLACED = "misplaced"
    """A folder, a pipe or a broken link stands in a file's place, or a file in a folder's."""
    HALF_TURN = "half_turn"
    """A question without its answer in the same turn, or a tool call without its result."""
    UNOWNED = "unowned"
    """Nothing tells whose words these are."""
    NEWER = "newer"
    UNREADABLE = "unreadable"
    STRAY = "stray"
    """Among the sessions, and none."""
    COPIED = "copied"
    """Another agent has a session of the same id."""
    UNINDEXED = "unindexed"
    """On the disk, and not in the index that listings are made from."""
    GONE = "gone"
    """In the index, and not on the disk."""


MENDED = frozenset(
    {Kind.TORN, Kind.LAYOUT, Kind.DAMAGED, Kind.MISSING, Kind.OUT_OF_STEP, Kind.MISPLACED}
    | {Kind.UNINDEXED, Kind.GONE}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `file` is its name in the session's folder, "" the folder's own."""

    kind: Kind
    session: SessionId
    detail: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found, and whether there is a session that a listing can show."""

    findings: tuple[Finding, ...] = ()
    is_session: bool = False


def examine(
    session_id: SessionId, facts_data: bytes | None, history_data: bytes | None
) -> Examined:
    """Examine the content of metadata.json and of history.json; None where there is no file."""
    found: list[Finding] = []
    facts: Facts | None = None
    try:
        if facts_data is not None:
            facts = metadata.decode(facts_data, session_id)
    except InvalidValue as error:
        found.append(Finding(Kind.DAMAGED, session_id, f"it does not read ({error})", METADATA))
    except NewerFormat as error:
        return Examined((Finding(Kind.NEWER, session_id, str(error), METADATA),), is_session=True)
    if history_data is None:
        if facts is not None and facts.end > FIRST:
            found.append(Finding(Kind.MISSING, session_id, "what was said is gone", HISTORY))
        return Examined(tuple(found), is_session=facts is not None)
    lines = _read(session_id, facts, history_data, found)
    end = complete_prefix(lines.entries)
    if end < len(lines.entries):
        detail = f"the turn that begins with entry {lines.entries[end].id} has no end"
        found.append(Finding(Kind.HALF_TURN, session_id, detail, HISTORY))
    if facts is not None:
        return Examined(tuple(found), is_session=True)
    return _without_facts(session_id, lines, found, missing=facts_data is None)


def _read(session_id: SessionId, facts: Facts | None, data: bytes, found: list[Finding]) -> Lines:
    """The entries that can be read, as opening the file would leave them."""
    try:
        lines = journal.read(data)
    except Damaged as damage:
        plan = repair(data, facts.end if facts else 0)
        whole = data[: plan.end] + CLOSING if isinstance(plan, Cut) else plan.data
        lines = journal.read(whole)
        kept = f"{len(lines.entries)} entries can be read"
        if plan.aside:
            kind, detail = Kind.DAMAGED, f"{damage}; {kept}"
        elif isinstance(plan, Cut):
            kind, detail = Kind.TORN, f"its last write was cut short; {kept}"
        else:
            kind, detail = Kind.LAYOUT, "it is laid out differently; nothing is lost"
        found.append(Finding(kind, session_id, detail, HISTORY))
        return lines
    end = len(data) - len(CLOSING)
    # A checkpoint before every entry says nothing about positions.
    if facts is not None and facts.end > FIRST and facts.end not in (*lines.positions, end):
        shorter = "it is shorter than" if facts.end > end else "it is not the one that"
        detail = f"{shorter} metadata.json remembers ({end} bytes, {facts.end} remembered)"
        found.append(Finding(Kind.OUT_OF_STEP, session_id, detail, HISTORY))
    return lines


def _without_facts(
    session_id: SessionId, lines: Lines, found: list[Finding], *, missing: bool
) -> Examined:
    if metadata.rebuild(session_id, "", lines.entries, _LONG_AGO) is not None:
        if missing:
            detail = "it can be made again from the history, without title and settings"
            found.append(Finding(Kind.MISSING, session_id, detail, METADATA))
        return Examined(tuple(found), is_session=True)
    if lines.entries:
        detail = "nothing tells whose words these are; restore metadata.json from a backup"
        found.append(Finding(Kind.UNOWNED, session_id, detail, HISTORY))
    return Examined(tuple(found))
