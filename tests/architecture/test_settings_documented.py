"""`argent.example.toml` names every setting, with its real default, and nothing else."""

import re
import tomllib
from datetime import timedelta
from enum import Enum
from pathlib import Path

from pydantic import PlainSerializer
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from agents.config import ChoiceSettings
from channels.config import AccountSettings
from gateway.config import Account, Settings
from gateway.config_load import load
from gateway.config_schema import Leaf, leaves, models_in
from state import durations

EXAMPLE = Path(__file__).parents[2] / "argent.example.toml"
COMMENTED = re.compile(r"""^# (\[[a-z.]+(?:"[^"]+")?\]|[a-z_]+ = .*)$""", re.MULTILINE)
SHARED = set(AccountSettings.model_fields)
"""What every account has is spelled out once, for the first platform."""
CHOICES = set(ChoiceSettings.model_fields)
"""What can be set for some sessions is spelled out once, for a rule."""


def expected() -> list[Leaf]:
    found = [
        leaf
        for leaf in leaves(Settings)
        if leaf.path[0] not in ("channels", "session") and leaf.path[:2] != ("agents", "*")
    ]
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


def spelled_out() -> dict[tuple[str, ...], object]:
    """What is documented, with ``*`` for the names in examples of rules, persons, servers."""
    found = {}
    for path, value in documented().items():
        section, name, *rest = path
        if section in ("rules", "mcp", "people"):
            found[(section, "*", *rest)] = value
        elif section == "channels" and rest[:1] == ["chats"]:
            found[(section, name, "chats", "*", *rest[2:])] = value
        elif (section, name) == ("agents", "defaults") or section not in ("agents", "session"):
            found[path] = value
    return found


def plain(field: FieldInfo) -> object:
    """A field's default as a file writes it."""
    default = field.default
    for each in field.metadata:
        if isinstance(each, PlainSerializer):
            return each.func(default)
    match default:
        case Enum():
            return default.value
        case tuple():
            return list(default)
        case timedelta():
            return durations.written(default)
    return default


def test_every_setting_is_in_the_example():
    assert sorted(spelled_out()) == sorted(leaf.path for leaf in expected())


def test_the_examples_of_an_agent_and_of_one_session_are_settings():
    known = {leaf.path[2:] for leaf in leaves(Settings) if leaf.path[:2] == ("agents", "*")}
    shown = {path[2:] for path in documented() if path[0] == "agents" and path[1] != "defaults"}
    assert shown
    assert shown <= known
    chosen = {path[2] for path in documented() if path[0] == "session"}
    assert chosen
    assert chosen <= CHOICES


def test_the_example_shows_the_real_defaults():
    written = spelled_out()
    for leaf in expected():
        default = leaf.field.default
        if default in (None, "*") or default is PydanticUndefined:
            continue
        assert written[leaf.path] == plain(leaf.field), ".".join(leaf.path)


def test_the_example_as_it_stands_changes_nothing():
    assert load(EXAMPLE, {}).settings == Settings()
