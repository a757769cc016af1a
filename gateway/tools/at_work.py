"""The tools that work in a session's workspace: its files, and commands."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.tools.bash import bash_tool
from agents.tools.files import EDIT, WRITE, file_tools
from agents.tools.foreign import ForeignText, in_sight
from agents.tools.tool import Arguments, Tool
from gateway.occasion import Occasion, Shelf
from gateway.sandboxing import Sandboxing
from gateway.tools.workspaces import Place, Workspaces

_SAY_NOTHING = frozenset({WRITE.name, EDIT.name})
"""Tools whose results hold nothing that was in a file."""

Make = Callable[[Path], Sequence[Tool[Any]]]


def workspace_shelf(workspaces: Workspaces, sandboxing: Sandboxing) -> Shelf:
    """The files of the session's workspace, and `bash` where there is a sandbox for it."""

    files = file_tools(Path())

    def tools(occasion: Occasion) -> Iterator[Tool[Any]]:
        place = workspaces.of(occasion)
        yield from _placed(files, file_tools, place)
        if (found := sandboxing.of(occasion.opened.session.key.type, occasion.trust)) is not None:
            sandbox, policy = found

            def make(folder: Path) -> Sequence[Tool[Any]]:
                return (bash_tool(sandbox, folder, policy.limits, network=policy.network),)

            yield from _placed(make(Path()), make, place)

    return tools


def _placed(tools: Sequence[Tool[Any]], make: Make, place: Place) -> Iterator[Tool[Any]]:
    """Tools as `make` makes them, for a workspace that is made when one of them is first called."""

    def at_its_place(number: int, told: Tool[Any]) -> Tool[Any]:
        async def run(given: Arguments) -> str:
            folder, foreign = await place.opened()
            if told.guarded and (told.foreign or in_sight()):
                # What it puts there may be somebody else's words.
                await place.mark()
            said = await make(folder)[number].run(given)
            return ForeignText(said) if foreign and told.spec.name not in _SAY_NOTHING else said

        return replace(told, run=run)

    for number, told in enumerate(tools):
        yield at_its_place(number, told)
