"""The sessions that a person's private chats can be in, by their names, and which one is meant.

Pure: a command leads to a `Step`, which others carry out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.commands import CommandName
from gateway.notices import notice
from gateway.visible import one_line
from state.keys import SessionId, as_slug, side_of, side_session_id
from state.lifecycle import Phase
from state.records import SessionRow, latest_first
from state.session import Session

MAIN = "main"
"""The word for the session that a chat begins with."""

LONGEST_NAME = 40

SWITCHES = (CommandName.NEW, CommandName.SESSION)
"""The commands that can lead a private chat to another session."""


@dataclass(frozen=True, slots=True)
class Sibling:
    """A session as people know it. `called` is what leads to it, said behind ``/session``.

    `at` is when something was last said in it, None where that is never. `unused` says that it
    was begun and left at that.
    """

    id: SessionId
    called: str
    title: str | None = None
    messages: int = 0
    at: datetime | None = None
    archived: bool = False
    named: bool = False
    unused: bool = False


@dataclass(frozen=True, slots=True)
class GoTo:
    """The chat goes on in this session."""

    session: SessionId


@dataclass(frozen=True, slots=True)
class Begin:
    """The chat goes on in a new session of this name."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Stay:
    """The chat stays where it is, and this is why."""

    why: str


Step = GoTo | Begin | Stay


@dataclass(frozen=True, slots=True)
class Siblings:
    """The session that a chat began with, and those beside it, the most lately active first."""

    base: SessionId
    all: tuple[Sibling, ...]

    @classmethod
    def of(cls, base: SessionId, rows: Sequence[SessionRow]) -> "Siblings":
        """The family of a base, as the index shows it. The base is always there."""
        known = tuple(_sibling(row, base) for row in sorted(rows, key=latest_first))
        if not any(each.id == base for each in known):
            known = (*known, Sibling(base, MAIN))
        return cls(base, known)

    def matching(self, wish: str) -> tuple[Sibling, ...]:
        """Those that are meant: by what they are called, by number, or by how that or their title
        begins."""
        slug = as_slug(wish)
        exact = [each for each in self.all if slug and as_slug(each.called) == slug]
        if exact:
            return tuple(exact)
        if wish.isdecimal() and 0 < int(wish) <= len(self.all):
            return (self.all[int(wish) - 1],)
        if not slug:
            return ()
        return tuple(
            each
            for each in self.all
            if any(as_slug(text).startswith(slug) for text in (each.called, each.title or ""))
        )

    def named(self, name: str) -> Sibling | None:
        """The side session of this name."""
        slug = as_slug(name)
        named = (each for each in self.all if each.named)
        return next((each for each in named if as_slug(each.called) == slug), None)

    def free_id(self, name: str) -> SessionId:
        """An id for another side session, made from its name, or from the day."""
        taken, slug = {each.id for each in self.all}, as_slug(name)
        session, number = side_session_id(self.base, slug), 1
        while session in taken:
            number += 1
            session = side_session_id(self.base, as_slug(f"{slug[:LONGEST_NAME]}-{number}"))
        return session

    def step(self, command: CommandName, argument: str) -> Step:
        """Where a command leads a chat."""
        if command is CommandName.NEW:
            return self._new(argument)
        found = self.matching(argument)
        if len(found) == 1:
            return GoTo(found[0].id)
        if found:
            return Stay(notice("several_sessions", names=_names(found)))
        return Stay(notice("no_such_session", called=shown(argument), names=_names(self.all)))

    def _new(self, argument: str) -> Step:
        name = as_name(argument)
        if not name:
            unused = (each for each in self.all if each.unused and not each.named)
            again = next((each for each in unused if each.id != self.base), None)
            return Begin(None) if again is None else GoTo(again.id)
        if (why := unfit(name)) is not None:
            return Stay(why)
        if (same := self.named(name)) is None:
            return Begin(name)
        return GoTo(same.id) if same.unused else Stay(notice("name_taken", called=shown(name)))


def as_name(argument: str) -> str:
    """A name as it was given, without what surrounds it."""
    return " ".join(argument.split())


def unfit(name: str) -> str | None:
    """Why a session cannot be called that; None if it can.

    A number is a place in the list, and what has no letter could be a day, or nothing one can say.
    """
    spoken = as_slug(name)
    letters = any(character.isalpha() for character in spoken)
    seen = name == one_line(name)
    if len(name) > LONGEST_NAME or not letters or not seen or spoken == MAIN:
        return notice("name_unfit", most=LONGEST_NAME, main=MAIN)
    return None


def called(session: Session | SessionRow, base: SessionId) -> str:
    """What leads to a session, said behind ``/session``."""
    if session.id == base:
        return MAIN
    side = side_of(session.id)
    return session.name or (side[1] if side else session.id)


def shown(text: str) -> str:
    """Words that somebody else chose, as Markdown that shows them as they are."""
    return "`" + (one_line(" ".join(text.split())).replace("`", "'")[:80] or " ") + "`"


def _sibling(row: SessionRow, base: SessionId) -> Sibling:
    unused = row.messages == 0 and row.updated_at == row.created_at
    return Sibling(
        id=row.id,
        called=called(row, base),
        title=row.title,
        messages=row.messages,
        at=None if unused else row.updated_at,
        archived=row.phase is Phase.ARCHIVED,
        named=row.name is not None,
        unused=unused,
    )


_MOST_NAMED = 12


def _names(siblings: Sequence[Sibling]) -> str:
    names = [shown(each.called) for each in siblings[:_MOST_NAMED]]
    return ", ".join(names) + ("…" if len(siblings) > _MOST_NAMED else "")
