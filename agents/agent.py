"""Drives a turn against a model and a toolbox, and streams what happens."""

import asyncio
import random as _random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from agents.attempts import Attempts
from agents.errors import BadResponse, ModelError, TimedOut
from agents.models.model import (
    Model,
    ModelAnswer,
    ModelEvent,
    ModelRequest,
    TextDelta,
    Timeouts,
)
from agents.tools.tool import Toolbox
from agents.transcript import Said, ToolResult, Transcript
from agents.turn import CallModel, CallTools, Finish, Turn, check
from state.history import ToolCall, Usage
from state.messages import StoredFile

_log = structlog.get_logger(__name__)
_PATIENCE = Timeouts()


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The model asked for a tool, and it begins."""

    name: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool was used. `known`: there is one of this name, which is the model's own word."""

    name: str
    known: bool
    failed: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A call to a model succeeded, after so many seconds; its first words came after some of them,
    or not at all."""

    model: str
    seconds: float
    first_words: float | None
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A call to a model failed, for `ModelError.code`. `again`: it, or the next, is asked anew."""

    model: str
    code: str
    seconds: float
    again: bool


@dataclass(frozen=True, slots=True)
class Restarted:
    """The model failed in the middle of its words and begins anew.

    The text since the last `ToolStarted` (or the turn's start) is void.
    """


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """The turn is over.

    `said` is what the agent and its tools said in it, in order; the last one is the answer.
    `usage` sums all calls; `context` is the size of the last one, in tokens, as its provider
    counted it (None when it did not). `cut` says that the answer stopped at a limit of length.
    `files` are those that the agent made in the turn, for the people to have. `unseen` says that
    the media of the question had to be left out, because the model refused them.
    """

    said: tuple[Said, ...]
    model: str
    usage: Usage
    context: int | None = None
    cut: bool = False
    files: tuple[StoredFile, ...] = ()
    unseen: bool = False


AgentEvent = TextDelta | ToolStarted | ToolFinished | Answered | Failed | Restarted | TurnFinished


class Agent:
    """Runs turns. It holds no conversation: one agent serves all sessions at once.

    `models` are the model and its fallbacks; each is tried `attempts` times for each of its
    calls. `max_steps` is how many rounds of tools a turn may take.
    """

    def __init__(
        self,
        models: Sequence[Model],
        *,
        timeouts: Timeouts = _PATIENCE,
        attempts: int = 3,
        max_steps: int = 16,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        if not models:
            raise ValueError("an agent needs a model")
        self._models = tuple(models)
        self._timeouts = timeouts
        self._attempts = attempts
        self._max_steps = max_steps
        self._sleep = sleep
        self._random = random

    @property
    def model(self) -> str:
        """The name of the model that is asked first."""
        return self._models[0].name

    @property
    def first(self) -> Model:
        """The model that is asked first."""
        return self._models[0]

    @property
    def timeouts(self) -> Timeouts:
        """How patient it is with its models."""
        return self._timeouts

    @property
    def takes(self) -> frozenset[str]:
        """What at least one of the models can be shown beside words (`Model.takes`)."""
        return frozenset().union(*(model.takes for model in self._models))

    @property
    def window(self) -> int | None:
        """The context window, in tokens, of the model that is asked first."""
        return self._models[0].window

    async def run(
        self,
        *,
        system: str,
        transcript: Transcript,
        question: tuple[Said, ...],
        tools: Toolbox,
    ) -> AsyncGenerator[AgentEvent, None]:
        """One turn: any number of events, then exactly one `TurnFinished`.

        Raises a `ModelError` when no model gave an answer, with `TimedOut` at the latest when
        `Timeouts.turn` has passed; the time that approvals of calls take is not counted.
        Cancelling the task, or closing the generator, ends the request to the provider at once.
        The transcript is only read.
        """
        deadline = _now() + self._timeouts.turn
        course = Attempts(self._models, each=self._attempts, random=self._random)
        turn = Turn(question, self._max_steps)
        while not isinstance(command := turn.next, Finish):
            if isinstance(command, CallModel):
                request = ModelRequest(
                    system, transcript, command.said, tools.specs, conclude=command.conclude
                )
                async with aclosing(self._ask(request, course, deadline)) as events:
                    async for event in events:
                        if isinstance(event, ModelAnswer):
                            turn = turn.answered(event)
                        else:
                            yield event
            else:
                for call in command.calls:
                    yield ToolStarted(call.name)
                asked_at = _now()
                await tools.clear(command.calls)
                # However long people thought about it: that is no time of the turn's.
                deadline += _now() - asked_at
                results = await self._call(tools, command, deadline)
                turn = turn.called(result for result, _ in results)
                known = {spec.name for spec in tools.specs}
                for result, seconds in results:
                    used = result.name in known
                    yield ToolFinished(result.name, used, result.failed, seconds)
        yield TurnFinished(
            command.said,
            course.model.name,
            command.usage,
            command.context,
            command.cut,
            unseen=course.looking.question,
        )

    async def _ask(
        self, request: ModelRequest, course: Attempts, deadline: float
    ) -> AsyncGenerator[TextDelta | Answered | Failed | Restarted | ModelAnswer, None]:
        """One call, with retries and fallbacks; ends with a `ModelAnswer`."""
        while True:
            model, began = course.model, _now()
            first: float | None = None
            try:
                shown = course.looking.at(request)
                async with aclosing(self._attempt(model, shown, deadline)) as events:
                    async for event in events:
                        if isinstance(event, TextDelta):
                            first = _now() - began if first is None else first
                        else:
                            yield Answered(model.name, _now() - began, first, event.usage)
                        yield event
                course.succeeded()
                return
            except ModelError as error:
                took = _now() - began
                try:
                    wait = self._after(error, request, course, deadline)
                except ModelError:
                    yield Failed(model.name, error.code, took, again=False)
                    raise
                _log.warning(
                    "model call failed",
                    model=model.name,
                    error=str(error),
                    kind=type(error).__name__,
                    next=course.model.name,
                    wait=round(wait, 3),
                )
                yield Failed(model.name, error.code, took, again=True)
            if first is not None:
                yield Restarted()
            if wait:
                await self._sleep(wait)

    def _after(
        self, error: ModelError, request: ModelRequest, course: Attempts, deadline: float
    ) -> float:
        """Seconds until the next attempt; raises when there is none, or no time for it."""
        left = deadline - _now()
        if left <= 0:
            raise error
        wait = course.failed(error, request)
        if wait >= left:
            raise error
        return wait

    async def _attempt(
        self, model: Model, request: ModelRequest, deadline: float
    ) -> AsyncGenerator[TextDelta | ModelAnswer, None]:
        stage, patience = "first byte", self._timeouts.first_byte
        async with aclosing(model.stream(request)) as stream:
            while True:
                event = await self._next(stream, stage, patience, deadline)
                if isinstance(event, ModelAnswer):
                    check(event)
                    yield event
                    return
                if isinstance(event, TextDelta):
                    yield event
                stage, patience = "idle", self._timeouts.idle

    async def _next(
        self,
        stream: AsyncGenerator[ModelEvent, None],
        stage: str,
        patience: float,
        deadline: float,
    ) -> ModelEvent:
        # A time limit around each step and not around the loop: between two steps the
        # consumer runs, and a limit that strikes there would cancel its work instead of ours.
        until = _now() + patience
        try:
            async with asyncio.timeout_at(min(until, deadline)):
                return await anext(stream)
        except TimeoutError:
            if until < deadline:
                raise TimedOut(stage, patience) from None
            raise TimedOut("turn", self._timeouts.turn) from None
        except StopAsyncIteration:
            raise BadResponse("the model ended without an answer") from None

    async def _call(
        self, tools: Toolbox, command: CallTools, deadline: float
    ) -> list[tuple[ToolResult, float]]:
        """The result of each call, and the seconds that it took."""

        async def one(call: ToolCall) -> tuple[ToolResult, float]:
            began = _now()
            return await tools.call(call), _now() - began

        try:
            async with asyncio.timeout_at(deadline), asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(call)) for call in command.calls]
        except TimeoutError:
            raise TimedOut("turn", self._timeouts.turn) from None
        return [task.result() for task in tasks]


def _now() -> float:
    return asyncio.get_running_loop().time()
