"""Leaves a model's reasoning out of its answer.

Local models think aloud at the start of an answer, between ``<think>`` and ``</think>``, and the
tags arrive in pieces.
"""

from enum import Enum, auto

_TAGS = {"<think>": "</think>", "<thinking>": "</thinking>"}


class _Stage(Enum):
    START = auto()
    REASONING = auto()
    GAP = auto()
    ANSWER = auto()


class Spoken:
    """Passes on what is meant for people; the same tags later in an answer are ordinary words."""

    __slots__ = ("_close", "_held", "_stage")

    def __init__(self) -> None:
        self._stage = _Stage.START
        self._held = ""
        self._close = ""

    def feed(self, text: str) -> str:
        """The words among these that belong to the answer."""
        if self._stage is _Stage.ANSWER:
            return text
        self._held += text
        if self._stage is _Stage.START:
            self._look_for_reasoning()
        if self._stage is _Stage.REASONING:
            self._look_for_its_end()
        if self._stage is _Stage.GAP:
            self._held = self._held.lstrip()
            if self._held:
                self._stage = _Stage.ANSWER
        if self._stage is not _Stage.ANSWER:
            return ""
        words, self._held = self._held, ""
        return words

    def finish(self) -> str:
        """What was held back because it might have become a tag."""
        return self._held if self._stage is _Stage.START else ""

    def _look_for_reasoning(self) -> None:
        start = self._held.lstrip()
        for tag, close in _TAGS.items():
            if start.startswith(tag):
                self._stage, self._held, self._close = _Stage.REASONING, start[len(tag) :], close
                return
        if not any(tag.startswith(start) for tag in _TAGS):
            self._stage = _Stage.ANSWER

    def _look_for_its_end(self) -> None:
        _, end, rest = self._held.partition(self._close)
        if end:
            self._stage, self._held = _Stage.GAP, rest
        else:
            # The end may begin in this piece and go on in the next one.
            self._held = self._held[-len(self._close) :]
