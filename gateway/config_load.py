"""Puts the settings together: file < environment < command line."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, SettingsConfigDict

from agents.config import DEFAULTS
from gateway import config_env, config_file, config_secrets
from gateway.config import Settings
from gateway.config_errors import ConfigError, Problem, did_you_mean
from gateway.config_layers import COMMAND_LINE, ENVIRONMENT, Layer, Layers, nested
from gateway.config_problems import problems_of
from gateway.config_schema import Path as KeyPath
from gateway.config_schema import is_secret, secret_values, type_at

_SINGLE_WORDS = ("channels", "models")
"""Sections whose secrets are words that a platform or a provider made."""
_ALMOST_DEFAULTS = "default"
"""It would be an agent that nobody asks for anything, and its settings would do nothing."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings that can be used, the file they came from, and what the owner should know.

    `secret_files` are the files that secrets were read from; a change there is one of the settings.
    """

    settings: Settings
    path: Path | None = None
    warnings: tuple[str, ...] = ()
    layers: Layers = field(default=Layers(), repr=False)
    secret_files: tuple[Path, ...] = ()

    def origin(self, setting: KeyPath) -> str | None:
        """Where a setting's value was given; None when nobody gave it and it is a default."""
        found = self.layers.origin(setting)
        if found is None and setting[0] == "agents" and setting[1:2] != (DEFAULTS,):
            return self.layers.origin(("agents", DEFAULTS, *setting[2:]))
        return found


def load(
    path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None
) -> Loaded:
    """The settings from a file, the environment, and `overrides` (``gateway.max_turns`` to value).

    Raises `ConfigError`, which names every problem with its place.
    """
    layers, warnings = read_layers(path, environ, overrides)
    merged = copy.deepcopy(_merge(layer.data for layer in layers.all))
    named = config_secrets.files(merged, Settings)
    try:
        return _checked(merged, layers, path, warnings)
    except ConfigError as error:
        error.secret_files = named
        raise


def _checked(
    merged: dict[str, Any], layers: Layers, path: Path | None, warnings: list[str]
) -> Loaded:
    found = _follow(merged, layers)
    layers = replace(layers, references={each.setting: str(each.file) for each in found})
    for each in found:
        if each.shared:
            key = ".".join(each.setting)
            warnings.append(f"{each.file} ({key}) can be read by others: chmod 600 {each.file}")
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(*problems_of(error, merged, layers)) from None
    _check(settings, layers)
    return Loaded(settings, path, tuple(warnings), layers, tuple(each.file for each in found))


def read_layers(
    path: Path | None, environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None
) -> tuple[Layers, list[str]]:
    """What each source gives, not checked, with warnings. Raises `ConfigError` for a file that
    cannot be read."""
    layers: list[Layer] = []
    warnings: list[str] = []
    file = config_file.read(path) if path is not None else None
    if file is not None:
        lines = {key: f"{path}, line {line}" for key, line in file.lines.items()}
        layers.append(Layer(file.data, lines, str(path)))
    values, variables, unknown = config_env.read(environ)
    warnings += unknown
    layers.append(Layer(nested(values), variables, ENVIRONMENT))
    given = {path: _given(path, value) for path, value in _split(overrides or {})}
    layers.append(Layer(nested(given), {}, COMMAND_LINE))
    if file is not None and not file.private and _holds_secret(file.data):
        warnings.append(f"{path} holds a secret and others may read it: chmod 600 {path}")
    if file is not None and not file.trusted:
        warnings.append(
            f"{path} can be changed by another user, and says what Argent runs: "
            "let it be yours, or root's, and nobody else's to write"
        )
    return Layers(tuple(layers)), warnings


def _follow(merged: dict[str, Any], layers: Layers) -> list[config_secrets.Reference]:
    """Put what secrets refer to in their place. Raises `ConfigError`."""
    found, problems = [], []
    for path, written in list(config_secrets.references(merged, Settings)):
        try:
            reference = config_secrets.follow(path, written)
        except config_secrets.SecretMissing as error:
            what = f"cannot be read: {error}"
            problems.append(Problem(layers.place(path), ".".join(path), what))
            continue
        found.append(reference)
        below = merged
        for name in path[:-1]:
            below = below[name]
        below[path[-1]] = reference.secret
    if problems:
        raise ConfigError(*problems)
    return found


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


def _check(settings: Settings, layers: Layers) -> None:
    """What no model can see alone: blank secrets, shared tokens, agents that are not there."""
    problems: list[Problem] = []
    tokens: dict[str, str] = {}
    for path, secret in secret_values(settings):
        text, key = secret.get_secret_value(), ".".join(path)
        where = layers.place(path)
        if not text.strip():
            problems.append(Problem(where, key, "is empty", "leave it out, or set it"))
        elif path[0] in _SINGLE_WORDS and len(text.split()) > 1:
            what = "holds a space or a line break, as no token or key does"
            problems.append(
                Problem(where, key, what, "was it copied together with something else?")
            )
        elif _is_token(path) and (other := tokens.setdefault(text, key)) != key:
            problems.append(Problem(where, key, f"is the same as {other}"))
    names = settings.agents.names
    if _ALMOST_DEFAULTS in names:
        path = ("agents", _ALMOST_DEFAULTS)
        hint = f"did you mean {'.'.join(('agents', DEFAULTS))!r}?"
        problems.append(Problem(layers.place(path), ".".join(path), "is no agent's name", hint))
    for rule, set_by in settings.rules.items():
        if set_by.agent is not None and set_by.agent not in names:
            path = ("rules", rule, "agent")
            hint = did_you_mean(set_by.agent, names) or f"known are {', '.join(names)}"
            what = f"is {set_by.agent!r}, which is no agent"
            problems.append(Problem(layers.place(path), ".".join(path), what, hint))
    if problems:
        raise ConfigError(*problems)


def _is_token(path: KeyPath) -> bool:
    """Whether a secret is an account's token, which only one account may have."""
    return path[0] == "channels" and path[-1] == "token"


def _holds_secret(data: dict[str, Any]) -> bool:
    def below(value: object, path: KeyPath) -> bool:
        if isinstance(value, dict):
            return any(below(item, (*path, name)) for name, item in value.items())
        refers = isinstance(value, str) and value.startswith(config_secrets.FILE)
        return is_secret(type_at(Settings, path)) and not refers

    return below(data, ())
