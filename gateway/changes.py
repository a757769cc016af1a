"""What becomes of a setting that changes while the gateway runs. Pure.

`EFFECTS` is the table; docs/reload.md shows it. `compare` finds what changed and what can be taken
up. What needs a restart stays as it is, so that what is in effect is always what runs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

S = TypeVar("S", bound=BaseModel)
Path = tuple[str, ...]


class Effect(StrEnum):
    """What a change of a setting takes."""

    AT_ONCE = "at once"
    """It holds from the next message on; a turn that runs ends with what it began with."""

    ACCOUNT = "account"
    """The account is stopped and begun again, and nothing else is."""

    SERVER = "server"
    """The MCP server is stopped and begun again, and nothing else is."""

    RESTART = "restart"
    """The gateway must be started again; until then it stays as it was."""


EFFECTS: Mapping[str, Effect] = MappingProxyType(
    {
        "agents": Effect.AT_ONCE,
        "rules": Effect.AT_ONCE,
        "session": Effect.AT_ONCE,
        "models": Effect.AT_ONCE,
        "mcp": Effect.SERVER,
        "people": Effect.AT_ONCE,
        "channels": Effect.ACCOUNT,
        "channels.*.dm_policy": Effect.AT_ONCE,
        "channels.*.group_policy": Effect.AT_ONCE,
        "channels.*.owners": Effect.AT_ONCE,
        "channels.*.allow_users": Effect.AT_ONCE,
        "channels.*.allow_groups": Effect.AT_ONCE,
        "channels.*.respond": Effect.AT_ONCE,
        "channels.*.commands": Effect.AT_ONCE,
        "channels.*.chats": Effect.AT_ONCE,
        "channels.*.streaming": Effect.AT_ONCE,
        "channels.*.acknowledge": Effect.AT_ONCE,
        "channels.*.max_file_mb": Effect.AT_ONCE,
        "channels.*.channel_scope": Effect.AT_ONCE,
        "channels.*.scopes": Effect.AT_ONCE,
        "gateway": Effect.RESTART,
        "gateway.max_queue": Effect.AT_ONCE,
        "gateway.drain_seconds": Effect.AT_ONCE,
        "gateway.keep_days": Effect.AT_ONCE,
        "budget": Effect.AT_ONCE,
        "limits": Effect.AT_ONCE,
        "sandbox": Effect.RESTART,
        # Who may run what, and within which walls, changes together or not at all.
        "sandbox.memory": Effect.AT_ONCE,
        "sandbox.cpu": Effect.AT_ONCE,
        "sandbox.network": Effect.AT_ONCE,
        "sandbox.pids": Effect.AT_ONCE,
        "sandbox.disk": Effect.AT_ONCE,
        "sandbox.files": Effect.AT_ONCE,
        "sandbox.wall": Effect.AT_ONCE,
        "sandbox.output": Effect.AT_ONCE,
        "sandbox.main": Effect.AT_ONCE,
        "sandbox.dm": Effect.AT_ONCE,
        "sandbox.group": Effect.AT_ONCE,
        "sandbox.topic": Effect.AT_ONCE,
        "telemetry": Effect.RESTART,
        "log": Effect.RESTART,
        "log.level": Effect.AT_ONCE,
    }
)
"""What a change takes, by section or setting; the longest name that fits counts, and what is not
named needs a restart. ``*`` stands for a name of the owner's choice."""

_NAMED = frozenset({"agents", "rules", "session", "mcp", "people", "channels"})
"""The sections that hold names of the owner's choice."""


class How(StrEnum):
    """What happened to a setting, or to all that stands under a name."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that is another now. Its value is not told: it may be a secret."""

    path: Path
    how: How

    @property
    def effect(self) -> Effect:
        """What it takes to be taken up."""
        return effect_of(self.path)

    @property
    def name(self) -> str:
        """The setting, as it is written: ``channels.telegram.token``."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Changes(Generic[S]):
    """What changed between the settings in effect and others.

    `settings` are those that can be in effect at once: what needs a restart is as before, and so
    is, as the very same object, every section of which nothing is taken up.
    """

    settings: S
    taken: tuple[Change, ...]
    restart: tuple[Change, ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that must be begun, ended, or both."""
        return self._names(Effect.ACCOUNT)

    @property
    def servers(self) -> tuple[str, ...]:
        """The MCP servers that must be begun, ended, or both."""
        return self._names(Effect.SERVER)

    def _names(self, effect: Effect) -> tuple[str, ...]:
        found = (each.path[1] for each in self.taken if each.effect is effect and each.path[1:])
        return tuple(dict.fromkeys(found))


def effect_of(path: Path) -> Effect:
    """What a change of the setting at this path takes."""
    known = (path[0], "*", *path[2:]) if path[0] in _NAMED and path[1:] else path
    for length in range(len(known), 0, -1):
        found = EFFECTS.get(".".join(known[:length]))
        if found is not None:
            return found
    return Effect.RESTART


def compare(old: S, new: S) -> Changes[S]:
    """What is another in `new` than in `old`, and what of it can be taken up."""
    changes = tuple(_between((), old, new))
    taken = tuple(each for each in changes if each.effect is not Effect.RESTART)
    restart = tuple(each for each in changes if each.effect is Effect.RESTART)
    settings = _joined((), old, new, taken, restart)
    return Changes(settings, taken, restart)


def _between(path: Path, old: Any, new: Any) -> Iterator[Change]:
    """Every change at a path and below it, in the order of the new settings."""
    before, after = _below(old), _below(new)
    if before is None or after is None or type(old) is not type(new):
        if old != new:
            yield Change(path, How.CHANGED)
        return
    for name in before:
        if name not in after:
            yield Change((*path, name), How.REMOVED)
    for name, value in after.items():
        if name not in before:
            yield Change((*path, name), How.ADDED)
        else:
            yield from _between((*path, name), before[name], value)
    if before.keys() == after.keys() and list(before) != list(after) and path == ("rules",):
        # A later rule beats an earlier one.
        yield Change(path, How.CHANGED)


def _below(value: Any) -> Mapping[str, Any] | None:
    """What stands below a section by its name; None for a setting, also one that is a table."""
    if isinstance(value, BaseModel):
        return dict(value)
    if isinstance(value, dict) and all(isinstance(each, BaseModel) for each in value.values()):
        return value
    return None


def _joined(
    path: Path,
    old: Any,
    new: Any,
    taken: tuple[Change, ...],
    restart: tuple[Change, ...],
) -> Any:
    """The new value, but for what needs a restart; the old one where nothing is taken up."""
    taken = tuple(each for each in taken if each.path[: len(path)] == path)
    restart = tuple(each for each in restart if each.path[: len(path)] == path)
    if not taken:
        return old
    if path and not restart:
        return new
    fields = {
        name: _joined((*path, name), getattr(old, name), getattr(new, name), taken, restart)
        for name in type(new).model_fields
    }
    return new.model_copy(update=fields)
