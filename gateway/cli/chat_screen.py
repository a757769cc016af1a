"""A chat on a terminal, in a pipe, or as JSON lines: frames in, words out."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from gateway.cli.output import BOLD, DIM, out, out_json

Json = dict[str, Any]
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]")
"""What the terminal channel replaces in a whole answer, and does not in its stream."""
_REMEMBERED = 16
"""Answers that are remembered for messages whose end is told after them."""


class ChatScreen:
    """Shows frames, and knows when what was said has its answer.

    On a terminal an answer is shown as it streams; elsewhere when it is whole; with `silent` not
    at all. `before` and `after` are called around words that nobody asked for (they may stand on
    a prompt's line).
    """

    def __init__(
        self,
        *,
        streams: bool,
        as_json: bool = False,
        silent: bool = False,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._streams = streams and not silent
        self._silent = silent
        self._as_json = as_json
        self._before = before
        self._after = after
        self._shown: dict[str, str] = {}
        self._asked: dict[str, asyncio.Future[str]] = {}
        self._outcomes: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._joined: dict[str, list[str]] = {}

    @property
    def waiting(self) -> bool:
        """Whether something that was said has no answer yet."""
        return bool(self._asked)

    def expect(self, source: str) -> "asyncio.Future[str]":
        """Call this before the message is said; gives the answer's text ('' when there is none)."""
        waiting: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        waiting.add_done_callback(lambda _: self._asked.pop(source, None))
        self._asked[source] = waiting
        return waiting

    def outcome(self, source: str) -> str | None:
        """How a message ended, as far as it is known: ``replied``, ``failed``, ``declined``."""
        return self._outcomes.get(source)

    def answers(self, source: str) -> bool:
        """Whether the answer to this message is one to what was said here."""
        return source in self._asked or source in self._joined

    def show(self, frame: Json) -> None:
        """Show one frame."""
        source = str(frame.get("source") or "")
        match frame["frame"]:
            case "delta":
                self._grow(source, str(frame["text"]))
            case "restart":
                self._restart(source)
            case "tool" if self._streams:
                out(f"[{frame['tool']}]", style=DIM)
            case "message":
                self._message(source, str(frame["text"]))
            case "ended":
                self._ended(source, str(frame["outcome"]), str(frame.get("answered", source)))

    def _grow(self, source: str, text: str) -> None:
        if not self._streams or source not in self._asked:
            return
        if not self._shown.get(source):
            out("Argent: ", end="", style=BOLD)
        self._shown[source] = self._shown.get(source, "") + text
        out(text, end="")

    def _restart(self, source: str) -> None:
        if self._shown.pop(source, ""):
            out(" …")
            out("(the model is asked again)", style=DIM)

    def _message(self, source: str, text: str) -> None:
        shown = self._shown.pop(source, "")
        if self._silent:
            pass
        elif self._as_json:
            out_json("message", {"source": source or None, "text": text})
        elif shown:
            self._finish(shown, text)
        elif self.answers(source) or not self._streams:
            self._whole(text)
        else:
            self._before()
            self._whole(text)
            self._after()
        self._settle(source, text)
        for joined in self._joined.pop(source, ()):
            self._settle(joined, text)
        self._texts[source] = text
        while len(self._texts) > _REMEMBERED:
            del self._texts[next(iter(self._texts))]

    def _finish(self, shown: str, text: str) -> None:
        """End an answer that was streamed: with what is missing of it, or with all of it."""
        seen, whole = _UNSHOWN.sub("", shown).strip(), _UNSHOWN.sub("", text).strip()
        if whole.startswith(seen):
            out(whole.removeprefix(seen))
        else:
            out()
            self._whole(text)

    def _whole(self, text: str) -> None:
        if self._streams:
            out("Argent: ", end="", style=BOLD)
        out(text)

    def _ended(self, source: str, outcome: str, answered: str) -> None:
        self._outcomes[source] = outcome
        if answered != source and source in self._asked:
            # Its answer is that of a later message, and may have come before this word of it.
            if answered in self._texts:
                self._settle(source, self._texts[answered])
            else:
                self._joined.setdefault(answered, []).append(source)
        if outcome == "declined":  # stopped: the answer to /stop stands for both
            if self._shown.pop(source, ""):
                out()
            self._settle(source, "")

    def _settle(self, source: str, text: str) -> None:
        waiting = self._asked.pop(source, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(text)
