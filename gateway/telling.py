"""One turn of the agent, as the feed is told of it."""

import asyncio

from agents.agent import (
    AgentEvent,
    Answered,
    Failed,
    Restarted,
    ToolFinished,
    ToolStarted,
    TurnFinished,
)
from agents.models.model import TextDelta
from gateway.batch import Batch
from gateway.events import (
    AnswerGrew,
    AnswerRestarted,
    FirstWords,
    GatewayEvent,
    ModelAnswered,
    ModelFailed,
    Thought,
    ToolEnded,
    ToolUsed,
    TurnEnd,
)
from gateway.feed import Feed


class Telling:
    """Made when a turn asks for its place; `model` is the one that will be asked first."""

    def __init__(self, feed: Feed, batch: Batch, model: str) -> None:
        self._feed = feed
        self._session, self._source = batch.session, batch.last.message.source
        self._channel = batch.address.channel
        self._model = model
        self._asked_at = _now()
        self._began_at: float | None = None
        self._silent = True

    def begins(self) -> None:
        """It has its place."""
        self._began_at = _now()

    def heard(self, event: AgentEvent) -> None:
        """Tell what the agent does."""
        if isinstance(event, TextDelta) and self._silent:
            self._silent = False
            waited = _now() - self._asked_at
            self._feed.publish(FirstWords(self._session, self._source, self._channel, waited))
        if (told := self._told(event)) is not None:
            self._feed.publish(told)

    def ended(self, end: TurnEnd, finished: TurnFinished | None = None) -> None:
        """It is over, with or without an answer."""
        now = _now()
        began = now if self._began_at is None else self._began_at
        model = self._model if finished is None else finished.model
        waited, took = began - self._asked_at, now - began
        self._feed.publish(Thought(self._session, self._source, model, end, waited, took))

    def _told(self, event: AgentEvent) -> GatewayEvent | None:
        session, source = self._session, self._source
        match event:
            case TextDelta(text):
                return AnswerGrew(session, source, text)
            case Restarted():
                return AnswerRestarted(session, source)
            case ToolStarted(name):
                return ToolUsed(session, source, name)
            case ToolFinished(name, known, failed, seconds):
                return ToolEnded(session, source, name, known, failed, seconds)
            case Answered(model, seconds, first, usage):
                return ModelAnswered(session, source, model, seconds, first, usage)
            case Failed(model, code, seconds, again):
                return ModelFailed(session, source, model, code, seconds, again)
            case TurnFinished():
                return None


def _now() -> float:
    return asyncio.get_running_loop().time()
