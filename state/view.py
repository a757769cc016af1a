"""What of a history a model is shown, and which summary stands in front of it. Pure.

Entries stay where they were appended, so a summary is found behind the turns that were kept when
it was made. `Context` says which one stands; all others are passed over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from state.compaction import Plan, TurnSize
from state.history import Entry, SummaryEntry
from state.session import Context, Session

MOST_UNDO = 16
"""How many compactions of a session can be taken back."""


def view(entries: Iterable[Entry], summary: SummaryEntry | None) -> list[Entry]:
    """What a model sees of the entries from its context's start on: the summary, then the turns."""
    front: list[Entry] = [] if summary is None else [summary]
    return front + [entry for entry in entries if not isinstance(entry, SummaryEntry)]


def apply(
    plan: Plan,
    context: Context,
    turns: Sequence[TurnSize],
    *,
    summary: int | None,
    tokens: int,
) -> Context:
    """The context after a plan for these turns was carried out; `undone` leads back.

    `summary` is the position of the summary that was made, None when there is none: then the
    newest turn stays whatever the plan says, because nothing would stand for it. `tokens` is how
    long the context is now.
    """
    if plan.leave < len(turns):
        start = turns[plan.leave].position
    else:
        # Whatever is said next comes behind the summary of all that was said so far.
        start = turns[-1].position if summary is None else summary
    step = (context.start, context.summary)
    undo = (*context.undo, step)[-MOST_UNDO:]
    return replace(context, tokens=tokens, start=start, summary=summary, undo=undo)


def undone(context: Context) -> Context | None:
    """The context before its last compaction; None when there is none to take back.

    `tokens` is left as it is: whoever loads the context next measures it.
    """
    if not context.undo:
        return None
    *undo, (start, summary) = context.undo
    return replace(context, start=start, summary=summary, undo=tuple(undo))


def recovered(entries: Sequence[Entry], positions: Sequence[int]) -> Context:
    """The context that a whole history tells of by itself, when nothing else does.

    The last summary stands, and what is shown begins after the last entry it stands for.
    """
    where = {entry.id: number for number, entry in enumerate(entries)}
    for number in range(len(entries) - 1, -1, -1):
        summary = entries[number]
        if not isinstance(summary, SummaryEntry) or not summary.content:
            continue
        last = where.get(summary.covers[1])
        if last is None or last > number:
            continue
        # Behind what it stands for there may be earlier summaries; they belong to no context.
        after = range(last + 1, len(entries))
        kept = [n for n in after if not isinstance(entries[n], SummaryEntry)]
        start = positions[kept[0]] if kept else positions[number]
        return Context(start=start, summary=positions[number])
    return Context()


def beginning_with(session: Session, entries: Sequence[Entry], positions: Sequence[int]) -> Session:
    """The session once its history consists of these entries and nothing else."""
    found, old = recovered(entries, positions), session.context
    context = replace(old, start=found.start, summary=found.summary, undo=())
    return replace(session, context=context)


def relocated(
    context: Context,
    moved: Mapping[int, int],
    entries: Sequence[Entry],
    positions: Sequence[int],
) -> Context:
    """The context in a history that was written anew, with these entries at these positions.

    `moved` tells where that which was at a position is now. A summary that lost its words is
    taken down: the context is again as it was before, to be summarised another time. One whose
    beginning is nowhere is `recovered`.
    """
    at = dict(zip(positions, entries, strict=True))
    # 0 is the beginning of every history, whatever stands there.
    known = {**moved, 0: 0}

    def found(summary: int | None) -> SummaryEntry | None:
        entry = None if summary is None else at.get(known.get(summary, -1))
        return entry if isinstance(entry, SummaryEntry) else None

    def holds(start: int, summary: int | None) -> bool:
        standing = found(summary)
        return start in known and (summary is None or bool(standing and standing.content))

    def now(start: int, summary: int | None) -> tuple[int, int | None]:
        return known[start], None if summary is None else known[summary]

    undo = [now(*step) for step in context.undo if holds(*step)]
    wordless = None if context.start not in known else found(context.summary)
    if holds(context.start, context.summary):
        start, summary = now(context.start, context.summary)
    elif wordless is not None and undo:
        *undo, (start, summary) = undo
    elif wordless is not None:
        where = {entry.id: position for position, entry in at.items()}
        start, summary = where.get(wordless.covers[0], 0), None
    else:
        anew = recovered(entries, positions)
        start, summary = anew.start, anew.summary
    return replace(context, start=start, summary=summary, undo=tuple(undo))
