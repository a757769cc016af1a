"""What was chosen for one session alone; everything else is as its agent is configured."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Option = str | int | float | bool
"""A value that a provider is given as it is."""


class Persistence(StrEnum):
    """Whether a conversation's words stay on disk when it ends (is quiet, or begun anew)."""

    ALWAYS = "always"
    NEVER = "never"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Choices:
    """What people or the operator chose for a session, kept with its facts.

    None is no choice: then it is as configured. ``""`` is a choice for `skill` (none), as ``()`` is
    for `tools` and `mcp`. `options` go to the provider with every call (``temperature``).
    """

    model: str | None = None
    options: Mapping[str, Option] | None = None
    skill: str | None = None
    tools: tuple[str, ...] | None = None
    mcp: tuple[str, ...] | None = None
    system_prompt: str | None = None
    persistence: Persistence | None = None


NO_CHOICES = Choices()
