"""What is wrong with settings, in the owner's terms: where it stands, and what was meant. Pure."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from agents.config import DEFAULTS
from channels.registry import KINDS
from gateway.config import Settings
from gateway.config_errors import Problem, did_you_mean
from gateway.config_layers import Layers, holds
from gateway.config_names import snake, variable
from gateway.config_schema import Path, fields, is_secret, is_section, leaves, type_at

_SHOWN = 60
_NO_TABLE = ("model_type", "model_attributes_type", "dict_type")


def problems_of(
    error: ValidationError, merged: dict[str, Any], layers: Layers
) -> tuple[Problem, ...]:
    """Every problem that was found in settings, each told once."""
    found = error.errors(include_url=False, include_context=True)
    return tuple(_problem(e, merged, layers) for e in found if not _inherited(e, layers))


def _problem(error: ErrorDetails, merged: dict[str, Any], layers: Layers) -> Problem:
    path = _path(error["loc"], merged)
    where, key = layers.place(path), ".".join(path)
    match error["type"]:
        case "extra_forbidden":
            return Problem(where, key, "is no setting", meant(path))
        case "missing":
            return Problem(where, key, "is missing", f"set it, or {variable(path)}")
        case "value_error":
            return Problem(where, key, error["msg"].removeprefix("Value error, "))
        case "union_tag_not_found":
            hint = did_you_mean(path[-1], KINDS) or f"it is one of {', '.join(KINDS)}"
            return Problem(where, f"{key}.kind", "is missing", hint)
        case "union_tag_invalid":
            kind = error.get("ctx", {}).get("tag", "")
            hint = did_you_mean(kind, KINDS) or f"it is one of {', '.join(KINDS)}"
            where = layers.place((*path, "kind"))
            return Problem(where, f"{key}.kind", f"is {kind!r}, which is no kind", hint)
        case kind if kind in _NO_TABLE and is_section(type_at(Settings, path)):
            return Problem(where, key, "holds settings and has no value itself", _below(path))
    what = error["msg"][0].lower() + error["msg"][1:]
    value = error["input"]
    if is_secret(type_at(Settings, path)) or isinstance(value, dict | list | tuple):
        return Problem(where, key, f"is wrong: {what}")
    shown = repr(value) if len(repr(value)) <= _SHOWN else f"{repr(value)[:_SHOWN]}…"
    return Problem(where, key, f"is {shown}: {what}", _choice(value, error))


def _inherited(error: ErrorDetails, layers: Layers) -> bool:
    """Whether it is about what an agent has from the defaults, where it is told of, too."""
    path = tuple(str(name) for name in error["loc"])
    if path[:1] != ("agents",) or path[1:2] in ((), (DEFAULTS,)):
        return False
    return not any(holds(layer.data, path) for layer in layers.all)


def _path(loc: tuple[int | str, ...], merged: object) -> Path:
    """The setting's path: without list positions, and without the tag of a union's member."""
    path: Path = ()
    for name in loc:
        if isinstance(name, int):
            break
        if isinstance(merged, dict):
            if name not in merged and name in KINDS:
                continue
            merged = merged.get(name)
        path = (*path, name)
    return path


def meant(path: Path) -> str | None:
    """What an unknown name was meant to be: a neighbour, or the same name in another place."""
    parent, name = type_at(Settings, path[:-1]), snake(path[-1])
    if hint := did_you_mean(name, fields(parent)):
        return hint
    if other := elsewhere(name):
        return f"did you mean {other!r}?"
    known = ", ".join(fields(parent))
    return f"known here are {known}" if known else None


def _below(path: Path) -> str:
    """What was meant by a value for a whole section."""
    first = next(leaf.path[-1] for leaf in leaves(type_at(Settings, path)))
    return f"did you mean {elsewhere(path[-1]) or '.'.join((*path, first))!r}?"


def elsewhere(name: str) -> str | None:
    """The setting or section of that name, or one like it, in another place."""
    places: dict[str, str] = {kind: f"channels.{kind}" for kind in KINDS}
    for leaf in leaves(Settings):
        for length in range(len(leaf.path), 1, -1):
            places.setdefault(leaf.path[length - 1], ".".join(leaf.path[:length]))
    close = did_you_mean(name, places, cutoff=0.85)
    return next((full for last, full in places.items() if repr(last) in str(close)), None)


def _choice(value: object, error: ErrorDetails) -> str | None:
    expected = str(error.get("ctx", {}).get("expected", ""))
    if error["type"] not in ("literal_error", "enum") or not isinstance(value, str):
        return None
    return did_you_mean(value, [word for word in expected.split("'") if word.strip(" ,or")])
