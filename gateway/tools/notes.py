"""Tools that keep something in mind about whoever speaks, from one conversation to the next."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from pydantic import Field

from agents.tools.foreign import ForeignText, in_sight
from agents.tools.tool import Arguments, Tool, ToolFailed, describe
from agents.transcript import sendable
from gateway.clock import Clock
from gateway.occasion import Occasion, Shelf
from state.messages import InboundMessage
from state.notes import Note, Notes
from state.persons import PRIVATE, Identity

MOST = 200
"""Notes about one person."""
LONGEST = 1_000
_SHOWN = 50
_FOREIGN = "may be somebody else's words"

Same = Callable[[Identity], Collection[Identity]]
"""All identities of whoever has this one."""


class RememberArguments(Arguments):
    """What to keep."""

    text: str = Field(
        description="One fact, in a sentence that can be understood by itself.",
        min_length=1,
        max_length=LONGEST,
    )
    instead_of: str | None = Field(
        default=None, description="The id of a note that this takes the place of."
    )


class RecallArguments(Arguments):
    """What to look for."""

    query: str = Field(default="", description="Words to look for; everything if left out.")


class ForgetArguments(Arguments):
    """What to forget."""

    note: str = Field(description="The note's id, as `recall` tells it.", min_length=1)


REMEMBER = describe(
    "remember",
    "Keep a lasting fact about the person you talk with, for all your conversations with them. Use "
    "it for what they want kept. No passwords.",
    RememberArguments,
)
RECALL = describe(
    "recall",
    "What you kept about the person you talk with. Look there when they refer to what is not in "
    "this conversation.",
    RecallArguments,
)
FORGET = describe("forget", "Forget a note about the person you talk with.", ForgetArguments)


def notes_shelf(notes: Notes, clock: Clock, same: Same) -> Shelf:
    """`remember`, `recall` and `forget` in private chats, each about whoever speaks there."""

    def tools(occasion: Occasion) -> Iterator[Tool[Any]]:
        key = occasion.opened.session.key
        if key.type not in PRIVATE:
            # What is remembered of one person is not for others to hear.
            return
        speaker = _speaker(occasion) or Identity(key.channel, key.chat)
        about = _About(notes, clock, speaker, frozenset({speaker, *same(speaker)}))
        yield Tool(REMEMBER, RememberArguments, about.remember, guarded=True)
        yield Tool(RECALL, RecallArguments, about.recall)
        yield Tool(FORGET, ForgetArguments, about.forget, guarded=True)

    return tools


def _speaker(occasion: Occasion) -> Identity | None:
    message = occasion.batch.last.message if occasion.batch is not None else None
    if not isinstance(message, InboundMessage):
        return None
    return Identity(message.address.channel, message.sender.id)


class _About:
    """The notes about one person: `speaker` is who they are here, `all` who they are anywhere."""

    def __init__(
        self, notes: Notes, clock: Clock, speaker: Identity, all_: Collection[Identity]
    ) -> None:
        self._notes = notes
        self._clock = clock
        self._speaker = speaker
        self._all = all_

    async def remember(self, given: RememberArguments) -> str:
        known = await self._notes.of(self._all)
        old = None
        if given.instead_of is not None:
            old = next((note for note in known if note.id == given.instead_of), None)
            if old is None:
                raise _no_such(given.instead_of)
        elif len(known) >= MOST:
            raise ToolFailed(f"There are {MOST} notes, which is the most: forget or replace some.")
        # A note stays where it was made: whoever is unlinked takes along what they said themselves.
        await self._notes.keep(
            Note(
                id=self._clock.id() if old is None else old.id,
                owner=self._speaker if old is None else old.owner,
                at=self._clock.now(),
                text=sendable(given.text),
                foreign=in_sight(),
            )
        )
        return "Kept."

    async def recall(self, given: RecallArguments) -> str:
        words = given.query.casefold().split()
        found = [
            note
            for note in await self._notes.of(self._all)
            if all(word in note.text.casefold() for word in words)
        ]
        if not found:
            hint = " Try fewer words, or none." if words else ""
            return f"[nothing is kept about them{' with these words' if words else ''}]{hint}"
        shown = found[-_SHOWN:]
        lines = [_line(note) for note in shown]
        if len(found) > len(shown):
            lines.insert(0, f"[{len(found) - len(shown)} older ones: look for words in them]")
        text = "\n".join(lines)
        return ForeignText(text) if any(note.foreign for note in shown) else text

    async def forget(self, given: ForgetArguments) -> str:
        if not await self._notes.drop(given.note, self._all):
            raise _no_such(given.note)
        return "Forgotten."


def _line(note: Note) -> str:
    mark = f" [{_FOREIGN}]" if note.foreign else ""
    return f"{note.id} ({note.at:%Y-%m-%d}): {' '.join(note.text.split())}{mark}"


def _no_such(note: str) -> ToolFailed:
    return ToolFailed(f"There is no note {note!r} about them: `recall` tells the ids.")
