"""`argent.example.toml` names every setting, with its real default, and nothing else."""

import re
import tomllib
from datetime import timedelta
from enum import Enum
from pathlib import Path

from pydantic_core import PydanticUndefined

from channels.config import AccountSettings
from gateway.config import Account, Settings
from gateway.config_load import load
from gateway.config_schema import Leaf, leaves, models_in
from state import durations

EXAMPLE = Path(__file__).parents[2] / "argent.example.toml"
COMMENTED = re.compile(r"^# (\[[a-z.]+\]|[a-z_]+ = .*)$", re.MULTILINE)
SHARED = set(AccountSettings.model_fields)
"""What every account has is spelled out once, for the first platform."""


def expected() -> list[Leaf]:
    found = [leaf for leaf in leaves(Settings) if leaf.path[0] != "channels"]
    for number, account in enumerate(models_in(Account)):
        kind = account.model_fields["kind"].default
        found += [
            leaf
            for leaf in leaves(account, ("channels", kind))
            if number == 0 or leaf.path[2] not in SHARED
        ]
    return found


def documented() -> dict[tuple[str, ...], object]:
    def flat(table, path=()):
        for name, value in table.items():
            if isinstance(value, dict) and value:
                yield from flat(value, (*path, name))
            else:
                yield (*path, name), value

    text = COMMENTED.sub(r"\1", EXAMPLE.read_text())
    return dict(flat(tomllib.loads(text)))


def plain(default: object) -> object:
    """A default as a file writes it."""
    match default:
        case Enum():
            return default.value
        case tuple():
            return list(default)
        case timedelta():
            return durations.written(default)
    return default


def test_every_setting_is_in_the_example():
    assert sorted(documented()) == sorted(leaf.path for leaf in expected())


def test_the_example_shows_the_real_defaults():
    written = documented()
    for leaf in expected():
        default = leaf.field.default
        if default is None or default is PydanticUndefined:
            continue
        assert written[leaf.path] == plain(default), ".".join(leaf.path)


def test_the_example_as_it_stands_changes_nothing():
    assert load(EXAMPLE, {}).settings == Settings()
