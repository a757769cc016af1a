"""Drives a turn against a model and a toolbox, and streams what happens."""

from dataclasses import dataclass

from agents.transcript import Said
from state.history import Usage


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """The model asked for a tool, and it begins."""

    name: str


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """The turn is over.

    `said` is what the agent and its tools said in it, in order; the last one is the answer.
    `usage` sums all calls; `context` is the size of the last one, in tokens, as its provider
    counted it (None when it did not).
    """

    said: tuple[Said, ...]
    model: str
    usage: Usage
    context: int | None = None
