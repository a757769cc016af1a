"""Settings as they were given, layer over layer, and where each of them was given. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.config_schema import Path

COMMAND_LINE = "the command line"
ENVIRONMENT = "the environment"


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source gives. `origins` says where, setting by setting; `default` for the rest."""

    data: dict[str, Any]
    origins: Mapping[Path, str]
    default: str


@dataclass(frozen=True, slots=True)
class Layers:
    """All sources; a later one wins, setting by setting."""

    all: tuple[Layer, ...] = ()
    references: Mapping[Path, str] = field(default_factory=dict)
    """What stood in the place of a value that was read from elsewhere (``file:/run/…``)."""

    def place(self, path: Path) -> str:
        """Where a setting was given, or what it stands in or consists of: for an error."""
        for length in range(len(path), 0, -1):
            for layer in reversed(self.all):
                if path[:length] in layer.origins:
                    return layer.origins[path[:length]]
            for layer in reversed(self.all):
                if holds(layer.data, path[:length]):
                    below = (o for p, o in layer.origins.items() if p[:length] == path[:length])
                    return next(below, layer.default)
        return self.all[0].default

    def origin(self, path: Path) -> str | None:
        """Where the value in effect was given; None when nobody gave it and it is a default."""
        for layer in reversed(self.all):
            if holds(layer.data, path):
                place = Layers((layer,)).place(path)
                reference = self.references.get(path)
                return f"{place} ({reference})" if reference is not None else place
        return None


def nested(values: Mapping[Path, Any]) -> dict[str, Any]:
    """Values by their paths, as the tables that they stand in."""
    tables: dict[str, Any] = {}
    for path, value in values.items():
        below = tables
        for name in path[:-1]:
            below = below.setdefault(name, {})
        below[path[-1]] = value
    return tables


def holds(data: object, path: Path) -> bool:
    """Whether there is a value at this path."""
    for name in path:
        if not isinstance(data, dict) or name not in data:
            return False
        data = data[name]
    return True


def values(data: object, path: Path = ()) -> Iterable[tuple[Path, Any]]:
    """Every value below, with its path; a list is one value."""
    if not isinstance(data, dict):
        yield path, data
        return
    for name, item in data.items():
        yield from values(item, (*path, str(name)))
