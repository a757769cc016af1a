"""`argent.example.toml` names every setting, with its real default, and nothing else."""

import re
import tomllib
from enum import Enum
from pathlib import Path

from pydantic_core import PydanticUndefined

from gateway.config import Settings
from gateway.config_load import load
from gateway.config_schema import leaves

EXAMPLE = Path(__file__).parents[2] / "argent.example.toml"
COMMENTED = re.compile(r"^# (\[[a-z.]+\]|[a-z_]+ = .*)$", re.MULTILINE)


def documented() -> dict[tuple[str, ...], object]:
    def flat(table, path=()):
        for name, value in table.items():
            if isinstance(value, dict):
                yield from flat(value, (*path, name))
            else:
                yield (*path, name), value

    text = COMMENTED.sub(r"\1", EXAMPLE.read_text())
    return {
        tuple("*" if n == "telegram" else n for n in p): v for p, v in flat(tomllib.loads(text))
    }


def test_every_setting_is_in_the_example():
    assert sorted(documented()) == sorted(leaf.path for leaf in leaves(Settings))


def test_the_example_shows_the_real_defaults():
    written = documented()
    for leaf in leaves(Settings):
        default = leaf.field.default
        if default is None or default is PydanticUndefined:
            continue
        plain = default.value if isinstance(default, Enum) else default
        expected = list(plain) if isinstance(plain, tuple) else plain
        assert written[leaf.path] == expected, ".".join(leaf.path)


def test_the_example_as_it_stands_changes_nothing():
    assert load(EXAMPLE, {}).settings == Settings()
