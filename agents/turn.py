"""One agent turn as a machine without I/O.

A turn says what it needs next (`Turn.next`), whoever drives it does that and hands over what came
of it, and gets the turn that follows:

    CallModel -> answered(answer) -> CallTools -> called(results) -> CallModel -> … -> Finish

Every call that a model makes is answered exactly once, whatever the tools do. After `max_steps`
rounds of tools the model is asked once more, without tools: what was found out so far is worth
more to a person than an error. Only a model that still does not answer in words ends the turn
with `TooManySteps`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from agents.errors import BadResponse, TooManySteps
from agents.models.model import ModelAnswer
from agents.transcript import AssistantSays, Said, ToolResult, ToolsSay
from state.history import ToolCall, Usage

MOST_CALLS = 32
"""Calls of one step that are carried out; a model that asks for more is told so."""


class ImpossibleStep(RuntimeError):
    """The driver handed over what the turn did not ask for: an error of the program."""


@dataclass(frozen=True, slots=True)
class CallModel:
    """Ask the model, showing `said` after the transcript; to `conclude` means without tools."""

    said: tuple[Said, ...]
    conclude: bool = False


@dataclass(frozen=True, slots=True)
class CallTools:
    """Carry out these calls, all at once if possible."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """The turn is over; the last of `said` is the answer."""

    said: tuple[Said, ...]
    usage: Usage
    context: int | None
    cut: bool


Command = CallModel | CallTools | Finish


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a turn stands. `said` is what the agent and its tools said in it so far."""

    question: tuple[Said, ...]
    max_steps: int
    said: tuple[Said, ...] = ()
    steps: int = 0
    usage: Usage = Usage()
    context: int | None = None
    cut: bool = False

    @property
    def next(self) -> Command:
        """What the turn needs now."""
        last = self.said[-1] if self.said else None
        if not isinstance(last, AssistantSays):
            return CallModel((*self.question, *self.said), conclude=self.steps >= self.max_steps)
        if last.calls:
            return CallTools(last.calls[:MOST_CALLS])
        return Finish(self.said, self.usage, self.context, self.cut)

    def answered(self, answer: ModelAnswer) -> "Turn":
        """The turn after a model's answer. Raises `BadResponse` or `TooManySteps`."""
        command = self.next
        if not isinstance(command, CallModel):
            raise ImpossibleStep("the turn did not ask for a model")
        check(answer)
        calls = _distinct(answer.calls)
        if calls and command.conclude:
            if not answer.text.strip():
                raise TooManySteps(f"no answer after {self.steps} rounds of tools")
            calls = ()
        usage = answer.usage
        return replace(
            self,
            said=(*self.said, AssistantSays(answer.text, calls)),
            usage=self.usage + usage if usage else self.usage,
            context=usage.input + usage.output if usage else None,
            cut=answer.cut,
        )

    def called(self, results: Iterable[ToolResult]) -> "Turn":
        """The turn after the tools; results may come in any order.

        A call without a result failed; a result that nobody asked for is an `ImpossibleStep`.
        """
        command = self.next
        last = self.said[-1] if self.said else None
        if not isinstance(command, CallTools) or not isinstance(last, AssistantSays):
            raise ImpossibleStep("the turn did not ask for tools")
        given: dict[str, ToolResult] = {}
        for result in results:
            if result.call in given:
                raise ImpossibleStep(f"call {result.call} was answered twice")
            given[result.call] = result
        if unknown := given.keys() - {call.id for call in command.calls}:
            raise ImpossibleStep(f"call {min(unknown)} was not asked for")
        paired = tuple(
            given.get(call.id) or _not_done(call, n) for n, call in enumerate(last.calls)
        )
        asked = replace(last, calls=tuple(map(_remembered, last.calls, paired)))
        return replace(self, said=(*self.said[:-1], asked, ToolsSay(paired)), steps=self.steps + 1)


def check(answer: ModelAnswer) -> None:
    """Raise `BadResponse` for an answer that says nothing and asks for nothing."""
    if answer.calls or answer.text.strip():
        return
    if answer.cut:
        raise BadResponse("the answer reached its limit of length before its first word")
    raise BadResponse("the answer is empty")


def _distinct(calls: tuple[ToolCall, ...]) -> tuple[ToolCall, ...]:
    """The calls with ids that differ: results could not be told apart otherwise."""
    seen: set[str] = set()
    distinct = []
    for call in calls:
        identity, copies = call.id, 1
        while identity in seen:
            copies += 1
            identity = f"{call.id}-{copies}"
        seen.add(identity)
        distinct.append(call if identity == call.id else replace(call, id=identity))
    return tuple(distinct)


def _remembered(call: ToolCall, result: ToolResult) -> ToolCall:
    return call if result.arguments is None else replace(call, arguments=result.arguments)


def _not_done(call: ToolCall, position: int) -> ToolResult:
    reason = (
        "The tool gave no result."
        if position < MOST_CALLS
        else f"Not done: at most {MOST_CALLS} calls are carried out at once."
    )
    return ToolResult(call.id, call.name, reason, failed=True)
