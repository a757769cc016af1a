"""What happens, as those are told of it who watch (`gateway.feed`). Pure.

Times are seconds on the event loop's clock. A message is known by its session and its `source`,
and in the ledger by its `row` (`Accepted.seq`).
"""

from dataclasses import dataclass
from enum import StrEnum

from state.history import Usage
from state.messages import Outcome
from state.spending import Spent


class Arrival(StrEnum):
    """What became of something that a channel heard."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    DECLINED = "declined"
    IGNORED = "ignored"
    STRANGER = "stranger"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A channel handed something over. What was not accepted has no session and no row."""

    channel: str
    source: str
    how: Arrival
    session: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A message's turn begins. `source` is the message's (`InboundMessage.source`)."""

    session: str
    source: str


@dataclass(frozen=True, slots=True)
class AnswerGrew:
    """Some more words of the answer."""

    session: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class AnswerRestarted:
    """What was streamed so far is void: the model is asked again."""

    session: str
    source: str


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """The agent began to use a tool."""

    session: str
    source: str
    tool: str


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """A tool was used. `known`: there is one of this name, which is the model's own word."""

    session: str
    source: str
    tool: str
    known: bool
    failed: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class FirstWords:
    """The answer begins, so long after its turn began (which may have had to wait)."""

    session: str
    source: str
    channel: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelAnswered:
    """A model's call came to its end. `first_words` is None where it asked for tools alone."""

    session: str
    source: str
    model: str
    seconds: float
    first_words: float | None
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class ModelFailed:
    """A model's call failed, for `code` (`agents.errors`); `again`: another is made."""

    session: str
    source: str
    model: str
    code: str
    seconds: float
    again: bool


class TurnEnd(StrEnum):
    """How an agent's turn ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Thought:
    """An agent's turn is over, after it `waited` for its place among those that run at a time.

    `model` is the one that answered, or the one that was asked first.
    """

    session: str
    source: str
    model: str
    end: TurnEnd
    waited: float
    seconds: float


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A message has its outcome, and what is owed for it is stored.

    `answered` is the source of the message that the answer points at: another one, where several
    were answered together. `seconds` have passed since it was accepted, by the calendar's clock;
    so many `parts` are owed.
    """

    session: str
    source: str
    outcome: Outcome
    answered: str
    channel: str
    row: int
    seconds: float
    parts: int


@dataclass(frozen=True, slots=True)
class ContextCompacted:
    """A context was made shorter, for a `state.compaction.Reason`."""

    session: str
    reason: str
    summarised: bool


@dataclass(frozen=True, slots=True)
class TokensSpent:
    """Tokens that the ledger has noted: an answer's, a summary's, a title's."""

    channel: str
    model: str
    spent: Spent


@dataclass(frozen=True, slots=True)
class PartSent:
    """A platform took a part. `repeated`: it may have been there already."""

    channel: str
    part: int
    repeated: bool
    row: int = 0
    seconds: float = 0.0
    """How long the platform's call took."""


@dataclass(frozen=True, slots=True)
class PartFailed:
    """A platform refused a part for ever."""

    channel: str
    part: int
    row: int


@dataclass(frozen=True, slots=True)
class SendFailed:
    """A part did not reach its platform now, and is sent again. `uncertain`: it may have."""

    channel: str
    part: int
    row: int
    uncertain: bool


@dataclass(frozen=True, slots=True)
class FloodWaited:
    """A platform asked to wait for so many seconds before the next call."""

    channel: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelRests:
    """A model is not asked, because it failed again and again; `why` is what it failed with."""

    model: str
    why: str


@dataclass(frozen=True, slots=True)
class ModelAnswersAgain:
    """A model that rested is asked again."""

    model: str


@dataclass(frozen=True, slots=True)
class Missed:
    """So many events were dropped because the observer did not keep up."""

    count: int


GatewayEvent = (
    Arrived
    | TurnStarted
    | AnswerGrew
    | AnswerRestarted
    | FirstWords
    | ModelAnswered
    | ModelFailed
    | ModelRests
    | ModelAnswersAgain
    | ToolUsed
    | ToolEnded
    | Thought
    | TurnEnded
    | ContextCompacted
    | TokensSpent
    | PartSent
    | PartFailed
    | SendFailed
    | FloodWaited
    | Missed
)
