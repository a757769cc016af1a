"""Makes the summary that takes the place of a conversation's oldest turns."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from agents import summary_prompts
from agents.errors import BadResponse, ContextOverflow, ModelError, RateLimited, TimedOut
from agents.extract import extract
from agents.material import SMALLEST_PORTION, Piece, portions, quoted, told
from agents.models.model import Model, ModelAnswer, ModelRequest, TextDelta, Timeouts
from agents.models.names import OFFLINE
from agents.tokens import of_said, of_text
from agents.transcript import Said, Transcript, UserSays, sendable
from agents.turn import check
from state.history import Usage

SHORTEST = 24
"""Tokens below which a model is not asked: it could not say anything in them."""
MOST_PORTIONS = 16
"""Calls at most for one reading of a conversation; what is longer than that is not read by a
model, which would take longer than people wait."""
_READINGS = 4
_AT_ONCE = 3
_TRIES = 2
_WAIT = 1.0
_LONGEST_WAIT = 10.0
_SLACK = 0.8
"""The share of the window that a request is made for: its tokens are estimated."""
_DEMAND = 150
"""Tokens of the request beside the material."""

_log = structlog.get_logger(__name__)
_PATIENCE = Timeouts(turn=180.0)


class Made(StrEnum):
    """Who made a summary."""

    MODEL = "model"
    EXTRACT = "extract"


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary, and how it came about.

    `text` is empty where there was nothing to say in the room. `tokens` is its length, `usage`
    what was spent on it, also where nothing came of that, and `reason` why no model made it.
    """

    text: str
    tokens: int
    usage: Usage
    made: Made
    reason: str | None = None


class TooLong(ModelError):
    """The model gave a summary that is longer than its room, however often it was asked."""

    code = "too_long"
    retryable = False


class Compactor:
    """Summarises conversations; it holds none, so one serves all sessions at once.

    `prompt` is the setting `summarization_prompt`. Without `use_ai_summary` no model is asked.
    Each wait for a model is bounded by `timeouts`, all of it together by `timeouts.turn`.
    """

    def __init__(
        self,
        *,
        prompt: str = summary_prompts.SUMMARIZATION_PROMPT,
        use_ai_summary: bool = True,
        timeouts: Timeouts = _PATIENCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._system = summary_prompts.instructions(prompt)
        self._use_ai_summary = use_ai_summary
        self._timeouts = timeouts
        self._sleep = sleep

    async def summarise(
        self,
        model: Model,
        said: Sequence[Said],
        *,
        room: int,
        limit: int,
        previous: str | None = None,
        wish: str | None = None,
    ) -> Summary:
        """A summary of what was said, shorter than that, in at most `room` tokens; never fails.

        `limit` is the most that the model may be shown, in tokens. `previous` is the summary of
        what came before, which goes into the new one, and `wish` what somebody asked to be kept.
        Where the model cannot be asked, fails, is silent or gives nothing usable, the summary is
        made of the conversation's own sentences. Cancelling ends every request at once.
        """
        replaced = sum(map(of_said, said)) + of_text(previous or "")
        room = max(min(room, replaced - 1), 0)
        asking = _Asking(model, self._system, self._timeouts, self._sleep)
        reason = self._why_not(model, room)
        if reason is None:
            try:
                async with asyncio.timeout(self._timeouts.turn):
                    text = await self._written(asking, said, room, limit, previous, wish)
                return Summary(text, of_text(text), asking.usage, Made.MODEL)
            except TimeoutError:
                reason = f"no summary within {self._timeouts.turn:g} s"
            except ModelError as error:
                reason = str(error)
            _log.warning("summary_not_by_model", model=model.name, reason=reason)
        # In a thread: a long conversation has many sentences.
        text = await asyncio.to_thread(extract, said, room=room, previous=previous or "", wish=wish)
        return Summary(text, of_text(text), asking.usage, Made.EXTRACT, reason)

    def _why_not(self, model: Model, room: int) -> str | None:
        if not self._use_ai_summary:
            return "use_ai_summary is off"
        if model.name == OFFLINE:
            return "the offline model cannot summarise"
        return "there is too little room" if room < SHORTEST else None

    async def _written(
        self,
        asking: "_Asking",
        said: Sequence[Said],
        room: int,
        limit: int,
        previous: str | None,
        wish: str | None,
    ) -> str:
        window = min(limit, asking.model.window or limit)
        reading = _Reading(asking, told(said), room, previous, wish)
        try:
            return await reading.summary(window)
        except ContextOverflow:
            # Its window is smaller than it was thought to be, or its tokens are.
            return await reading.summary(window // 2)


@dataclass(slots=True)
class _Asking:
    """One model and what was spent on it for one summary."""

    model: Model
    system: str
    timeouts: Timeouts
    sleep: Callable[[float], Awaitable[None]]
    usage: Usage = field(default_factory=Usage)

    async def ask(self, task: Callable[[bool], str], room: int) -> str:
        """The model's text, which fits the room. Raises a `ModelError` after the last try.

        `task` makes the question, told whether an answer was too long before.
        """
        again = False
        for left in range(_TRIES - 1, -1, -1):
            try:
                return await self._once(task(again), room)
            except TooLong:
                again = True
                if not left:
                    raise
            except ModelError as error:
                wait = error.retry_after or _WAIT if isinstance(error, RateLimited) else _WAIT
                # Silence has cost enough time already.
                hopeless = not error.retryable or isinstance(error, TimedOut)
                if hopeless or not left or wait > _LONGEST_WAIT:
                    raise
                await self.sleep(wait)
        raise AssertionError("a try returns or raises")

    async def _once(self, question: str, room: int) -> str:
        request = ModelRequest(
            self.system, Transcript(), (UserSays(sendable(question)),), conclude=True, blind=True
        )
        length = 0
        stage, patience = "first byte", self.timeouts.first_byte
        async with aclosing(self.model.stream(request)) as stream:
            while True:
                try:
                    async with asyncio.timeout(patience):
                        event = await anext(stream)
                except TimeoutError:
                    raise TimedOut(stage, patience) from None
                except StopAsyncIteration:
                    raise BadResponse("the model ended without an answer") from None
                if isinstance(event, ModelAnswer):
                    return self._taken(event, question, room)
                if isinstance(event, TextDelta):
                    length += len(event.text)
                    if length > 4 * room + 64:
                        # A token has four characters at most: whatever follows, it is too long.
                        self._spend(question, length // 4)
                        raise TooLong(f"the summary is longer than {room} tokens")
                stage, patience = "idle", self.timeouts.idle

    def _taken(self, answer: ModelAnswer, question: str, room: int) -> str:
        text = answer.text.strip()
        if answer.usage is not None:
            self.usage += answer.usage
        else:
            self._spend(question, of_text(text))
        check(answer)
        if not text:
            raise BadResponse("the summary is empty")
        if answer.cut or of_text(text) > room:
            raise TooLong(f"the summary is longer than {room} tokens")
        return text

    def _spend(self, question: str, output: int) -> None:
        """Count a call that no provider counted."""
        self.usage += Usage(of_text(self.system) + of_text(question), output)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a conversation is read: in one request, or in portions whose summaries are summarised."""

    asking: _Asking
    pieces: Sequence[Piece]
    room: int
    previous: str | None
    wish: str | None

    async def summary(self, window: int) -> str:
        """The summary, made in requests that fit the window. Raises a `ModelError`."""
        size = self._size(window)
        parts = portions(self.pieces, size)
        for _ in range(_READINGS):
            if len(parts) > MOST_PORTIONS:
                raise ContextOverflow(f"the conversation has more than {MOST_PORTIONS} portions")
            if len(parts) <= 1:
                break
            # An eighth of a portion each, so that there are fewer portions every time.
            texts = await self._each(parts, min(self.room, max(size // 8, SHORTEST)))
            parts = portions((_of_part(n, text) for n, text in enumerate(texts, 1)), size)
        else:
            raise ContextOverflow("the summaries of its parts are too long for the model")
        (only,) = parts or ["(Nothing was said.)"]
        return await self.asking.ask(
            lambda again: summary_prompts.task(
                only, room=self.room, previous=self.previous, wish=self.wish, again=again
            ),
            self.room,
        )

    def _size(self, window: int) -> int:
        """Tokens of the material that a request has room for."""
        beside = of_text(self.asking.system) + of_text(self.wish or "") + self.room + _DEMAND
        if self.previous:
            beside += sum(of_text(line + "\n") for line in quoted(self.previous))
        size = int(window * _SLACK) - beside
        if size < 4 * SHORTEST + SMALLEST_PORTION:
            raise ContextOverflow(f"a window of {window} tokens leaves no room to summarise in")
        return size

    async def _each(self, parts: Sequence[str], room: int) -> list[str]:
        """The summaries of all portions, a few at once."""
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(number: int, portion: str) -> str:
            async with slots:
                return await self.asking.ask(
                    lambda again: summary_prompts.task(
                        portion, room=room, wish=self.wish, part=(number, len(parts)), again=again
                    ),
                    room,
                )

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(n, part)) for n, part in enumerate(parts, 1)]
        except ExceptionGroup as failed:
            # The first one ended the others.
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]


def _of_part(number: int, text: str) -> Piece:
    lines = "\n".join(filter(str.strip, text.splitlines()))
    return Piece(f"Part {number}, in summary:", tuple(quoted(lines)))
