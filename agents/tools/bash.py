"""A tool that runs a shell's command in a session's workspace, inside its sandbox."""

from dataclasses import replace
from pathlib import Path

import structlog
from pydantic import Field

from agents.sandbox import sizes
from agents.sandbox.errors import CommandRefused, SandboxBroken
from agents.sandbox.limits import Killed, Limits, Outcome
from agents.sandbox.order import LONGEST
from agents.sandbox.sandbox import Heard, Sandbox
from agents.tools.tool import LONGEST_RESULT, Arguments, Tool, ToolFailed, describe

_REMEMBERED = 2_000
_GRACE = 20.0
"""Seconds beyond a command's own until a call is given up, so that it can say what became of it."""
_ROOM = 500
"""Characters of a result beside what the command said."""

_log = structlog.get_logger(__name__)


class BashArguments(Arguments):
    """The command to run."""

    command: str = Field(
        description="For /bin/sh, in your workspace.", min_length=1, max_length=LONGEST
    )
    seconds: float | None = Field(
        default=None, gt=0, description="End it after so long. Never longer than is allowed here."
    )


BASH = describe(
    "bash",
    "Run a shell command in your workspace. It can reach nothing else. Its files stay there; "
    "processes in the background end with it.",
    BashArguments,
)


def bash_tool(
    sandbox: Sandbox,
    workspace: Path,
    limits: Limits,
    *,
    network: bool = False,
    heard: Heard | None = None,
) -> Tool[BashArguments]:
    """The tool for a workspace that exists. With the network, what it says may be from outside."""

    async def run(given: BashArguments) -> str:
        wall = limits.wall if given.seconds is None else min(limits.wall, given.seconds)
        allowed = replace(limits, wall=wall)
        try:
            outcome = await sandbox.run(
                given.command, workspace=workspace, limits=allowed, network=network, heard=heard
            )
        except CommandRefused as error:
            raise ToolFailed(str(error)) from None
        except SandboxBroken as error:
            _log.error("a command could not be run", error=str(error))
            raise ToolFailed("The sandbox failed, so the command was not run.") from None
        return told(outcome, allowed)

    return Tool(
        BASH,
        BashArguments,
        run,
        remember=_remembered,
        foreign=network,
        guarded=True,
        limit=limits.wall + _GRACE,
    )


def told(outcome: Outcome, limits: Limits) -> str:
    """What a model is told of a command: what it said on both streams, and how it ended."""
    parts = [_shown("", outcome.stdout.text), _shown("[stderr]\n", outcome.stderr.text)]
    parts.append(_ending(outcome, limits))
    return "\n".join(part for part in parts if part) or "[it said nothing]"


def _shown(title: str, text: str) -> str:
    """The beginning and the end of a stream, if it is more than half of what a model is shown."""
    room = (LONGEST_RESULT - _ROOM) // 2
    text = text.rstrip("\n")
    if not text:
        return ""
    if len(text) > room:
        half = room // 2
        text = f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[-half:]}"
    return title + text


def _ending(outcome: Outcome, limits: Limits) -> str:
    match outcome.killed_by:
        case Killed.TIME:
            return f"[killed: it took longer than {limits.wall:g} s]"
        case Killed.MEMORY:
            return f"[killed: {sizes.written(limits.memory)} memory limit]"
        case Killed.DISK:
            disk = sizes.written(limits.disk)
            return f"[killed: the workspace may hold {disk} in {limits.files} files: remove some]"
        case None:
            return f"[exit status {outcome.code}]" if outcome.code else ""


def _remembered(given: BashArguments) -> BashArguments:
    """What the conversation keeps of a call: not a second copy of a long script."""
    rest = len(given.command) - _REMEMBERED
    if rest <= 0:
        return given
    short = f"{given.command[:_REMEMBERED]}\n[… and {rest} more characters]"
    return given.model_copy(update={"command": short})
