"""The protocol: a command goes in, and what became of it comes out."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from agents.sandbox.limits import Hold, Limits, Outcome

Heard = Callable[[bytes], None]
"""Told what a command says on either stream, as it says it, as long as its beginning is kept."""


class Sandbox(Protocol):
    """A place where commands run that can reach nothing but their workspace."""

    @property
    def name(self) -> str:
        """The backend's name, as in the settings."""

    @property
    def hold(self) -> Hold:
        """How it keeps limits."""

    async def run(
        self,
        command: str,
        *,
        workspace: Path,
        limits: Limits,
        network: bool = False,
        heard: Heard | None = None,
    ) -> Outcome:
        """Run a shell's command in a workspace, a folder that exists.

        When it returns, or was cancelled, nothing of the command is left: no process, no control
        group, no descriptor. Raises `CommandRefused` for a command that cannot be run at all, and
        `SandboxBroken` where the sandbox fails.
        """
