"""Counts events as they happen: `Counting.see` is a watcher of the feed."""

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry

from gateway.events import (
    Arrived,
    ContextCompacted,
    FirstWords,
    FloodWaited,
    GatewayEvent,
    ModelAnswered,
    ModelAnswersAgain,
    ModelFailed,
    ModelRests,
    PartFailed,
    PartSent,
    SendFailed,
    Thought,
    TokensSpent,
    ToolEnded,
    TurnEnded,
)
from gateway.metrics import catalogue as of
from gateway.metrics.instruments import Instruments, Names
from state.spending import MICRO

COUNTED = (
    *(of.ARRIVED, of.ENDED, of.MESSAGE_SECONDS),
    *(of.SENT, of.REPEATED, of.FAILED_PARTS, of.RETRIED, of.UNKNOWN, of.SEND_SECONDS),
    *(of.FLOODS, of.FLOOD_SECONDS),
    *(of.TURNS, of.TURN_SECONDS, of.TURN_WAIT, of.FIRST_WORDS),
    *(of.CALL_SECONDS, of.CALL_FIRST_WORDS, of.MODEL_ERRORS, of.MODEL_RETRIES, of.RESTING),
    *(of.TOKENS, of.COST, of.UNPRICED, of.TOOLS, of.TOOL_SECONDS, of.COMPACTIONS),
    *(of.LOOP_LAG, of.SYNC_SECONDS),
)
"""What is counted as it happens; everything else is read when somebody asks."""

UNKNOWN_TOOL = "unknown"
"""What the calls of tools are counted under that there are not: their names are the model's own."""


class Counting:
    """Counts in instruments of a registry. Nothing here waits, or asks anybody."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._to = Instruments(registry, *COUNTED)
        self._model, self._tool = Names(), Names()
        # Words that arrive, by far the most frequent of events, are not in here.
        self._takes: Mapping[type, Callable[[Any], None]] = {
            Arrived: self._arrived,
            TurnEnded: self._ended,
            FirstWords: self._first_words,
            ModelAnswered: self._answered,
            ModelFailed: self._failed,
            ModelRests: self._rests,
            ModelAnswersAgain: self._answers_again,
            ToolEnded: self._used,
            Thought: self._thought,
            ContextCompacted: self._compacted,
            TokensSpent: self._spent,
            PartSent: self._sent,
            PartFailed: self._refused,
            SendFailed: self._retried,
            FloodWaited: self._flooded,
        }

    def see(self, event: GatewayEvent) -> None:
        """Count an event."""
        take = self._takes.get(type(event))
        if take is not None:
            take(event)

    def lag(self, seconds: float) -> None:
        """The event loop was so late."""
        self._to.observe(of.LOOP_LAG, seconds)

    def synced(self, store: str, seconds: float) -> None:
        """What was written to a store is durable; see `state.files.disk.Synced`."""
        self._to.observe(of.SYNC_SECONDS, seconds, store)

    def _arrived(self, event: Arrived) -> None:
        self._to.add(of.ARRIVED, event.channel, event.how)

    def _ended(self, event: TurnEnded) -> None:
        self._to.add(of.ENDED, event.channel, event.outcome)
        self._to.observe(of.MESSAGE_SECONDS, event.seconds, event.channel)

    def _first_words(self, event: FirstWords) -> None:
        self._to.observe(of.FIRST_WORDS, event.seconds, event.channel)

    def _answered(self, event: ModelAnswered) -> None:
        model = self._model(event.model)
        self._to.observe(of.CALL_SECONDS, event.seconds, model)
        if event.first_words is not None:
            self._to.observe(of.CALL_FIRST_WORDS, event.first_words, model)

    def _failed(self, event: ModelFailed) -> None:
        model = self._model(event.model)
        self._to.add(of.MODEL_ERRORS, model, event.code)
        if event.again:
            self._to.add(of.MODEL_RETRIES, model)

    def _rests(self, event: ModelRests) -> None:
        self._to.put(of.RESTING, 1, self._model(event.model))

    def _answers_again(self, event: ModelAnswersAgain) -> None:
        self._to.put(of.RESTING, 0, self._model(event.model))

    def _used(self, event: ToolEnded) -> None:
        tool = self._tool(event.tool) if event.known else UNKNOWN_TOOL
        self._to.add(of.TOOLS, tool, "failed" if event.failed else "done")
        self._to.add(of.TOOL_SECONDS, tool, by=event.seconds)

    def _thought(self, event: Thought) -> None:
        model = self._model(event.model)
        self._to.add(of.TURNS, model, event.end)
        self._to.observe(of.TURN_SECONDS, event.seconds, model)
        self._to.observe(of.TURN_WAIT, event.waited)

    def _compacted(self, event: ContextCompacted) -> None:
        self._to.add(of.COMPACTIONS, event.reason, "yes" if event.summarised else "no")

    def _spent(self, event: TokensSpent) -> None:
        model, spent = self._model(event.model), event.spent
        for kind, tokens in (
            ("input", spent.input),
            ("output", spent.output),
            ("cached", spent.cached),
        ):
            self._to.add(of.TOKENS, model, kind, by=tokens)
        self._to.add(of.COST, model, by=spent.cost_micro / MICRO)
        self._to.add(of.UNPRICED, model, by=spent.unpriced)

    def _sent(self, event: PartSent) -> None:
        self._to.add(of.SENT, event.channel)
        self._to.observe(of.SEND_SECONDS, event.seconds, event.channel)
        if event.repeated:
            self._to.add(of.REPEATED, event.channel)

    def _refused(self, event: PartFailed) -> None:
        self._to.add(of.FAILED_PARTS, event.channel)

    def _retried(self, event: SendFailed) -> None:
        self._to.add(of.RETRIED, event.channel)
        if event.uncertain:
            self._to.add(of.UNKNOWN, event.channel)

    def _flooded(self, event: FloodWaited) -> None:
        self._to.add(of.FLOODS, event.channel)
        self._to.add(of.FLOOD_SECONDS, event.channel, by=event.seconds)
