"""What is wrong with a configuration, where, and what was meant."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, in which setting, what it is, and what was meant."""

    where: str
    key: str | None
    what: str
    hint: str | None = None

    def __str__(self) -> str:
        setting = f"{self.key} " if self.key else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.where}: {setting}{self.what}{hint}"


class ConfigError(Exception):
    """The configuration cannot be used. `problems` holds everything that was found.

    `secret_files` are those that it names, as far as it was read: a change there may mend it.
    """

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
        self.secret_files: tuple[Path, ...] = ()


def did_you_mean(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """A question that names the closest of the known names; None when nothing is close.

    Names that begin with what was given go first: the rest of one was left out.
    """
    names = list(known)
    longer = [each for each in names if len(name) > 2 and each.startswith(name)]
    close = difflib.get_close_matches(name, longer, n=1, cutoff=0.0)
    close = close or difflib.get_close_matches(name, names, n=1, cutoff=cutoff)
    return f"did you mean {close[0]!r}?" if close else None
