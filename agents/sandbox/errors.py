"""Why a command was not run. The messages name the remedy; pure."""

from dataclasses import dataclass


class SandboxError(Exception):
    """A command was not run, or what became of it is not known."""


class CommandRefused(SandboxError):
    """A command that no sandbox takes; the message is for whoever wrote it."""


class SandboxBroken(SandboxError):
    """The sandbox could not be set up, or did not end as it should; for the owner's log."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A backend that cannot be used here: why, and what would mend it."""

    backend: str
    why: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.backend}: {self.why}" + (f"\n  fix: {self.fix}" if self.fix else "")


class SandboxUnavailable(SandboxError):
    """No backend can be used here; `refusals` says why for each of them."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        self.refusals = refusals
        super().__init__("no sandbox can be used here\n" + "\n".join(map(str, refusals)))
