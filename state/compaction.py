"""What leaves a model's context when the conversation outgrows it, and when. Pure.

Compaction is a view: the history keeps every word, and `session.Context` says from where on, and
behind which summary, a model sees it (`view`). A plan is made over whole turns, so that no tool
call is ever parted from its result. Whoever carries a plan out asks a model for the summary
(`agents.compactor`) and appends it; nothing that was said is rewritten, so it can be undone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, takewhile

SUMMARY_SHARE = 0.055
"""How long a summary may be, as a share of what it replaces: the seeds' reduction of 94 %, with
what stands around a summary."""

SHORTEST_ROOM = 200
"""Tokens that a summary may have at least, however short what it replaces is (but shorter than
that): a twentieth of a few words says nothing."""


class Strategy(StrEnum):
    """What becomes of the oldest turns.

    `summarize` puts a summary in their place, `truncate` nothing. `sliding` drops no more than has
    to leave, each time. `hybrid` summarises the newer half of what leaves and drops the older
    half, earlier summaries with it: a context that forgets slowly, at a bounded cost.
    """

    SUMMARIZE = "summarize"
    TRUNCATE = "truncate"
    SLIDING = "sliding"
    HYBRID = "hybrid"


class Reason(StrEnum):
    """Why a context is compacted."""

    TOKENS = "tokens"
    MESSAGES = "messages"
    ASKED = "asked"
    OVERFLOW = "overflow"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Rules:
    """When a context is compacted, and how.

    `limit` is what the model may be shown, in tokens, and `threshold` the share of it at which
    older turns leave. `max_messages`, unless 0, bounds the messages, too, with a share of its own
    (`trigger_threshold`). `compact_ratio` of the messages leave at a time, the oldest;
    `preserve_recent` stay as they were said, unless even they are too many or too long.
    """

    limit: int
    threshold: float = 0.85
    max_messages: int = 0
    trigger_threshold: float = 0.75
    strategy: Strategy = Strategy.SUMMARIZE
    compact_ratio: float = 0.4
    preserve_recent: int = 10

    @property
    def most(self) -> float:
        """The tokens at which a context is due."""
        return self.limit * self.threshold

    @property
    def target(self) -> float:
        """What a context shall have come down to, in tokens, so that it is not soon due again."""
        return self.most * (1 - self.compact_ratio)

    @property
    def trigger(self) -> int:
        """The number of messages at which a context is due; 0 when messages are not bounded."""
        if not self.max_messages:
            return 0
        # Rounded first: 0.7 * 50 is 35.000000000000004 to a float.
        return max(math.ceil(round(self.max_messages * self.trigger_threshold, 6)), 1)

    @property
    def longest_summary(self) -> int:
        """The most that a summary may take of the context, in tokens; room is kept for it."""
        return max(self.limit // 16, 1)

    @property
    def summarises(self) -> bool:
        """Whether the strategy puts a summary in the place of what leaves."""
        return self.strategy in (Strategy.SUMMARIZE, Strategy.HYBRID)


@dataclass(frozen=True, slots=True)
class TurnSize:
    """A turn in the context: where its first entry is, and how long it is.

    `messages` are those that a person would count: what people said, and what was answered.
    """

    position: int
    tokens: int
    messages: int = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """So many of the oldest turns leave; the newest `summarised` of them go into a summary.

    With `carries`, the summary that stood before them goes into the new one; without, it is
    dropped. `room` is the longest summary, in tokens, that lets the context shrink and fit.
    """

    reason: Reason
    leave: int
    summarised: int
    carries: bool
    room: int


def due(tokens: int, messages: int, rules: Rules) -> Reason | None:
    """Why a context of so many tokens and messages is to be compacted, if it is."""
    if tokens >= rules.most:
        return Reason.TOKENS
    if rules.max_messages and messages >= rules.trigger:
        return Reason.MESSAGES
    return None


def plan(
    turns: Sequence[TurnSize],
    rules: Rules,
    reason: Reason,
    *,
    summary: int = 0,
    beside: int = 0,
) -> Plan | None:
    """What leaves a context of these turns; None when nothing can.

    `summary` is the length of the summary that stands before them, `beside` of all else that the
    model is shown: its instructions, its tools, what is to be said next. Both are in tokens.

    The newest turn stays, however long it is: the question is likely about it. Only where the
    context would not fit the limit with it, it leaves, too, and never without a summary:
    otherwise one long turn would end the conversation for good.
    """
    leave = _leaving(turns, rules, reason, beside)
    if leave == 0:
        return None
    carries = rules.strategy is Strategy.SUMMARIZE
    if rules.strategy is Strategy.HYBRID:
        summarised = (leave + 1) // 2
    else:
        summarised = leave if carries else int(leave == len(turns))
    if not summarised:
        return Plan(reason, leave, summarised, carries, room=0)
    carried = summary if carries else 0
    replaced = _tokens(turns[leave - summarised : leave])
    # The newest turn may be longer than the threshold by itself: with nothing else left, all of
    # the limit may be used. A summary is worth it.
    most = rules.limit if leave >= len(turns) - 1 else rules.most
    room = min(
        carried + max(math.floor(replaced * SUMMARY_SHARE), SHORTEST_ROOM),
        carried + replaced - 1,
        rules.longest_summary,
        _below(most) - beside - _tokens(turns[leave:]),
    )
    return Plan(reason, leave, summarised, carries, max(room, 0))


def _leaving(turns: Sequence[TurnSize], rules: Rules, reason: Reason, beside: int) -> int:
    """How many turns leave: as many as shall, as far as they are not protected, or as must."""
    kept_free = beside + (rules.longest_summary if rules.summarises else 0)
    free = _unprotected(turns, rules.preserve_recent)
    if reason in (Reason.ASKED, Reason.IDLE):
        shall = free
    elif rules.strategy is Strategy.SLIDING:
        shall = 0
    else:
        share = rules.max_messages if reason is Reason.MESSAGES else _messages(turns)
        shall = _holding(turns, round(share * rules.compact_ratio))
        if reason is not Reason.MESSAGES:
            shall = max(shall, _beyond(turns, tokens=rules.target - kept_free))
    must = _beyond(turns, tokens=_below(rules.most) - kept_free)
    if rules.max_messages:
        must = max(must, _beyond(turns, messages=rules.trigger - 1))
    if reason in (Reason.TOKENS, Reason.OVERFLOW):
        # Whoever says that it is too long has counted better than this.
        must = max(must, 1)
    leave = min(max(min(shall, free), must), max(len(turns) - 1, 0))
    return leave + 1 if _must_go_too(turns, leave, rules, beside) else leave


def _must_go_too(turns: Sequence[TurnSize], leave: int, rules: Rules, beside: int) -> bool:
    """Whether only the newest turn is left, does not fit, and a summary of it would."""
    if leave != len(turns) - 1:
        return False
    room = _below(rules.limit) - beside - rules.longest_summary
    return room >= 0 and turns[-1].tokens > max(room, rules.longest_summary)


def _below(bound: float) -> int:
    """The largest number of tokens that is below a bound."""
    return math.ceil(bound) - 1


def _unprotected(turns: Sequence[TurnSize], preserved: int) -> int:
    """How many of the oldest turns hold none of the newest messages that are to be preserved."""
    newest = accumulate(turn.messages for turn in reversed(turns))
    before = sum(1 for _ in takewhile(lambda counted: counted < preserved, newest))
    # The turn that the last preserved message is in stays as a whole.
    return max(len(turns) - before - 1, 0) if preserved else len(turns)


def _holding(turns: Sequence[TurnSize], messages: int) -> int:
    """How many of the oldest turns it takes to hold so many messages."""
    oldest = accumulate((turn.messages for turn in turns[:-1]), initial=0)
    return sum(1 for _ in takewhile(lambda counted: counted < messages, oldest))


def _beyond(
    turns: Sequence[TurnSize], *, tokens: float = math.inf, messages: float = math.inf
) -> int:
    """How many of the oldest turns have to leave so that the rest has no more than these."""
    leave = len(turns)
    for turn in reversed(turns):
        tokens, messages = tokens - turn.tokens, messages - turn.messages
        if tokens < 0 or messages < 0:
            break
        leave -= 1
    return leave


def _tokens(turns: Sequence[TurnSize]) -> int:
    return sum(turn.tokens for turn in turns)


def _messages(turns: Sequence[TurnSize]) -> int:
    return sum(turn.messages for turn in turns)
