"""Entries from messages that come without ids, times or turns. Pure.

The same file always makes the same entries, so that it can be seen whether it was imported before.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from agents.tokens import of_text
from state.history import (
    AssistantEntry,
    Entry,
    SummaryEntry,
    ToolCall,
    ToolEntry,
    UserEntry,
    count_messages,
)
from state.ids import ENTROPY_BYTES, ulid
from state.keys import Address, SessionKey
from state.messages import Attachment, Sender

USER = "User"
"""What somebody is called whose name is not told."""


@dataclass(slots=True)
class Turns:
    """Takes one message after the other, in order, and makes turns of them.

    What follows a question, up to the first words of the assistant that call no tool, is its turn;
    questions that come together are answered together. A message without a time comes a
    millisecond after the one before it, the first at `began`.
    """

    key: SessionKey
    began: datetime
    entries: list[Entry] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    _asked: list[int] = field(default_factory=list)
    _turn: str | None = None
    _foreign: bool = False

    def user(
        self,
        place: str,
        text: str,
        *,
        name: str | None = None,
        at: datetime | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> None:
        """A person said something."""
        when = self._time(at)
        entry = UserEntry(
            id=self._id(when, "user", text),
            at=when,
            content=text,
            address=Address(self.key.channel, self.key.chat, self.key.thread),
            sender=Sender(name or self.key.chat, name or USER),
            message=f"imported-{len(self.entries) + 1}",
            attachments=attachments,
        )
        self._add(place, entry)
        self._foreign = self._foreign or entry.foreign
        self._asked.append(len(self.entries) - 1)

    def assistant(
        self,
        place: str,
        text: str,
        *,
        calls: Sequence[ToolCall] = (),
        model: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """The assistant answered, or called tools."""
        when = self._time(at)
        entry = AssistantEntry(
            id=self._id(when, "assistant", text),
            at=when,
            content=text,
            turn=self._current(when),
            re=() if calls else tuple(self.entries[number].id for number in self._asked),
            model=model,
            calls=tuple(calls),
            foreign=self._foreign,
        )
        self._add(place, entry)
        if not calls:
            self._asked, self._turn = [], None

    def tool(
        self, place: str, text: str, *, call: str, name: str, at: datetime | None = None
    ) -> None:
        """A tool answered to a call. Nobody tells any more whose words it found."""
        when = self._time(at)
        entry = ToolEntry(
            id=self._id(when, "tool", text),
            at=when,
            content=text,
            turn=self._current(when),
            call=call,
            name=name,
            foreign=True,
        )
        self._add(place, entry)
        self._foreign = True

    def summary(self, place: str, text: str) -> bool:
        """Something stands for all that was said before; False when nothing was."""
        said = [entry for entry in self.entries if not isinstance(entry, SummaryEntry)]
        if not said:
            return False
        when = self._time(None)
        entry = SummaryEntry(
            id=self._id(when, "summary", text),
            at=when,
            content=text,
            covers=(said[0].id, said[-1].id),
            messages=count_messages(said),
            tokens=of_text(text),
            foreign=self._foreign,
        )
        self._add(place, entry)
        return True

    def _current(self, at: datetime) -> str:
        """The turn that goes on; the questions that wait for an answer become part of it."""
        if self._turn is None:
            self._turn = self._id(at, "turn", "")
            for number in self._asked:
                asked = self.entries[number]
                if isinstance(asked, UserEntry):
                    self.entries[number] = replace(asked, turn=self._turn)
        return self._turn

    def _time(self, at: datetime | None) -> datetime:
        if at is not None:
            return at
        return self.entries[-1].at + timedelta(milliseconds=1) if self.entries else self.began

    def _id(self, at: datetime, role: str, text: str) -> str:
        name = f"{self.key}\0{len(self.entries)}\0{role}\0{text}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(name, digest_size=ENTROPY_BYTES).digest()
        return ulid(max(int(at.timestamp() * 1000), 0), digest)

    def _add(self, place: str, entry: Entry) -> None:
        self.entries.append(entry)
        self.places.append(place)
