"""Asks a platform whether an account would work: its token, what it may do, and what is left over.

Reads only: nothing is sent to anybody, and nothing is changed at the platform. A platform's own
questions are in its package (``channels/telegram/probe.py``), imported when they are asked.
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is: `error` keeps something from working, `warning` will or may; with a
    `note` nothing is wrong."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, why, and exactly what mends it.

    `code` is stable and unique (``telegram-token-refused``); `where` names the part (an account, a
    file, a setting); `what` is what is wrong, `cause` why, `fix` the command or step that mends it.
    `mends` says that ``argent doctor --fix`` does it. No field ever holds a secret.
    """

    code: str
    level: Level
    where: str
    what: str
    cause: str
    fix: str
    mends: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of finding: what can be wrong, as the documentation lists it.

    `what`, `cause` and `fix` are texts with the names of what differs from case to case in braces;
    ``{where}`` stands for the finding's part.
    """

    code: str
    level: Level
    what: str
    cause: str
    fix: str
    mends: bool = False

    def at(self, where: str, **details: object) -> Finding:
        """The finding that this is the case at `where`. Raises KeyError for a missing detail."""
        names = {"where": where, **details}
        return Finding(
            self.code,
            self.level,
            where,
            self.what.format_map(names),
            self.cause.format_map(names),
            self.fix.format_map(names),
            self.mends,
        )


@dataclass(frozen=True, slots=True)
class Probed:
    """What a platform said: who the account is there (``@name``), and what was found."""

    identity: str | None
    findings: tuple[Finding, ...] = ()

    @property
    def works(self) -> bool:
        """Whether the account would take messages and answer them."""
        return all(finding.level is not Level.ERROR for finding in self.findings)
