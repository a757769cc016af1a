"""What of a history a model is shown, and which summary stands in front of it. Pure.

Entries stay where they were appended, so a summary is found behind the turns that were kept when
it was made. `Context` says which one stands; all others are passed over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from state.compaction import Plan, TurnSize
from state.history import Entry, SummaryEntry
from state.session import Context

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


def relocated(
    context: Context,
    moved: Mapping[int, int],
    entries: Sequence[Entry],
    positions: Sequence[int],
) -> Context:
    """The context in a history that was written anew, with these entries at these positions.

    `moved` tells where that which was at a position is now. A summary that lost its words is
    taken down, and what it stood for is shown again, to be summarised another time. A context
    whose beginning is nowhere is `recovered`.
    """
    at = dict(zip(positions, entries, strict=True))
    where = {entry.id: position for position, entry in at.items()}
    # 0 is the beginning of every history, whatever stands there.
    known = {0: 0, **moved}

    def stands(summary: int | None) -> bool:
        if summary is None:
            return True
        found = at.get(known.get(summary, -1))
        return isinstance(found, SummaryEntry) and bool(found.content)

    def now(summary: int | None) -> int | None:
        return None if summary is None else known[summary]

    undo = tuple(
        (known[start], now(summary))
        for start, summary in context.undo
        if start in known and stands(summary)
    )
    if stands(context.summary) and context.start in known:
        return replace(context, start=known[context.start], summary=now(context.summary), undo=undo)
    taken = None if context.summary is None else at.get(known.get(context.summary, -1))
    if isinstance(taken, SummaryEntry):
        start = where.get(taken.covers[0], 0)
        return replace(context, start=start, summary=None, undo=undo)
    found = recovered(entries, positions)
    return replace(context, start=found.start, summary=found.summary, undo=undo)
