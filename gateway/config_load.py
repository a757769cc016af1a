"""Puts the settings together: file < environment < command line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict

from agents.config import DEFAULTS
from channels.registry import KINDS
from gateway import config_env, config_file
from gateway.config import Settings
from gateway.config_errors import ConfigError, Problem, did_you_mean
from gateway.config_schema import (
    Path as KeyPath,
)
from gateway.config_schema import (
    fields,
    is_secret,
    leaves,
    secret_values,
    type_at,
)

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings that can be used, the file they came from, and what the owner should know."""

    settings: Settings
    path: Path | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Layer:
    data: dict[str, Any]
    origins: Mapping[KeyPath, str]
    default: str


def load(
    path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None
) -> Loaded:
    """The settings from a file, the environment, and `overrides` (``gateway.max_turns`` to value).

    Raises `ConfigError`, which names every problem with its place.
    """
    layers: list[_Layer] = []
    warnings: list[str] = []
    file = config_file.read(path) if path is not None else None
    if file is not None:
        lines = {key: f"{path}, line {line}" for key, line in file.lines.items()}
        layers.append(_Layer(file.data, lines, str(path)))
    values, variables, unknown = config_env.read(environ)
    warnings += unknown
    layers.append(_Layer(_nested(values), variables, "the environment"))
    given = {path: _given(path, value) for path, value in _split(overrides or {})}
    layers.append(_Layer(_nested(given), {}, "the command line"))

    merged = _merge(layer.data for layer in layers)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)
        own = [e for e in found if not _inherited(e, layers)]
        raise ConfigError(*(_problem(e, merged, layers) for e in own)) from None
    _check(settings, layers)
    if file is not None and not file.private and _holds_secret(file.data):
        warnings.append(f"{path} holds a secret and others may read it: chmod 600 {path}")
    return Loaded(settings, path, tuple(warnings))


def _split(overrides: Mapping[str, Any]) -> Iterable[tuple[KeyPath, Any]]:
    return ((tuple(key.split(".")), value) for key, value in overrides.items())


def _given(path: KeyPath, value: Any) -> Any:
    """A value as the command line gives it: lists are written as in the environment."""
    return config_env.listed(value, type_at(Settings, path)) if isinstance(value, str) else value


def _merge(layers: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """All layers as one; a later one wins, setting by setting."""
    data = list(layers)

    class Layered(BaseSettings):
        model_config = SettingsConfigDict(extra="allow")

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: Any, **__: Any
        ) -> tuple[InitSettingsSource, ...]:
            return tuple(InitSettingsSource(settings_cls, layer) for layer in reversed(data))

    return dict(Layered().model_extra or {})


def _nested(values: Mapping[KeyPath, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in values.items():
        below = nested
        for name in path[:-1]:
            below = below.setdefault(name, {})
        below[path[-1]] = value
    return nested


def _problem(error: ErrorDetails, merged: dict[str, Any], layers: list[_Layer]) -> Problem:
    path = _path(error["loc"], merged)
    where, key = _origin(path, layers), ".".join(path)
    match error["type"]:
        case "extra_forbidden":
            return Problem(where, key, "is no setting", _meant(path))
        case "missing":
            return Problem(where, key, "is missing", f"set it, or {config_env.variable(path)}")
        case "value_error":
            return Problem(where, key, error["msg"].removeprefix("Value error, "))
        case "union_tag_not_found":
            return Problem(where, f"{key}.kind", "is missing", f"it is one of {', '.join(KINDS)}")
        case "union_tag_invalid":
            kind = error.get("ctx", {}).get("tag", "")
            hint = did_you_mean(kind, KINDS) or f"it is one of {', '.join(KINDS)}"
            return Problem(where, f"{key}.kind", f"is {kind!r}, which is no kind", hint)
    what = error["msg"][0].lower() + error["msg"][1:]
    value = error["input"]
    if is_secret(type_at(Settings, path)) or isinstance(value, dict | list | tuple):
        return Problem(where, key, f"is wrong: {what}")
    shown = repr(value) if len(repr(value)) <= _SHOWN else f"{repr(value)[:_SHOWN]}…"
    return Problem(where, key, f"is {shown}: {what}", _choice(value, error))


def _inherited(error: ErrorDetails, layers: list[_Layer]) -> bool:
    """Whether it is about what an agent has from the defaults, where it is told of, too."""
    path = tuple(str(name) for name in error["loc"])
    if path[:1] != ("agents",) or path[1:2] in ((), (DEFAULTS,)):
        return False
    return not any(_has(layer.data, path) for layer in layers)


def _path(loc: tuple[int | str, ...], merged: object) -> KeyPath:
    """The setting's path: without list positions, and without the tag of a union's member."""
    path: KeyPath = ()
    for name in loc:
        if isinstance(name, int):
            break
        if isinstance(merged, dict):
            if name not in merged and name in KINDS:
                continue
            merged = merged.get(name)
        path = (*path, name)
    return path


def _origin(path: KeyPath, layers: list[_Layer]) -> str:
    for length in range(len(path), 0, -1):
        prefix = path[:length]
        for layer in reversed(layers):
            if prefix in layer.origins:
                return layer.origins[prefix]
            if length == len(path) and _has(layer.data, path):
                return layer.default
    return layers[0].default


def _has(data: object, path: KeyPath) -> bool:
    for name in path:
        if not isinstance(data, dict) or name not in data:
            return False
        data = data[name]
    return True


def _meant(path: KeyPath) -> str | None:
    """What an unknown name was meant to be: a neighbour, or the same name in another place."""
    parent, name = type_at(Settings, path[:-1]), path[-1]
    if hint := did_you_mean(name, fields(parent)):
        return hint
    elsewhere: dict[str, str] = {}
    for leaf in leaves(Settings):
        elsewhere.setdefault(leaf.path[-1], ".".join(leaf.path))
    close = did_you_mean(config_file.snake(name), elsewhere, cutoff=0.85)
    if close is None:
        known = ", ".join(fields(parent))
        return f"known here are {known}" if known else None
    found = next(full for last, full in elsewhere.items() if repr(last) in close)
    return f"did you mean {found!r}?"


def _choice(value: object, error: ErrorDetails) -> str | None:
    expected = str(error.get("ctx", {}).get("expected", ""))
    if error["type"] not in ("literal_error", "enum") or not isinstance(value, str):
        return None
    return did_you_mean(value, [word for word in expected.split("'") if word.strip(" ,or")])


def _check(settings: Settings, layers: list[_Layer]) -> None:
    """What no model can see alone: blank secrets, shared tokens, agents that are not there."""
    problems: list[Problem] = []
    tokens: dict[str, str] = {}
    for path, secret in secret_values(settings):
        text, key = secret.get_secret_value(), ".".join(path)
        where = _origin(path, layers)
        if not text.strip():
            problems.append(Problem(where, key, "is empty", "leave it out, or set it"))
        elif _is_token(path) and (other := tokens.setdefault(text, key)) != key:
            problems.append(Problem(where, key, f"is the same as {other}"))
    names = settings.agents.names
    for rule, set_by in settings.rules.items():
        if set_by.agent is not None and set_by.agent not in names:
            path = ("rules", rule, "agent")
            hint = did_you_mean(set_by.agent, names) or f"known are {', '.join(names)}"
            what = f"is {set_by.agent!r}, which is no agent"
            problems.append(Problem(_origin(path, layers), ".".join(path), what, hint))
    if problems:
        raise ConfigError(*problems)


def _is_token(path: KeyPath) -> bool:
    """Whether a secret is an account's token, which only one account may have."""
    return path[0] == "channels" and path[-1] == "token"


def _holds_secret(data: dict[str, Any]) -> bool:
    def below(value: object, path: KeyPath) -> bool:
        if isinstance(value, dict):
            return any(below(item, (*path, name)) for name, item in value.items())
        return is_secret(type_at(Settings, path))

    return below(data, ())
