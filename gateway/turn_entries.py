"""A turn as entries of the history: what was asked, and what was said to it."""

from dataclasses import replace

from agents.agent import TurnFinished
from agents.transcript import AssistantSays, ToolResult, ToolsSay
from gateway.batch import Batch
from gateway.clock import Clock
from state.history import AssistantEntry, ToolEntry, UserEntry, holds_foreign
from state.messages import Accepted, InboundMessage


def questions(batch: Batch, *, turn: str) -> list[UserEntry]:
    """Each message of the batch as an entry of its own; together they are one turn."""
    return [
        _question(accepted, accepted.message, turn)
        for accepted in batch
        if isinstance(accepted.message, InboundMessage)
    ]


def answer(
    asked: list[UserEntry],
    text: str,
    clock: Clock,
    *,
    code: str | None = None,
    foreign: bool = False,
) -> AssistantEntry:
    """Words that finish what was asked: the agent's own, or the notice that is named.

    `foreign` says that the agent had seen material from outside when it said them.
    """
    return AssistantEntry(
        id=clock.id(),
        at=clock.now(),
        content=text,
        turn=asked[-1].turn or "",
        re=tuple(each.id for each in asked),
        notice=code,
        foreign=foreign,
    )


def steps(
    asked: list[UserEntry], finished: TurnFinished, clock: Clock, *, foreign: bool
) -> list[AssistantEntry | ToolEntry]:
    """What the agent and its tools said; the last entry finishes what was asked.

    `foreign` says that the agent saw material from outside before; what is asked or what a tool
    says may be such material, too, and what the agent says after it was said in its sight.
    """
    turn = asked[-1].turn or ""
    foreign = foreign or holds_foreign(asked)
    entries: list[AssistantEntry | ToolEntry] = []
    for each in finished.said:
        match each:
            case AssistantSays(text, calls):
                said = AssistantEntry(clock.id(), clock.now(), text, turn)
                said = replace(said, model=finished.model, calls=calls, foreign=foreign)
                entries.append(said)
            case ToolsSay(results):
                entries.extend(_result(result, turn, clock) for result in results)
                foreign = foreign or any(result.foreign for result in results)
            case _:
                raise TypeError(f"an agent does not say {each!r}")
    last = entries[-1]
    if not isinstance(last, AssistantEntry):
        raise TypeError("a turn ends with the assistant's words")
    finishes = tuple(each.id for each in asked)
    entries[-1] = replace(last, re=finishes, usage=finished.usage, files=finished.files)
    return entries


def _question(accepted: Accepted, message: InboundMessage, turn: str) -> UserEntry:
    return UserEntry(
        id=accepted.entry,
        at=message.at,
        content=message.text,
        address=message.address,
        sender=message.sender,
        message=message.id,
        turn=turn,
        quotes=message.quotes,
        attachments=message.attachments,
    )


def _result(result: ToolResult, turn: str, clock: Clock) -> ToolEntry:
    return ToolEntry(
        id=clock.id(),
        at=clock.now(),
        content=result.content,
        turn=turn,
        call=result.call,
        name=result.name,
        failed=result.failed,
        foreign=result.foreign,
    )
