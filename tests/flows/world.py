"""Tools that do something to the world of a test, which keeps what was done."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from agents.tools.tool import Arguments, Tool, describe
from gateway.occasion import Occasion
from state.history import ToolCall


class Command(Arguments):
    command: str = Field(description="What to run.")


class Nothing(Arguments):
    pass


BASH = describe("bash", "Runs a command.", Command)
FETCH = describe("fetch", "Reads a page.", Nothing)


@dataclass
class World:
    """A shelf: `bash` notes what it was asked to run, and `fetch` finds a page."""

    page: str = "A page of the web."
    ran: list[str] = field(default_factory=list)

    def shelf(self, _: Occasion) -> Iterator[Tool[Any]]:
        async def run(given: Command) -> str:
            self.ran.append(given.command)
            return f"ran {given.command}"

        async def fetch(_: Nothing) -> str:
            return self.page

        yield Tool(BASH, Command, run, guarded=True)
        yield Tool(FETCH, Nothing, fetch, foreign=True)


def bash(command: str, call: str = "call-1") -> tuple[ToolCall, ...]:
    """What a model says that runs a command."""
    return (ToolCall(call, "bash", f'{{"command":"{command}"}}'),)


def fetch(call: str = "call-0") -> tuple[ToolCall, ...]:
    """What a model says that reads the page."""
    return (ToolCall(call, "fetch", "{}"),)
