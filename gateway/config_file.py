"""Reads a configuration file, and remembers on which line each setting stands."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway import plain_file
from gateway.config_errors import ConfigError, Problem
from gateway.config_names import snake

KeyPath = tuple[str, ...]

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]')
LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file's settings; `lines` gives the line of each, counted from 1.

    `private` says that nobody else may read it, `trusted` that nobody else may change it.
    """

    path: Path
    data: dict[str, Any] = field(default_factory=dict)
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    private: bool = True
    trusted: bool = True


def read(path: Path) -> ConfigFile:
    """Read a TOML file, or JSON when it is called ``*.json``. Raises `ConfigError`."""
    try:
        found = plain_file.read(path, most=LARGEST)
    except OSError as error:
        raise ConfigError(Problem(str(path), None, error.strerror or "cannot be read")) from error
    if found.is_written_by_all:
        what = "can be changed by everybody on this machine, and says what Argent runs"
        raise ConfigError(Problem(str(path), None, what, f"chmod go-w {path}"))
    raw = found.content
    if len(raw) > LARGEST:
        raise ConfigError(Problem(str(path), None, f"is larger than {LARGEST >> 20} MB"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(Problem(f"{path}, line {line}", None, "is not UTF-8")) from error
    data, lines = _json(path, text) if path.suffix == ".json" else _toml(path, text)
    return ConfigFile(
        path, data, lines, private=found.is_private, trusted=not found.is_written_by_some
    )


def _toml(path: Path, text: str) -> tuple[dict[str, Any], dict[KeyPath, int]]:
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column \d+\)$", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        reason = str(error).partition(" (at ")[0]
        raise ConfigError(Problem(f"{path}, line {line}", None, f"not TOML: {reason}")) from error
    return data, _toml_lines(text)


def _toml_lines(text: str) -> dict[KeyPath, int]:
    """Where each key of a valid document is set.

    A statement is the shortest run of lines that TOML itself accepts, so that a key inside a
    string or a list is not taken for a setting.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    pending, start = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        pending, start = (f"{pending}\n{line}", start) if pending else (line, number)
        try:
            statement = tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue
        if pending.lstrip().startswith("["):
            table = _paths(statement)[-1]
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], start)
        else:
            for below in _paths(statement):
                lines.setdefault(table + below, start)
        pending = ""
    return lines


def _paths(value: object) -> list[KeyPath]:
    """Every key below a value, outer before inner; the innermost of a table header comes last."""
    while isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, dict):
        return []
    found: list[KeyPath] = []
    for key, item in value.items():
        found.append((key,))
        found.extend((key, *below) for below in _paths(item))
    return found


def _json(path: Path, text: str) -> tuple[dict[str, Any], dict[KeyPath, int]]:
    try:
        data = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}"
        raise ConfigError(Problem(where, None, f"not JSON: {error.msg}")) from error
    except RecursionError as error:
        raise ConfigError(Problem(str(path), None, "is nested too deeply")) from error
    if not isinstance(data, dict):
        raise ConfigError(Problem(str(path), None, "must hold one object: {…}"))
    lines = {_snake_path(keys): line for keys, line in _json_lines(text).items()}
    snake: dict[str, Any] = _snake(data, ())
    return snake, lines


def _json_lines(text: str) -> dict[KeyPath, int]:
    """Where each key of a valid document is set; what is inside a list counts as the list."""
    lines: dict[KeyPath, int] = {}
    path: list[str] = []
    opened: list[str] = []
    last, line, seen = "", 1, 0
    for token in _JSON_TOKEN.finditer(text):
        line += text.count("\n", seen, token.start())
        seen = token.start()
        match token[0]:
            case "{" | "[" as bracket:
                opened.append(bracket)
            case "}" | "]":
                _close(path, opened)
                opened.pop()
            case ",":
                _close(path, opened)
            case ":":
                path.append(json.loads(last))
                lines.setdefault(tuple(path), line)
            case string:
                last = string
    return lines


def _close(path: list[str], opened: list[str]) -> None:
    """End the member that is being read, where there is one: an empty object has none."""
    if opened and opened[-1] == "{" and len(path) >= opened.count("{"):
        path.pop()


def _snake(value: object, path: KeyPath) -> Any:
    """The same with ``maxContextTokens`` as ``max_context_tokens``, but for the owner's names."""
    if not isinstance(value, dict):
        return value
    return {
        key: _snake(item, (*path, key))
        for raw, item in value.items()
        for key in [raw if _holds_names(path) else snake(raw)]
    }


def _snake_path(path: KeyPath) -> KeyPath:
    found: KeyPath = ()
    for raw in path:
        found = (*found, raw if _holds_names(found) else snake(raw))
    return found


def _holds_names(path: KeyPath) -> bool:
    """Whether the keys there are names (accounts, agents, a platform's ids) and no settings."""
    if len(path) == 1:
        return path[0] in ("channels", "agents", "rules", "session", "mcp", "people")
    if path[:1] == ("mcp",):
        return path[2:] in (("env",), ("headers",))
    if path[:1] == ("channels",):
        return path[2:] in (("scopes",), ("chats",))
    return path[-1:] == ("options",)
