"""A channel under contract, and what the person on its other side can do.

A case runs over every channel whose person has the hands for it. So a rig offers what its platform
has by writing the methods, and leaves out what its platform does not have.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from channels.channel import Capabilities, Channel


@runtime_checkable
class Person(Protocol):
    """Somebody who talks to the bot in private."""

    async def says(self, text: str) -> None: ...

    async def hears(self, count: int) -> list[str]:
        """The texts of the next `count` parts, as they are shown."""


@runtime_checkable
class Reader(Person, Protocol):
    """Sees what became of the bot's messages."""

    async def sees(self) -> list[str]:
        """The texts of all the bot's messages that are in the chat now, in their order."""


@runtime_checkable
class Recipient(Person, Protocol):
    """Gets files."""

    async def received(self) -> list[tuple[str, bytes]]:
        """The files that the bot has sent, in order: names and contents."""


@runtime_checkable
class Witness(Person, Protocol):
    """Sees reactions."""

    async def reactions(self) -> int:
        """How many reactions the bot has on what this person said last."""


@runtime_checkable
class FileSender(Person, Protocol):
    """Sends files."""

    async def sends_file(self, name: str, content: bytes, mime: str) -> None: ...

    async def loses_file(self) -> None:
        """The platform has the content of the last file no more."""


@runtime_checkable
class Editor(Person, Protocol):
    """Changes what was said."""

    async def edits(self, text: str) -> None:
        """What this person said last reads so now."""


@runtime_checkable
class Deleter(Person, Protocol):
    """Takes back what was said, on a platform that tells bots so."""

    async def deletes(self) -> None:
        """What this person said last is gone."""


@runtime_checkable
class Presser(Person, Protocol):
    """Presses buttons."""

    async def presses(self, label: str) -> None:
        """Press this button under the bot's last message. Raises AssertionError without it."""


P_co = TypeVar("P_co", bound=Person, covariant=True)


@dataclass(frozen=True)
class Talk(Generic[P_co]):
    """A channel and somebody who uses it."""

    channel: Channel
    person: P_co


@dataclass(frozen=True)
class Rig:
    """How a channel is put up (at a free port, should it need one), and who talks to it then."""

    open: Callable[[int], AbstractAsyncContextManager[Talk[Any]]]
    capabilities: Capabilities
    person: type


class NoCursors:
    """Remembers nothing."""

    async def get(self, name: str) -> str | None:
        return None

    async def set(self, name: str, value: str) -> None:
        return None
