"""YAML text as other programs write it: 1.2's core schema, without aliases. Pure.

A parser of YAML 1.1 would make a date of ``2026-01-30`` and true of ``yes``, where somebody said
just that: https://yaml.org/spec/1.2.2/#103-core-schema.
"""

import re
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _Safe
except ImportError:  # where PyYAML was built without libyaml: the same, ten times slower
    from yaml import SafeLoader as _Safe  # type: ignore[assignment]

from state.codec.fields import InvalidValue

MOST_YAML_BYTES = 16_000_000
"""Bytes of a text; more would take minutes."""

MOST_DEPTH = 64
"""Levels of nesting; a session has a handful, a tool's answer some more."""

_SCALARS = (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
)


class _Core(_Safe):
    """Plain scalars of the core schema, and nothing that is not data."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 -- as the parser has it


def _int(loader: _Core, node: yaml.ScalarNode) -> int:
    written = str(loader.construct_scalar(node))
    return int(written, 0) if written[:2] in ("0o", "0x") else int(written)


for _tag, _pattern, _first in _SCALARS:
    _Core.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(rf"(?:{_pattern})\Z"),
        [*_first, ""] if _tag == "null" else list(_first),
    )
_Core.add_constructor("tag:yaml.org,2002:int", _int)


def load(text: bytes) -> Any:
    """The one document of a text. Raises `InvalidValue`, which names the line."""
    if len(text) > MOST_YAML_BYTES:
        raise InvalidValue(f"the file has more than {MOST_YAML_BYTES} bytes of YAML; part it")
    try:
        _look_over(text)
        return yaml.load(text, Loader=_Core)
    except InvalidValue:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise InvalidValue(f"{where}: no YAML that can be read: {error.problem}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidValue(f"no YAML that can be read: {error}") from error


def _look_over(text: bytes) -> None:
    """Refuse what could become much larger than it is written, before anything is made of it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Safe):
        where = f"line {event.start_mark.line + 1}" if event.start_mark else "somewhere"
        if isinstance(event, yaml.AliasEvent):
            raise InvalidValue(f"{where}: no aliases here (*{event.anchor}); write it out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise InvalidValue(f"{where}: more than {MOST_DEPTH} levels deep")
