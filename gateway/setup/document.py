"""The settings file with what set-up adds: the owner's comments, order and values stay. Pure."""

import textwrap
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

import tomlkit
from tomlkit.container import Container, OutOfOrderTableProxy
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, InlineTable

from gateway.config_layers import values
from gateway.config_schema import Path, is_secret, type_at
from gateway.config_secrets import FILE

HEADER = """\
# Argent's settings. Written by `argent setup`, which completes them and changes nothing of yours.
# Every other setting, with its default: argent config schema, or docs/settings.md.
# The environment (ARGENT_<SECTION>__<KEY>) beats this file. After a change: argent config validate
"""
SCHEMA_LINE = "#:schema ./{}"
"""Editors that know TOML (taplo, Even Better TOML) complete and check by it:
https://taplo.tamasfe.dev/configuration/directives.html"""

COVERED = "…"
_WIDTH = 98
Table = Container | AbstractTable | OutOfOrderTableProxy


class CannotComplete(Exception):
    """Nothing can safely be added to the file as it is written; `lines` would have been."""

    def __init__(self, lines: str) -> None:
        super().__init__(f"add this to the file by hand:\n{lines}")
        self.lines = lines


def completed(
    text: str,
    changes: Mapping[Path, Any],
    described: Callable[[Path], str | None],
    *,
    schema: str | None = None,
) -> str:
    """A file's text with these settings, each with what is said of it as a comment above.

    An empty text becomes a file with a header. `schema` is the schema's name beside it, for
    editors. Raises `CannotComplete`.
    """
    try:
        document = tomlkit.parse(text or HEADER)
        for path, value in changes.items():
            _set(document, path, value, described)
        written = tomlkit.dumps(document)
        if tomllib.loads(written) != _expected(text, changes):
            raise CannotComplete(_alone(changes))
    except (TOMLKitError, ValueError, TypeError) as error:
        raise CannotComplete(_alone(changes)) from error
    if schema is not None and not any(line.startswith("#:schema") for line in written.split("\n")):
        written = f"{SCHEMA_LINE.format(schema)}\n{written}"
    return written


def hidden(text: str, root: Any) -> str:
    """A document's text with its secrets covered, wherever else in it they stand, too."""
    document = tomlkit.parse(text)
    secrets = [
        (path, value)
        for path, value in values(tomllib.loads(text))
        if isinstance(value, str) and not value.startswith(FILE) and is_secret(type_at(root, path))
    ]
    for path, _ in secrets:
        table: Any = document
        for name in path[:-1]:
            table = table[name]
        table[path[-1]] = COVERED
    covered = tomlkit.dumps(document)
    for _, secret in sorted(secrets, key=lambda each: len(each[1]), reverse=True):
        covered = covered.replace(secret, COVERED) if secret.strip() else covered
    return covered


def _set(
    document: tomlkit.TOMLDocument,
    path: Path,
    value: Any,
    described: Callable[[Path], str | None],
) -> None:
    table: Any = document
    for depth, name in enumerate(path[:-1], start=1):
        if name not in table:
            inline = isinstance(table, InlineTable)
            # What only holds other tables needs no header of its own.
            outer = depth < len(path) - 1
            new = tomlkit.inline_table() if inline else tomlkit.table(is_super_table=outer)
            table[name] = new
        table = table[name]
    name = path[-1]
    has_lines = isinstance(table, AbstractTable) and not isinstance(table, InlineTable)
    if has_lines and name not in table:
        comment = described(path)
        # Behind a table of its own, a comment would be taken for that one's.
        if comment and not any(isinstance(each, AbstractTable) for each in table.values()):
            for line in textwrap.wrap(comment, _WIDTH, break_on_hyphens=False):
                table.add(tomlkit.comment(line))
    table[name] = value


def _expected(text: str, changes: Mapping[Path, Any]) -> dict[str, Any]:
    data = tomllib.loads(text)
    for path, value in changes.items():
        below: dict[str, Any] = data
        for name in path[:-1]:
            below = below.setdefault(name, {})
        below[path[-1]] = value
    return data


def _alone(changes: Mapping[Path, Any]) -> str:
    """The settings as lines of their own; what was secret is left to be filled in."""
    lines = []
    for path in changes:
        *section, name = (tomlkit.key(each).as_string() for each in path)
        lines += [f"[{'.'.join(section)}]", f"{name} = …"]
    return "\n".join(lines)
